"""A model as a folder to hand over: TFLite files, labels, facts, a page of code that runs it, its card, its credits."""

import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import config as cfg
from flow.base import files, paths
from flow.base.errors import RoboError
from flow.export.card import card
from flow.export.credits import Credits, credits_of
from flow.models.shelf import Model
from flow.records.catalogue import Catalogue
from flow.records.labelling import Labelled
from flow.talk import console

if TYPE_CHECKING:
    from scripts.learn.tflite import Compared

LABELS, FACTS, PREDICT, CARD = "labels.txt", "model.json", "predict.py", "README.md"
EXAMPLES_MOST = 200  # training pictures by which the ranges of int8 are found
COMPARED_MOST = 500  # pictures the files are compared on
TOLD = ("name", "created", "labels", "accuracy", "measured_on", "per_label", "confusion", "counts", "temperature")


def write_model(
    folder: Path, basetag: str, model: Model, images: list[Labelled], catalogue: Catalogue, smaller: bool
) -> tuple[dict[str, int], Sequence["Compared"]]:
    """Fill a folder that nobody sees yet.

    Args:
        images: the training images as they lie now.
        smaller: float16 and int8 too, compared with float32.

    Returns:
        Kind -> bytes, and the comparison; empty where there is nothing to compare or nothing to compare on.

    Raises:
        RoboError: the model's graph cannot be converted.
    """
    from scripts.learn import tflite

    learned, measured = _seen(model, images)
    kinds = list(tflite.FILES) if smaller else ["float32"]
    _convert(folder, model, kinds, _some([i.path for i in learned], EXAMPLES_MOST))
    compared = _compare(folder, model, measured) if smaller else []
    sizes = {kind: (tflite.FILES[kind], (folder / tflite.FILES[kind]).stat().st_size) for kind in kinds}
    credits = credits_of(_shas(model, images), catalogue)
    (folder / LABELS).write_text("".join(f"{label}\n" for label in model.labels), encoding="utf-8")
    shutil.copyfile(paths.PROJECT / "scripts" / "learn" / PREDICT, folder / PREDICT)
    (folder / CARD).write_text(card(basetag, model, sizes, credits, compared), encoding="utf-8")
    (folder / FACTS).write_text(json.dumps(_facts(folder, basetag, model, sizes, credits, compared), indent=1) + "\n",
                                encoding="utf-8")  # fmt: skip
    credits.write(folder)
    return {kind: size for kind, (_, size) in sizes.items()}, compared


def _convert(folder: Path, model: Model, kinds: list[str], examples: list[Path]) -> None:
    """The TFLite files of these kinds."""
    from scripts.learn import tflite
    from scripts.learn.model_files import GRAPH

    if "int8" in kinds and not examples:
        raise RoboError(f"None of the images that {model.name} learned from is there any more, and int8 needs some.",
                        "Leave --smaller out, or export a newer model.")  # fmt: skip
    try:
        source = tflite.open_source(model.folder / GRAPH, int(model.facts["backbone"]["input_size"]))
        with console.progress(len(kinds), "converting") as advance:
            for kind in kinds:
                (folder / tflite.FILES[kind]).write_bytes(source.converted(kind, examples))
                advance(1)
    except tflite.ConversionProblem as problem:
        said = f"The model {model.name} cannot be exported: {problem}."
        raise RoboError(said, "Try another one: --model NAME.") from problem


def _compare(folder: Path, model: Model, measured: list[Labelled]) -> Sequence["Compared"]:
    """All files on pictures that a person labelled."""
    from scripts.learn import tflite

    some = _some(measured, COMPARED_MOST)
    if not some:
        console.warn("the smaller files could not be compared: none of the images the model was measured on is there")
        return []
    with console.progress(len(some), "comparing") as advance:
        found = tflite.compare(
            {kind: folder / name for kind, name in tflite.FILES.items()},
            {image.path: model.labels.index(image.label) for image in some},
            int(model.facts["backbone"]["input_size"]),
            advance,
        )
    return found if found[0].total else []


def _seen(model: Model, images: list[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Of the images that are there: those the model learned from, and those its accuracy was measured on."""
    from scripts.learn import honest

    ours = [image for image in images if image.label in model.labels]
    try:
        kept = honest.load(model.folder, model.labels)
    except (OSError, ValueError, KeyError, IndexError):  # of a version that kept no predictions
        return ours, [image for image in ours if image.measures]
    return [i for i in ours if i.sha256 in kept.learned], [i for i in ours if i.sha256 in kept.guesses]


def _shas(model: Model, images: list[Labelled]) -> set[str]:
    """The contents the model has learned from, whether they are still there or not."""
    from scripts.learn import honest

    try:
        return set(honest.load(model.folder, model.labels).learned)
    except (OSError, ValueError, KeyError, IndexError):
        return {image.sha256 for image in images}


def _some(found: list, most: int) -> list:
    """At most so many, the same ones every time."""
    return found if len(found) <= most else random.Random(0).sample(found, most)


def _facts(
    folder: Path,
    basetag: str,
    model: Model,
    sizes: dict[str, tuple[str, int]],
    credits: Credits,
    compared: Sequence["Compared"],
) -> dict:
    """What a program needs to run the classifier, and what a person may want to know of it."""
    backbone = model.facts["backbone"]
    size = int(backbone["input_size"])
    return {
        "made_by": "RoboFlow",
        "basetag": basetag,
        "input": {"size": size, "shape": [1, size, size, 3], "dtype": "float32", "range": [0.0, 1.0], "colours": "RGB",
                  "resize": "squeezed to a square, bilinear with antialiasing", "name": "images"},
        "output": {"shape": [1, len(model.labels)], "dtype": "float32", "name": "probabilities"},
        "signature": "serving_default",
        "confidence_min": cfg.confidence_min,
        "temperature_is_inside": True,
        **{name: model.facts[name] for name in TOLD if name in model.facts},
        "backbone": {"title": backbone["title"], "sha256": backbone["sha256"]},
        "files": {kind: {"name": name, "bytes": size, "sha256": files.sha256_of(folder / name)}
                  for kind, (name, size) in sizes.items()},
        "compared": [{"kind": c.kind, "right": c.right, "same_as_float32": c.same, "total": c.total} for c in compared],
        "licences_of_pictures": dict(credits.licences),
    }  # fmt: skip
