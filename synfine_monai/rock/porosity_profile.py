"""Porosity of a scan, in total and along its axis."""

import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.conventions import OUTSIDE
from synfine_monai.files import atomic_file


@dataclass
class PorosityProfile:
    """Counts of pore voxels and of all voxels in the core, slice by slice; slabs are added in z order.

    Attributes:
        pore_labels: classes that are pore space.
        slice_um: distance of slices in µm, or None if unknown: then no depth is given.
        pore_voxels: in each slice so far.
        voxels: in the core, labelled with any class, in each slice so far.
        water_labels: of the pore classes, those that are water.
    """

    pore_labels: Collection[int]
    slice_um: float | None = None
    pore_voxels: list[int] = field(default_factory=list)
    voxels: list[int] = field(default_factory=list)
    water_labels: Collection[int] = ()

    def add(self, labels: np.ndarray) -> None:
        """Count (d, H, W) uint8 classes; 255 is outside the core, or not labelled."""
        for image in labels:
            self.pore_voxels.append(sum(int(np.count_nonzero(image == label)) for label in set(self.pore_labels)))
            self.voxels.append(int(np.count_nonzero(image != OUTSIDE)))

    @property
    def porosity(self) -> float | None:
        """Pore voxels by voxels of the core, 0 to 1; None if nothing is in the core."""
        return sum(self.pore_voxels) / sum(self.voxels) if sum(self.voxels) else None

    @property
    def per_slice(self) -> np.ndarray:
        """(D,) porosity of each slice, 0 to 1; NaN where nothing is in the core."""
        voxels = np.asarray(self.voxels, dtype=float)
        return np.divide(self.pore_voxels, voxels, out=np.full(voxels.shape, np.nan), where=voxels > 0)

    @property
    def empty_slices(self) -> list[int]:
        """Slices in which nothing is in the core, ascending."""
        return [z for z, voxels in enumerate(self.voxels) if not voxels]

    @property
    def depths_um(self) -> np.ndarray | None:
        """(D,) depth of each slice below the first one in µm, or None if the voxel size is unknown."""
        return None if self.slice_um is None else np.arange(len(self.voxels)) * self.slice_um

    def summary(self) -> dict[str, Any]:
        """Totals: porosity, pore_voxels, voxels, slices, pore_labels, water_labels."""
        return {
            "porosity": self.porosity,
            "pore_voxels": sum(self.pore_voxels),
            "voxels": sum(self.voxels),
            "slices": len(self.voxels),
            "pore_labels": sorted(self.pore_labels),
            "water_labels": sorted(self.water_labels),
        }

    def write_csv(self, path: str | Path) -> None:
        """Write slice, depth_um, porosity, voxels; what is unknown is left empty.

        Raises:
            ScanError: if the file cannot be written.
        """
        with atomic_file(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["slice", "depth_um", "porosity", "voxels"])
            writer.writerows(self._rows())

    def write_empty_csv(self, path: str | Path) -> None:
        """Write slice, depth_um of the slices in which nothing is in the core.

        Raises:
            ScanError: if the file cannot be written.
        """
        with atomic_file(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["slice", "depth_um"])
            writer.writerows((z, self._depths[z]) for z in self.empty_slices)

    def write_json(self, path: str | Path) -> None:
        """Write the totals.

        Raises:
            ScanError: if the file cannot be written.
        """
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(self.summary(), indent=1) + "\n", encoding="utf-8")

    @property
    def _depths(self) -> list[str]:
        return [""] * len(self.voxels) if self.depths_um is None else [f"{depth:.10g}" for depth in self.depths_um]

    def _rows(self) -> Iterator[tuple]:
        for z, (depth, share, voxels) in enumerate(zip(self._depths, self.per_slice, self.voxels, strict=True)):
            yield z, depth, "" if np.isnan(share) else f"{share:.6f}", voxels
