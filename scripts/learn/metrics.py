"""Numbers about a classifier, and how far to trust them. numpy only."""

import math
from dataclasses import dataclass

import numpy as np

from scripts.learn import beta, grouping

Z95 = 1.959964  # two-sided 95 % of the normal distribution
BINS = 15  # of the expected calibration error (Guo et al. 2017, arXiv 1706.04599)
THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.925, 0.95, 0.99)
TARGETS = (0.95, 0.98, 0.99)  # precisions people ask for


@dataclass(frozen=True)
class Share:
    """`right` of `total`, with a 95 % interval as fractions 0..1."""

    right: int
    total: int

    @property
    def value(self) -> float:
        return self.right / self.total if self.total else 0.0

    worth: float = 1.0  # of an image, as evidence; under 1 where their errors hang together

    @property
    def interval(self) -> tuple[float, float]:
        return exact(self.right * self.worth, self.total * self.worth)

    def facts(self) -> dict:
        low, high = self.interval
        return {
            "right": self.right,
            "total": self.total,
            "value": round(self.value, 6),
            "low": round(low, 6),
            "high": round(high, 6),
        }


def exact(right: float, total: float) -> tuple[float, float]:
    """95 % interval of a share by the binomial itself (Clopper & Pearson 1934, Biometrika 26, 404-413), as fractions
    0..1; (0, 1) where total is 0. Both ends are quantiles of beta distributions, so counts need not be whole.

    Holds the truth at least 95 times in 100, while Wilson's dips below where the share is near 0 or 1: of 19 images
    drawn where .992 are right, one is wrong 14 times in 100, and then Wilson's ends at .991. On seven sets of two to
    five labels, 20 and 40 images of each, the accuracy lay in this one 80 of 84 times, in Wilson's 74.
    """
    sure = (1 - 0.95) / 2
    low = beta.quantile(sure, right, total - right + 1) if right > 0 else 0.0
    return low, beta.quantile(1 - sure, right + 1, total - right) if total - right > 1e-9 else 1.0


def wilson(right: float, total: float) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927, JASA 22, 209-212), as fractions 0..1; (0, 1) where total is 0."""
    if total == 0:
        return 0.0, 1.0
    p, z2 = right / total, Z95 * Z95
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * math.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    return 0.0 if right == 0 else middle - half, 1.0 if right == total else middle + half


def nll(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood of the right labels, in nats."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean())


def ece(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error over 15 bins with equally many images, a fraction 0..1."""
    if not len(labels):
        return 0.0
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    parts = np.array_split(np.argsort(sure, kind="stable"), min(BINS, len(labels)))
    return float(sum(len(p) / len(labels) * abs(right[p].mean() - sure[p].mean()) for p in parts if len(p)))


def most_wrong(wrong: int, total: int, fresh: int, sure: float = 0.975) -> int:
    """How many of `fresh` new cases are hardly more than wrong, where `wrong` of `total` were: the smallest number not
    exceeded with probability `sure`.

    The predictive distribution is beta-binomial, from Jeffreys' prior Beta(1/2, 1/2) for the share (Gelman et al.,
    BDA3, sections 2.4 and 2.8): it knows both how little `total` says and that the new ones are a draw too.
    """
    a, b, below = wrong + 0.5, total - wrong + 0.5, 0.0
    for k in range(fresh + 1):
        below += math.exp(
            math.lgamma(fresh + 1)
            - math.lgamma(k + 1)
            - math.lgamma(fresh - k + 1)
            + math.lgamma(a + k)
            + math.lgamma(b + fresh - k)
            - math.lgamma(a + b + fresh)
            + math.lgamma(a + b)
            - math.lgamma(a)
            - math.lgamma(b)
        )
        if below >= sure:
            return k
    return fresh


def mcnemar(only_one: int, only_other: int) -> float:
    """McNemar's exact test (1947, Psychometrika 12, 153-157): the probability of a difference as large as this between
    two classifiers that are equally good, from the images that only one of the two has right."""
    n, least = only_one + only_other, min(only_one, only_other)
    tail = sum(math.comb(n, k) for k in range(least + 1)) / 2**n if n else 1.0
    return min(1.0, 2 * tail)


def paired(one: np.ndarray, other: np.ndarray, groups: np.ndarray) -> tuple[int, int, float]:
    """Two classifiers on the same images: the groups that the one has more of right, those that the other has, and how
    probable that is where they are equally good (the sign test; McNemar's where every image is a group of its own).

    Args:
        one, other: bool [n], whether each is right; groups: int [n], images that are right or wrong together.
    """
    _, number = np.unique(groups, return_inverse=True)
    ahead = np.bincount(number, one.astype(float) - other)
    only_one, only_other = int((ahead > 0).sum()), int((ahead < 0).sum())
    return only_one, only_other, mcnemar(only_one, only_other)


def soft_targets(labels: np.ndarray, count: int, seen: float | None = None) -> np.ndarray:
    """Targets float [n, count] that allow for what n images cannot rule out: 1 - 1/(n + 2) for the right label, the
    rest shared by the others (Platt 1999, "Probabilistic outputs for support vector machines", section 2.2).

    Args:
        seen: how many independent images they stand for, where that is not all of them.
    """
    slack = 1 / ((len(labels) if seen is None else seen) + 2)
    targets = np.full((len(labels), count), slack / max(1, count - 1))
    targets[np.arange(len(labels)), labels] = 1 - slack
    return targets


def fit_temperature(logits: np.ndarray, labels: np.ndarray, seen: float | None = None) -> float:
    """The one scalar T > 0 that makes softmax(logits / T) most likely (Guo et al. 2017, section 4.2), with Platt's
    targets as a brake: where every guess is right, the plain likelihood knows no limit and makes every score 1.

    A golden-section search over log T in [log 0.05, log 20]; the loss has a single minimum in 1/T.

    Args:
        seen: see `soft_targets`.
    """
    targets = soft_targets(labels, logits.shape[1], seen)
    low, high = math.log(0.05), math.log(20)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if _cross_entropy(logits / math.exp(a), targets) < _cross_entropy(logits / math.exp(b), targets):
            high = b
        else:
            low = a
    return math.exp((low + high) / 2)


def _cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((targets * (np.log(np.exp(shifted).sum(axis=1, keepdims=True)) - shifted)).sum(axis=1).mean())


def confusion(labels: np.ndarray, guesses: np.ndarray, count: int) -> np.ndarray:
    """int [count, count]: row = true label, column = guess."""
    table = np.zeros((count, count), int)
    np.add.at(table, (labels, guesses), 1)
    return table


def per_label(table: np.ndarray) -> list[dict]:
    """Precision, recall, F1 (fractions 0..1, None where undefined) and n for each label of a confusion table."""
    rows = []
    for i in range(len(table)):
        hit, said, is_so = int(table[i, i]), int(table[:, i].sum()), int(table[i].sum())
        precision = hit / said if said else None
        recall = hit / is_so if is_so else None
        f1 = 2 * hit / (said + is_so) if said + is_so else None
        rows.append({"precision": precision, "recall": recall, "f1": f1, "n": is_so, "said": said, "right": hit})
    return rows


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> list[dict]:
    """Bins of equal width over the top score: mean score, share right, and n; empty bins left out."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    rows = []
    edges = np.arange(bins + 1) / bins
    for low, high in zip(edges, edges[1:], strict=False):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            rows.append(
                {
                    "from": float(low),
                    "score": float(sure[inside].mean()),
                    **Share(int(right[inside].sum()), int(inside.sum())).facts(),
                }
            )
    return rows


def above(
    probabilities: np.ndarray,
    labels: np.ndarray,
    threshold: float,
    label: int | None = None,
    groups: np.ndarray | None = None,
) -> dict:
    """What a threshold lets through: coverage, share right with its interval; for one guessed label or all.

    Args:
        groups: int [n], images that are right or wrong together.
    """
    sure, guess = probabilities.max(axis=1), probabilities.argmax(axis=1)
    pool = np.ones(len(labels), bool) if label is None else guess == label
    passed = pool & (sure >= threshold)
    worth = 1.0 if groups is None else grouping.worth(groups[passed])
    share = Share(int((guess[passed] == labels[passed]).sum()), int(passed.sum()), worth)
    coverage = float(passed.sum() / pool.sum()) if pool.any() else 0.0
    return {"threshold": threshold, "coverage": coverage, **share.facts()}


def threshold_for(
    probabilities: np.ndarray, labels: np.ndarray, target: float, label: int | None = None
) -> float | None:
    """The smallest score from which on the share right is at least `target`, or None where none reaches it.

    At least 5 images must lie above it, else the figure means nothing.
    """
    sure, guess = probabilities.max(axis=1), probabilities.argmax(axis=1)
    pool = np.ones(len(labels), bool) if label is None else guess == label
    order = np.argsort(-sure[pool], kind="stable")
    hits = np.cumsum((guess == labels)[pool][order])
    shares = hits / np.arange(1, len(hits) + 1)
    good = np.flatnonzero((shares >= target) & (np.arange(1, len(hits) + 1) >= 5))
    return float(sure[pool][order][good[-1]]) if len(good) else None


def suspects(probabilities: np.ndarray, labels: np.ndarray) -> list[int]:
    """Indices of images most likely mislabelled, worst first (confident learning: Northcutt et al. 2021, JAIR 70).

    Args:
        probabilities: out-of-fold, float [n, k]; never from a head trained on the same images.

    An image is suspect where the score of its own label stays under that label's mean self-confidence; ranked by
    normalised margin: own score less the best other score, each against its label's threshold.
    """
    count = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    usual = np.array([own[labels == j].mean() if (labels == j).any() else 1.0 for j in range(count)])
    others = probabilities - usual[None, :]
    others[np.arange(len(labels)), labels] = -np.inf
    margin = (own - usual[labels]) - others.max(axis=1)
    guess = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(guess != labels)
    return [int(i) for i in wrong[np.argsort(margin[wrong], kind="stable")]]


def distance_gate(train: np.ndarray, groups: np.ndarray, percentile: float = 99.0) -> float:
    """How far (1 - cosine) an image may be from its nearest training image: the distance that `percentile` of the
    training images stay under, each measured to its nearest one outside its own near-duplicate group.

    Args:
        train: float [n, d], rows of unit length; groups: int [n].
    """
    nearest = np.empty(len(train), np.float32)
    for begin in range(0, len(train), 512):
        rows = slice(begin, begin + 512)
        near = train[rows] @ train.T
        near[groups[rows, None] == groups[None, :]] = -1
        nearest[rows] = 1 - near.max(axis=1)
    return float(np.percentile(nearest, percentile))


def unit_rows(vectors: np.ndarray, centre: np.ndarray, spread: np.ndarray | float = 1.0) -> np.ndarray:
    """Rows centred, divided by `spread` and scaled to length 1, float32 [n, d]."""
    moved = (vectors - centre) / spread
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)


def nearest_distance(vectors: np.ndarray, train: np.ndarray) -> np.ndarray:
    """1 - cosine to the nearest training row, float32 [n]; both of unit length, in blocks so that memory is bounded."""
    if not len(vectors):
        return np.zeros(0, np.float32)
    return np.concatenate([1 - (vectors[i : i + 512] @ train.T).max(axis=1) for i in range(0, len(vectors), 512)])
