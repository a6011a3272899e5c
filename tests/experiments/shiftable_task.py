"""A small task whose truth is known: dark pores (1) in a bright solid (0), a round core, slice 1 not labelled."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter

SHAPE = (3, 72, 72)
VOXEL_SIZE_UM = (2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Task:
    """Its datalist, and what is in its one labelled scan."""

    datalist: Path
    image: np.ndarray
    label: np.ndarray
    fov: np.ndarray


def write(path: Path, array: np.ndarray) -> str:
    tifffile.imwrite(path, array, photometric="minisblack")
    return path.name


def make_task(folder: Path) -> Task:
    """Write it; training and test items are the same scan, and one item has no labels."""
    texture = gaussian_filter(np.random.default_rng(0).standard_normal(SHAPE), (0, 3, 3))
    label = (texture < np.quantile(texture, 0.3)).astype(np.uint8)
    image = np.where(label == 1, 12_000, 30_000).astype(np.uint16)
    y, x = np.ogrid[:72, :72]
    fov = np.broadcast_to((y - 35.5) ** 2 + (x - 35.5) ** 2 < 34**2, SHAPE)
    label = np.where(fov, label, 255).astype(np.uint8)
    label[1] = 255
    item = {"image": write(folder / "core.tif", image), "fov": write(folder / "fov.tif", fov.astype(np.uint8)),
            "specimen": "core"}  # fmt: skip
    labelled = {**item, "label": write(folder / "labels.tif", label)}
    content = {"name": "small", "voxel_size_um": VOXEL_SIZE_UM, "labels": {"0": "solid", "1": "pore"},
               "phases": {"0": "matrix", "1": "pore"}, "pore_labels": [1],
               "training": [labelled, item], "test": [labelled]}  # fmt: skip
    (folder / "dataset.json").write_text(json.dumps(content))
    return Task(folder / "dataset.json", image, label, fov)
