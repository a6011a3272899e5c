"""Total, connected and isolated porosity of a scan that does not fit in memory."""

import csv
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.conventions import OUTSIDE
from synfine_monai.files import atomic_file
from synfine_monai.rock.pair_counts import AXES
from synfine_monai.rock.pore_clusters import Clusters, PoreClusters
from synfine_monai.rock.porosity_profile import PorosityProfile


@dataclass(frozen=True)
class ConnectedPorosity:
    """How the pore space of a core hangs together; all porosities are shares of the core's voxels, 0 to 1.

    A cluster is a set of pore voxels that are connected. It percolates along an axis if it reaches both ends of the
    core there, which are the faces of the core's bounding box, as in PoreSpy's ``trim_nonpercolating_paths``. It is
    isolated if none of its voxels shares a face with what is outside the core: the closed pores of IUPAC and of
    PoreSpy's ``find_closed_pores``. A cluster that is neither opens to one side only, or its way is out of sight.

    Attributes:
        profile: total porosity, slice by slice.
        connected_voxels: "z", "y", "x" -> voxels in clusters that percolate along that axis.
        connected_per_slice: (D,) those along z, in each slice.
        isolated_per_slice: (D,) voxels of isolated clusters in each slice.
        clusters: their number.
        largest_voxels: size of the largest one.
        connectivity: neighbours that a voxel is connected to, 6, 18 or 26.
        voxel_size_um: (z, y, x), or None if unknown.

    Source: Rouquerol et al., Pure Appl. Chem. 66 (1994) 1739, section 3.2 (closed, open, blind and through pores);
    Gostick et al., PoreSpy, J. Open Source Softw. 4 (2019) 1296.
    """

    profile: PorosityProfile
    connected_voxels: dict[str, int]
    connected_per_slice: np.ndarray
    isolated_per_slice: np.ndarray
    clusters: int
    largest_voxels: int
    connectivity: int
    voxel_size_um: tuple[float, float, float] | None

    @property
    def porosity(self) -> float | None:
        """Total; None if nothing is in the core."""
        return self.profile.porosity

    @property
    def connected(self) -> dict[str, float | None]:
        """Axis, "z", "y" or "x" -> porosity that percolates along that axis."""
        return {axis: self._share(voxels) for axis, voxels in self.connected_voxels.items()}

    @property
    def isolated(self) -> float | None:
        """Closed porosity."""
        return self._share(self.isolated_per_slice.sum())

    @property
    def open(self) -> float | None:
        """Total less isolated: what a gas can reach from outside."""
        return self._share(sum(self.profile.pore_voxels) - self.isolated_per_slice.sum())

    def per_slice(self) -> dict[str, np.ndarray]:
        """Shares "porosity", "connected" (along z) and "isolated", each (D,); NaN where no voxel is in the core."""
        counts = {
            "porosity": self.profile.pore_voxels,
            "connected": self.connected_per_slice,
            "isolated": self.isolated_per_slice,
        }
        voxels = np.asarray(self.profile.voxels, float)
        return {
            name: np.divide(np.asarray(pore), voxels, out=np.full(voxels.shape, np.nan), where=voxels > 0)
            for name, pore in counts.items()
        }

    def summary(self) -> dict[str, Any]:
        """Totals, as they are written; the volume of the largest cluster in µm³ where the voxel size is known."""
        pore = sum(self.profile.pore_voxels)
        volume = None if self.voxel_size_um is None else self.largest_voxels * float(np.prod(self.voxel_size_um))
        return {
            "porosity": self.porosity,
            "connected": self.connected,
            "open": self.open,
            "isolated": self.isolated,
            "clusters": self.clusters,
            "largest_cluster_share": self.largest_voxels / pore if pore else None,
            "largest_cluster_voxels": self.largest_voxels,
            "largest_cluster_um3": volume,
            "connectivity": self.connectivity,
            "pore_voxels": pore,
            "voxels": sum(self.profile.voxels),
            "slices": len(self.profile.voxels),
            "pore_labels": sorted(self.profile.pore_labels),
        }

    def write_json(self, path: str | Path) -> None:
        """Write the totals.

        Raises:
            ScanError: if the file cannot be written.
        """
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(self.summary(), indent=1) + "\n", encoding="utf-8")

    def write_csv(self, path: str | Path) -> None:
        """Write slice, depth_um, porosity, connected (along z), isolated, voxels; what is unknown is left empty.

        Raises:
            ScanError: if the file cannot be written.
        """
        shares, depths = self.per_slice(), self.profile.depths_um
        with atomic_file(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["slice", "depth_um", *shares, "voxels"])
            for z, values in enumerate(zip(*shares.values(), strict=True)):
                depth = "" if depths is None else f"{depths[z]:.10g}"
                cells = ["" if np.isnan(value) else f"{value:.6f}" for value in values]
                writer.writerow([z, depth, *cells, self.profile.voxels[z]])

    def _share(self, voxels: int) -> float | None:
        core = sum(self.profile.voxels)
        return float(voxels) / core if core else None


class ConnectedPorosityCounter:
    """Counts it from slabs in z order, of any thickness; the result does not depend on how the scan is cut.

    Args:
        pore_labels: classes that are pore space, together.
        voxel_size_um: (z, y, x), or None if unknown; only depths and volumes need it.
        connectivity: neighbours that a voxel is connected to: 6 (faces), 18 (and edges) or 26 (and corners).
    """

    def __init__(
        self,
        pore_labels: Collection[int],
        voxel_size_um: tuple[float, float, float] | None = None,
        connectivity: int = 6,
    ) -> None:
        self.voxel_size_um = voxel_size_um
        self.profile = PorosityProfile(pore_labels, None if voxel_size_um is None else voxel_size_um[0])
        self.connectivity, self._clusters = connectivity, PoreClusters(connectivity)
        self._is_pore = np.isin(np.arange(OUTSIDE + 1), sorted(pore_labels))
        self._low, self._high = np.full(3, np.iinfo(np.int64).max), np.full(3, -1)
        self._count, self._largest, self._isolated = 0, 0, np.zeros(0, np.int64)
        self._spanning = Clusters.none()

    def add(self, labels: np.ndarray) -> None:
        """Count the next slices, (d, H, W) uint8 classes; 255 is outside the core, or not labelled."""
        outside = labels == OUTSIDE
        self._grow_box(~outside)
        self.profile.add(labels)
        self._take(self._clusters.add(self._is_pore[labels], outside))
        self._image_shape = labels.shape[1:]

    def finish(self) -> ConnectedPorosity:
        """The result; nothing can be added after it.

        Raises:
            ValueError: if nothing was added.
        """
        if not (slices := len(self.profile.voxels)):
            raise ValueError("no slices were added, so there is no porosity.")
        nothing = np.zeros((1, *self._image_shape), bool)
        self._take(self._clusters.add(nothing, ~nothing))
        spans, sizes = self._spans(self._spanning), self._spanning.voxels
        return ConnectedPorosity(
            self.profile, {axis: int(sizes[spans[:, k]].sum()) for k, axis in enumerate(AXES)},
            self._spanning[spans[:, 0]].per_slice.sum(0)[:slices], self._isolated[:slices], self._count, self._largest,
            self.connectivity, self.voxel_size_um)  # fmt: skip

    def _grow_box(self, core: np.ndarray) -> None:
        """Note where the core begins and ends along each axis; ``core`` is the next slab."""
        if not core.any():
            return
        start = [len(self.profile.voxels), 0, 0]
        for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
            indices = np.flatnonzero(core.any(others)) + start[axis]
            self._low[axis] = min(self._low[axis], indices[0])
            self._high[axis] = max(self._high[axis], indices[-1])

    def _take(self, complete: Clusters) -> None:
        """Count complete clusters; those that may percolate are kept until the whole core is known."""
        candidates = self._spanning.followed_by(complete)
        self._spanning = candidates[np.asarray(self._spans(candidates).any(1))]
        isolated = complete[~complete.open].per_slice.sum(0)
        isolated[: len(self._isolated)] += self._isolated
        self._isolated = isolated
        self._count += len(complete)
        self._largest = max(self._largest, int(complete.voxels.max(initial=0)))

    def _spans(self, clusters: Clusters) -> np.ndarray:
        """(n, 3) bool, whether clusters reach both ends of the core so far; it only grows, so a no is final."""
        return (clusters.low == self._low) & (clusters.high == self._high)
