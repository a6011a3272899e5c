"""The windows of a plan as a labeller gets them: a volume with outlines, small images, a contact sheet."""

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np
import tifffile
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from tqdm import tqdm

from synfine_monai.conventions import UNLABELLED
from synfine_monai.files import atomic_file
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.windows import Window
from synfine_monai.scans import Scan, create_scan, labels_path, slab_slices
from synfine_monai.visualize import draw_scale_bar

OUTLINE = 254
"""Value of the outlines in the volume of windows: no class, and not labelled."""
COLUMNS = 8
AROUND = 0.5  # of a window's side, that the contact sheet shows around it
SLAB_VOXELS = 1 << 24


def write_window_volume(scan: Scan, plan: Plan, output_dir: str | Path) -> Path:
    """Write SCAN_windows in the scan's own format: 255 (not labelled) everywhere, 254 around each window.

    Raises:
        ScanError: if it cannot be written.
    """
    path = labels_path(scan.info, output_dir, "_windows")
    step, depth = slab_slices(scan.shape, SLAB_VOXELS), scan.shape[0]
    with create_scan(path, scan.info) as sink:
        for start in range(0, depth, step):
            slab = np.full((min(step, depth - start), *scan.shape[1:]), UNLABELLED, np.uint8)
            for z in range(start, start + len(slab)):
                _outline(slab[z - start], [window for window in plan.windows if window.z == z])
            sink.write(slab)
    return path


def _outline(image: np.ndarray, windows: list[Window]) -> None:
    """Draw frames one voxel outside the windows, and none of them into a neighbour."""
    height, width = image.shape
    for window in windows:
        frame = Window(0, window.z, window.y - 1, window.x - 1, window.size + 2, 1)
        image[frame.within(height, width)] = OUTLINE
    for window in windows:
        image[window.within(height, width)] = UNLABELLED


def write_window_images(scan: Scan, plan: Plan, output_dir: str | Path) -> Path:
    """Write windows/window_001.tif …, the grey levels of each window in 8 bits and nothing else, and contact_sheet.png.

    What hangs over the edge of the scan is black.

    Raises:
        ScanError: if they cannot be written.
    """
    folder = Path(output_dir) / "windows"
    folder.mkdir(parents=True, exist_ok=True)
    margin = ceil(AROUND * plan.size)
    crops = dict(_crops(scan, plan, margin))
    seen = np.concatenate([crop[np.isfinite(crop)] for crop in crops.values()])
    low, high = np.percentile(seen, [0.3, 99.7])
    inner = slice(margin, margin + plan.size)
    for number, window in plan.images.items():
        grey = np.nan_to_num((crops[window.id][inner, inner] - low) / max(high - low, 1e-12))
        with atomic_file(folder / f"window_{number:03d}.tif") as temporary:
            tifffile.imwrite(temporary, (255 * grey.clip(0, 1)).round().astype(np.uint8))
    size = scan.voxel_size_um
    figure = contact_sheet(crops, margin, (low, high), None if size is None else size[2])
    with atomic_file(Path(output_dir) / "contact_sheet.png") as temporary:
        figure.savefig(temporary, dpi=110)
    return folder


def _crops(scan: Scan, plan: Plan, margin: int) -> Iterator[tuple[int, np.ndarray]]:
    """(number, grey levels of the window with ``margin`` voxels around it, NaN beyond the image), slice by slice."""
    _, height, width = scan.shape
    for z in tqdm(sorted({window.z for window in plan.windows}), desc="Cutting windows", unit="slice", leave=False):
        (image,) = scan.read(z, z + 1)
        for window in (one for one in plan.windows if one.z == z):
            wide = Window(0, z, window.y - margin, window.x - margin, window.size + 2 * margin, 1)
            crop = np.full((wide.size, wide.size), np.nan)
            crop[wide.own(height, width)] = image[wide.within(height, width)]
            yield window.id, crop


def contact_sheet(
    crops: dict[int, np.ndarray], margin: int, greys: tuple[float, float], pixel_um: float | None
) -> Figure:
    """All windows with what lies around them, each under its number, all on the scale of the bar in the first.

    The prediction is not shown: who sees it labels like it.

    Args:
        crops: number -> (side + 2·margin)² grey levels, NaN beyond the image.
        margin: voxels around each window.
        greys: that are black and white.
        pixel_um: width of a voxel in µm, or None.
    """
    rows = ceil(len(crops) / COLUMNS)
    figure = Figure(figsize=(1.5 * COLUMNS, 1.7 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, (number, crop) in zip(panels, sorted(crops.items()), strict=False):
        side = len(crop) - 2 * margin
        axes.imshow(crop, cmap="gray", vmin=greys[0], vmax=greys[1], interpolation="nearest")
        axes.add_patch(Rectangle((margin - 0.5, margin - 0.5), side, side, fill=False, color="#D55E00", linewidth=1))
        axes.set_title(str(number), fontsize=9, pad=2)
    if pixel_um is not None:
        draw_scale_bar(panels[0], len(crop), len(crop), pixel_um)
    voxels = len(next(iter(crops.values()))) - 2 * margin
    figure.suptitle(f"Windows to label: {voxels}×{voxels} voxels inside the frames", fontsize=10)
    return figure
