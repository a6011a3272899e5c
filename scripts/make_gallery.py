"""Draw synthetic patches beside real ones of a task, and print how well a small classifier tells them apart.

Usage: python scripts/make_gallery.py DATALIST [--rock PRESET] [--output gallery.png] [--patches 400] [--seed 0]
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from synfine_monai.data import (
    SyntheticPatches,
    class_of_phase,
    draw_patches,
    load_datalist,
    load_labelled_slices,
    patch_tensors,
)
from synfine_monai.metrics import real_or_synthetic_auc
from synfine_monai.visualize import gallery_figure

SHOWN = 12


def synthetic(rock: str, classes: dict[str, int], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 64, 64) float32 and labels (N, 64, 64) uint8, one patch a rock."""
    rocks = SyntheticPatches(rock, classes, count, patches_per_volume=1, seed=seed)
    patches = [patch for index in range(count) for patch in rocks[index]]
    return tuple(torch.cat([patch[key] for patch in patches]).numpy() for key in ("image", "label"))


def main() -> None:
    """Write the figure and print the classifier's AUC on images and on pore masks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datalist", type=Path)
    parser.add_argument("--rock", help="preset, instead of the datalist's")
    parser.add_argument("--output", type=Path, default=Path("gallery.png"))
    parser.add_argument("--patches", type=int, default=400, help="synthetic patches, and real ones at most")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    task = load_datalist(options.datalist)
    rock = options.rock or task.rock
    slices = load_labelled_slices(task, "training")
    drawn = draw_patches(slices, None, options.seed)[: options.patches]
    real = {key: value[:, 0].numpy() for key, value in patch_tensors(slices, drawn).items()}
    images, labels = synthetic(rock, class_of_phase(task), options.patches, options.seed)
    figure = gallery_figure(
        [("real", real["image"][:SHOWN], real["label"][:SHOWN]), ("synthetic", images[:SHOWN], labels[:SHOWN])],
        task.labels,
        task.phases,
        f"{task.name}: real patches, and the preset {rock}",
    )
    figure.savefig(options.output, dpi=110)
    whole = (real["label"] != 255).all((1, 2))
    pores = [np.isin(mask, task.pore_labels) for mask in (real["label"][whole], labels)]
    print(f"{task.name}: {len(drawn)} real and {options.patches} synthetic patches, rock {rock}")
    print(f"AUC on images      {real_or_synthetic_auc(real['image'], images):.3f}")
    print(f"AUC on pore masks  {real_or_synthetic_auc(*pores):.3f} ({whole.sum()} real ones fully labelled)")
    print(f"figure             {options.output}")


if __name__ == "__main__":
    main()
