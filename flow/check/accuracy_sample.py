"""One page of random images that tells how good the guesses of a labeling session are.

How it is drawn and counted: scripts/learn/accuracy_check.py.
"""

from dataclasses import dataclass

from flow.base.learning import api
from flow.check.latest_task import LatestTask
from flow.check.session_progress import Guesses, Snapshot

SHOWN, MEASURING, MEASURED = "open", "measuring", "measured"  # states of a sample; empty = there is none, or it is old


@dataclass(frozen=True)
class Sample:
    """A page that measures. `page`: its id; `rows`: content hash -> row; `now`, `guesses`: the session when it was
    shown, which its answers are compared with."""

    page: str
    rows: dict[str, int]
    check: "api.accuracy_check.AccuracyCheck"
    now: Snapshot
    guesses: Guesses


class AccuracySample:
    """The last sample that was shown, and what came of it. Only the board's thread calls it."""

    def __init__(self) -> None:
        self.sample: Sample | None = None
        self._answers: dict[int, int] | None = None  # that are measured
        self._measuring: LatestTask[tuple[Sample, dict[int, int]], dict] = LatestTask(_measure)

    def show(self, sample: Sample) -> None:
        self.sample = sample
        self._forget()

    def state(self, labels: dict[str, str], is_open: bool) -> str:
        """Where it stands; begins to measure once every image of the page is decided.

        Args:
            labels: content hash -> label, of all images that have one by now.
            is_open: some image of the page is not decided yet.
        """
        if self.sample is None:
            return ""
        if is_open:
            self._forget()
            return SHOWN
        shown, before = self.sample.rows, self.sample.now.state.decided
        if len(labels.keys() - shown.keys()) != len(before):
            return ""  # the session went on, or back: these guesses are no longer those of now
        numbers = {label: i for i, label in enumerate(self.sample.guesses.labels)}
        answers = {row: numbers.get(labels[sha], -1) for sha, row in shown.items() if sha in labels}
        if answers != self._answers:
            self._forget()
            self._answers = answers
            self._measuring.submit((self.sample, answers))
        return MEASURED if self.share else MEASURING if self._measuring.is_busy else ""

    @property
    def share(self) -> dict | None:
        """How often the guesses are right (`Share.facts`), once that is measured."""
        return self._measuring.result

    @property
    def failed(self) -> str:
        return self._measuring.failed

    def _forget(self) -> None:
        if self._answers is not None:
            self._answers = None
            self._measuring.drop()


def _measure(what: tuple[Sample, dict[int, int]]) -> dict:
    sample, answers = what
    state = sample.now.state
    validated = api.active_learning.cross_validate(state, sample.guesses.propagated)
    return api.accuracy_check.checked_accuracy(state, validated, sample.check, answers).facts()
