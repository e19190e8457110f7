"""An image goes through the backbone once in its life: what sorting computed, training reuses after the harvest."""

import config as cfg
from flow.base.options import filled
from flow.base.paths import catalogue as catalogue_path
from flow.classify import classify
from flow.harvest.step import harvest
from flow.models import model_store
from flow.records.catalogue import Catalogue
from flow.retrain.options import TrainOptions
from flow.retrain.step import retrain
from scripts.learn import embedder, embeddings
from scripts.studies.keras_models import save_backbone
from tests import helpers


def test_images_that_were_sorted_are_not_embedded_again_when_they_are_trained_on(tf_files, tmp_path, monkeypatch):
    cfg.confidence_min = 0.34
    counted: list[int] = []
    embed = embeddings.embed

    def counting(*given, **named):
        done = embed(*given, **named)
        counted.append(done.computed)
        return done

    for module in (embeddings, embedder):
        monkeypatch.setattr(module, "embed", counting)
    backbone = save_backbone("tiny", tmp_path / "tiny")
    helpers.coloured(tf_files / "training_photos" / "hues", each=24)
    new = helpers.coloured(tf_files / "new", each=5, first=100)
    unsorted = tf_files / "testing_photos" / "hues" / "unsorted_more"
    unsorted.mkdir(parents=True)
    for path in sorted(new.rglob("*.png")):
        path.rename(unsorted / path.name)
    options = filled(TrainOptions, {"architecture": str(backbone), "images_min": 20, "steps": 50})
    with Catalogue.open(catalogue_path("hues")) as catalogue:
        retrain("hues", options, "20261123_000000", catalogue)
        done = classify("hues", "more", "20261123_000001", catalogue, model_store.all_models("hues")[0])
        harvested = harvest("hues", "20261123_000002", catalogue)
        retrain("hues", options, "20261123_000003", catalogue)
    assert done.total == 15
    assert harvested.total > 0
    assert sum(counted) == 72 + 15
