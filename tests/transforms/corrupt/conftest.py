"""A small phantom for the image and for the sinogram: four grains around the scanner's axis of rotation."""

import math
from collections.abc import Callable

import numpy as np
import pytest

SIZE = 96
GRAINS = [(5, -12, 6, 2.0), (-20, 14, 5, 1.5), (18, 20, 8, 1.0), (-10, -22, 4, 1.0)]


def draw_grains(down: float = 0.0, right: float = 0.0) -> np.ndarray:
    """(96, 96) float64 attenuations of grains at (y, x, radius, attenuation) from the axis, moved by a shift."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    image = np.zeros((SIZE, SIZE))
    for y, x, radius, attenuation in GRAINS:
        image += attenuation * np.clip(radius + 0.5 - np.hypot(rows - y - down, columns - x - right), 0, 1)
    return image


@pytest.fixture(scope="session")
def grains() -> Callable[..., np.ndarray]:
    return draw_grains


@pytest.fixture(scope="session")
def seen() -> np.ndarray:
    """(96, 96) bool: what every view of the reference scanner sees."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    return np.hypot(rows, columns) < SIZE / 2 - 5


@pytest.fixture(scope="session")
def likeness(seen: np.ndarray) -> Callable[[np.ndarray, np.ndarray], tuple[float, float]]:
    """Correlation of two changes of the phantom, and the ratio of their spreads."""

    def compare(fast: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
        ratio = fast[seen].std() / reference[seen].std()
        return float(np.corrcoef(fast[seen], reference[seen])[0, 1]), math.exp(abs(math.log(ratio)))

    return compare
