"""Numbers of one phase of a segmented core: share, surface, correlation, chords, Euler density, sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synfine_monai.rock.block_sums import BLOCK_EDGE
from synfine_monai.rock.chord_lengths import ChordCounter, mean_chord
from synfine_monai.rock.euler_density import EulerCounter
from synfine_monai.rock.pair_counts import AXES, PairCounter, PairCounts
from synfine_monai.rock.piece_sums import PieceCounter
from synfine_monai.rock.representativity import BlockSpread, block_spread, representative_edges

SIZE_STEP = 0.25  # of the smallest voxel edge: bins of the pore sizes


@dataclass(frozen=True)
class PhaseNumbers:
    """What was counted of one phase.

    Attributes:
        pairs: two-point counts along z, y, x.
        chords: (3, n) chords by length in voxels, along z, y, x.
        euler: Euler number by voxel.
        pieces: number -> its mean, and how it varies between cubes of several sizes: None where the core holds too few.
        sizes: voxels by radius of the largest ball that covers them, in bins of ``SIZE_STEP`` smallest edges; or None.
        voxel_size: (z, y, x), in ``unit``.
        unit: "µm", or "voxels" where the voxel size is unknown.
    """

    pairs: PairCounts
    chords: np.ndarray
    euler: float
    pieces: Mapping[str, tuple[float, BlockSpread | None]]
    sizes: np.ndarray | None
    voxel_size: tuple[float, float, float]
    unit: str

    def summary(self) -> dict[str, Any]:
        """Plain numbers with their units in their names; None for what the volume does not tell."""
        surface, by_axis = self.pairs.specific_surface(self.voxel_size)
        radii = self.size_radii
        half = None if self.sizes is None or not self.sizes.sum() else float(2 * np.interp(
            0.5, np.cumsum(self.sizes) / self.sizes.sum(), radii))  # fmt: skip
        return {
            "share": _known(self.pairs.correlation[2, 0]),
            f"specific_surface_per_{self._singular}": _known(surface),
            "specific_surface_by_axis": dict(zip(AXES, map(_known, by_axis), strict=True)),
            f"euler_density_per_{self._singular}3": _known(self.euler / float(np.prod(self.voxel_size))),
            f"mean_chord_{self.unit_name}": {
                axis: _known(mean_chord(counts) * size)
                for axis, counts, size in zip(AXES, self.chords, self.voxel_size, strict=True)
            },
            f"median_diameter_{self.unit_name}": half,
            f"correlation_length_{self.unit_name}": {
                axis: _known(length * size)
                for axis, length, size in zip(AXES, self.pairs.correlation_lengths, self.voxel_size, strict=True)
            },
            "representativity": {name: representative_edges(*one) for name, one in self.pieces.items()},
        }

    @property
    def unit_name(self) -> str:
        """The unit as names of numbers spell it."""
        return "um" if self.unit == "µm" else "voxels"

    @property
    def size_radii(self) -> np.ndarray:
        """Upper ends of the bins of ``sizes``, in ``unit``."""
        count = 0 if self.sizes is None else len(self.sizes)
        return (np.arange(count) + 1) * SIZE_STEP * min(self.voxel_size)

    def curves(self) -> dict[str, np.ndarray]:
        """Columns by name: lags and correlation, chord lengths, diameters with their volume."""
        found = {"lag_voxels": np.arange(self.pairs.both.shape[1], dtype=float)}
        found |= {f"s2_{axis}": row for axis, row in zip(AXES, self.pairs.correlation, strict=True)}
        for name, (_, spread) in self.pieces.items():
            if spread is not None:
                found.setdefault("block_edge_voxels", np.asarray(spread.edges, dtype=float))
                found[f"spread_of_{name}"] = np.asarray(spread.spreads)
        found["chord_voxels"] = np.arange(self.chords.shape[1], dtype=float)
        found |= {f"chords_{axis}": row for axis, row in zip(AXES, self.chords, strict=True)}
        if self.sizes is not None:
            found[f"diameter_up_to_{self.unit_name}"] = 2 * self.size_radii
            found["size_voxels"] = self.sizes
        return found

    @property
    def _singular(self) -> str:
        return "um" if self.unit == "µm" else "voxel"


class PhaseCounter:
    """Counts it from slabs in z order, of any thickness.

    Args:
        classes: that make up the phase.
        voxel_size_um: (z, y, x), or None if unknown: all is then told in voxels.
        reach: longest lag of the correlation in voxels.
    """

    def __init__(
        self, classes: Sequence[int], voxel_size_um: tuple[float, float, float] | None, reach: int = 32
    ) -> None:
        self.classes = tuple(classes)
        self._size, self._unit = (voxel_size_um, "µm") if voxel_size_um else ((1.0, 1.0, 1.0), "voxels")
        self._pairs, self._chords, self._euler = PairCounter(reach), ChordCounter(), EulerCounter()
        self._pieces = PieceCounter(self._size)
        self._sizes: np.ndarray | None = None

    def add(self, classes: np.ndarray, core: np.ndarray) -> None:
        """Count the next slices, (d, H, W): uint8 classes, and bool, whether they are in the core."""
        phase = self.phase(classes, core)
        for counter in (self._pairs, self._chords, self._euler, self._pieces):
            counter.add(phase, core)

    def add_sizes(self, radius: np.ndarray) -> None:
        """Count (d, H, W) radii of the largest balls, in the unit of the voxel size; 0 outside the phase."""
        at = np.ceil(radius[radius > 0] / (SIZE_STEP * min(self._size)) - 1e-4).astype(np.int64) - 1
        counts = np.bincount(at)
        old = np.zeros(0, np.int64) if self._sizes is None else self._sizes
        self._sizes = np.zeros(max(len(counts), len(old)), np.int64)
        self._sizes[: len(old)] += old
        self._sizes[: len(counts)] += counts
        self._pieces.add_sizes(radius)

    def phase(self, classes: np.ndarray, core: np.ndarray) -> np.ndarray:
        """Bool, whether a voxel is in the core and in the phase."""
        return core & np.isin(classes, self.classes)

    def finish(self) -> PhaseNumbers:
        """What was counted."""
        return PhaseNumbers(
            self._pairs.finish(),
            self._chords.finish(),
            self._euler.finish(),
            {name: _spread(*sums) for name, sums in self._pieces.finish().items()},
            self._sizes,
            self._size,
            self._unit,
        )


def _spread(numerator: np.ndarray, places: np.ndarray, core: np.ndarray) -> tuple[float, BlockSpread | None]:
    mean = numerator.sum() / places.sum() if places.sum() else float("nan")
    return float(mean), block_spread(np.stack([numerator, places, core]), BLOCK_EDGE)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
