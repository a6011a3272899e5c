"""What was understood of a scan, in about ten lines: before anything is segmented."""

from collections import Counter
from pathlib import Path

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.notices import drop_notice
from synfine_monai.rock import slice_runs
from synfine_monai.scans import Scan, labels_path
from synfine_monai.survey import FieldOfView, find_scan_field_of_view

LOOKED_AT = 16
"""Slices whose grey levels are read."""
FEW_VALUES = 12
"""Different whole numbers up to which an image may be labels."""
SLAB_VOXELS = 2**24
KINDS = {"tiff": "TIFF", "nifti": "NIfTI", "nrrd": "NRRD", "mha": "MetaImage", "mhd": "MetaImage", "zarr": "Zarr",
         "hdf5": "HDF5", "dicom": "DICOM series", "npy": "NumPy array", "png": "PNG", "picture": "picture",
         "raw": "raw, no header", "slice_folder": "folder of slices"}  # fmt: skip
TOLD = ("kind", "dataset", "version", "byte_order")
"""What is told of a scan's layout."""
WORDS = {
    "imagej": "ImageJ",
    "ome": "OME",
    "plain": "no tags of ImageJ or OME",
    "little": "little-endian",
    "big": "big-endian",
}


def scan_facts(scan: Scan, fov: str | Path | None = None) -> str:
    """Format, shape, voxel size and where it comes from, core, grey levels, slices without rock, and notes.

    Args:
        scan: an open scan.
        fov: mask of the core; None finds it.

    Raises:
        ScanError: if slices cannot be read, or the mask does not fit.
    """
    info = scan.info
    depth, height, width = info.shape
    megabytes = depth * height * width * info.dtype.itemsize / 1e6
    facts = {
        "format": ", ".join([KINDS.get(info.format, info.format), *_layout(scan)]),
        "shape": f"{depth} × {height} × {width} voxels (z, y, x), {info.dtype}, {megabytes:,.1f} MB",
        **_lengths(scan),
        **_content(scan, fov),
    }
    lines = [f"{name:13}{text}" for name, text in facts.items()]
    for note in info.notes:
        lines.append(f"{'note':13}{note}")
        drop_notice(f"{info.path.name}: {note}")
    return "\n".join([str(info.path), *lines])


def _layout(scan: Scan) -> list[str]:
    layout = scan.info.layout
    told = [WORDS.get(layout[key], str(layout[key])) for key in TOLD if layout.get(key)]
    names = [Path(name).name for name in layout.get("names", layout.get("files", ()))]
    return told + ([f"{names[0]} to {names[-1]}"] if len(names) > 1 else [])


def _lengths(scan: Scan) -> dict[str, str]:
    size = scan.voxel_size_um
    if size is None:
        return {"voxel size": "unknown: give it by --voxel_size_um if lengths matter"}
    z, y, x = (n * step / 1e3 for n, step in zip(scan.shape, size, strict=True))
    return {
        "voxel size": " × ".join(f"{step:g}" for step in size) + f" µm (z, y, x), from {scan.info.voxel_size_from}",
        "size": f"{z:.4g} × {y:.4g} × {x:.4g} mm",
    }


def _content(scan: Scan, fov: str | Path | None) -> dict[str, str]:
    depths = np.unique(np.linspace(0, scan.shape[0] - 1, min(scan.shape[0], LOOKED_AT)).round().astype(int)).tolist()
    slices = [scan.read(z, z + 1) for z in depths]
    read = "" if len(depths) == scan.shape[0] else f", on {len(depths)} slices"
    values = np.unique(np.concatenate([one.ravel() for one in slices]))
    if len(values) <= FEW_VALUES and (values == np.round(values)).all():
        return {"values": f"{_counted(scan)}: labels, or a mask"}
    try:
        found = find_scan_field_of_view(scan, None if fov is None else Path(fov))
    except ScanError as problem:
        if fov is not None:
            raise
        return {"core": f"not found: {problem}", **_grey_levels(np.concatenate(slices), "of all voxels", values, read)}
    share, empty = _inside(scan, found)
    inside = np.concatenate([one[found.inside(one, z)] for z, one in zip(depths, slices, strict=True)])
    return {
        "core": f"{share:.1%} of the voxels, " + ("found by itself" if fov is None else f"given by {Path(fov).name}"),
        **_grey_levels(inside, "in the core", values, read),
        "no rock in": empty,
        "labels' name": labels_path(scan.info, "").name,
    }


def _counted(scan: Scan) -> str:
    """Every value of a volume of few, with its voxels: a stroke may be on one slice only."""
    counts: Counter[float] = Counter()
    slab = max(1, SLAB_VOXELS // (scan.shape[1] * scan.shape[2]))
    for start in range(0, scan.shape[0], slab):
        values, found = np.unique(scan.read(start, min(start + slab, scan.shape[0])), return_counts=True)
        counts.update(dict(zip(values.tolist(), found.tolist(), strict=True)))
    told = [f"{v:g} on {count:,} voxels ({_percent(count / counts.total())})" for v, count in sorted(counts.items())]
    return ", ".join(told[:FEW_VALUES]) + (f" and {len(told) - FEW_VALUES} more" if len(told) > FEW_VALUES else "")


def _percent(share: float) -> str:
    return f"{share:.2%}" if share >= 0.00005 else "below 0.01%"


def _grey_levels(voxels: np.ndarray, where: str, values: np.ndarray, read: str) -> dict[str, str]:
    if not voxels.size:
        return {"grey levels": f"{values[0]:,.6g} to {values[-1]:,.6g}"}
    low, middle, high = (f"{one:,.6g}" for one in np.percentile(voxels, [1, 50, 99]))
    return {"grey levels": f"{low} (1 %), {middle} (median), {high} (99 %) {where}; "
                           f"{values[0]:,.6g} to {values[-1]:,.6g} overall{read}"}  # fmt: skip


def _inside(scan: Scan, found: FieldOfView) -> tuple[float, str]:
    """Share of the core, and the slices without rock as runs; each slice is read."""
    depth, height, width = found.shape
    slab, counts = max(1, SLAB_VOXELS // (height * width)), []
    for start in range(0, depth, slab):
        grey = scan.read(start, min(start + slab, depth))
        counts += np.count_nonzero(found.inside(grey, start), axis=(1, 2)).tolist()
    empty = [z for z, count in enumerate(counts) if not count]
    words = f"slices {slice_runs(empty)} ({len(empty)} of {depth})" if empty else "no slice"
    return sum(counts) / (depth * height * width), words
