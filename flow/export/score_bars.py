"""One image's scores as bars of plain characters, as wide as the terminal."""

from flow.base.names import percent
from flow.models.prediction import Prediction

BAR = "#"
WIDEST = 60  # columns of a full bar, at most
LABEL_MOST = 24  # columns for a label; a longer one is cut
SHOWN = 12  # labels shown; the others hardly matter


def bars(name: str, prediction: Prediction, width: int) -> list[str]:
    """The lines for one image.

    Args:
        width: of the terminal, in columns.
    """
    ranked = sorted(prediction.scores, key=prediction.scores.__getitem__, reverse=True)
    label_width = min(LABEL_MOST, max(len(label) for label in ranked[:SHOWN]))
    full = max(4, min(WIDEST, width - label_width - 14))
    lines = [name]
    for label in ranked[:SHOWN]:
        score = prediction.scores[label]
        bar = BAR * round(full * score) if score >= 0 else ""  # the score of a damaged model may be no number
        lines.append(f"  {label[:label_width]:<{label_width}}  {percent(score):>7}  {bar}".rstrip())
    if len(ranked) > SHOWN:
        lines.append(f"  and {len(ranked) - SHOWN} more")
    remark = [f"  {prediction.remark}"] if prediction.remark else []
    return [*lines, f"  {prediction.verdict}", *remark, *_near(prediction), ""]


def _near(prediction: Prediction) -> list[str]:
    if not prediction.near:
        return []
    rows = (f"    {near.similarity:.2f}  {near.label}  {near.path}" for near in prediction.near)
    return ["  most similar training images", *rows]
