"""A model as a folder to hand over: TFLite files, labels, facts, a program that runs it, card, licences and credits."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from flow.base import files
from flow.base.errors import RoboError
from flow.base.learning import api
from flow.export.card import card, licence
from flow.export.comparison_set import ComparisonSet, comparison_set, sample, trained_on
from flow.export.credits import Credits, credits_of
from flow.models import model_store
from flow.models.backbone import precision_of
from flow.models.model_store import Model
from flow.records.catalogue import Catalogue
from flow.records.provenance import LabeledImage
from flow.ui import console

LABELS, FACTS, PREDICT, CARD, LICENCE = "labels.txt", "model.json", "predict.py", "README.md", "LICENSE"
EXAMPLES_MOST = 200  # training images by which the value ranges of int8 are found
FACTS_KEPT = (
    "name",
    "created",
    "labels",
    "accuracy",
    "measured_on",
    "per_label",
    "confusion",
    "counts",
    "temperature",
    "graph",
)


def write_model(
    folder: Path, basetag: str, model: Model, images: list[LabeledImage], catalogue: Catalogue, smaller: bool
) -> tuple[dict[str, int], Sequence["api.Compared"], str]:
    """Write the files of an export to a folder.

    Args:
        images: the training images as they are now.
        smaller: float16 and int8 too, compared with float32.

    Returns:
        Kind -> bytes; the comparison, empty where there is nothing to compare or to compare on; and on which images it
        was made, in sentences.

    Raises:
        RoboError: the model's graph cannot be converted.
    """
    learned = trained_on(model, images)
    kinds = list(api.TFLITE_FILES) if smaller else ["float32"]
    _convert(folder, model, kinds, sample([i.path for i in images if i.sha256 in learned], EXAMPLES_MOST))
    trial = comparison_set(basetag, model, images, learned) if smaller else ComparisonSet((), (), "")
    compared = _compare(folder, model, trial) if smaller else []
    sizes = {kind: (api.TFLITE_FILES[kind], (folder / api.TFLITE_FILES[kind]).stat().st_size) for kind in kinds}
    credits = credits_of(learned, catalogue, images)
    (folder / LABELS).write_text("".join(f"{label}\n" for label in model.labels), encoding="utf-8")
    shutil.copyfile(api.PREDICT_FILE, folder / PREDICT)
    (folder / CARD).write_text(card(basetag, model, sizes, credits, compared, trial.words), encoding="utf-8")
    (folder / LICENCE).write_text(licence(model), encoding="utf-8")
    (folder / FACTS).write_text(
        json.dumps(_facts(folder, basetag, model, sizes, credits, compared), indent=1) + "\n", encoding="utf-8"
    )
    credits.write(folder)
    return {kind: size for kind, (_, size) in sizes.items()}, compared, trial.words


def _convert(folder: Path, model: Model, kinds: list[str], examples: list[Path]) -> None:
    """Write the TFLite files of these kinds."""
    if "int8" in kinds and not examples:
        raise RoboError(
            f"int8 needs training images of {model.name}, and none of them is there any more.",
            "Leave --smaller out, or export a newer model.",
        )
    try:
        source = api.open_source(model.folder / api.GRAPH, int(model.facts["backbone"]["input_size"]))
        with console.progress(len(kinds), "converting") as advance:
            for kind in kinds:
                (folder / api.TFLITE_FILES[kind]).write_bytes(source.converted(kind, examples))
                advance(1)
    except api.ConversionProblem as problem:
        message = f"The model {model.name} cannot be exported: {problem}."
        raise RoboError(message, "Try another one: --model NAME.") from problem


def _compare(folder: Path, model: Model, trial: ComparisonSet) -> Sequence["api.Compared"]:
    """All files on the same images."""
    if not trial.labelled:
        console.warn("the smaller files were not compared: none of the images the model was measured on is there")
        return []
    with console.progress(len(trial.paths), "comparing") as advance:
        found = api.compare_files(
            {kind: folder / name for kind, name in api.TFLITE_FILES.items()},
            {image.path: model.labels.index(image.label) for image in trial.labelled},
            list(trial.fresh),
            int(model.facts["backbone"]["input_size"]),
            advance,
        )
    return found if found[0].total and found[0].looked else []


def _facts(
    folder: Path,
    basetag: str,
    model: Model,
    sizes: dict[str, tuple[str, int]],
    credits: Credits,
    compared: Sequence["api.Compared"],
) -> dict:
    """model.json: what a program needs to run the classifier, and how it was trained and measured."""
    backbone = model.facts["backbone"]
    size = int(backbone["input_size"])
    return {
        "made_by": "RoboFlow",
        "basetag": basetag,
        "input": {
            "size": size,
            "shape": [1, size, size, 3],
            "dtype": "float32",
            "range": [0.0, 1.0],
            "colours": "RGB",
            "resize": "whole image to a square, bilinear with antialiasing",
            "name": "images",
        },
        "output": {"shape": [1, len(model.labels)], "dtype": "float32", "name": "probabilities"},
        "signature": "serving_default",
        "confidence_min": model_store.threshold(model),
        "temperature_is_inside": True,
        **{name: model.facts[name] for name in FACTS_KEPT if name in model.facts},
        "backbone": {"title": backbone["title"], "sha256": backbone["sha256"], "precision": precision_of(model)},
        "files": {
            kind: {"name": name, "bytes": size, "sha256": files.sha256_of(folder / name)}
            for kind, (name, size) in sizes.items()
        },
        "compared": [
            {"kind": c.kind, "right": c.right, "total": c.total, "same_as_float32": c.same, "looked_at": c.looked}
            for c in compared
        ],
        "licences_of_pictures": dict(credits.licences),
    }
