"""A model whose last layers have learned too, from the option to the sorted image."""

import re

import numpy as np
import pytest

import config as cfg
from flow.base import files, paths
from flow.base.errors import BadUsage
from flow.base.options import filled
from flow.classify import classify
from flow.commands.command import Outcome, Run
from flow.commands.parse import as_typed, parse
from flow.guide import ask
from flow.models import backbone, leaderboard, model_store, prune
from flow.records.catalogue import Catalogue
from flow.retrain import explore, publish, tuning
from flow.retrain import step as retrain
from flow.retrain.options import TrainOptions
from flow.ui import console
from scripts.label_image import Graph
from scripts.learn import efficientnet_lite
from scripts.learn.images import load_pixels
from scripts.learn.tensor import import_tensorflow
from tests.helpers import COLOURS, coloured, coloured_image
from tests.learn.tiny_network import tiny_network

STAMP = "20261123_093011"
LAST = {"tune": "last", "tune_epochs": 1, "image_size": 128, "images_min": 20, "steps": 50, "precision": "float32"}


def training(**more: object) -> TrainOptions:
    return filled(TrainOptions, {**LAST, **more})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Where the small network and its first part are built once for all tests here."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def catalogue(tf_files):
    coloured(paths.training("hues"), 20)
    with Catalogue.open(paths.catalogue("hues")) as opened:
        yield opened


@pytest.fixture
def small(catalogue, models, monkeypatch):
    """EfficientNet-Lite as small as one can be: what is tested is the way, not what it learns."""
    import_tensorflow()  # so that no other process builds the network, which would be the real one
    paths.models().symlink_to(models)
    monkeypatch.setattr(efficientnet_lite, "read_network", lambda *_: tiny_network())


def folders() -> list[str]:
    home = paths.summaries("hues")
    return sorted(p.name for p in home.iterdir()) if home.is_dir() else []


def replace_model(model: model_store.Model) -> model_store.Model:
    """A newer one, as far as its facts go."""
    return model_store.Model(model.folder.with_name("newer"), {**model.facts, "created": "2099-01-01T00:00:00+00:00"})


def test_from_the_option_to_the_sorted_image(catalogue, monkeypatch):
    notes = []
    monkeypatch.setattr(console, "note", notes.append)
    model = retrain.retrain("hues", training(precision="int8"), STAMP, catalogue).model
    assert re.fullmatch(r"efficientnet_lite0_batch64_steps50_tuned_epochs1_test16_img128_acc\d+\.\d\d", model.name)
    assert any(re.search(r"last layers learn too: about \d+ .*for 4 trainings.*--no-folds", line) for line in notes)
    assert model.facts["tune"]["trainings"] == 4 and model.facts["tune"]["steps"] == model.facts["tune"]["of_steps"]
    assert model.facts["parameters"]["tune"] == "last" and model.facts["accuracy"]["total"] == 60
    assert model.facts["accuracy"]["value"] > 0.8 and model.facts["seconds"]["tuning"] > 0
    shared = backbone.find_backbone("efficientnet_lite0", 128)
    assert model.facts["backbone"]["sha256"] != backbone._key_now(model) != "" and shared.input_size == 128
    # the same again is nothing new; a head alone is
    assert isinstance(
        retrain.retrain("hues", training(precision="int8"), STAMP, catalogue, again=False), retrain.NothingNew
    )
    assert (
        retrain.made_already(
            "hues", retrain.make_job([], training(precision="int8"), catalogue, shared, paths.models())
        )
        is None
    )
    # sorting: by its own graph, each image once
    unsorted = files.make_folder(paths.unsorted_dir("hues", "new"))
    for label, colour in COLOURS.items():
        for number in range(3):
            coloured_image(colour, 100 + number).save(unsorted / f"{label}_{number}.png")
    opened, open_embedder = [], backbone.open_embedder
    monkeypatch.setattr(backbone, "open_embedder", lambda b, folder: opened.append(folder) or open_embedder(b, folder))
    done = classify("hues", "new", STAMP, catalogue, model)
    assert opened == [model.folder / "retrained_graph"]  # and not the shared backbone
    assert done.total == 9 and done.folder
    images = sorted(unsorted.iterdir())
    graph = Graph(model.folder / "retrained_graph")
    scores = graph.scores(np.stack([load_pixels(p, 128) for p in images]))
    sorted_as = {
        path.name: (path.parent.name.split(cfg.under_name)[0], path.stem) for path in done.folder.rglob("*.png")
    }
    for path, row in zip(images, scores, strict=True):
        name = next(n for n in sorted_as if n.startswith(path.stem))
        assert sorted_as[name][0] == graph.labels[row.argmax()]
        assert abs(int(name.removesuffix(".png").rsplit("_", 1)[1]) - 1000 * row.max()) < 1.2
    assert [s.share["total"] for s in leaderboard.leaderboard("hues", catalogue).ranking] == [60]
    assert model_store.verify(model) is None
    # what only this model needs is removed with it
    own = backbone.caches(model)
    assert sorted(p.suffix for p in own) == [".json", ".sqlite", ".tflite"]
    others = set(paths.bottlenecks().glob("*.sqlite")) - set(own)
    removed = prune.prune_unattended("hues", [replace_model(model), model], 1)
    assert (
        removed.names == (model.name,)
        and not any(p.exists() for p in own)
        and all(p.exists() for p in others)
        and others
    )


def test_head_and_last_are_explored_side_by_side_with_one_pass_over_the_images(catalogue, small, monkeypatch):
    from scripts.learn import activations

    passes = []
    compute = activations.compute
    monkeypatch.setattr(activations, "compute", lambda *a: passes.append(1) or compute(*a))
    done = explore.explore(
        "hues", {**LAST, "tune": ["head", "last"], "tune_epochs": [1, 2], "folds": False}, STAMP, catalogue
    )
    assert [m.facts["parameters"]["tune"] for m in done.models].count("head") == 1  # epochs make no other head
    assert len(done.models) == 3 and passes == [1]
    assert set(done.effects["tune"]) == {"head", "last"} and set(done.effects["tune_epochs"]) == {"not tuned", "1", "2"}
    unmeasured = [m for m in done.models if not m.measured]
    assert len(unmeasured) == 2 and all(
        "unmeasured" in m.name and any("not measured" in w for w in m.facts["warnings"]) for m in unmeasured
    )


@pytest.mark.parametrize(
    ("attended", "answer", "kept"), [(False, True, False), (True, False, False), (True, True, True)]
)
def test_ctrl_c_keeps_nothing_unless_the_person_says_so(catalogue, small, monkeypatch, attended, answer, kept):
    from scripts.learn.tune import TuneRun

    asked = []
    step = TuneRun._curve_point
    monkeypatch.setattr(console, "can_ask", lambda: True)
    monkeypatch.setattr(console, "yes_no", lambda text, _: asked.append(text) or answer)
    monkeypatch.setattr(
        TuneRun, "_curve_point", lambda self, n: (_ for _ in ()).throw(KeyboardInterrupt) if n > 6 else step(self, n)
    )
    if not kept:
        with pytest.raises(KeyboardInterrupt):
            retrain.retrain("hues", training(tune_epochs=3), STAMP, catalogue, attended)
        assert folders() == [] and len(asked) == attended
        return
    model = retrain.retrain("hues", training(tune_epochs=3), STAMP, catalogue, attended).model
    assert asked and 0 < model.facts["tune"]["steps"] < model.facts["tune"]["of_steps"]
    assert not model.measured and folders() == [model.name]
    model_store.verify(model)


def test_killed_while_it_is_written_no_half_model_is_left(catalogue, small, monkeypatch):
    from scripts import retrain as script

    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(script.report, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        retrain.retrain("hues", training(folds=False), STAMP, catalogue)
    assert model_store.all_models("hues") == [] and all(name.startswith(publish.WORKING) for name in folders())
    publish.sweep(paths.summaries("hues"))
    assert folders() == []


def test_a_backbone_that_cannot_be_cut_is_refused_before_anything_is_computed(tiny, catalogue, small):
    with pytest.raises(BadUsage, match="its graph cannot be split") as found:
        retrain.retrain("hues", training(architecture=str(tiny)), STAMP, catalogue)
    assert "--tune head" in found.value.hint and folders() == []
    tuning.check(backbone.find_backbone("efficientnet_lite2"), training())


# Options and questions


def options_of(line: str) -> TrainOptions:
    return parse(line.split()).options


def test_the_options_are_checked_and_the_settings_are_their_defaults(tf_files):
    options = options_of(
        "hues 0 0 retrain_defaults --tune last --tune-epochs 3 --tune-rate 0.001 --tune-batch 32 --no-folds"
    )
    assert (options.tune, options.tune_epochs, options.tune_batch, options.folds) == ("last", 3, 32, False)
    assert options.tune_rate == 0.001
    usual = options_of("hues 0 0 retrain_defaults")
    assert usual.tune == "auto" and usual.folds is True
    cfg.retrain_tune_default, cfg.retrain_tune_folds = "last", False
    changed = options_of("hues 0 0 retrain_defaults")
    assert changed.tune == "last" and changed.folds is False
    assert options_of("hues 0 0 retrain_defaults --folds").folds is True
    for wrong, named in (
        ("--tune all", "auto, head, last"),
        ("--tune-epochs 0", "1..1000"),
        ("--tune-batch 1", "2..1024"),
    ):
        with pytest.raises(BadUsage, match=named):
            options_of(f"hues 0 0 retrain_defaults {wrong}")


SCRIPT = (
    "hues 0 0 retrain --architecture efficientnet_lite0 --steps 9 --image-size 224 --test-percent 10 --batch-size 8 "
    "--learning-rate 0.01 --images-min 20"
)


@pytest.fixture
def questions(monkeypatch):
    """The questions that are asked; each is answered by `last`. The notes come in `questions.notes`."""

    class Questions(list):
        notes: list[str]

    asked = Questions()
    asked.notes = []
    monkeypatch.setattr(console, "note", asked.notes.append)
    monkeypatch.setattr(
        console, "ask", lambda text, check, default, back=False, help="": asked.append(text) or check("last")
    )
    return asked


def test_a_script_that_gives_all_that_retrain_asks_for_need_not_know_of_it(catalogue, questions):
    asked = parse(SCRIPT.split())
    run = Run("hues", STAMP, catalogue, Outcome("hues"), given=asked.given)
    assert [step for step, _ in asked.command.dry_run(run, asked.options)] == ["retrain"]
    assert asked.options.tune == "auto" and questions == []
    less = parse(SCRIPT.replace("--learning-rate 0.01", "").split())
    with pytest.raises(BadUsage, match="--learning-rate is missing, and there is nobody to ask"):
        less.command.dry_run(Run("hues", STAMP, catalogue, Outcome("hues"), given=less.given), less.options)


def test_it_is_asked_where_it_is_possible_with_what_it_costs(tf_files, questions):
    asked = parse(SCRIPT.split())
    assert ask.training_parameters(asked.options, asked.given).tune == "last"
    assert questions == ["What learns: only the head, or the last layers too (auto or head or last)"]
    assert "minute" in questions.notes[0]
    given = parse([*SCRIPT.split(), "--tune", "head"])
    assert ask.training_parameters(given.options, given.given).tune == "head" and len(questions) == 1
    hub = parse(SCRIPT.replace("efficientnet_lite0", "mobilenet_v2").split())
    assert ask.training_parameters(hub.options, hub.given).tune == "auto" and len(questions) == 1


def test_the_command_for_next_time_says_it(tf_files):
    asked = parse(["hues", "0", "0", "retrain_defaults", "--tune", "last", "--no-folds"])
    assert " retrain_defaults --tune last --no-folds" in " ".join(as_typed(asked))
