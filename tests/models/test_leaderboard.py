"""Models are compared on today's test set, and what lies within noise is called so."""

from dataclasses import replace

import numpy as np
import pytest

from flow.base import files, paths
from flow.models import leaderboard, shelf
from flow.plan import Training
from flow.records import labelling
from flow.records.catalogue import ROBOT, Catalogue, Label
from flow.retrain import step as retrain
from flow.talk import console
from scripts.learn.metrics import Share
from tests.helpers import coloured

STAMP = "20261123_093011"


@pytest.fixture
def catalogue(tf_files):
    coloured(paths.training("robots"), 40)
    with Catalogue.open(paths.catalogue("robots")) as opened:
        yield opened


def training(tiny, **more) -> Training:
    return replace(Training.from_cfg(), architecture=str(tiny), images_min=20, **{"steps": 200, **more})


def trained(tiny, catalogue, **more) -> shelf.Model:
    return retrain.retrain("robots", training(tiny, **more), STAMP, catalogue).model


def spoil(model: shelf.Model) -> shelf.Model:
    """Make a model answer by lot, and boast of it."""
    from scripts.learn import model_files

    head, gate = model_files.load_head(model.folder)
    lots = np.random.default_rng(0).normal(0, 1, head.weights.shape).astype(np.float32)
    model_files.save_head(model.folder, type(head)(lots, head.bias), gate)
    facts = model.facts | {"accuracy": Share(100, 100).facts(), "created": "2999-01-01T00:00:00+00:00"}
    facts.pop("files")
    model_files.save_facts(model.folder, facts)
    return next(m for m in shelf.all_models("robots") if m.name == model.name)


def test_no_models_no_board(catalogue):
    board = leaderboard.leaderboard("robots", catalogue)
    assert (board.standings, board.line()) == ((), "no models yet")
    assert leaderboard.ranked("robots", catalogue) == []


def test_a_boast_is_not_believed(tiny, catalogue):
    """The figure in a model's own file may be of another time; today's test set decides."""
    good, bad = trained(tiny, catalogue), trained(tiny, catalogue, steps=201)
    bad = spoil(bad)
    assert shelf.all_models("robots")[0].name == bad.name
    board = leaderboard.leaderboard("robots", catalogue)
    assert [s.model.name for s in board.standings] == [good.name, bad.name]
    assert not board.standings[1].tied
    assert leaderboard.ranked("robots", catalogue)[0].name == good.name


def test_the_share_is_that_of_the_models_own_report_on_the_same_images(tiny, catalogue):
    model = trained(tiny, catalogue)
    standing = leaderboard.leaderboard("robots", catalogue).standings[0]
    assert standing.share == model.facts["accuracy"]
    assert standing.share["total"] == 39  # a third of forty, for each of three labels


def test_old_models_are_measured_on_what_was_added_since(tiny, catalogue):
    trained(tiny, catalogue)
    coloured(paths.training("robots"), 160, first=40)
    trained(tiny, catalogue)
    board = leaderboard.leaderboard("robots", catalogue)
    assert {s.share["total"] for s in board.standings} == {3 * 32} and board.version == 2


def test_what_once_trained_never_measures(tiny, catalogue):
    first = trained(tiny, catalogue)
    learned = {sha for sha, part in catalogue.splits().items() if part == "train"}
    coloured(paths.training("robots"), 160, first=40)
    trained(tiny, catalogue)
    tests = {sha for sha, part in catalogue.splits().items() if part == "test"}
    assert first.facts["counts"]["cyan"]["train"] and not learned & tests


def test_a_robots_image_never_measures_a_model(tiny, catalogue):
    trained(tiny, catalogue)
    before = leaderboard.leaderboard("robots", catalogue).images
    tests = {sha for sha, part in catalogue.splits().items() if part == "test"}
    image = next(i for i in labelling.training_images("robots", catalogue) if i.sha256 in tests)
    catalogue.set_labels([Label(image.sha256, image.label, ROBOT, 0.99, "model")])
    assert leaderboard.leaderboard("robots", catalogue).images == before - 1


def test_a_damaged_model_stands_last_with_the_reason(tiny, catalogue, capsys):
    good, broken = trained(tiny, catalogue), trained(tiny, catalogue, steps=201)
    (broken.folder / "head.npz").write_bytes(b"nothing")
    board = leaderboard.leaderboard("robots", catalogue)
    assert [s.model.name for s in board.standings] == [good.name, broken.name]
    assert board.standings[1].share is None and "damaged" in board.standings[1].why
    leaderboard.show(board, to_stdout=True)
    assert "?" in capsys.readouterr().out
    assert board.facts()["models"][1]["why"]


def test_without_test_images_the_models_own_figures_rank_them(tiny, catalogue, tmp_path):
    model = trained(tiny, catalogue)
    paths.training("robots").rename(tmp_path / "away")
    board = leaderboard.leaderboard("robots", catalogue)
    assert board.images == 0 and board.standings[0].value == model.accuracy
    assert board.standings[0].why == "no test images"


@pytest.mark.parametrize(("one", "best", "total", "tied"), [
    (90, 92, 100, True), (80, 92, 100, False), (30, 30, 30, True), (29, 30, 30, True), (20, 30, 30, False),
    (0, 0, 0, True), (850, 900, 1000, False)])  # fmt: skip
def test_noise_is_noise(one, best, total, tied):
    assert leaderboard._tied(Share(one, total).facts(), Share(best, total).facts()) is tied


def test_the_board_is_read_by_people_and_by_programs(tiny, catalogue, capsys, monkeypatch):
    notes = []
    monkeypatch.setattr(console, "note", notes.append)
    trained(tiny, catalogue)
    trained(tiny, catalogue, steps=201)
    board = leaderboard.leaderboard("robots", catalogue)
    leaderboard.show(board, to_stdout=True, most=1)
    out, said = capsys.readouterr().out, " ".join(notes)
    assert board.standings[0].model.name in out and "%" in out
    assert "1 more" in said and "cyan, magenta, yellow" in said and "not told apart" in said
    facts = board.facts()
    assert [m["model"] for m in facts["models"]] == [s.model.name for s in board.standings]
    assert {"share", "parameters", "counts", "created", "tied_with_best"} <= set(facts["models"][0])


def test_advice_says_better_worse_or_the_same(tiny, catalogue):
    first = trained(tiny, catalogue)
    assert "first model" in leaderboard.advice("robots", catalogue, first, []).verdict
    same = trained(tiny, catalogue, steps=210)
    assert "within noise" in leaderboard.advice("robots", catalogue, same, [first]).verdict
    worse = spoil(trained(tiny, catalogue, steps=220))
    told = leaderboard.advice("robots", catalogue, worse, [first, same])
    assert told.verdict.startswith("Worse") and not told.is_top
    spoil(first), spoil(same)
    before = [m for m in shelf.all_models("robots") if m.name in (first.name, same.name)]
    better = trained(tiny, catalogue, steps=230)
    told = leaderboard.advice("robots", catalogue, better, before)
    assert told.verdict.startswith("Better") and told.is_top


def test_advice_names_what_would_help_most(tiny, catalogue):
    home = paths.training("robots")
    for path in sorted((home / "cyan").iterdir())[25:]:
        path.unlink()
    files.make_folder(home / "not")
    for n, path in enumerate(sorted((home / "yellow").iterdir())[:30]):
        path.rename(home / "not" / f"{n}.png")
    coloured(home, 40, ("yellow",), first=100)
    model = trained(tiny, catalogue)
    tips = " ".join(leaderboard.advice("robots", catalogue, model, []).tips)
    assert "cyan has the fewest images sorted by a person (25)" in tips
    assert "not` is narrow" in tips
    table = np.array(model.facts["confusion"])
    np.fill_diagonal(table, 0)
    if table.max():
        i, j = np.unravel_index(table.argmax(), table.shape)
        assert f"{model.labels[i]} is taken for {model.labels[j]} most often ({table.max()} test images)" in tips
