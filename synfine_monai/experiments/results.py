"""Rows of ``runs.csv`` as numbers: intervals over seeds and places, differences, ranks."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from synfine_monai.metrics import Interval, decode_counts, dice_of, equal, paired_place_difference, place_interval

Row = Mapping[str, str]


def grouped(rows: Sequence[Row], factors: Sequence[str]) -> dict[str, list[Row]]:
    """Rows that share the values of ``factors``, under these values joined by ", "."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(", ".join(row[name] for name in factors), []).append(row)
    return groups


def methods_in(rows: Sequence[Row]) -> list[str]:
    """The methods of rows, in the order in which they come."""
    return list(dict.fromkeys(row["method"] for row in rows))


def interval(rows: Sequence[Row], method: str, score: str) -> Interval:
    """A method's Dice with its 95 % interval over seeds and places of the scan."""
    return place_interval(np.stack([counts for _, counts in _counts(rows, method)]), score)


def difference(rows: Sequence[Row], method: str, reference: str, score: str) -> Interval | None:
    """Difference in Dice, paired by seed and place; None if the two have no seed in common."""
    ours, theirs = dict(_counts(rows, method)), dict(_counts(rows, reference))
    seeds = [seed for seed in ours if seed in theirs]
    if not seeds:
        return None
    return paired_place_difference(*(np.stack([side[seed] for seed in seeds]) for side in (ours, theirs)), score)


def verdict(gain: Interval | None) -> str:
    """A difference in words: "better", "worse", or "equal" (within 0.01, or the interval covers zero)."""
    if gain is None:
        return "–"
    if equal(gain):
        return "equal"
    return "better" if gain.mean > 0 else "worse"


def dice_by_seed(rows: Sequence[Row], method: str, score: str) -> dict[str, float]:
    """Seed -> Dice of a method over all places."""
    return {seed: float(dice_of(counts.sum(0), score)) for seed, counts in _counts(rows, method)}


def ranks_by_seed(rows: Sequence[Row], methods: Sequence[str], score: str) -> dict[str, list[float]]:
    """Each method's ranks, one a seed that all methods have; 1 is best, equals share the mean of their ranks."""
    dice = {method: dice_by_seed(rows, method, score) for method in methods}
    seeds = [seed for seed in dice[methods[0]] if all(seed in each for each in dice.values())]
    table = [rankdata([-dice[method][seed] for method in methods]) for seed in seeds]
    return {method: [float(ranks[k]) for ranks in table] for k, method in enumerate(methods)}


def mean_of(rows: Sequence[Row], method: str, column: str) -> float | None:
    """Mean over seeds of any other column; None where it is empty."""
    values = [float(row[column]) for row in rows if row["method"] == method and row[column]]
    return float(np.mean(values)) if values else None


def _counts(rows: Sequence[Row], method: str) -> list[tuple[str, np.ndarray]]:
    """(seed, counts by place) of a method's runs, by seed."""
    chosen = sorted((row for row in rows if row["method"] == method), key=lambda row: int(row["seed"]))
    return [(row["seed"], decode_counts(row["places"])) for row in chosen]
