"""The pictures worth a look: the worst mistakes of the test set, and training images that may be mislabelled."""

import base64
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from scripts.learn import metrics
from scripts.learn.dataset import Material
from scripts.learn.images import Unreadable, decode
from scripts.learn.train import Trained
from scripts.report.html import Safe, more, name_of, score, tag

SIDE = 96  # pixels, longest side of a thumbnail
QUALITY = 70  # of JPEG, 1..95; a thumbnail takes about 3 KB


class Seen(NamedTuple):
    """A picture, the label of its folder, the label the model gives it, and the score 0..1 of that guess."""

    path: Path
    label: str
    guess: str
    score: float


def worst_mistakes(material: Material, trained: Trained, limit: int | None = None) -> list[Seen]:
    """Pictures of the honest predictions that got a wrong label, the surest mistake first."""
    measured = trained.honest.headline(material)
    rows, p = measured.rows, measured.calibrated
    if not len(rows):
        return []
    wrong = np.flatnonzero(p.argmax(axis=1) != material.y[rows])
    order = wrong[np.argsort(-p[wrong].max(axis=1), kind="stable")]
    return [_seen(material, rows[i], p[i]) for i in order[:limit]]


def suspects(material: Material, trained: Trained, limit: int | None = None) -> list[Seen]:
    """Training pictures most likely mislabelled, worst first, by the scores of heads that never saw them."""
    rows = np.flatnonzero(trained.folded)
    if not len(rows):
        return []
    p = trained.out_of_fold[rows]
    return [_seen(material, rows[i], p[i]) for i in metrics.suspects(p, material.y[rows])[:limit]]


def _seen(material: Material, row: int, p: np.ndarray) -> Seen:
    guess = int(p.argmax())
    return Seen(material.pictures[row].path, material.labels[material.y[row]], material.labels[guess], float(p[guess]))


def thumbnail(path: Path) -> tuple[str, int, int] | None:
    """A data: address of a small JPEG made anew, with its width and height; None for a picture that cannot be read.

    Nothing of the file itself is carried over, neither what a camera wrote into it nor anything hidden there.
    """
    try:
        image = decode(path, draft_side=2 * SIDE)
    except Unreadable:
        return None
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    image.info.clear()  # Pillow would write a JPEG comment it finds here
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}", image.width, image.height


def gallery(found: list[Seen], limit: int, said: str, title: str) -> tuple[Safe, list[Seen]]:
    """The first `limit` pictures that can still be read, as a grid; and which those are.

    Args:
        said: what stands between label and guess, such as "taken for".
    """
    cards, shown = [], []
    for seen in found:
        if len(shown) == limit:
            break
        small = thumbnail(seen.path)
        if small:
            cards.append(_card(seen, small, said))
            shown.append(seen)
    return (tag("ul", cards, class_="gallery", aria_label=title) if cards else Safe()), shown


def _card(seen: Seen, small: tuple[str, int, int], said: str) -> Safe:
    source, width, height = small
    words = [
        tag("span", name_of(seen.label), class_="label"),
        tag("span", f"{said} ", tag("b", name_of(seen.guess))),
        tag("span", f"score {score(seen.score)}", class_="score"),
        tag("span", seen.path.name, class_="file"),
    ]
    picture = tag("img", src=source, width=width, height=height, alt=f"{seen.label}, {said} {seen.guess}")
    return tag("li", tag("span", picture, class_="frame"), words, title=seen.path)


def paths(found: list[Seen]) -> Safe:
    """Where the pictures lie, to be copied."""
    lines = [tag("li", tag("code", seen.path)) for seen in found]
    return more("Where they lie", tag("ol", lines, class_="paths"))
