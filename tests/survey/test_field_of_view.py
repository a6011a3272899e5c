"""A core told from its surroundings: in a volume, and in a scan from a few of its slices."""

import time

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_field_of_view, find_scan_field_of_view
from synfine_monai.survey.field_of_view import thin_pass

AIR, PORE, ROCK = 0.05, 0.35, 1.0


def rock(shape: tuple[int, int], porosity: float = 0.2, seed: int = 0) -> np.ndarray:
    texture = gaussian_filter(np.random.default_rng(seed).normal(size=shape), max(shape) / 100)
    return np.where(texture < np.quantile(texture, porosity), PORE, ROCK)


def disk(shape: tuple[int, int], radius: float, centre: tuple[float, float] = (0.5, 0.5)) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(rows - centre[0] * shape[0], columns - centre[1] * shape[1]) < radius * max(shape)


def noisy(image: np.ndarray) -> np.ndarray:
    return (image + np.random.default_rng(1).normal(0, 0.05, image.shape)).astype(np.float32)


def shares(found: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Share of the core that was found, and share of what was found that is not core."""
    return (found & truth).sum() / truth.sum(), (found & ~truth).sum() / found.sum()


SHAPE = (400, 380)
CORE = disk(SHAPE, 0.4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("padding", [0, 1])
def test_a_masked_cylinder_is_found_to_the_voxel(dtype, padding):
    grey = noisy(rock(SHAPE)).clip(0.1) * 100
    image = np.where(CORE, grey, padding).astype(dtype)
    assert np.array_equal(find_field_of_view(image[None])[0], CORE)


def test_a_masked_ring_keeps_its_centre_outside_and_its_pores_inside():
    ring = CORE & ~disk(SHAPE, 0.15)
    grey = noisy(rock(SHAPE))
    grey[disk(SHAPE, 0.05, (0.12, 0.5))] = PORE  # a void that opens to the rim
    assert np.array_equal(find_field_of_view(np.where(ring, grey, 0)[None].astype(np.float32))[0], ring)


def test_pores_clipped_to_the_padding_s_value_stay_inside():
    grey = np.where(disk(SHAPE, 0.02, (0.11, 0.5)) | disk(SHAPE, 0.03), 0, 100 + 20 * noisy(rock(SHAPE)))
    image = np.where(CORE, grey, 0).astype(np.uint8)
    found, extra = shares(find_field_of_view(image[None])[0], CORE)
    assert found > 0.999
    assert extra == 0


@pytest.mark.parametrize("mount", ["air", "padded air", "dark ring", "bright sleeve"])
@pytest.mark.parametrize("porosity", [0.05, 0.2])
def test_a_core_is_told_from_what_holds_it(mount, porosity):
    surroundings = np.full(SHAPE, AIR)
    ring = disk(SHAPE, 0.48) & ~disk(SHAPE, 0.44)
    surroundings[ring] = {"dark ring": PORE, "bright sleeve": 1.1}.get(mount, AIR)
    image = noisy(np.where(CORE, rock(SHAPE, porosity), surroundings))
    if mount == "padded air":
        image[~disk(SHAPE, 0.47)] = 0
    found, extra = shares(find_field_of_view(image[None])[0], CORE)
    assert found > 0.94  # the rim of mixed voxels is left out
    assert extra < 0.01


def test_a_drilled_core_in_noisy_air_keeps_its_centre_outside():
    ring = CORE & ~disk(SHAPE, 0.15)
    found, extra = shares(find_field_of_view(noisy(np.where(ring, rock(SHAPE), AIR))[None])[0], ring)
    assert found > 0.92
    assert extra < 0.01


@pytest.mark.parametrize("shape", [(64, 64), (100, 300), (600, 500)])
def test_a_box_cut_from_rock_is_all_inside(shape):
    assert find_field_of_view(noisy(rock(shape))[None]).all()


@pytest.mark.parametrize("odd", ["bright mineral", "vug at the border", "two beds", "large pore"])
def test_rock_that_looks_odd_is_still_all_inside(odd):
    image = rock(SHAPE)
    where = {
        "bright mineral": disk(SHAPE, 0.1, (0.3, 0.7)),
        "vug at the border": disk(SHAPE, 0.15, (0.1, 0.3)),
        "two beds": np.arange(SHAPE[0])[:, None] + np.zeros(SHAPE) < 200,
        "large pore": disk(SHAPE, 0.08),
    }[odd]
    image[where] = {"bright mineral": 3.0, "two beds": 0.5}.get(odd, AIR)
    assert find_field_of_view(noisy(image)[None]).all()


def test_slices_of_a_volume_are_judged_together():
    truth = np.stack([disk((128, 128), 0.35, (0.5 + 0.004 * z, 0.5)) for z in range(12)])
    truth[:3] = False  # air above the core
    grey = noisy(np.where(truth, rock((128, 128)), AIR))
    found = find_field_of_view(grey)
    assert not found[:3].any()
    assert min(shares(found[z], truth[z])[0] for z in range(3, 12)) > 0.92
    masked = find_field_of_view(np.where(truth, grey, 0).astype(np.float32))
    assert np.array_equal(masked, truth)


def test_a_constant_image_has_no_rock():
    with pytest.raises(ScanError, match="constant"):
        find_field_of_view(np.full((2, 64, 64), 7, np.uint8))


def test_a_large_slice_takes_a_fraction_of_a_second():
    image = noisy(np.where(disk((1000, 1000), 0.4), rock((1000, 1000)), AIR))[None]
    find_field_of_view(image)
    start = time.process_time()
    find_field_of_view(image)
    assert time.process_time() - start < 0.25  # 0.05 on a quiet machine


DEPTH = 100
ROWS, COLUMNS = np.mgrid[:96, :80]
TRUTH = np.stack([np.hypot(ROWS - 48, COLUMNS - 40 - 0.02 * z) < 30 for z in range(DEPTH)])


@pytest.fixture
def core(tmp_path):
    grey = np.where(TRUTH, np.random.default_rng(0).normal(1000, 50, TRUTH.shape), 0)
    path = tmp_path / "core.tif"
    tifffile.imwrite(path, grey.astype(np.uint16), photometric="minisblack", metadata={"axes": "ZYX"})
    return path


def mask_file(folder, mask):
    path = folder / "mask.tif"
    tifffile.imwrite(path, mask.astype(np.uint8), photometric="minisblack", metadata={"axes": "ZYX"[-mask.ndim :]})
    return path


def test_slices_that_were_looked_at_are_exact_and_others_close(core):
    with open_scan(core) as scan:
        fov = find_scan_field_of_view(scan)
        found = np.concatenate([fov.slab(z, min(z + 7, DEPTH)) for z in range(0, DEPTH, 7)])
        looked_at = thin_pass(DEPTH)
        assert np.array_equal(found[looked_at], find_field_of_view(scan.read())[looked_at])
    assert found.shape == TRUTH.shape
    assert np.array_equal(found[looked_at], TRUTH[looked_at])
    assert (found != TRUTH).mean() < 0.002


def test_at_most_32_slices_are_read_however_long_the_scan(core, monkeypatch):
    with open_scan(core) as scan:
        reads, read = [], scan.read
        monkeypatch.setattr(scan, "read", lambda start=0, stop=None: reads.append((start, stop)) or read(start, stop))
        find_scan_field_of_view(scan).slab(0, DEPTH)
    assert len(reads) == 32
    assert all(stop == start + 1 for start, stop in reads)


@pytest.mark.parametrize(("depth", "count"), [(1, 1), (5, 5), (32, 32), (1000, 32)])
def test_a_thin_pass_spans_the_scan(depth, count):
    chosen = thin_pass(depth)
    assert (chosen[0], chosen[-1], len(chosen)) == (0, depth - 1, count)


def test_a_given_mask_is_taken_as_it_is(core, tmp_path):
    mask = np.random.default_rng(0).random(TRUTH.shape) < 0.5
    with open_scan(core) as scan:
        fov = find_scan_field_of_view(scan, mask_file(tmp_path, mask * 255))
        assert np.array_equal(fov.slab(20, 31), mask[20:31])


def test_one_slice_of_mask_serves_for_all(core, tmp_path):
    with open_scan(core) as scan:
        fov = find_scan_field_of_view(scan, mask_file(tmp_path, TRUTH[0]))
        assert np.array_equal(fov.slab(90, 93), np.stack([TRUTH[0]] * 3))


def test_a_mask_of_another_shape_is_refused(core, tmp_path):
    with open_scan(core) as scan, pytest.raises(ScanError, match=r"mask\.tif.*3×96×80.*core\.tif.*100×96×80"):
        find_scan_field_of_view(scan, mask_file(tmp_path, TRUTH[:3]))


def test_an_empty_mask_is_refused(core, tmp_path):
    with open_scan(core) as scan, pytest.raises(ScanError, match=r"mask\.tif.*empty"):
        find_scan_field_of_view(scan, mask_file(tmp_path, np.zeros(TRUTH.shape[1:])))


def test_a_constant_scan_is_refused(tmp_path):
    path = tmp_path / "grey.tif"
    tifffile.imwrite(path, np.full((3, 70, 70), 9, np.uint8), photometric="minisblack", metadata={"axes": "ZYX"})
    with open_scan(path) as scan, pytest.raises(ScanError, match=r"grey\.tif is constant.*9"):
        find_scan_field_of_view(scan)
