"""The core on every real scan: found to the labelled area, whole on scans and crops without surroundings."""

import json

import numpy as np
import pytest
import tifffile

from synfine_monai.scans import open_scan
from synfine_monai.survey import find_field_of_view, find_scan_field_of_view, measure_intensity
from synfine_monai.transforms import fill_outside

pytestmark = pytest.mark.real


def labelled(folder):
    task = json.loads((folder / "dataset.json").read_text())
    for item in task["training"] + task["validation"] + task["test"]:
        if "label" in item:
            yield tifffile.imread(folder / item["image"]), tifffile.imread(folder / item["label"]) != 255


def slices_masked_to_a_disk(folder):
    return [folder / "unlabelled" / "carbonate_slice.tif", *folder.glob("unlabelled/mortar_slices/*.tif")]


@pytest.mark.parametrize(("task", "most_unlabelled"), [("concrete", 0.003), ("sandstone", 0.025)])
def test_the_labelled_area_is_inside_and_little_else(real_data, task, most_unlabelled):
    for image, truth in labelled(real_data / task):
        (found,) = find_field_of_view(image[None])
        assert (found & truth).sum() / truth.sum() > 0.997
        assert (found & ~truth).sum() / found.sum() < most_unlabelled


def test_the_simulated_scan_is_found_to_the_voxel(real_data):
    truth = open_scan(real_data / "berea" / "truth.nii.gz").read() != 255
    with open_scan(real_data / "berea" / "scan.tif") as scan:
        found = find_scan_field_of_view(scan).slab(0, scan.shape[0])
    assert np.array_equal(found, truth)


def test_a_box_of_rock_is_all_inside(real_data):
    scan = np.fromfile(real_data / "unlabelled" / "raw_100_100_200.raw", "<u2").reshape(200, 100, 100)
    assert find_field_of_view(scan).all()


def test_slices_masked_to_a_disk_are_that_disk(real_data):
    for path in slices_masked_to_a_disk(real_data):
        image = tifffile.imread(path)
        assert np.array_equal(find_field_of_view(image[None])[0], image > image.min())


def test_crops_from_inside_a_core_are_all_inside(real_data):
    rng = np.random.default_rng(0)
    paths = [*real_data.glob("sandstone/images/*.tif"), *slices_masked_to_a_disk(real_data)]
    for path in paths:
        image = tifffile.imread(path)
        for size in rng.integers(150, 500, 3):
            y, x = (n // 2 - size // 2 + rng.integers(-60, 60) for n in image.shape)
            assert find_field_of_view(image[None, y : y + size, x : x + size]).all(), (path.name, y, x, size)


def test_a_bright_mineral_moves_clipped_statistics_less_than_plain_ones(real_data):
    def spread_of_quartz(method):
        levels = []
        for path in sorted((real_data / "sandstone" / "images").glob("*.tif")):
            image, label = tifffile.imread(path)[None], tifffile.imread(path.parents[1] / "labels" / path.name)
            statistics = measure_intensity([image], [find_field_of_view(image)], method)
            levels.append(float(statistics.normalise(image[0][label == 2]).mean()))
        return np.std(levels)

    assert spread_of_quartz("clipped_zscore") < 0.6 * spread_of_quartz("zscore")


def test_no_padding_or_mount_is_left_after_filling(real_data):
    image = tifffile.imread(real_data / "sandstone" / "images" / "slice_0100.tif")[None]
    found = find_field_of_view(image)
    filled = fill_outside(image, found)
    assert np.percentile(filled[~found], 5) > np.percentile(image[found], 5)
