"""Draw docs/figures/scan_and_labels.png: a slice of the sample core, and the segmentation laid over it.

    synfine sample --output_dir results/sample
    synfine finetune --scan results/sample/sample.tif --labels results/sample/labels_by_hand.tif --unlabelled_value 0 \
      --label_budget 8 --output_dir results/by_hand
    synfine segment results/sample/sample.tif --checkpoint results/by_hand --output_dir results/by_hand
    python scripts/draw_front_page.py results/sample/sample.tif results/by_hand/sample_labels.tif
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from tifffile import imread

ROOT = Path(__file__).resolve().parents[1]
SLICE = 30  # far from the labelled slices of the lower half
PORE = "#0072B2"  # as in all figures of the package
GREY = (0.5, 99.5)  # percentiles inside the core that are black and white


def main(scan: str, labels: str) -> None:
    """Three panels: the slice, its pores in colour, both enlarged."""
    image, classes = imread(scan)[SLICE].astype(float), imread(labels)[SLICE]
    image = np.where(classes == 255, np.nan, image)
    low, high = np.nanpercentile(image, GREY)
    pores = np.ma.masked_where(classes != 1, classes)
    figure, panels = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
    titles = ("scan", f"porosity {(classes == 1).sum() / (classes != 255).sum():.1%}", "enlarged")
    for axes, title in zip(panels, titles, strict=True):
        axes.imshow(image, "gray", vmin=low, vmax=high, interpolation="nearest")
        axes.set_title(title, fontsize=10)
        axes.axis("off")
    for axes in panels[1:]:
        axes.imshow(pores, plt.matplotlib.colors.ListedColormap([PORE]), alpha=0.75, interpolation="nearest")
    middle, side = image.shape[0] // 2, image.shape[0] // 6
    panels[2].set(xlim=(middle - side, middle + side), ylim=(middle + side, middle - side))
    figure.savefig(ROOT / "docs/figures/scan_and_labels.png", dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
