"""How good, cheaply: the interval after 100 decisions, and with one more page of 24 random images; and the forecast.

A simulated person labels a pool page by page. After --decisions decisions the page "how good?" is shown, and its
interval compared with the accuracy on held-out images. On the way, what is forecast of the next pages is compared with
what came.
"""

import argparse

import numpy as np

from scripts.learn import accuracy_check, active_learning
from scripts.studies import study_data
from scripts.studies.oracle import Oracle, sessions
from scripts.studies.study_data import HELD_OUT, StudyData
from scripts.studies.table import Table, of

AHEAD = 30  # decisions that are forecast


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=3)
    p.add_argument("--decisions", type=int, default=100)
    p.add_argument("--labels", type=int, default=10, help="of each folder, drawn at random, at most")


Check = tuple[float, float, float, float, float]  # true, low and high before the page, low and high with it


def one(data: StudyData, seed: int, flags: argparse.Namespace) -> tuple[Check | None, list[tuple[float, float]]]:
    """The check, and (forecast, what came) of the steps before it; fractions 0..1."""
    labels = data.some_labels(np.random.default_rng([seed, 5]), flags.labels, 40)
    shares = data.share(HELD_OUT)
    held_out, rest = data.draw(seed, {label: shares[label] for label in labels})
    (x, y), unseen = data.arrays([i for i in rest if i.label in labels], labels), data.arrays(held_out, labels)
    waiting, steps = list[tuple[int, float, float]](), list[tuple[float, float]]()
    for now in sessions(x, Oracle(y), seed):
        assert now.propagated is not None
        state, decided, true = now.state, len(now.state.decided), now.accuracy(*unseen)
        steps += [(gain, true - before) for due, before, gain in waiting if decided >= due]
        waiting = [step for step in waiting if decided < step[0]]
        validated = active_learning.cross_validate(state, now.propagated)
        if not waiting and decided >= AHEAD:
            waiting.append((decided + AHEAD, true, accuracy_check.forecast_gain(state, validated, AHEAD)))
        if decided >= flags.decisions:
            check, truth = accuracy_check.draw_check(state, seed), now.truth(y)
            answers = {row: int(truth[row]) for row in check.page.rows}
            low, high = active_learning.accuracy(state, validated).interval
            return (
                (true, low, high, *accuracy_check.checked_accuracy(state, validated, check, answers).interval),
                steps,
            )
    return None, steps


def run(flags: argparse.Namespace) -> None:
    headings = ("true", "width before", "holds", "with the page", "holds")
    table = Table(f"after {flags.decisions} decisions", "data        ", "runs", *headings)
    checks, steps = list[Check](), list[tuple[float, float]]()
    for name, data in study_data.each_folder(flags):
        runs = [one(data, seed, flags) for seed in range(flags.seeds)]
        own = [check for check, _ in runs if check]
        steps += [step for _, found in runs for step in found]
        checks += own
        if own:
            table.row(name, len(own), *_cells(own))
    if checks:
        table.row("all", len(checks), *_cells(checks))
    if easy := [check for check in checks if check[0] >= 0.97]:
        table.row("true >= .97", len(easy), *_cells(easy))
    if steps:
        forecast, actual = np.array(steps).T
        print(
            f"{len(steps)} steps of {AHEAD} decisions: forecast {forecast.mean():+.4f}, came {actual.mean():+.4f}; off "
            f"by {np.abs(forecast - actual).mean():.4f} a step, without a forecast by {np.abs(actual).mean():.4f}"
        )


def _cells(checks: list[Check]) -> tuple[float, float, str, float, str]:
    true, low, high, page_low, page_high = np.array(checks).T
    before, after = (low <= true) & (true <= high), (page_low <= true) & (true <= page_high)
    widths = float((high - low).mean()), float((page_high - page_low).mean())
    return float(true.mean()), widths[0], of(before.tolist()), widths[1], of(after.tolist())
