import csv
import json

import numpy as np
import pytest

from synfine_monai.rock import PorosityProfile


@pytest.fixture
def labels():
    """Four slices of 10 voxels: porosity 0.5 (pore and water), 0 of 5 in the core, nothing in the core, 1."""
    return np.array([[[1] * 3 + [2] * 2 + [0] * 5], [[0] * 5 + [255] * 5], [[255] * 10], [[2] * 10]], np.uint8)


def test_slabs_add_up_to_the_known_porosity(labels):
    profile = PorosityProfile([1, 2], 6.0)
    profile.add(labels[:3])
    profile.add(labels[3:])
    np.testing.assert_allclose(profile.per_slice, [0.5, 0.0, np.nan, 1.0])
    assert profile.porosity == pytest.approx(15 / 25)
    assert profile.voxels == [10, 5, 0, 10]
    np.testing.assert_allclose(profile.depths_um, [0, 6, 12, 18])


def test_an_empty_core_has_no_porosity():
    profile = PorosityProfile([1])
    profile.add(np.full((2, 3, 3), 255, np.uint8))
    assert profile.porosity is None
    assert np.isnan(profile.per_slice).all()


@pytest.mark.parametrize(("slice_um", "depths"), [(2.5, ["0", "2.5", "5", "7.5"]), (None, [""] * 4)])
def test_the_table_has_depths_only_where_the_voxel_size_is_known(tmp_path, labels, slice_um, depths):
    profile = PorosityProfile([1, 2], slice_um)
    profile.add(labels)
    profile.write_csv(tmp_path / "profile.csv")
    with open(tmp_path / "profile.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["slice"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["depth_um"] for row in rows] == depths
    assert [row["porosity"] for row in rows] == ["0.500000", "0.000000", "", "1.000000"]
    assert [row["voxels"] for row in rows] == ["10", "5", "0", "10"]


def test_the_total_is_written_as_json(tmp_path, labels):
    profile = PorosityProfile((2,))
    profile.add(labels)
    profile.write_json(tmp_path / "total.json")
    total = json.loads((tmp_path / "total.json").read_text(encoding="utf-8"))
    assert total == {"porosity": 12 / 25, "pore_voxels": 12, "voxels": 25, "slices": 4, "pore_labels": [2],
                     "water_labels": []}  # fmt: skip
