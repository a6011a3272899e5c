"""What RGN would have chosen, and whether that was a good choice: runs of every part against its sensitivity."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import spearmanr

from synfine_monai.experiments.results import Row, dice_by_seed, methods_in, ranks_by_seed
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL
from synfine_monai.surgery import SET_APART

BLOCKS = tuple(block for block in SEQUENTIAL if block not in SET_APART)
LEVELS = tuple(TRANSVERSAL)


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
