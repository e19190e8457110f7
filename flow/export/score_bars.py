"""One picture's scores as bars of plain characters, as wide as the terminal."""

from flow.base.names import percent
from flow.models.prediction import Prediction

BAR = "#"
WIDEST = 60  # columns a full bar takes at most
LABEL_MOST = 24  # columns a label is given; a longer one is cut
SHOWN = 12  # labels shown; the others hardly ever matter


def bars(name: str, look: Prediction, width: int) -> list[str]:
    """The lines for one picture.

    Args:
        width: columns there are.
    """
    ranked = sorted(look.scores, key=look.scores.__getitem__, reverse=True)
    room = min(LABEL_MOST, max(len(label) for label in ranked[:SHOWN]))
    full = max(4, min(WIDEST, width - room - 13))
    lines = [name]
    for label in ranked[:SHOWN]:
        score = look.scores[label]
        bar = BAR * round(full * score) if score >= 0 else ""  # a damaged score is no number
        lines.append(f"  {label[:room]:<{room}}  {percent(score):>6}  {bar}".rstrip())
    if len(ranked) > SHOWN:
        lines.append(f"  and {len(ranked) - SHOWN} more")
    return [*lines, f"  {look.verdict}", *_near(look), ""]


def _near(look: Prediction) -> list[str]:
    if not look.near:
        return []
    return ["  looks most like", *(f"    {n.similarity:.2f}  {n.label}  {n.path}" for n in look.near)]
