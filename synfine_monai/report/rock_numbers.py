"""Rock numbers of a volume of labels on disk, of any size, read in slabs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from synfine_monai.conventions import OUTSIDE
from synfine_monai.errors import ScanError
from synfine_monai.report.label_volume import LabelVolume, name_absent_pores, open_label_volume
from synfine_monai.rock import (
    ConnectedPorosity,
    ConnectedPorosityCounter,
    PhaseCounter,
    PhaseNumbers,
    thickness_of_slab,
)
from synfine_monai.scans import Scan

PORE_SPACE = "pore space"
HIGHER = 4  # times a slab: pore sizes look far above and below theirs


@dataclass(frozen=True)
class RockNumbers:
    """What was measured of a segmented core.

    Attributes:
        connected: porosity, total, connected and isolated.
        phases: "pore space" and "class K" -> their numbers.
        voxels: in the core, by class.
        volume: what was measured.
        water_labels: classes that are water in the pores.
    """

    connected: ConnectedPorosity
    phases: Mapping[str, PhaseNumbers]
    voxels: Mapping[int, int]
    volume: LabelVolume
    water_labels: tuple[int, ...] = ()

    @property
    def saturation(self) -> float | None:
        """Share of the pore space that water fills; None without a class of water, or without pores."""
        pores = sum(self.voxels.get(k, 0) for k in self.volume.pore_labels)
        return sum(self.voxels.get(k, 0) for k in self.water_labels) / pores if self.water_labels and pores else None

    def summary(self) -> dict[str, Any]:
        """All numbers, with their units in their names."""
        size = self.volume.labels.voxel_size_um
        return {
            "labels": self.volume.labels.info.path.name,
            "box": [[one.start, one.stop] for one in self.volume.box],
            "voxel_size_um": None if size is None else list(size),
            "voxels_by_class": {str(label): count for label, count in self.voxels.items()},
            "porosity": self.connected.summary(),
            "water_saturation": self.saturation,
            "phases": {name: one.summary() for name, one in self.phases.items()},
        }


def measure_rock(
    labels: Scan,
    pore_labels: Sequence[int],
    fov: str | Path | None = None,
    outside_value: int | str | None = None,
    box: Sequence[int] | None = None,
    reach: int = 32,
    sizes: bool = True,
    slab_voxels: int = 2**24,
    water_labels: Sequence[int] = (),
    each_class: bool = True,
) -> RockNumbers:
    """Read a volume of labels slab by slab and count all that is local.

    Args:
        labels: an open volume of classes.
        pore_labels: classes that are pore space.
        fov: as ``open_label_volume`` takes it.
        outside_value: as ``open_label_volume`` takes it.
        box: as ``open_label_volume`` takes it.
        reach: longest lag of the two-point correlation, voxels.
        sizes: whether pore sizes are measured, which takes longest.
        slab_voxels: in memory at once, rounded down to whole slices.
        water_labels: of the pore classes, those that are water.
        each_class: False measures the pore space alone, and counts the classes.

    Raises:
        ScanError: as ``open_label_volume``; or if nothing is in the core, or water is no pore class.
    """
    if strange := sorted(set(water_labels) - set(pore_labels)):
        raise ScanError(f"--water_labels {strange} are not among the classes of pore space, {list(pore_labels)}.")
    volume = open_label_volume(labels, pore_labels, fov, outside_value, box)
    size = labels.voxel_size_um
    connected = ConnectedPorosityCounter((1,), size)
    pores = PhaseCounter(pore_labels, size, reach)
    others: dict[int, PhaseCounter] = {}
    counts = np.zeros(OUTSIDE + 1, np.int64)
    seen = 0
    for classes, core in volume.slabs(slab_voxels):
        counts += np.bincount(classes[core], minlength=OUTSIDE + 1)
        connected.add(np.where(core, pores.phase(classes, core), OUTSIDE).astype(np.uint8))
        pores.add(classes, core)
        new = set(np.flatnonzero(counts).tolist()) - set(others) - ({*pore_labels} if len(pore_labels) == 1 else set())
        for label in new if each_class else ():  # a class that is the pore space is counted already
            others[label] = _late(PhaseCounter((label,), size, reach), volume, seen, slab_voxels)
        for counter in others.values():
            counter.add(classes, core)
        seen += len(classes)
    if not counts.any():
        raise ScanError(f"{labels.info.path.name} has no voxel in the core: see --outside_value, --fov and --box.")
    name_absent_pores(volume, counts)
    if sizes and counts[list(pore_labels)].any():
        _measure_sizes(volume, pores, slab_voxels)
    found, held = pores.finish(), np.flatnonzero(counts).tolist()
    phases = {PORE_SPACE: found}
    phases |= {f"class {k}": others[k].finish() if k in others else found for k in held if each_class}
    measured = connected.finish()
    measured.profile.pore_labels = sorted(pore_labels)
    return RockNumbers(measured, phases, {k: int(counts[k]) for k in held}, volume, tuple(water_labels))


def _late(counter: PhaseCounter, volume: LabelVolume, seen: int, slab_voxels: int) -> PhaseCounter:
    """A class that shows only now counts from the first slice on, where only its absence is counted."""
    _, height, width = volume.shape
    slab = max(1, slab_voxels // (height * width))
    for start in range(0, seen, slab):
        counter.add(*volume.read(start, min(start + slab, seen)))
    return counter


def _measure_sizes(volume: LabelVolume, pores: PhaseCounter, slab_voxels: int) -> None:
    depth, height, width = volume.shape
    spacing = volume.labels.voxel_size_um or (1.0, 1.0, 1.0)
    slab = max(1, HIGHER * slab_voxels // (height * width))
    with tqdm(desc="Measuring pore sizes", total=depth, unit="slice") as bar:
        for start in range(0, depth, slab):
            stop = min(start + slab, depth)
            pores.add_sizes(
                thickness_of_slab(lambda a, b: pores.phase(*volume.read(a, b)), depth, start, stop, spacing)
            )
            bar.update(stop - start)
