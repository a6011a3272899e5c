"""A core scan of 6×96×96 voxels with sparse labels, and how the tests run verbs on it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

from synfine_monai.bundle import run_verb
from synfine_monai.bundle.plain_errors import find_scan_error

BUNDLE = Path(__file__).resolve().parents[2] / "bundles" / "rock_ct_segmentation"
CONFIGS = BUNDLE / "configs"
VOXEL_SIZE_UM = 5.0
TINY_TRAINING = {"pairs": 64, "epochs": 1, "steps_per_epoch": 2, "batch_size": 8}
TINY_TUNING = {"min_steps": 2, "min_epochs": 1}


@dataclass(frozen=True)
class Sample:
    """Files of the tiny core: the scan in two formats, its labels, the datalist that names them, and the truth."""

    folder: Path
    scan: Path
    scan_nifti: Path
    labels: Path
    datalist: Path
    image: np.ndarray
    truth: np.ndarray


def make_core(shape: tuple[int, int, int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Image (D, H, W) uint16 and truth (D, H, W) uint8 (1 is pore): smooth random pores under noise."""
    rng = np.random.default_rng(seed)
    texture = gaussian_filter(rng.standard_normal(shape), (1, 3, 3))
    truth = (texture < np.quantile(texture, 0.3)).astype(np.uint8)
    grey = gaussian_filter(30_000.0 - 18_000.0 * truth, (0, 0.7, 0.7)) + rng.normal(0, 1_500, shape)
    return np.clip(grey, 0, 65_535).astype(np.uint16), truth


def write_tiff(path: Path, volume: np.ndarray) -> Path:
    """An ImageJ stack with its voxel size."""
    tifffile.imwrite(path, volume, imagej=True, resolution=(1 / VOXEL_SIZE_UM, 1 / VOXEL_SIZE_UM),
                     metadata={"axes": "ZYX", "spacing": VOXEL_SIZE_UM, "unit": "um"})  # fmt: skip
    return path


def write_datalist(path: Path, **changes: object) -> Path:
    """The datalist of the tiny core, with some of its entries changed."""
    item = {"image": "core.tif", "specimen": "core"}
    content = {
        "name": "tiny", "voxel_size_um": VOXEL_SIZE_UM, "rock": "sandstone",
        "labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"}, "pore_labels": [1],
        "training": [{**item, "label": "labels.tif"}], "test": [{**item, "label": "test_labels.tif"}],
    }  # fmt: skip
    path.write_text(json.dumps({**content, **changes}))
    return path


def refusal(verb: str, configs: Path = CONFIGS, **options: object) -> str:
    """The ``ScanError`` that a verb ends with."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 (MONAI wraps it)
        run_verb(configs / f"{verb}.yaml", **options)
    error = find_scan_error(caught.value)
    assert error is not None, f"no ScanError in the chain of {caught.value!r}"
    return str(error)


def quiet_environment() -> dict[str, str]:
    """Environment of a verb in a process of its own, that shares the cores with others."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "MPLBACKEND": "agg"}
