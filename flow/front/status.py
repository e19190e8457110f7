"""What there is and what waits. Read-only, no lock, no TensorFlow; counts files, reads none."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone

from flow.base import files, paths, runlog
from flow.front.next_steps import next_steps
from flow.front.state import State, basetags, gather
from flow.models import shelf
from flow.plan import Disk
from flow.records import labelling
from flow.talk import words


def states(basetag: str = "") -> list[State]:
    """Where one basetag stands, or all of them."""
    return [gather(name) for name in ([basetag] if basetag else basetags())]


def facts(found: list[State]) -> dict:
    """The same as data, by basetag."""
    return {now.basetag: _facts(now) for now in found}


def disk_state(basetag: str) -> Disk:
    """What a plan needs to know of the disk; reads folder names and model.json only."""
    known = paths.training(basetag).is_dir() or paths.testing(basetag).is_dir()
    return Disk(known, len(shelf.all_models(basetag)))


def text(found: list[State]) -> str:
    """The same in words."""
    if not found:
        return f"nothing here yet: {paths.tf_files()} has no basetags. Begin: python roboflow.py"
    return "\n\n".join(map(_words, found))


def _facts(now: State) -> dict:
    step = next_steps(now)[0]
    unsorted = labelling.unsorted_folders(now.basetag)
    return {
        "known": now.known,
        "training": {label: count.images for label, count in now.labels.items()},
        "robot_only": {label: count.robot for label, count in now.labels.items() if count.robot},
        "unsorted": {f.name.removeprefix(paths.cfg.unsorted_name): files.count_images(f) for f in unsorted},
        "to_sort": now.unsorted,
        "sorted_waiting": now.waiting | now.looked_at,
        "looked_at": list(now.looked_at),
        "quarantine": files.count_images(paths.quarantine(now.basetag)),
        "models": now.models,
        "best_model": now.best.name if now.best else None,
        "best_by_its_own_test": asdict(now.best) if now.best else None,
        "new_since_the_last_model": now.new_images,
        "room": _room(now.basetag),
        "next": {"title": step.title, "command": step.command} if now.known else None,
        "last_run": runlog.read_last_run(paths.last_run(now.basetag)),
    }


def lines(now: State) -> list[str]:
    """Where a basetag stands, in a few lines."""
    rows = [now.basetag, f"  training: {_counts(now)}"]
    if now.unsorted:
        said = f"; {now.said} of them said at the check page, not trained on yet" if now.said else ""
        rows.append(f"  to sort: {_listed(now.unsorted)}{said}")
    looked_at = {name: f"{n} (looked at)" for name, n in now.looked_at.items()}
    rows.append(f"  waiting for you: {_listed({**now.waiting, **looked_at})}")
    ranked = " (`models` ranks them all on the same images)" if now.models > 1 else ""
    rows.append(f"  models: {now.models}{ranked}" + (f", best by its own test {now.best.name}" if now.best else ""))
    if now.best:
        rows.append(f"  {words.trust(now.best.value, now.best.low, now.best.high, now.best.total)}")
    bad = files.count_images(paths.quarantine(now.basetag))
    if bad:
        rows.append(f"  quarantine: {bad} set aside; reasons.txt there says why")
    last = runlog.read_last_run(paths.last_run(now.basetag))
    good = last.get("good")
    rows.append(f"  last good run: {_ago(good['end'])}, {good['line']}" if good else "  last good run: none yet")
    if last and not runlog.ended_well(last):
        rows.append(f"  the last run failed: {_ago(last['end'])}, exit {last['exit']}, {last['line']}")
    return rows


def _words(now: State) -> str:
    if not now.known:
        return f"{now.basetag}: there is no such basetag"
    step, room = next_steps(now)[0], _room(now.basetag)
    takes = f"  room: models {room['models'] / 1e6:,.0f} MB, caches of all basetags {room['caches'] / 1e6:,.0f} MB"
    return "\n".join([*lines(now), takes, f"  next: {step.title}", f"    {step.command}"])


def _room(basetag: str) -> dict[str, int]:
    """Bytes that the models of a basetag take, and what can be computed again: backbones, bottlenecks, thumbnails."""
    caches = (paths.models(), paths.bottlenecks(), paths.thumbnails())
    return {"models": files.size_of(paths.summaries(basetag)), "caches": sum(map(files.size_of, caches))}


def _counts(now: State) -> str:
    told = [
        f"{label} {c.images}" + (f" ({c.robot} by the robot alone)" if c.robot else "")
        for label, c in now.labels.items()
    ]
    return ", ".join(told) or "none"


def _listed(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"


def _ago(end: str) -> str:
    """How long ago, or the time itself where it lies ahead of us or cannot be read."""
    try:
        minutes = int((datetime.now(timezone.utc) - datetime.fromisoformat(end)).total_seconds() // 60)
    except (ValueError, TypeError):
        return f"at {end}"
    if minutes < 0:
        return f"at {end} (the clock was set back)"
    return (
        f"{minutes} min ago"
        if minutes < 120
        else f"{minutes // 60} h ago"
        if minutes < 2880
        else f"{minutes // 1440} days ago"
    )
