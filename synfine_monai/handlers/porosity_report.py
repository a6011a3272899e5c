"""Count the porosity of a scan while it is segmented, and write it down at the end."""

import logging
from collections.abc import Collection
from math import prod
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events
from matplotlib.figure import Figure

from synfine_monai.conventions import POROSITY_SUFFIX, SLICES_SUFFIX
from synfine_monai.files import atomic_file, named_path
from synfine_monai.notices import look_at
from synfine_monai.rock import PorosityProfile, slice_runs
from synfine_monai.scans import ScanInfo, stem_of
from synfine_monai.visualize import draw_porosity_profile


class PorosityReport:
    """Counts the labels of each slab and at the end writes SCAN_porosity.csv, .json and .png, and prints the total.

    Slices without rock, all of whose labels are 255, are listed in SCAN_slices.csv and named in a warning.

    The counter of a ``ChunkedOutput``; or an ignite handler, which gives ``engine.state.metrics["porosity"]`` as well.

    Args:
        folder: where the three files go.
        like: the scan, for its name and the distance of its slices.
        pore_labels: classes that are pore space.
        key: entry of the engine's output, (D, H, W) uint8 classes, 255 outside the core.
        water_labels: of the pore classes, those that are water.

    Raises:
        ScanError: if the files cannot be written.
    """

    def __init__(
        self,
        folder: str | Path,
        like: ScanInfo,
        pore_labels: Collection[int],
        key: str = "labels",
        water_labels: Collection[int] = (),
    ) -> None:
        self.folder, self.like, self.pore_labels, self.key = Path(folder), like, pore_labels, key
        self.water_labels = water_labels

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.STARTED, lambda _: self.start())
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._count)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def start(self) -> None:
        """Begin anew."""
        size = self.like.voxel_size_um
        self.profile = PorosityProfile(self.pore_labels, size and size[0], water_labels=self.water_labels)

    def add(self, labels: np.ndarray) -> None:
        """Count the next slices, (d, H, W) uint8 classes."""
        self.profile.add(labels)

    def write(self) -> None:
        """Write the files, and print the total."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = stem_of(self.like)
        self.profile.write_csv(self.folder / f"{name}{POROSITY_SUFFIX}.csv")
        self.profile.write_json(self.folder / f"{name}{POROSITY_SUFFIX}.json")
        self._draw(name)
        self._list_empty(self.folder / f"{name}{SLICES_SUFFIX}.csv")
        porosity = self.profile.porosity
        self._notice(named_path(self.like.path).name)
        share = "unknown" if porosity is None else f"{porosity:.2%}"
        scan = named_path(self.like.path).name
        print(f"Porosity of {scan}: {share} of {sum(self.profile.voxels):,} voxels in the core", flush=True)

    def _notice(self, name: str) -> None:
        inside = sum(self.profile.voxels) / prod(self.like.shape)
        if inside < 1:
            look_at(f"The field of view that was taken for the core of {name} is {inside:.1%} of its voxels.")
        if self.like.voxel_size_um is None:
            look_at(f"The voxel size of {name} is unknown, so that lengths are in voxels "
                    "(--voxel_size_um says it).")  # fmt: skip

    def _count(self, engine: Engine) -> None:
        for output in engine.state.output:
            self.add(output[self.key].numpy())

    def _write(self, engine: Engine) -> None:
        self.write()
        engine.state.metrics["porosity"] = self.profile.porosity

    def _list_empty(self, path: Path) -> None:
        empty, slices = self.profile.empty_slices, len(self.profile.voxels)
        if not empty:
            path.unlink(missing_ok=True)  # of an earlier run
            return
        self.profile.write_empty_csv(path)
        logging.getLogger(__name__).warning(
            "%s: %d of %d slices hold no rock (%s) and are left out; see %s.",
            named_path(self.like.path).name, len(empty), slices, slice_runs(empty), path.name,
        )  # fmt: skip

    def _draw(self, name: str) -> None:
        figure = Figure(figsize=(5, 6))
        figure.subplots_adjust(left=0.15, right=0.96, bottom=0.09, top=0.93)  # finding the margins doubles the time
        draw_porosity_profile(figure.subplots(), self.profile, f"Porosity along {name}")
        with atomic_file(self.folder / f"{name}{POROSITY_SUFFIX}.png") as temporary:
            figure.savefig(temporary, dpi=120)
