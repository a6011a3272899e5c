"""Rows of ``runs.csv`` as numbers: intervals over seeds and places, differences, ranks, and what RGN selected."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata, spearmanr

from synfine_monai.metrics import Interval, decode_counts, dice_of, equal, paired_place_difference, place_interval
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL
from synfine_monai.surgery import SET_APART

Row = Mapping[str, str]
BLOCKS = tuple(block for block in SEQUENTIAL if block not in SET_APART)
LEVELS = tuple(TRANSVERSAL)


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
    counts, reference_counts = (np.stack([side[seed] for seed in seeds]) for side in (ours, theirs))
    return paired_place_difference(counts, reference_counts, score)


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


def rgn_by_seed(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Seed -> block or level -> mean RGN, from the rows that carry it."""
    return {
        row["seed"]: {name: float(value) for name, _, value in (cell.partition("=") for cell in row["rgn"].split())}
        for row in rows
        if row["rgn"]
    }


def selected_by_seed(rows: Sequence[Row], parts: Sequence[str]) -> dict[str, str]:
    """Seed -> the one of ``parts`` with the highest RGN."""
    return {seed: max(parts, key=lambda part: rgn[part]) for seed, rgn in rgn_by_seed(rows).items()}


def with_selected(rows: Sequence[Row]) -> list[Row]:
    """The rows and, as methods "surgical" (level) and "auto_block", copies of what RGN selected for each seed.

    Tuning the selected part is the same run as tuning that part by its name, so it is not run twice.
    """
    added = []
    for method, parts in (("surgical", LEVELS), ("auto_block", BLOCKS)):
        chosen = selected_by_seed(rows, parts)
        added += [{**row, "method": method, "selected": row["method"]} for row in rows
                  if chosen.get(row["seed"]) == row["method"]]  # fmt: skip
    return [*rows, *added]


def rank_correlation(rows: Sequence[Row], parts: Sequence[str], score: str) -> float | None:
    """Spearman's correlation between RGN and Dice of the parts, mean over seeds.

    A seed without a full set of parts, or with one and the same Dice for all, has no order; None if that is all.
    """
    dice = {part: dice_by_seed(rows, part, score) for part in parts}
    found = []
    for seed, rgn in rgn_by_seed(rows).items():
        reached = [each[seed] for each in dice.values() if seed in each]
        if len(reached) == len(parts) and len(set(reached)) > 1:
            found.append(spearmanr([rgn[part] for part in parts], reached).statistic)
    return float(np.mean(found)) if found else None


def mean_ranks(groups: Mapping[str, Sequence[Row]], scores: Mapping[str, str]) -> dict[str, list[float]]:
    """Method -> its ranks over all groups and seeds, among the methods that every group has."""
    common = [
        m for m in methods_in(next(iter(groups.values()))) if all(m in methods_in(rows) for rows in groups.values())
    ]
    ranks: dict[str, list[float]] = {method: [] for method in common}
    for rows in groups.values():
        for method, taken in ranks_by_seed(rows, common, scores[rows[0]["task"]]).items():
            ranks[method] += taken
    return ranks
