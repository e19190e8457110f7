"""Models are compared on today's images; a difference that is not significant is called so."""

import numpy as np
import pytest

from flow.base import files, paths
from flow.base.options import filled
from flow.models import leaderboard, model_store
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.rows import CHOSEN, MODEL, PERSON, Label
from flow.retrain import step as retrain
from flow.retrain.options import TrainOptions
from flow.ui import console
from scripts.learn.intervals import Share
from tests.helpers import coloured

STAMP = "20261123_093011"


@pytest.fixture
def catalogue(tf_files, kept_models):
    coloured(paths.training("robots"), 40)
    with Catalogue.open(paths.catalogue("robots")) as opened:
        yield opened


def training(tiny, **more) -> TrainOptions:
    return filled(TrainOptions, {"architecture": str(tiny), "images_min": 20, "steps": 200, **more})


def trained(tiny, catalogue, **more) -> model_store.Model:
    return retrain.retrain("robots", training(tiny, **more), STAMP, catalogue).model


def spoil(model: model_store.Model) -> model_store.Model:
    """Make a model answer at random and claim perfect accuracy."""
    from scripts.learn import model_files, out_of_fold

    head, novelty = model_files.load_head(model.folder)
    lots = np.random.default_rng(0).normal(0, 1, head.weights.shape).astype(np.float32)
    model_files.save_head(model.folder, type(head)(lots, head.bias), novelty)
    with np.load(model.folder / out_of_fold.NAME) as kept:
        arrays = dict(kept)
    arrays["probabilities"] = np.random.default_rng(0).permutation(arrays["probabilities"])
    np.savez_compressed(model.folder / out_of_fold.NAME, **arrays)
    facts = model.facts | {"accuracy": Share(100, 100).facts(), "created": "2999-01-01T00:00:00+00:00"}
    facts.pop("files")
    model_files.save_facts(model.folder, facts)
    return next(m for m in model_store.all_models("robots") if m.name == model.name)


def test_no_models_no_board(catalogue):
    board = leaderboard.leaderboard("robots", catalogue)
    assert (board.ranking, board.line()) == ((), "no models yet")
    assert leaderboard.ranked("robots", catalogue) == []


def test_a_models_own_claim_does_not_rank_it(tiny, catalogue):
    """The figure in a model's own file may be of another time; today's test set decides."""
    good, bad = trained(tiny, catalogue), trained(tiny, catalogue, steps=201)
    bad = spoil(bad)
    assert model_store.all_models("robots")[0].name == bad.name
    board = leaderboard.leaderboard("robots", catalogue)
    assert [s.model.name for s in board.ranking] == [good.name, bad.name]
    assert not board.ranking[1].tied
    assert leaderboard.ranked("robots", catalogue)[0].name == good.name


def test_the_share_is_that_of_the_models_own_report_on_the_same_images(tiny, catalogue):
    model = trained(tiny, catalogue)
    score = leaderboard.leaderboard("robots", catalogue).ranking[0]
    assert score.share == {k: model.facts["accuracy"][k] for k in score.share}  # its interval, too
    assert score.share["total"] == 120  # every image, each by the head that left it out


def test_old_models_are_measured_on_what_was_added_since(tiny, catalogue):
    trained(tiny, catalogue)
    coloured(paths.training("robots"), 160, first=40)
    trained(tiny, catalogue)
    board = leaderboard.leaderboard("robots", catalogue)
    assert {s.share["total"] for s in board.ranking} == {600} and not board.alone
    coloured(paths.training("robots"), 50, first=200)
    trained(tiny, catalogue)
    board = leaderboard.leaderboard("robots", catalogue)
    assert board.alone and board.images == 3 * 40 and board.version == 2
    assert {s.share["total"] for s in board.ranking} == {120}  # what the older ones learned from is measured by folds


def test_a_model_is_never_measured_on_what_it_was_trained_on_nor_on_copies_of_it(tiny, catalogue):
    """Near-duplicates of its training images, added later, do not measure it."""
    from PIL import Image

    model = trained(tiny, catalogue)
    home = paths.training("robots")
    for path in sorted((home / "cyan").glob("*.png"))[:12]:
        Image.open(path).save(path.with_suffix(".jpg"), quality=80)
    coloured(home, 5, ("cyan",), first=500)
    score = leaderboard.leaderboard("robots", catalogue).ranking[0]
    assert score.share["total"] == 120 + 5
    kept = __import__("scripts.learn.out_of_fold", fromlist=["load"]).load(model.folder, model.labels)
    assert len(kept.trained_on) == 120 and set(kept.guesses) == kept.trained_on


def test_a_model_without_stored_predictions_is_measured_on_what_was_held_out_then(tiny, catalogue):
    coloured(paths.training("robots"), 90, first=40)
    model = trained(tiny, catalogue)
    facts = dict(model.facts, files={k: v for k, v in model.facts["files"].items() if k != "honest.npz"})
    (model.folder / "model.json").write_text(__import__("json").dumps(facts))
    (model.folder / "honest.npz").unlink()
    coloured(paths.training("robots"), 100, first=300)
    trained(tiny, catalogue)
    board = leaderboard.leaderboard("robots", catalogue)
    old = next(s for s in board.ranking if s.model.name == model.name)
    assert board.images == 3 * round(0.16 * 230) and old.share["total"] == 3 * round(0.16 * 130)


def test_an_image_labelled_by_a_model_never_measures_one(tiny, catalogue):
    trained(tiny, catalogue)
    before = leaderboard.leaderboard("robots", catalogue).images
    image, other = provenance.training_images("robots", catalogue)[:2]
    catalogue.set_labels([Label(image.sha256, image.label, MODEL, 0.99, "model")])
    assert leaderboard.leaderboard("robots", catalogue).images == before - 1
    catalogue.set_labels([Label(other.sha256, other.label, PERSON, sampling=CHOSEN)])
    assert leaderboard.leaderboard("robots", catalogue).images == before - 2


def test_a_damaged_model_is_ranked_last_with_the_reason(tiny, catalogue, capsys):
    good, broken = trained(tiny, catalogue), trained(tiny, catalogue, steps=201)
    (broken.folder / "head.npz").write_bytes(b"nothing")
    board = leaderboard.leaderboard("robots", catalogue)
    assert [s.model.name for s in board.ranking] == [good.name, broken.name]
    assert board.ranking[1].share is None and "damaged" in board.ranking[1].why
    leaderboard.show(board, to_stdout=True)
    assert "?" in capsys.readouterr().out
    assert board.facts()["models"][1]["why"]


def test_without_test_images_the_models_own_figures_rank_them(tiny, catalogue, tmp_path):
    model = trained(tiny, catalogue)
    paths.training("robots").rename(tmp_path / "away")
    board = leaderboard.leaderboard("robots", catalogue)
    assert board.images == 0 and board.ranking[0].value == model.accuracy
    assert board.ranking[0].why == "no images to measure on"


@pytest.mark.parametrize(
    ("only_one", "only_best", "both", "tied"),
    [
        (3, 5, 90, True),
        (0, 12, 80, False),
        (0, 0, 30, True),
        (0, 5, 30, True),
        (0, 6, 30, False),
        (100, 150, 700, False),
    ],
)
def test_a_difference_within_noise_is_a_tie(only_one, only_best, both, tied):
    """Only images that one of the two has right tell them apart; those that both have, or only one was asked, do not."""
    rows = [(True, False)] * only_one + [(False, True)] * only_best + [(True, True)] * both
    one, best = ({str(i): pair[k] for i, pair in enumerate(rows)} for k in (0, 1))
    one |= {f"new{i}": False for i in range(50)}
    assert leaderboard._tied(*(leaderboard.ModelScore(None, None, answers=a) for a in (one, best))) is tied


def test_the_board_is_read_by_people_and_by_programs(tiny, catalogue, capsys, monkeypatch):
    notes = []
    monkeypatch.setattr(console, "note", notes.append)
    trained(tiny, catalogue)
    trained(tiny, catalogue, steps=201)
    board = leaderboard.leaderboard("robots", catalogue)
    leaderboard.show(board, to_stdout=True, most=1)
    out, shown = capsys.readouterr().out, " ".join(notes)
    assert board.ranking[0].model.name in out and "%" in out
    assert "1 more" in shown and "cyan, magenta, yellow" in shown and "is not significant" in shown
    facts = board.facts()
    assert [m["model"] for m in facts["models"]] == [s.model.name for s in board.ranking]
    assert {"share", "parameters", "counts", "created", "tied_with_best"} <= set(facts["models"][0])


def test_advice_says_better_worse_or_the_same(tiny, catalogue):
    first = trained(tiny, catalogue)
    verdict = leaderboard.advice("robots", catalogue, first, []).verdict
    share = first.facts["accuracy"]
    assert verdict.startswith(f"Your first model: {share['right']} of {share['total']} correct (95 % interval ")
    same = trained(tiny, catalogue, steps=210)
    assert "not significant" in leaderboard.advice("robots", catalogue, same, [first]).verdict
    worse = spoil(trained(tiny, catalogue, steps=220))
    advice = leaderboard.advice("robots", catalogue, worse, [first, same])
    assert advice.verdict.startswith("Worse") and not advice.is_top
    spoil(first), spoil(same)
    before = [m for m in model_store.all_models("robots") if m.name in (first.name, same.name)]
    better = trained(tiny, catalogue, steps=230)
    advice = leaderboard.advice("robots", catalogue, better, before)
    assert advice.verdict.startswith("Better") and advice.is_top


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
    assert "cyan has the fewest images labelled by a person (25)" in tips
    assert "not` has few images" in tips
    table = np.array(model.facts["confusion"])
    np.fill_diagonal(table, 0)
    if table.max():
        i, j = np.unravel_index(table.argmax(), table.shape)
        assert f"{model.labels[i]} is mistaken for {model.labels[j]} most often ({table.max()} image" in tips
