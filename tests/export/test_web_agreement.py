"""A page is compared with Python when it is made, and 8-bit weights get biases that fit them."""

from dataclasses import replace

import numpy as np
import pytest

import config as cfg
from flow.export.credits import Credits
from flow.export.web import step
from flow.export.web.agreement import Agreement, agreement
from flow.export.web.bias_correction import corrected
from flow.export.web.from_model import web_model
from flow.export.web.packing import packed
from flow.export.web.reading import run
from flow.models import model_store
from flow.records import provenance
from flow.records.open_catalogue import open_catalogue
from tests.export.web_models import small_model


def noise(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


@pytest.fixture
def model(home, tf_files):
    cfg.path_to_tf_files = str(home)
    return model_store.all_models("robots")[0]


def images_of(folder, size: int = 224) -> list[np.ndarray]:
    paths = sorted(folder.glob("training_photos/robots/*/*.jpg"))[::9]
    return list(step._pixels(paths, size))


def test_biases_that_fit_bring_rounded_weights_nearer():
    small = small_model()
    rounded = [replace(layer, kernel=np.round(layer.kernel * 8) / 8) for layer in small.layers]
    seen, fresh = noise(4, small.image_size), noise(9, small.image_size)

    def off(layers) -> float:
        pairs = zip(run(small.layers, fresh), run(layers, fresh), strict=True)
        return float(np.mean([np.abs(want - got).mean() for want, got in pairs]))

    fitted = corrected(small.layers, rounded, seen)
    assert all(got.kernel is want.kernel for got, want in zip(fitted, small.layers, strict=True))
    as_packed = [replace(r, bias=f.bias) for r, f in zip(rounded, fitted, strict=True)]
    assert off(as_packed) < 0.8 * off(rounded)


def test_layers_that_are_not_rounded_keep_their_biases():
    small = small_model()
    for got, want in zip(corrected(small.layers, small.layers, noise(3, 29)), small.layers, strict=True):
        assert np.allclose(got.bias, want.bias, atol=1e-4)


def test_a_model_and_its_page_agree_and_a_wrong_page_is_seen(model, home):
    made = web_model("robots", model, Credits())
    images, counted = images_of(home), []
    good = agreement(model, packed(made, smaller=False), images[:5], images[5:], counted.append)
    assert good.images == good.same == sum(counted) == len(images) and good.learned == len(images) - 5
    assert good.largest < 0.02
    wrong = packed(replace(made, head_weights=made.head_weights[:, ::-1]), smaller=False)
    bad = agreement(model, wrong, images, [], counted.append)
    assert bad.same < bad.images and bad.largest > 0.2


def test_fresh_images_are_compared_before_those_it_learned_from(model, home, monkeypatch):
    monkeypatch.setattr(step, "COMPARED_MAX", 4)
    with open_catalogue("robots") as catalogue:
        images = provenance.training_images("robots", catalogue)
        learned = step.trained_on(model, images)

        def compared() -> Agreement:
            trial = step.comparison_set("robots", model, images, learned)
            return step._compared(model, packed(web_model("robots", model, Credits()), False), trial)

        assert (compared().images, compared().learned) == (4, 4)
        unsorted = home / "testing_photos" / "robots" / "unsorted_more"
        unsorted.mkdir()
        for number, pixels in enumerate(noise(3, 64)):
            from PIL import Image

            Image.fromarray(pixels).save(unsorted / f"{number}.png")
        (unsorted / "broken.png").write_bytes(b"\x89PNG no more")
        assert (compared().images, compared().learned) == (3, 0)  # the broken one is among the four


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            Agreement(24, 0.0123, 24, 0),
            "of 24 images: the scores of this page differ by at most 0.012, and label and verdict are the same on all.",
        ),
        (
            Agreement(24, 0.0004, 23, 24),
            "24 images (it learned from all of them): the scores of this page differ by less than 0.001, and label and verdict are the same on 23.",
        ),
        (Agreement(24, 0.5, 2, 7), "(it learned from 7 of them)"),
        (Agreement(0, 0.0, 0, 0), "not compared with Python: no image could be read"),
    ],
)
def test_the_words(found, message):
    assert message in found.words(smaller=False)
    assert "with two other models" in found.words(smaller=True)
