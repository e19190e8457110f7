"""A folder of label folders -> a folder with a trained image classifier. RoboFlow uses it, and it runs alone:

    python -m scripts.retrain --image_dir tf_files/training_photos/robots --architecture efficientnet_lite0

with the flags of tensorflow-for-poets-2's retrain.py. Reads the images; writes a SavedModel (--output_graph), the
labels (--output_labels), model.json, head.npz and report.html beside them, and TensorBoard curves (--summaries_dir).
"""

import argparse
import datetime
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from scripts.learn import efficientnet_lite, model_files, summaries
from scripts.learn.backbones import FLOAT32, Backbone, BackboneProblem
from scripts.learn.cache_paths import CachePaths
from scripts.learn.dataset import TooFewImages
from scripts.learn.feature_maps import MapReader, NoMaps
from scripts.learn.graph_check import check_graph
from scripts.learn.poets_flags import check_flags, job_of, parser
from scripts.learn.train import curve_facts
from scripts.learn.training_job import TrainingResult, job_digest, run_job, split_facts
from scripts.report import page as report
from scripts.report import why

WORST, SUSPECTS = 24, 40  # images named in model.json and shown in the report


def facts_of(result: TrainingResult) -> dict:
    """Everything model.json says of a model, but for the hashes of its files."""
    job, trained = result.job, result.trained
    parameters = {
        **{k: v for k, v in asdict(job.head_config).items() if k != "every"},
        **{"test_least" if k == "least" else k: v for k, v in split_facts(job.split_rules).items()},
        "distortions": asdict(job.augmentation),
        "tune": "last" if job.tune else "head",
        **({f"tune_{k}": v for k, v in asdict(job.tune).items()} if job.tune else {}),
    }
    return {
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "labels": result.dataset.labels,
        "architecture": job.backbone.name,
        "backbone": {
            "architecture": job.backbone.again,
            "title": job.backbone.title,
            "precision": FLOAT32 if result.tuned_network else job.backbone.precision,
            "sha256": result.backbone_key,
            "input_size": job.backbone.input_size,
            "vector_length": result.vector_length,
            "handle": job.backbone.handles[0] if job.backbone.handles else str(job.folder),
        },
        "signatures": list(model_files.SIGNATURES),
        "made_from": job_digest(job, result.dataset.newly_held_out),
        "parameters": parameters,
        "strength": trained.strength,
        **({"tune": result.tuning_facts} if result.tuned_network else {}),
        "counts": result.dataset.counts(),
        "left_out": result.dataset.left_out,
        "unreadable": {str(path): reason for path, reason in result.dataset.unreadable.items()},
        "seconds": result.seconds,
        "warnings": trained.warnings,
        "worst_mistakes": _as_data(report.worst_mistakes(result.dataset, trained, WORST)),
        "suspects": _as_data(report.suspects(result.dataset, trained, SUSPECTS)),
        **trained.facts,
    }


def write_model(
    result: TrainingResult,
    folder: Path,
    more_facts: dict | None = None,
    graph: Path | None = None,
    labels: Path | None = None,
    output: str = "probabilities",
    places: CachePaths | None = None,
    curves: Path | None = None,
    converted: Path | None = None,
) -> dict:
    """Write a whole model into a folder that nobody uses yet; model.json last. Returns its facts.

    Args:
        more_facts: for model.json.
        graph, labels, curves: other places than inside `folder`.
        places: with them, the graph is made of one stored between runs, and compared with the model as it runs here;
            the report shows where the evidence lay, and what gives a label away is among the warnings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graph = graph or folder / model_files.GRAPH
    check = check_graph(result, places) if places else None
    _save_graph(result, graph, output, places.graphs if places else None)
    seen = _explain(result, graph, places.converted) if places else why.Why()
    result.trained.warnings += [shortcut.sentence for shortcut, _ in seen.shortcuts]
    facts = {
        "name": folder.name,
        **facts_of(result),
        **(more_facts or {}),
        **({"graph": check.facts()} if check else {}),
        "shortcuts": [shortcut.facts() for shortcut, _ in seen.shortcuts],
    }
    model_files.save_trained(folder, result.trained, result.dataset)
    if labels and labels != folder / model_files.LABELS:
        model_files.save_labels(labels, result.dataset.labels)
    summaries.write_curves(curves or folder, result.trained.curve)
    summaries.write_hparams(curves or folder, facts["name"], _hparams(facts), facts["accuracy"]["value"])
    report.write(folder / "report.html", facts, result.dataset, result.trained, seen)
    model_files.save_facts(folder, {**facts, "curve": curve_facts(result.trained.curve)})
    return facts


def _save_graph(result: TrainingResult, folder: Path, output: str, graphs: Path | None = None) -> None:
    """The graph of a model: on the shared backbone, or on a network of its own where that was tuned."""
    size = result.job.backbone.input_size
    if result.tuned_network is None:
        model_files.save_graph(folder, result.job.folder, size, result.trained.head, output, graphs)
        return
    with tempfile.TemporaryDirectory() as spare:
        efficientnet_lite.save(result.tuned_network.network, size, Path(spare) / "own")
        model_files.save_graph(folder, Path(spare) / "own", size, result.trained.head, output)


def _explain(result: TrainingResult, graph: Path, converted: Path) -> why.Why:
    """Where the evidence lay, by the maps of the backbone, or of the model's own network where that was tuned."""
    backbone, folder = result.job.backbone, result.job.folder
    if result.tuned_network:
        backbone, folder = Backbone(backbone.name, backbone.input_size, folder=graph), graph
    try:
        reader = MapReader.of(backbone, folder, converted)
    except NoMaps as problem:
        return why.Why(note=str(problem))
    return why.explain(result.dataset, result.trained, reader)


def _as_data(images: list) -> list[list]:
    """Path, label, predicted label and score of images, as plain data."""
    return [[str(i.path), i.label, i.guess, round(i.score, 4)] for i in images]


def _hparams(facts: dict) -> dict[str, object]:
    plain = {k: v for k, v in facts["parameters"].items() if not isinstance(v, dict)}
    return {"architecture": facts["backbone"]["title"], **plain}


# Running alone


def main(arguments: list[str] | None = None) -> int:
    flags = parser(__doc__.split("\n")[0]).parse_args(arguments)
    if complaint := check_flags(flags):
        print(complaint, file=sys.stderr)
        return 2
    places = CachePaths(flags.model_dir, flags.bottleneck_dir, flags.bottleneck_dir / "hashes.sqlite")
    try:
        result = run_job(job_of(flags, places), places)
    except BackboneProblem as problem:
        print(f"{problem.message} {problem.hint}", file=sys.stderr)
        return 1
    except TooFewImages as problem:
        print(f"{problem} Counts: {problem.counts}", file=sys.stderr)
        return 10
    write_model(
        result,
        flags.output_graph.parent,
        {"name": flags.output_graph.name},
        flags.output_graph,
        flags.output_labels,
        flags.final_tensor_name,
        places,
        flags.summaries_dir,
    )
    if flags.saved_model_dir:
        _save_graph(result, flags.saved_model_dir, flags.final_tensor_name)
    _print_result(result, flags)
    return 0


def _print_result(result: TrainingResult, flags: argparse.Namespace) -> None:
    """The lines that tensorflow-for-poets-2 ends with."""
    data, share = result.dataset, result.trained.facts["accuracy"]
    for path, reason in data.unreadable.items():
        print(f"Left out {path}: {reason}", file=sys.stderr)
    measured = result.trained.evaluation.headline(data)
    if flags.print_misclassified_test_images:
        print("=== MISCLASSIFIED TEST IMAGES ===")
        guesses = measured.calibrated.argmax(axis=1)
        for i, guess in zip(measured.rows, guesses, strict=True):
            if guess != data.y[i]:
                print(f"{data.images[i].path}  {data.labels[guess]}")
    low, high = 100 * share["low"], 100 * share["high"]
    print(
        f"Final test accuracy = {100 * share['value']:.1f}% (N={share['total']}, "
        f"95% interval {low:.1f} to {high:.1f}%, {measured.measured_on})"
    )


if __name__ == "__main__":
    sys.exit(main())
