"""Connected porosity of a volume of labels on disk, of any size: read in slabs, written as JSON, CSV and a figure."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from synfine_monai.conventions import OUTSIDE
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.report.label_volume import labelled_name, name_absent_pores, open_label_volume, stated_porosity
from synfine_monai.rock import CONNECTIVITIES, ConnectedPorosity, ConnectedPorosityCounter
from synfine_monai.scans import Scan, ScanInfo
from synfine_monai.visualize import draw_connected_porosity


def pore_labels_of(labels: ScanInfo, given: int | Sequence[int] | None = None) -> list[int]:
    """The classes that are pore space: those given, or those of the porosity that was written beside the labels.

    Raises:
        ScanError: if they are no classes, or nothing beside the labels says which they are.
    """
    if given is None:
        file = stated_porosity(labels)
        if not file.is_file():
            raise ScanError(
                f"--pore_labels is missing, and there is no {file.name} beside {labels.path.name} that "
                'says them: give the classes that are pore space, "[1]" say.'
            )
        given = json.loads(file.read_text(encoding="utf-8"))["pore_labels"]
    classes = sorted({given} if isinstance(given, int) else set(given))
    if not classes or not all(type(c) is int and 0 <= c <= OUTSIDE for c in classes):
        raise ScanError(f"--pore_labels takes classes, whole numbers from 0 to {OUTSIDE}, got {given!r}.")
    return classes


def water_labels_of(labels: ScanInfo, given: int | Sequence[int] | None = None) -> list[int]:
    """The classes that are water: those given, or those of the porosity that was written beside the labels, or none."""
    if given is None:
        file = stated_porosity(labels)
        known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return list(known.get("water_labels", []))
    return sorted({given} if isinstance(given, int) else set(given))


def measure_connected_porosity(
    labels: Scan,
    pore_labels: Sequence[int],
    connectivity: int = 6,
    fov: str | Path | None = None,
    slab_voxels: int = 2**23,
    outside_value: int | str | None = None,
) -> ConnectedPorosity:
    """Read a volume of labels slab by slab and measure how its pores hang together.

    Args:
        labels: an open volume of classes.
        pore_labels: classes that are pore space.
        connectivity: 6, 18 or 26 neighbours.
        fov: mask of the core, of the volume's shape or one slice for all; 0 is outside. None: all other voxels.
        slab_voxels: voxels in memory at once, rounded down to whole slices; 30 bytes for each, 80 where all is pore.
        outside_value: what is outside the core, or "none"; None asks the data, see ``outside_value_of``.

    Raises:
        ScanError: if the volume is a single slice or holds no labels, or for another connectivity; or as
            ``outside_value_of``.
    """
    if connectivity not in CONNECTIVITIES:
        raise ScanError(f"--connectivity is 6, 18 or 26, got {connectivity!r}.")
    volume = open_label_volume(labels, pore_labels, fov, outside_value)
    counts = np.zeros(OUTSIDE + 1, np.int64)
    counter = ConnectedPorosityCounter((1,), labels.voxel_size_um, connectivity)
    for classes, core in volume.slabs(slab_voxels):
        counts += np.bincount(classes.ravel(), minlength=OUTSIDE + 1)
        counter.add(np.where(core, np.isin(classes, list(pore_labels)), OUTSIDE).astype(np.uint8))
    name_absent_pores(volume, counts)
    measured = counter.finish()
    measured.profile.pore_labels = sorted(pore_labels)
    return measured


def write_connected_porosity(measured: ConnectedPorosity, labels: ScanInfo, output_dir: str | Path) -> None:
    """Write NAME_connected_porosity.json, .csv and .png for NAME_labels, and print the totals.

    Raises:
        ScanError: if they cannot be written.
    """
    stem = Path(output_dir) / f"{labelled_name(labels)}_connected_porosity"
    measured.write_json(f"{stem}.json")
    measured.write_csv(f"{stem}.csv")
    figure = Figure(figsize=(5, 6), layout="constrained")
    title = f"Connected porosity along {labelled_name(labels)}"
    draw_connected_porosity(figure.subplots(), measured.per_slice(), measured.profile.depths_um, title)
    with atomic_file(f"{stem}.png") as temporary:
        figure.savefig(temporary, dpi=120)
    if measured.porosity is None:
        print(f"{labels.path.name}: no voxel is in the core ({stem}.json)", flush=True)
        return
    along = ", ".join(f"{share:.2%} along {axis}" for axis, share in measured.connected.items())
    print(f"Porosity of {labels.path.name}: {measured.porosity:.2%}, of which connected {along}; isolated "
          f"{measured.isolated:.2%} ({stem}.json)", flush=True)  # fmt: skip
