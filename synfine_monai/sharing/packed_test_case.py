"""The test of a packed bundle: a small scan that the generator painted, and the labels that the bundle gives it."""

import gzip
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np

from synfine_monai.bundle import run_verb
from synfine_monai.conventions import CLASS_OF_PHASE
from synfine_monai.sharing.packed_bundle import EXPECTED_LABELS, INFERENCE, TEST_INPUT
from synfine_monai.transforms.generate import RandRock

SHAPE = (8, 64, 64)  # (D, H, W) voxels
ROCK, SEED = "sandstone", 0
GREY_OF_AIR, GREY_OF_MATRIX = 8_000, 32_000
STEP = 128  # grey levels: noise below it only makes the file larger
DEFAULT_VOXEL_SIZE_UM = (5.0, 5.0, 5.0)  # (z, y, x), where the model does not know it


def paint_test_scan() -> np.ndarray:
    """The test scan, (8, 64, 64) uint16, always the same: a procedural sandstone; no scan of anybody went into it."""
    attenuation = RandRock(ROCK, CLASS_OF_PHASE, SHAPE).set_random_state(seed=SEED)()["image"][0].numpy()
    grey = GREY_OF_AIR + (GREY_OF_MATRIX - GREY_OF_AIR) * attenuation.astype(float)
    return (np.clip(np.rint(grey), 0, 65_535).astype(np.uint16) // STEP) * STEP


def write_test_input(bundle: Path, voxel_size_um: Sequence[float] | None) -> Path:
    """Write the test scan into a bundle's folder, in bytes that depend on nothing but the voxel size.

    Args:
        bundle: folder of the bundle.
        voxel_size_um: (z, y, x) of the model's training, which the scan takes over; None for 5 µm.
    """
    steps = [float(step) for step in reversed(voxel_size_um or DEFAULT_VOXEL_SIZE_UM)]
    image = nibabel.Nifti1Image(paint_test_scan().transpose(2, 1, 0), np.diag([*steps, 1.0]))
    image.header.set_xyzt_units("micron")
    return _write_gzip(bundle / TEST_INPUT, image.to_bytes())


def write_expected_labels(bundle: Path) -> Path:
    """Run the bundle's own ``inference`` on its test scan, on the CPU in single precision, and keep the labels.

    Raises:
        ScanError: as the cause of MONAI's own error, if the model cannot be run.
    """
    with tempfile.TemporaryDirectory() as folder:
        run_verb(bundle / INFERENCE, scan=bundle / TEST_INPUT, output_dir=folder, device="cpu", precision="float32")
        labels = next(Path(folder).glob("input_labels*"))
        content = gzip.decompress(labels.read_bytes())  # the gzip around it tells the time and a temporary name
    return _write_gzip(bundle / EXPECTED_LABELS, content)


def _write_gzip(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0))
    return path
