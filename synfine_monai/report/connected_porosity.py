"""Connected porosity of a volume of labels on disk, of any size: read in slabs, written as JSON, CSV and a figure."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from synfine_monai.conventions import LABELS_SUFFIX, OUTSIDE, POROSITY_SUFFIX
from synfine_monai.data import as_whole_labels, outside_value_of
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.notices import look_at
from synfine_monai.rock import CONNECTIVITIES, ConnectedPorosity, ConnectedPorosityCounter
from synfine_monai.scans import Scan, ScanInfo, stem_of
from synfine_monai.survey import find_scan_field_of_view
from synfine_monai.visualize import draw_connected_porosity


def pore_labels_of(labels: ScanInfo, given: int | Sequence[int] | None = None) -> list[int]:
    """The classes that are pore space: those given, or those of the porosity that was written beside the labels.

    Raises:
        ScanError: if they are no classes, or nothing beside the labels says which they are.
    """
    if given is None:
        file = _stated(labels)
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
    labels = as_whole_labels(labels)
    depth, height, width = labels.shape
    if connectivity not in CONNECTIVITIES:
        raise ScanError(f"--connectivity is 6, 18 or 26, got {connectivity!r}.")
    if depth < 2:
        raise ScanError(f"{labels.info.path.name} is a single slice: how pores are connected takes a volume.")
    outside = outside_value_of(labels, outside_value, pore_labels, _stated(labels.info).is_file())
    if outside in pore_labels:
        raise ScanError(f"{outside} cannot be both pore and outside the core: see --pore_labels and --outside_value.")
    field_of_view = None if fov is None else find_scan_field_of_view(labels, Path(fov))
    counts = np.zeros(OUTSIDE + 1, np.int64)
    counter = ConnectedPorosityCounter((1,), labels.voxel_size_um, connectivity)
    slab = max(1, slab_voxels // (height * width))
    with tqdm(desc="Measuring", total=depth, unit="slice") as bar:
        for start in range(0, depth, slab):
            values = _classes(labels, start, min(start + slab, depth))
            classes = np.isin(values, list(pore_labels)).astype(np.uint8)
            if outside is not None:
                classes[values == outside] = OUTSIDE
            if field_of_view is not None:
                classes[~field_of_view.slab(start, start + len(classes))] = OUTSIDE
            counts += np.bincount(values.ravel(), minlength=OUTSIDE + 1)
            counter.add(classes)
            bar.update(len(classes))
    for label in (label for label in pore_labels if not counts[label]):
        held = ", ".join(map(str, np.flatnonzero(counts)))
        look_at(f"{labels.info.path.name} holds no voxel of the pore class {label}: its values are {held}.")
    measured = counter.finish()
    measured.profile.pore_labels = sorted(pore_labels)
    return measured


def write_connected_porosity(measured: ConnectedPorosity, labels: ScanInfo, output_dir: str | Path) -> None:
    """Write NAME_connected_porosity.json, .csv and .png for NAME_labels, and print the totals.

    Raises:
        ScanError: if they cannot be written.
    """
    stem = Path(output_dir) / f"{_name(labels)}_connected_porosity"
    measured.write_json(f"{stem}.json")
    measured.write_csv(f"{stem}.csv")
    figure = Figure(figsize=(5, 6), layout="constrained")
    title = f"Connected porosity along {_name(labels)}"
    draw_connected_porosity(figure.subplots(), measured.per_slice(), measured.profile.depths_um, title)
    with atomic_file(f"{stem}.png") as temporary:
        figure.savefig(temporary, dpi=120)
    if measured.porosity is None:
        print(f"{labels.path.name}: no voxel is in the core ({stem}.json)", flush=True)
        return
    along = ", ".join(f"{share:.2%} along {axis}" for axis, share in measured.connected.items())
    print(f"Porosity of {labels.path.name}: {measured.porosity:.2%}, of which connected {along}; isolated "
          f"{measured.isolated:.2%} ({stem}.json)", flush=True)  # fmt: skip


def _stated(labels: ScanInfo) -> Path:
    """The file beside labels that says what they are, where this package wrote both."""
    return labels.path.parent / f"{_name(labels)}{POROSITY_SUFFIX}.json"


def _name(labels: ScanInfo) -> str:
    return stem_of(labels).removesuffix(LABELS_SUFFIX)


def _classes(labels: Scan, start: int, stop: int) -> np.ndarray:
    """Slices as uint8 classes; other programs store labels as int16 or float32."""
    slab = labels.read(start, stop)
    if slab.dtype == np.uint8:
        return slab
    low, high = slab.min(), slab.max()
    if low < 0 or high > OUTSIDE or (slab.dtype.kind == "f" and (slab != slab.round()).any()):
        raise ScanError(
            f"{labels.info.path.name} holds values from {low:g} to {high:g} in slices {start} to "
            f"{stop - 1}; labels are whole, 0 to {OUTSIDE}. Is it the scan itself?"
        )
    return slab.astype(np.uint8)
