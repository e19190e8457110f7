"""Where basetags stand, in words and as data. Read-only, no lock, no TensorFlow; counts files and reads none."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone

import config as cfg
from flow.base import files, paths, runlog
from flow.base.names import joined
from flow.guide.basetag_state import BasetagState, basetags, read_state
from flow.guide.next_steps import next_steps
from flow.records import provenance


def states(basetag: str = "") -> list[BasetagState]:
    """Where one basetag stands, or all of them."""
    return [read_state(name) for name in ([basetag] if basetag else basetags())]


def facts(found: list[BasetagState]) -> dict:
    """As data, by basetag."""
    return {now.basetag: _facts(now) for now in found}


def text(found: list[BasetagState]) -> str:
    """In words."""
    if not found:
        return f"nothing here yet: {paths.tf_files()} has no basetags. Begin: python roboflow.py"
    return "\n\n".join(map(_in_words, found))


def lines(now: BasetagState) -> list[str]:
    """Where a basetag stands, in a few lines."""
    rows = [now.basetag, f"  training images: {_labels(now)}"]
    if now.unsorted:
        labeled = f"; {now.labeled_unsorted} of them labelled, not trained on yet" if now.labeled_unsorted else ""
        rows.append(f"  unsorted: {_counts(now.unsorted)}{labeled}")
    checked = {name: f"{n} (checked)" for name, n in now.checked.items()}
    rows.append(f"  to check: {_counts({**now.to_check, **checked})}")
    ranked = " (`models` ranks them all on the same images)" if now.models > 1 else ""
    rows.append(f"  models: {now.models}{ranked}" + (f", best by its own test {now.best.name}" if now.best else ""))
    if now.best:
        rows.append(f"  {now.best.words}")
        rows += [f"  it knows {now.best.since}"] if now.best.since else []
        rows += [f"  it does not know {joined(now.unknown_labels)} yet"] if now.unknown_labels else []
    if bad := files.count_images(paths.quarantine(now.basetag)):
        rows.append(f"  quarantine: {bad} set aside; reasons.txt there says why")
    last = runlog.read_last_run(paths.last_run(now.basetag))
    good = last.get("good")
    rows.append(f"  last good run: {_ago(good['end'])}, {good['line']}" if good else "  last good run: none yet")
    if last and not runlog.ended_well(last):
        rows.append(f"  the last run failed: {_ago(last['end'])}, exit {last['exit']}, {last['line']}")
    return rows


def _in_words(now: BasetagState) -> str:
    if not now.known:
        return f"{now.basetag}: there is no such basetag"
    step, disk = next_steps(now)[0], _disk_use(now.basetag)
    models, caches, embeddings = (f"{disk[name] / 1e6:,.0f} MB" for name in ("models", "caches", "embeddings"))
    used = f"  disk: models {models}, caches of all basetags {caches}, of these embeddings {embeddings}"
    return "\n".join([*lines(now), used, f"  next: {step.title}", f"    {step.command}"])


def _facts(now: BasetagState) -> dict:
    step = next_steps(now)[0]
    unsorted = provenance.unsorted_folders(now.basetag)
    return {
        "known": now.known,
        "training": {label: count.images for label, count in now.labels.items()},
        "robot_only": {label: count.by_model for label, count in now.labels.items() if count.by_model},
        "unsorted": {f.name.removeprefix(cfg.unsorted_name): files.count_images(f) for f in unsorted},
        "to_sort": now.unsorted,
        "sorted_waiting": now.to_check | now.checked,
        "looked_at": list(now.checked),
        "quarantine": files.count_images(paths.quarantine(now.basetag)),
        "models": now.models,
        "best_model": now.best.name if now.best else None,
        "best_by_its_own_test": {k: v for k, v in asdict(now.best).items() if k != "words"} if now.best else None,
        "unknown_labels": list(now.unknown_labels),
        "suspects": now.suspects,
        "new_since_the_last_model": now.new_images,
        "room": _disk_use(now.basetag),
        "next": {"title": step.title, "command": step.command} if now.known else None,
        "last_run": runlog.read_last_run(paths.last_run(now.basetag)),
    }


def _disk_use(basetag: str) -> dict[str, int]:
    """Bytes that the models of a basetag take, and what can be computed again: backbones, embeddings, thumbnails."""
    caches = (paths.models(), paths.bottlenecks(), paths.thumbnails())
    sizes = list(map(files.size_of, caches))
    return {"models": files.size_of(paths.summaries(basetag)), "caches": sum(sizes), "embeddings": sizes[1]}


def _labels(now: BasetagState) -> str:
    counts = [
        f"{label} {c.images}" + (f" ({c.by_model} by the model only)" if c.by_model else "")
        for label, c in now.labels.items()
    ]
    return ", ".join(counts) or "none"


def _counts(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"


def _ago(end: str) -> str:
    """How long ago; or the time itself where it lies in the future or cannot be read."""
    try:
        minutes = int((datetime.now(timezone.utc) - datetime.fromisoformat(end)).total_seconds() // 60)
    except (ValueError, TypeError):
        return f"at {end}"
    if minutes < 0:
        return f"at {end} (the clock was set back)"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 2880 else f"{minutes // 1440} days ago"
