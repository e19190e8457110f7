"""From the flowstep export to the files of a page: whose images a model learned from, and what was measured."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flow.base.learning import api
from flow.export.comparison_set import ComparisonSet, comparison_set, sample, trained_on
from flow.export.credits import credits_of
from flow.export.web.agreement import Agreement, agreement
from flow.export.web.bias_correction import corrected
from flow.export.web.content import WebModel
from flow.export.web.from_model import web_model
from flow.export.web.packing import packed
from flow.export.web.page import write_page
from flow.export.web.reading import read
from flow.models.model_store import Model
from flow.records.catalogue import Catalogue
from flow.records.provenance import LabeledImage
from flow.ui import console

if TYPE_CHECKING:
    import numpy as np

FIT_MAX = 8  # images by which the biases of a page with 8-bit weights are fitted
COMPARED_MAX = 24  # images by which a page is compared with Python; about a third of a second each


def write(
    folder: Path, basetag: str, model: Model, images: list[LabeledImage], catalogue: Catalogue, smaller: bool
) -> int:
    """Fill a folder that nobody sees yet; returns the bytes of its page.

    Args:
        images: the training images as they lie now.
        smaller: 8-bit weights in place of 16-bit ones.

    Raises:
        RoboError: the page cannot run the model's network, or the model is damaged.
    """
    learned = trained_on(model, images)
    made = web_model(basetag, model, credits_of(learned, catalogue, images))
    if smaller:
        made = _fitted(made, [image.path for image in images if image.sha256 in learned])
    compared = _compared(model, packed(made, smaller), comparison_set(basetag, model, images, learned))
    return write_page(folder, replace(made, agreement=compared.words(smaller)), smaller).bytes


def _fitted(made: WebModel, paths: list[Path]) -> WebModel:
    """The model with biases for 8-bit weights; as it is where no image can be read."""
    import numpy as np

    with console.progress(1, "fitting 8-bit weights") as advance:
        pixels = list(_pixels(sample(paths, FIT_MAX), made.image_size))
        if pixels:
            rounded = read(packed(made, smaller=True)).layers
            made = replace(made, layers=corrected(made.layers, rounded, np.concatenate(pixels)))
        advance(1)
    return made


def _compared(model: Model, payload: bytes, trial: ComparisonSet) -> Agreement:
    """The page against Python, on images that the model has not learned from as far as there are enough."""
    fresh = sample(list(trial.fresh), COMPARED_MAX)
    others = [path for path in trial.paths if path not in set(trial.fresh)]
    learned = sample(others, COMPARED_MAX - len(fresh))
    with console.progress(len(fresh) + len(learned), "comparing with Python") as advance:
        size = int(model.facts["backbone"]["input_size"])
        return agreement(model, payload, _pixels(fresh, size), _pixels(learned, size), advance)


def _pixels(paths: Iterable[Path], size: int) -> "Iterable[np.ndarray]":
    """uint8 [1, size, size, 3] of each image; those that cannot be read are left out."""
    for path in paths:
        try:
            yield (api.load_pixels(path, size) * 255).round().astype("uint8")[None]
        except (api.Unreadable, OSError):
            continue
