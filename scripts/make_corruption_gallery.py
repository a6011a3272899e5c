"""Draw one slice under every CT artefact (rows) and severity (columns).

Usage: python scripts/make_corruption_gallery.py [--scan FILE] [--slice Z] [--output FILE] [--size 256] [--seed 0]
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.transforms.corrupt import CORRUPTION_NAMES, SEVERITIES, corrupt_grey

SANDSTONE = Path(__file__).resolve().parents[2] / "shared" / "data" / "sandstone" / "images" / "slice_0000.tif"
PANEL = 1.1
"""Inches."""


def middle_of_slice(path: Path, z: int, size: int) -> np.ndarray:
    """(1, size, size) float32: the middle of slice ``z``, or all of it where it is smaller."""
    with open_scan(path) as scan:
        depth, height, width = scan.shape
        if not 0 <= z < depth:
            raise ScanError(f"{path.name} has slices 0 to {depth - 1}, not {z}.")
        grey = scan.read(z, z + 1)
    top, left = max(0, (height - size) // 2), max(0, (width - size) // 2)
    return grey[:, top : top + size, left : left + size].astype(np.float32)


def corruption_figure(grey: np.ndarray, seed: int) -> Figure:
    """A row for each artefact: the slice as scanned, then severities 1 to 5, all on one grey scale."""
    everywhere = np.ones(grey.shape, bool)
    low, high = np.percentile(grey, [0.3, 99.5])
    columns = 1 + len(SEVERITIES)
    figure = Figure(figsize=(PANEL * (columns + 0.2), PANEL * len(CORRUPTION_NAMES) + 0.3))
    axes = figure.subplots(len(CORRUPTION_NAMES), columns, gridspec_kw={"wspace": 0.03, "hspace": 0.03})
    figure.subplots_adjust(left=0.2 / (columns + 0.2), right=0.995, bottom=0.003, top=0.98)
    for name, row in zip(CORRUPTION_NAMES, axes, strict=True):
        panels = [grey, *(corrupt_grey(grey, everywhere, name, severity, seed) for severity in SEVERITIES)]
        for panel, axis in zip(panels, row, strict=True):
            axis.imshow(panel[0], cmap="gray", vmin=low, vmax=high + 0.15 * (high - low), interpolation="antialiased")
            axis.set(xticks=[], yticks=[], frame_on=False)
        row[0].set_ylabel(name.replace("_", " "), fontsize=8, labelpad=2)
    for title, axis in zip(["as scanned", *(f"severity {severity}" for severity in SEVERITIES)], axes[0], strict=True):
        axis.set_title(title, fontsize=8, pad=3)
    return figure


def main() -> None:
    """Write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scan", type=Path, default=SANDSTONE, help="any scan that can be read")
    parser.add_argument("--slice", type=int, default=0, metavar="Z")
    parser.add_argument("--output", type=Path, default=Path("gallery.png"), help=".png or .jpg")
    parser.add_argument("--size", type=int, default=256, help="voxels across, from the slice's middle")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    figure = corruption_figure(middle_of_slice(options.scan, options.slice, options.size), options.seed)
    figure.savefig(options.output, dpi=110)
    print(f"{len(CORRUPTION_NAMES)} artefacts at severities 1 to 5: {options.output}")


if __name__ == "__main__":
    main()
