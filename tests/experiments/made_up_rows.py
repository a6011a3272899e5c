"""Rows of ``runs.csv`` whose Dice is known, for tests of what is drawn from them."""

from collections.abc import Mapping, Sequence

import numpy as np

from synfine_monai.experiments.results import BLOCKS, LEVELS
from synfine_monai.metrics import encode_counts

SIZE = 1000
RGN = {"down_0": 0.5, "down_1": 0.4, "down_2": 0.3, "up_0": 0.2, "up_1": 0.1, "high": 0.6, "mid": 0.3, "low": 0.2}


def places_of(dice: float | Sequence[float], places: int = 4) -> str:
    """Counts of two classes and the pore space, all with the Dice given, one number or one a place."""
    hits = np.broadcast_to(np.round(np.asarray(dice) * SIZE).astype(int), places)
    counts = np.stack([hits, np.full(places, SIZE)], axis=-1)
    return encode_counts(np.repeat(counts[:, None], 3, axis=1))


def row(method: str, seed: int = 0, dice: float | Sequence[float] = 0.9, **columns: object) -> dict[str, str]:
    """One run as the CSV holds it; ``columns`` are added, or win."""
    cells = {"task": "berea", "label_budget": 16, "seed": seed, "method": method, "patches": 16, "selected": method,
             "rgn": "", "pore_iou": 0.8, "accuracy": 0.95, "porosity_error": 0.5, "two_point_error": 4.0,
             "places": places_of(dice)}  # fmt: skip
    return {name: str(value) for name, value in {**cells, **columns}.items()}


def rgn_cell(rgn: Mapping[str, float] = RGN) -> str:
    """Relative gradient norms as the row of ``native`` holds them."""
    return " ".join(f"{part}={value}" for part, value in rgn.items())


def rows_of_parts(dice: Mapping[str, float], seed: int = 0, rgn: Mapping[str, float] = RGN) -> list[dict[str, str]]:
    """A row for ``native``, with the sensitivities, and for every part in ``dice``."""
    return [row("native", seed, 0.5, rgn=rgn_cell(rgn)), *(row(part, seed, value) for part, value in dice.items())]


ALIKE = dict(zip((*BLOCKS, *LEVELS), (0.88, 0.87, 0.86, 0.85, 0.84, 0.92, 0.90, 0.89), strict=True))
"""A Dice for each part that falls in the order in which ``RGN`` does."""
