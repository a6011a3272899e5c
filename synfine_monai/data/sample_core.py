"""A small core scan with known pores, so that every step can be tried before one has a scan of one's own.

It is made by other means than the training pairs: a packing of worn grains, seen through a simulated CT scanner.
Nothing is shared with the generator, so a network that was trained on generated pairs meets a real shift here.
"""

import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree
from skimage.transform import iradon, radon
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file

SHAPE = (40, 192, 192)  # (D, H, W) voxels
VOXEL_SIZE_UM = 5.0
POROSITY = 0.22  # of the scanned disc, exact by construction
CORE_RADIUS = 94  # voxels
FIELD_RADIUS = 90  # voxels; the rim, into which the air around the core shines, is cut off
GRAIN_RADIUS = (5.0, 9.0)  # voxels, 25 to 45 um: a fine sand
NEIGHBOURS = 8  # the nearest grains that are looked at to find a voxel's distance to the closest grain surface
PHOTONS = 4_000  # mean count of an unattenuated ray: a short laboratory scan
GAIN_SPREAD = 0.01  # relative spread of detector gains, which draws rings
ANGLES = np.linspace(0.0, 180.0, 240, endpoint=False)  # degrees
OPTICAL_DEPTH = 1.6  # of the core's full diameter, were it solid
GREY_OF_MATRIX, GREY_OF_AIR = 32_000, 8_000
LABELLED_SLICES = range(0, 16, 3)  # six slices of the lower half
FIRST_TEST_SLICE = 24  # the upper part, most of a grain away from the last labelled slice
NOT_LABELLED = 255


def pack_grains(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pack worn grains of many sizes and minerals into a cylinder, and leave the voids between them as pores.

    Args:
        seed: of the packing.

    Returns:
        attenuation: (D, H, W) float64, relative to quartz (1.0; feldspar 1.06, a few heavy grains 1.5), 0 in pores and
            around the core, in between where a surface cuts a voxel.
        truth: (D, H, W) uint8, 0 solid, 1 pore, 255 outside the scanned disc. The pores' share of it is POROSITY.
    """
    rng = np.random.default_rng([seed, 0])
    where = np.stack(np.meshgrid(*(np.arange(n, dtype=float) for n in SHAPE), indexing="ij"), axis=-1)
    bumps = [gaussian_filter(rng.standard_normal(SHAPE), 3.0) for _ in SHAPE]
    rough = where + np.stack([1.5 * bump / bump.std() for bump in bumps], axis=-1)

    centres = _scatter(rng, spacing=1.6 * GRAIN_RADIUS[0])
    radii = rng.uniform(*GRAIN_RADIUS, len(centres))
    distance, grain = KDTree(centres).query(rough.reshape(-1, 3), k=NEIGHBOURS, workers=-1)
    to_surface = distance - radii[grain]
    closest = to_surface.argmin(axis=1)[:, None]
    depth = np.take_along_axis(to_surface, closest, axis=1).reshape(SHAPE)  # voxels, > 0 in the void
    owner = np.take_along_axis(grain, closest, axis=1).reshape(SHAPE)

    axis_distance = np.broadcast_to(_axis_distance(SHAPE[1]), SHAPE)
    scanned = axis_distance <= FIELD_RADIUS
    depth -= np.quantile(depth[scanned], 1 - POROSITY)
    mineral = rng.choice([1.0, 1.06, 1.5], size=len(centres), p=[0.78, 0.2, 0.02]) * rng.normal(1, 0.01, len(centres))
    filled = np.clip(0.5 - depth, 0, 1) * np.clip(0.5 + CORE_RADIUS - axis_distance, 0, 1)
    truth = np.where(scanned, (depth > 0).astype(np.uint8), np.uint8(NOT_LABELLED))
    return mineral[owner] * filled, truth


def scan_core(attenuation: np.ndarray, seed: int = 0, progress: bool = False) -> np.ndarray:
    """Scan an object slice by slice as a parallel-beam CT does, with counting noise and uneven detector elements.

    Args:
        attenuation: (D, H, H) float, relative to quartz, 0 outside the inscribed circle.
        seed: of the noise.
        progress: show a progress bar.

    Returns:
        (D, H, H) uint16 grey levels, linear in attenuation, 0 outside the disc of FIELD_RADIUS.

    Source: Kak & Slaney, Principles of Computerized Tomographic Imaging, sec. 3.3 and 4.1.
    """
    rng = np.random.default_rng([seed, 1])
    per_voxel = OPTICAL_DEPTH / (2 * CORE_RADIUS)
    disc = _axis_distance(attenuation.shape[-1]) <= FIELD_RADIUS
    levels = np.zeros(attenuation.shape, np.uint16)
    for z in tqdm(range(len(attenuation)), "scanning the sample core", disable=not progress, unit="slice"):
        rays = per_voxel * radon(attenuation[z], ANGLES, circle=True)
        gains = rng.normal(1.0, GAIN_SPREAD, (len(rays), 1))
        counts = np.maximum(rng.poisson(PHOTONS * gains * np.exp(-rays)), 1)
        seen = iradon(-np.log(counts / PHOTONS), ANGLES, filter_name="hann", circle=True) / per_voxel
        grey = GREY_OF_AIR + (GREY_OF_MATRIX - GREY_OF_AIR) * seen
        levels[z][disc] = np.clip(np.rint(grey[disc]), 1, 65_535)
    return levels


def make_sample_core(output_dir: str | Path, seed: int = 0, progress: bool = False) -> Path:
    """Write the sample core: the scan twice (sample.nii.gz, sample.tif), sparse labels, held-out truth, dataset.json.

    The two scans hold the same voxels, (40, 192, 192) uint16 at 5 um. labels_sparse.nii.gz has six labelled slices of
    the lower half, labels_test.nii.gz all slices from FIRST_TEST_SLICE up: 0 solid, 1 pore, 255 not labelled.
    labels_by_hand.tif is labels_sparse as Fiji, napari and ilastik would save it: 0 not labelled, 1 solid, 2 pore.
    truth.tif has all slices: what somebody who never errs would label.

    Args:
        output_dir: folder, made if absent.
        seed: same seed, same files.
        progress: show a progress bar.

    Returns:
        Path of dataset.json, which is written last.

    Raises:
        ScanError: if the folder cannot be written.
    """
    folder = Path(output_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScanError(
            f"The sample core cannot be written to {folder} ({error.strerror}): "
            "name a folder that you may write to in --output_dir."
        ) from error
    attenuation, truth = pack_grains(seed)
    levels = scan_core(attenuation, seed, progress)
    sparse, held_out = np.full_like(truth, NOT_LABELLED), np.full_like(truth, NOT_LABELLED)
    sparse[list(LABELLED_SLICES)] = truth[list(LABELLED_SLICES)]
    held_out[FIRST_TEST_SLICE:] = truth[FIRST_TEST_SLICE:]
    by_hand = np.where(sparse == NOT_LABELLED, 0, sparse + 1).astype(np.uint8)
    for name, volume in {"sample": levels, "labels_by_hand": by_hand, "truth": truth}.items():
        _write_tiff(folder / f"{name}.tif", volume)
    for name, volume in {"sample": levels, "labels_sparse": sparse, "labels_test": held_out}.items():
        _write_nifti(folder / f"{name}.nii.gz", volume)
    with atomic_file(folder / "dataset.json") as part:
        part.write_text(json.dumps(_datalist(), indent=1) + "\n", encoding="utf-8")
    return folder / "dataset.json"


def _axis_distance(size: int) -> np.ndarray:
    """(size, size) distance from the axis, in voxels."""
    return np.hypot(*np.mgrid[:size, :size] - (size - 1) / 2)


def _scatter(rng: np.random.Generator, spacing: float, tries: int = 20_000) -> np.ndarray:
    """Random sequential addition: (N, 3) grain centres no closer than ``spacing`` voxels, also just outside the box."""
    margin = GRAIN_RADIUS[1]
    centres = np.empty((0, 3))
    for point in rng.uniform(-margin, np.add(SHAPE, margin), (tries, 3)):
        if not len(centres) or ((centres - point) ** 2).sum(axis=1).min() > spacing**2:
            centres = np.vstack([centres, point])
    return centres


def _datalist() -> dict:
    return {
        "name": "sample_core",
        "description": "A packing of grains that was made up, seen through a simulated CT scanner",
        "voxel_size_um": VOXEL_SIZE_UM,
        "rock": "sandstone",
        "labels": {"0": "solid", "1": "pore"},
        "phases": {"0": "matrix", "1": "pore"},
        "pore_labels": [1],
        "ignore_label": NOT_LABELLED,
        "training": [{"image": "sample.nii.gz", "label": "labels_sparse.nii.gz", "specimen": "A"}],
        "validation": [],
        "test": [{"image": "sample.nii.gz", "label": "labels_test.nii.gz", "specimen": "A"}],
        "unlabelled": [],
    }


def _write_nifti(path: Path, volume: np.ndarray) -> None:
    image = nibabel.Nifti1Image(volume.transpose(2, 1, 0), np.diag([VOXEL_SIZE_UM] * 3 + [1.0]))
    image.header.set_xyzt_units("micron")
    with atomic_file(path) as part:
        part.write_bytes(gzip.compress(image.to_bytes(), mtime=0))


def _write_tiff(path: Path, volume: np.ndarray) -> None:
    per_um = (1 / VOXEL_SIZE_UM, 1 / VOXEL_SIZE_UM)
    metadata = {"axes": "ZYX", "spacing": VOXEL_SIZE_UM, "unit": "um"}
    with atomic_file(path) as part:
        tifffile.imwrite(part, volume, imagej=True, resolution=per_um, metadata=metadata)
