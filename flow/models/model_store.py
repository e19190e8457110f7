"""Trained models on disk. Facts come from model.json; the folder's name is for people alone."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import config as cfg
from flow.base import files, paths
from flow.base.errors import NotReady, RoboError
from flow.base.learning import api
from flow.base.names import whole_number
from flow.ui import texts

FORMAT = 1


@dataclass(frozen=True)
class Model:
    """A trained model: its folder and what model.json says of it."""

    folder: Path
    facts: dict

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def accuracy(self) -> float:
        """Fraction 0..1 on the images it was measured on when it was made."""
        return float(self.facts["accuracy"]["value"])

    @property
    def measured(self) -> bool:
        """Whether its accuracy rests on anything at all."""
        return bool(self.facts["accuracy"].get("total"))

    @property
    def measured_words(self) -> str:
        """What its accuracy was measured on: cross-validated on 240 images, or on 120 held-out images."""
        total = int(self.facts["accuracy"].get("total", 0))
        images = f"image{'s' * (total != 1)}"
        if recordings := self.facts.get("measured_on", {}).get("recordings"):
            frames = self.facts["measured_on"]["recorded"]
            some = "" if frames == total else f", {frames:,} of them"
            images += f"{some} of {recordings} recording{'s' * (recordings != 1)}"
        if self.facts.get("measured_on", {}).get("test_alone", True):
            return f"on {total:,} held-out {images}"
        return f"cross-validated on {total:,} {images}"

    @property
    def accuracy_words(self) -> str:
        """Its accuracy with the interval and what it was measured on."""
        share = self.facts["accuracy"]
        low, high, total = (share.get(name, 0) for name in ("low", "high", "total"))
        return texts.accuracy_text(share["value"], low, high, total, self.measured_words)

    @property
    def labels(self) -> list[str]:
        return list(self.facts["labels"])

    @property
    def shortcuts(self) -> list[str]:
        """What gives labels away, a sentence each, as found when it was trained."""
        return [str(one["sentence"]) for one in self.facts.get("shortcuts", ())]

    @property
    def identity(self) -> str:
        """The hash of its head: models with the same one give the same predictions."""
        return self.facts["files"].get("head.npz", self.name)[:16]


def all_models(basetag: str) -> list[Model]:
    """The complete models of a basetag, most accurate first, newer first among equals. Other folders are left out."""
    found = [model for folder in files.folders_in(paths.summaries(basetag)) if (model := _read(folder))]
    return sorted(found, key=lambda m: (m.accuracy, m.facts["created"], m.name), reverse=True)


def pick(ranked: list[Model], wanted: str, basetag: str) -> Model:
    """A model by its place in the list (from 1) or its folder name; empty = the first.

    Raises:
        NotReady: there is none at all, or none by that name.
    """
    if not ranked:
        raise NotReady(f"There is no model for {basetag} yet.", f"Train one: python roboflow.py {basetag} 0 0 retrain")
    if not wanted:
        return ranked[0]
    model = find(ranked, wanted)
    if model is None:
        raise NotReady(
            f"There is no model {wanted!r} for {basetag}.", f"python roboflow.py {basetag} models lists {len(ranked)}."
        )
    return model


def find(ranked: list[Model], wanted: str) -> Model | None:
    """A model by its place in the list (from 1) or its folder name, where there is such a one."""
    number = whole_number(wanted) or 0
    if 1 <= number <= len(ranked):
        return ranked[number - 1]
    return next((model for model in ranked if model.name == wanted), None)


def verify(model: Model) -> None:
    """Raise RoboError where a file of the model is missing or is not what was written."""
    for name, wanted in {"head.npz": "", "retrained_labels.txt": "", **model.facts["files"]}.items():
        _verify_file(model, name, wanted)
    written = (model.folder / "retrained_labels.txt").read_text(encoding="utf-8").splitlines()
    if written != model.labels:
        raise damaged(model, "model.json names other labels than it was trained on")


def verify_parts(model: Model, *names: str) -> None:
    """As `verify`, for some of its files: what is loaded to classify and to compare needs no graph."""
    for name in names:
        _verify_file(model, name, model.facts["files"].get(name, ""))


def has(model: Model, name: str) -> bool:
    """Whether the model was written with a file of that name."""
    return name in model.facts["files"]


def predictions(model: Model) -> "api.OutOfFold | None":
    """What a model predicted for images that it has not learned from, and which images it has learned from; None where
    it is of a version that kept none, or that file is damaged."""
    try:
        return api.load_out_of_fold(model.folder, model.labels)
    except (OSError, ValueError, KeyError, IndexError):
        return None


def threshold(model: Model) -> float:
    """The score 0..1 from which on a model is sure: confidence_min, or more where too many of its cross-validated and
    held-out predictions above that are wrong; in whole thousandths. 1 = it is sure of nothing."""
    kept = predictions(model)
    return math.ceil(1000 * kept.threshold(cfg.confidence_min) - 1e-6) / 1000 if kept else cfg.confidence_min


def above_threshold(model: Model) -> tuple[int, int] | None:
    """(right, all) of a model's cross-validated and held-out predictions that score at least its threshold; None where
    it kept none, or none does."""
    kept = predictions(model)
    right, total = kept.above(threshold(model)) if kept else (0, 0)
    return (right, total) if total else None


def threshold_words(model: Model) -> str:
    """Why the threshold is higher than confidence_min, in a sentence; empty where it is not."""
    needed = threshold(model)
    if needed <= cfg.confidence_min:
        return ""
    return texts.own_threshold(needed, cfg.confidence_min, api.target_precision(cfg.confidence_min))


def add_facts(model: Model, facts: dict) -> None:
    """Write more facts into a model's model.json."""
    path = model.folder / "model.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    files.write_whole(path, json.dumps({**known, **facts}, indent=1) + "\n")


def efficiency_above_threshold(model: Model) -> float:
    """The evidence of one of those predictions, 0..1; images of one recording are right or wrong together."""
    kept = predictions(model)
    return kept.efficiency(threshold(model)) if kept else 1.0


def damaged(model: Model, why: str) -> RoboError:
    """The error to raise where a model is not what was written."""
    return RoboError(f"The model {model.name} is damaged: {why}.", "Pick another with --model, or retrain.")


def _verify_file(model: Model, name: str, wanted: str) -> None:
    path = model.folder / name
    inside = os.path.normpath(path).startswith(f"{model.folder}{os.sep}")
    problem = (
        "is missing" if not (inside and path.is_file()) else "has changed" if files.sha256_of(path) != wanted else ""
    )
    if problem:
        raise damaged(model, f"{name} {problem}")


def read(folder: Path) -> Model:
    """The model in a folder. Raises RoboError where there is none that is complete."""
    model = _read(folder)
    if model is None:
        raise RoboError(f"{folder} is no complete model.", "Train again.")
    return model


def _read(folder: Path) -> Model | None:
    try:
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = Model(folder, facts)
        whole = facts["format"] == FORMAT and 0 <= model.accuracy <= 1 and model.labels and model.identity
        strings = (
            facts["created"],
            facts["backbone"]["sha256"],
            *model.labels,
            *facts["files"],
            *facts["files"].values(),
        )
        return model if whole and all(isinstance(one, str) and one for one in strings) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
