"""A folder of label folders -> a folder with a trained image classifier. RoboFlow uses it, and it runs alone:

    python -m scripts.retrain --image_dir tf_files/training_photos/robots --architecture efficientnet_lite0

with the flags of tensorflow-for-poets-2's retrain.py. Reads the pictures; writes a SavedModel (--output_graph), the
labels (--output_labels), model.json, head.npz and report.html beside them, and TensorBoard curves (--summaries_dir).
"""

import argparse
import datetime
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from scripts.learn import efficientnet_lite, model_files, summaries
from scripts.learn.backbones import BackboneProblem
from scripts.learn.dataset import TooFewImages
from scripts.learn.poets_flags import check_flags, job_of, parser
from scripts.learn.train import curve_facts
from scripts.learn.training_job import CachePaths, TrainingResult, job_digest, run_job
from scripts.report import page as report

WORST, SUSPECTS = 24, 40  # pictures named in model.json and shown in the report


def facts_of(learned: TrainingResult) -> dict:
    """Everything model.json says of a model, but for the hashes of its files."""
    job, trained = learned.job, learned.trained
    parameters = {
        **{k: v for k, v in asdict(job.head_config).items() if k != "every"},
        "test_percent": job.split_rules.test_percent,
        "validation_percent": job.split_rules.validation_percent,
        "test_least": job.split_rules.least,
        "robot_ratio": job.split_rules.robot_ratio,
        "robot_weight": job.split_rules.robot_weight,
        "distortions": asdict(job.augmentation),
        "tune": "last" if job.tune else "head",
        **({f"tune_{k}": v for k, v in asdict(job.tune).items()} if job.tune else {}),
    }
    return {
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "labels": learned.dataset.labels,
        "architecture": job.backbone.name,
        "backbone": {
            "architecture": job.backbone.again,
            "title": job.backbone.title,
            "sha256": learned.backbone_key,
            "input_size": job.backbone.input_size,
            "vector_length": learned.vector_length,
            "handle": job.backbone.handles[0] if job.backbone.handles else str(job.folder),
        },
        "signatures": list(model_files.SIGNATURES),
        "made_from": job_digest(job, learned.dataset.fresh),
        "parameters": parameters,
        "strength": trained.strength,
        **({"tune": learned.tuning_facts} if learned.tuned_network else {}),
        "counts": learned.dataset.counts(),
        "left_out": learned.dataset.left_out,
        "unreadable": {str(path): why for path, why in learned.dataset.bad.items()},
        "seconds": learned.seconds,
        "warnings": trained.warnings,
        "worst_mistakes": _told(report.worst_mistakes(learned.dataset, trained, WORST)),
        "suspects": _told(report.suspects(learned.dataset, trained, SUSPECTS)),
        **trained.facts,
    }


def write_model(
    learned: TrainingResult,
    folder: Path,
    more: dict | None = None,
    graph: Path | None = None,
    labels: Path | None = None,
    output: str = "probabilities",
    kept: Path | None = None,
    curves: Path | None = None,
) -> dict:
    """Write a whole model into a folder that nobody uses yet; model.json last. Returns its facts.

    Args:
        more: further facts for model.json.
        graph, labels, curves: other places than inside `folder`.
        kept: see `model_files.save_graph`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"name": folder.name, **facts_of(learned), **(more or {})}
    place = graph or folder / model_files.GRAPH
    _save_graph(learned, place, output, kept)
    model_files.trained_files(folder, learned.trained, learned.dataset)
    if labels and labels != folder / model_files.LABELS:
        model_files.save_labels(labels, learned.dataset.labels)
    summaries.write_curves(curves or folder, learned.trained.curve)
    summaries.write_hparams(curves or folder, facts["name"], _hparams(facts), facts["accuracy"]["value"])
    report.write(folder / "report.html", facts, learned.dataset, learned.trained)
    model_files.save_facts(folder, {**facts, "curve": curve_facts(learned.trained.curve)})
    return facts


def _save_graph(learned: TrainingResult, folder: Path, output: str, kept: Path | None = None) -> None:
    """The graph of a model: on the shared backbone, or on a network of its own where that was tuned."""
    size = learned.job.backbone.input_size
    if learned.tuned_network is None:
        model_files.save_graph(folder, learned.job.folder, size, learned.trained.head, output, kept)
        return
    with tempfile.TemporaryDirectory() as spare:
        efficientnet_lite.save(learned.tuned_network.network, size, Path(spare) / "own")
        model_files.save_graph(folder, Path(spare) / "own", size, learned.trained.head, output)


def _told(pictures: list) -> list[list]:
    """Path, label, guess and score of pictures worth a look, as plain data."""
    return [[str(p.path), p.label, p.guess, round(p.score, 4)] for p in pictures]


def _hparams(facts: dict) -> dict[str, object]:
    plain = {k: v for k, v in facts["parameters"].items() if not isinstance(v, dict)}
    return {"architecture": facts["backbone"]["title"], **plain}


# Running alone


def main(arguments: list[str] | None = None) -> int:
    flags = parser(__doc__.split("\n")[0]).parse_args(arguments)
    problem = check_flags(flags)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    places = CachePaths(flags.model_dir, flags.bottleneck_dir, flags.bottleneck_dir / "hashes.sqlite")
    try:
        learned = run_job(job_of(flags, places), places)
    except BackboneProblem as trouble:
        print(f"{trouble.message} {trouble.hint}", file=sys.stderr)
        return 1
    except TooFewImages as trouble:
        print(f"{trouble} Counts: {trouble.counts}", file=sys.stderr)
        return 10
    write_model(
        learned,
        flags.output_graph.parent,
        {"name": flags.output_graph.name},
        flags.output_graph,
        flags.output_labels,
        flags.final_tensor_name,
        curves=flags.summaries_dir,
    )
    if flags.saved_model_dir:
        _save_graph(learned, flags.saved_model_dir, flags.final_tensor_name)
    _tell(learned, flags)
    return 0


def _tell(learned: TrainingResult, flags: argparse.Namespace) -> None:
    """The lines that tensorflow-for-poets-2 ends with."""
    stuff, share = learned.dataset, learned.trained.facts["accuracy"]
    for path, why in stuff.bad.items():
        print(f"Left out {path}: {why}", file=sys.stderr)
    measured = learned.trained.evaluation.headline(stuff)
    if flags.print_misclassified_test_images:
        print("=== MISCLASSIFIED TEST IMAGES ===")
        guesses = measured.calibrated.argmax(axis=1)
        for i, guess in zip(measured.rows, guesses, strict=True):
            if guess != stuff.y[i]:
                print(f"{stuff.images[i].path}  {stuff.labels[guess]}")
    low, high = 100 * share["low"], 100 * share["high"]
    print(
        f"Final test accuracy = {100 * share['value']:.1f}% (N={share['total']}, "
        f"95% sure between {low:.1f}% and {high:.1f}%; measured {measured.words})"
    )


if __name__ == "__main__":
    sys.exit(main())
