"""The YAML at the top of a model card, by which model hubs file it.

Keys and values: https://github.com/huggingface/hub-docs, modelcard.md. `labels` is not among them; hubs ignore it.
"""

from typing import Any

import yaml

from flow.models.model_store import Model

TASK = "image-classification"
TAGS = [TASK, "tflite", "litert"]


def front_matter(basetag: str, model: Model) -> str:
    """The front matter of a model's card, with its two lines of dashes.

    Each part of a model has a licence of its own, so that of the whole is "other", and LICENSE says which they are.
    """
    facts: dict[str, Any] = {
        "license": "other",
        "license_name": "see-license-file",
        "license_link": "LICENSE",
        "pipeline_tag": TASK,
        "tags": TAGS,
        "metrics": ["accuracy"],
        "labels": model.labels,
    }
    if model.measured:
        facts["model-index"] = [{"name": model.name, "results": [_result(basetag, model)]}]
    is_plain = all(text.isprintable() for text in (basetag, *model.labels))  # else characters are escaped
    text = yaml.safe_dump(facts, allow_unicode=is_plain, sort_keys=False, width=1_000_000)
    return f"---\n{text}---\n"


def _result(basetag: str, model: Model) -> dict:
    """The accuracy, and what it was measured on."""
    accuracy = {"type": "accuracy", "value": round(model.accuracy, 4), "name": f"accuracy, {model.measured_words}"}
    return {"task": {"type": TASK}, "dataset": {"type": "imagefolder", "name": basetag}, "metrics": [accuracy]}
