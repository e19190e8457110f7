"""What there is and what waits. Read-only, no lock, no TensorFlow; counts files, reads none."""

from datetime import datetime, timezone

from flow.base import files, paths, runlog
from flow.models import shelf
from flow.plan import Disk
from flow.records import labelling


def basetags() -> list[str]:
    """Every basetag that has folders, by name."""
    found = {
        f.name for root in (paths.training_root(), paths.tf_files() / "testing_photos") for f in files.folders_in(root)
    }
    return sorted(found)


def status(basetag: str = "") -> dict:
    """Facts of one basetag, or of all."""
    return {name: _one(name) for name in ([basetag] if basetag else basetags())}


def disk_state(basetag: str) -> Disk:
    """What a plan needs to know of the disk; reads folder names and model.json only."""
    known = paths.training(basetag).is_dir() or paths.testing(basetag).is_dir()
    return Disk(known, len(shelf.all_models(basetag)))


def text(found: dict) -> str:
    """The facts in words."""
    if not found:
        return f"nothing here yet: {paths.tf_files()} has no basetags. Begin: python roboflow.py"
    return "\n\n".join(_words(name, facts) for name, facts in found.items())


def _one(basetag: str) -> dict:
    ranked = shelf.all_models(basetag)
    testing = paths.testing(basetag)
    unsorted = files.folders_in(testing, paths.cfg.unsorted_name)
    waiting = {
        f.name: sum(files.count_images(p) for p in files.folders_in(f)) for f in labelling.sorted_folders(basetag)
    }
    return {
        "known": bool(ranked or paths.training(basetag).is_dir() or testing.is_dir()),
        "training": labelling.label_counts(basetag),
        "unsorted": {f.name.removeprefix(paths.cfg.unsorted_name): files.count_images(f) for f in unsorted},
        "sorted_waiting": waiting,
        "quarantine": files.count_images(paths.quarantine(basetag)),
        "models": len(ranked),
        "best_model": ranked[0].name if ranked else None,
        "last_run": runlog.read_last_run(paths.last_run(basetag)),
    }


def _words(basetag: str, facts: dict) -> str:
    if not facts["known"]:
        return f"{basetag}: there is no such basetag"
    rows = [
        ("training", facts["training"]),
        ("unsorted", facts["unsorted"]),
        ("waiting for you", facts["sorted_waiting"]),
    ]
    lines = [f"{basetag}"]
    lines += [f"  {name}: " + (", ".join(f"{k} {n}" for k, n in counts.items()) or "none") for name, counts in rows]
    lines.append(
        f"  models: {facts['models']}" + (f", best by its own test {facts['best_model']}" if facts["models"] else "")
    )
    if facts["quarantine"]:
        lines.append(f"  quarantine: {facts['quarantine']} unreadable images, see reasons.txt there")
    last = facts["last_run"]
    good = last.get("good")
    lines.append(f"  last good run: {_ago(good['end'])}, {good['line']}" if good else "  last good run: none yet")
    if last and last["exit"] not in runlog.GOOD:
        lines.append(f"  the last run failed: {_ago(last['end'])}, exit {last['exit']}, {last['line']}")
    return "\n".join(lines)


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
