"""Every model of a basetag measured again on today's frozen test set, best first. Cheap: bottlenecks are cached."""

from collections import Counter
from dataclasses import dataclass, field

from flow.base import paths
from flow.models import backbone, shelf
from flow.models.shelf import Model
from flow.records import labelling
from flow.records.catalogue import HUMAN, Catalogue
from flow.records.labelling import Labelled
from flow.talk import console


@dataclass(frozen=True)
class Standing:
    """A model on today's test set. `share`: right, total, value, low, high; None where it cannot be measured now
    (`why`). `tied`: not worse than the best beyond noise."""

    model: Model
    share: dict | None
    tied: bool = False
    why: str = ""

    @property
    def value(self) -> float:
        """Fraction 0..1: on today's test set, or its own time's where there is none."""
        return self.share["value"] if self.share else self.model.accuracy

    def facts(self) -> dict:
        f = self.model.facts
        return {"model": self.model.name, "share": self.share, "own_test": f["accuracy"], "tied_with_best": self.tied,
                "created": f["created"], "labels": f["labels"], "parameters": f["parameters"], "why": self.why,
                "architecture": f["backbone"]["title"], "counts": f["counts"]}  # fmt: skip


@dataclass(frozen=True)
class Leaderboard:
    """All standings, best first, on `images` test images of version `version`."""

    standings: tuple[Standing, ...]
    images: int
    version: int
    code: int = 0

    def line(self) -> str:
        if not self.standings:
            return "no models yet"
        best = self.standings[0]
        return f"{len(self.standings)} models; the best is {best.model.name} ({100 * best.value:.1f}%)"

    def facts(self) -> dict:
        return {"test_images": self.images, "test_version": self.version, "models": [s.facts() for s in self.standings]}


@dataclass(frozen=True)
class Advice:
    """Is the new model better, and what would help most next."""

    verdict: str
    is_top: bool
    tips: tuple[str, ...] = field(default=())
    best_before: float | None = None  # fraction right of the best older model on the same test images


def leaderboard(basetag: str, catalogue: Catalogue) -> Leaderboard:
    """Measure every model on today's test images."""
    found = shelf.all_models(basetag)
    return _board(found, _images(basetag, catalogue) if found else [], catalogue)


def _board(found: list[Model], images: list[Labelled], catalogue: Catalogue) -> Leaderboard:
    tests = _test_images(images, catalogue)
    standings = [_measured(model, tests) for model in found]
    standings.sort(key=lambda s: (s.share is not None, s.value, s.model.facts["created"]), reverse=True)
    if standings and standings[0].share:
        best = standings[0].share
        standings = [Standing(s.model, s.share, bool(s.share) and _tied(s.share, best), s.why) for s in standings]
    return Leaderboard(tuple(standings), len(tests), catalogue.split_version())


def ranked(basetag: str, catalogue: Catalogue) -> list[Model]:
    """The models, best first by today's test set; what classify_top and ENTER choose from."""
    found = shelf.all_models(basetag)
    if len(found) < 2:
        return found
    return [s.model for s in leaderboard(basetag, catalogue).standings]


def show(board: Leaderboard, to_stdout: bool, most: int = 1000) -> None:
    """The table of `models`: number, share right with its interval, date, name (which tells the parameters)."""
    rows = []
    for number, s in enumerate(board.standings[:most], 1):
        share = s.share or s.model.facts["accuracy"]
        between = f"{100 * share['low']:.1f}-{100 * share['high']:.1f}"
        mark = "=" if s.tied and number > 1 else "" if s.share else "?"
        right = f"{100 * share['value']:.1f}%{mark}"
        rows.append([number, right, between, s.model.facts["created"][:10], s.model.name])
    console.table(["#", "right", "between", "made", "model"], rows, to_stdout)
    if len(board.standings) > most:
        console.note(f"... and {len(board.standings) - most} more; the flowstep models lists them all.")
    labels = sorted({label for s in board.standings for label in s.model.labels})
    if labels:
        console.note(f"labels: {', '.join(labels)}; measured on {board.images} test images (version {board.version}).")
    for s in board.standings[:most]:
        if s.why and board.images:
            console.note(f"? {s.model.name} cannot be measured now: {s.why}.")
    if any(s.tied for s in board.standings[1:]):
        console.note("= means: not told apart from the best by this many test images.")


def advice(basetag: str, catalogue: Catalogue, new: Model, before: list[Model]) -> Advice:
    """Compare a new model with the best so far on today's test set, and say what would help."""
    images = _images(basetag, catalogue)
    board = _board(shelf.all_models(basetag), images, catalogue)
    tips = tuple(_tips(images, new))
    old = [s for s in board.standings if s.model.name in {m.name for m in before} and s.share]
    mine = next((s for s in board.standings if s.model.name == new.name), None)
    is_top = bool(board.standings) and board.standings[0].model.name == new.name
    if not old or mine is None or mine.share is None:
        return Advice("This is the first model that can be measured here.", is_top, tips)
    best = max(old, key=lambda s: s.value)
    gap = f"{100 * mine.value:.1f}% against {100 * best.value:.1f}% on the same {board.images} test images"
    if _tied(mine.share, best.share):
        return Advice(f"Same as the best so far, within noise: {gap}.", is_top, tips, best.value)
    word = "Better" if mine.value > best.value else "Worse"
    return Advice(f"{word} than the best so far: {gap}.", is_top, tips, best.value)


def _images(basetag: str, catalogue: Catalogue) -> list[Labelled]:
    """The training images as they lie now; nothing is noted, for no lock may be held."""
    return labelling.training_images(basetag, catalogue, remember=False)


def _test_images(images: list[Labelled], catalogue: Catalogue) -> list[Labelled]:
    """The frozen test images that are still there, as they are labelled now, each content once."""
    frozen = {sha for sha, part in catalogue.splits().items() if part == "test"}
    return list({i.sha256: i for i in images if i.sha256 in frozen and i.given_by == HUMAN}.values())


def _measured(model: Model, tests: list[Labelled]) -> Standing:
    """One model's share of right answers; images of labels it does not know count as wrong."""
    if not tests:
        return Standing(model, None, why="no test images")
    try:
        if not backbone.can_run(model):
            return Standing(model, None, why="its backbone has changed since; retrain")
        right = _right(model, {t.sha256: t for t in tests})
    except Exception as problem:  # noqa: BLE001 - one damaged model must not hide the others
        return Standing(model, None, why=getattr(problem, "message", type(problem).__name__))
    from scripts.learn.metrics import Share

    return Standing(model, Share(right, len(tests)).facts())


def _right(model: Model, tests: dict[str, Labelled]) -> int:
    import numpy as np

    from scripts.learn import bottlenecks, model_files

    shelf.verify_head(model)
    head, _ = model_files.load_head(model.folder)
    runner = backbone.LazyRunner(model)
    path = bottlenecks.store_path(paths.bottlenecks(), runner.backbone, runner.key)
    with bottlenecks.Store(path) as store:
        files = {sha: t.path for sha, t in tests.items()}
        done = bottlenecks.compute(files, runner, store)  # type: ignore[arg-type]  # it runs like one
    shas = list(done.vectors)
    guesses = head.logits(np.stack([done.vectors[s] for s in shas])).argmax(axis=1) if shas else []
    return sum(model.labels[g] == tests[s].label for g, s in zip(guesses, shas, strict=True))


def _tied(share: dict | None, best: dict | None) -> bool:
    """Whether two shares of the same images lie within noise: the difference is under two standard errors of a
    difference of independent shares, which for the same images is on the safe side."""
    if not share or not best:
        return False
    n = best["total"]
    variance = sum(s["value"] * (1 - s["value"]) / n for s in (share, best)) if n else 1
    return abs(share["value"] - best["value"]) <= 1.96 * variance**0.5


def _tips(images: list[Labelled], model: Model) -> list[str]:
    """What would help most: the label with the fewest human images, the most confused pair, a narrow `not`."""
    counts = Counter(i.label for i in images if i.given_by == HUMAN)
    tips = []
    if counts:
        label, n = min(counts.items(), key=lambda pair: (pair[1], pair[0]))
        tips.append(f"{label} has the fewest images sorted by a person ({n}); more of those help most.")
    table, labels = model.facts["confusion"], model.labels
    pairs = [(table[i][j], i, j) for i in range(len(labels)) for j in range(len(labels)) if i != j]
    times, i, j = max(pairs, default=(0, 0, 0))
    if times:
        tips.append(f"{labels[i]} is taken for {labels[j]} most often ({times} test images): look at those.")
    others = [n for label, n in counts.items() if label != "not"]
    if "not" in counts and others and counts["not"] < 1.5 * sum(others) / len(others):
        tips.append("`not` is narrow: give it more kinds of other things, from several searchtags.")
    return tips
