"""Known answers for drawn pores, any cutting into slabs, and what SciPy and PoreSpy find in a whole volume."""

import json

import numpy as np
import pytest
from scipy import ndimage

from synfine_monai.rock import ConnectedPorosity, ConnectedPorosityCounter, PoreClusters

ROCK, PORE, OUTSIDE = 0, 1, 255


def measure(labels: np.ndarray, slab: int | None = None, **options: object) -> ConnectedPorosity:
    counter = ConnectedPorosityCounter([PORE], **options)
    for start in range(0, len(labels), slab or len(labels)):
        counter.add(labels[start : start + (slab or len(labels))])
    return counter.finish()


def numbers(result: ConnectedPorosity) -> dict:
    """All that is measured, as plain values that can be compared."""
    return {
        **result.summary(),
        "along_z": result.connected_per_slice.tolist(),
        "isolated_along_z": result.isolated_per_slice.tolist(),
    }


def rock(*shape: int) -> np.ndarray:
    return np.full(shape, ROCK, np.uint8)


def blobs(shape=(24, 30, 28), seed=0, share=0.3, cylinder=True) -> np.ndarray:
    """Blobs with single voxels of noise, in a cylinder whose ends are slanted."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 1.2)
    labels = ((field > np.quantile(field, 1 - share)) ^ (rng.random(shape) < 0.02)).astype(np.uint8)
    if cylinder:
        z, y, x = np.indices(shape)
        radius = np.hypot(y - shape[1] / 2 + 0.5, x - shape[2] / 2 + 0.5)
        labels[(radius > 0.45 * shape[1]) | (z < 2 + x // 10) | (z > shape[0] - 2)] = OUTSIDE
    return labels


@pytest.mark.parametrize("slab", [None, 1, 2, 3])
def test_a_straw_percolates_along_its_axis_only(slab):
    labels = rock(7, 6, 5)
    labels[:, 2, 2] = PORE
    result = measure(labels, slab)
    assert result.porosity == pytest.approx(1 / 30)
    assert result.connected == pytest.approx({"z": 1 / 30, "y": 0, "x": 0})
    assert (result.isolated, result.open, result.clusters) == (0, pytest.approx(1 / 30), 1)


@pytest.mark.parametrize(("axis", "name"), [(0, "z"), (1, "y"), (2, "x")])
def test_each_axis_is_told_from_the_others(axis, name):
    labels = rock(5, 5, 5)
    labels.swapaxes(0, axis)[:, 2, 2] = PORE
    assert [key for key, share in measure(labels, 2).connected.items() if share] == [name]


def test_a_bubble_is_isolated_and_a_dent_is_neither():
    labels = rock(9, 9, 9)
    labels[3:6, 3:6, 3:6] = PORE
    labels[0:2, 1, 1] = PORE
    result = measure(labels, 2)
    assert result.isolated == pytest.approx(27 / 729)
    assert result.open == pytest.approx(2 / 729)
    assert set(result.connected.values()) == {0}
    assert (result.clusters, result.largest_voxels) == (2, 27)
    assert result.summary()["largest_cluster_share"] == pytest.approx(27 / 29)


@pytest.mark.parametrize("slab", [1, 2, 5, 40])
def test_a_u_tube_is_one_cluster_that_comes_back_to_where_it_began(slab):
    labels = rock(40, 5, 9)
    labels[:30, 2, 1] = labels[:30, 2, 7] = labels[29, 2, 1:8] = PORE
    result = measure(labels, slab)
    assert (result.clusters, result.largest_voxels) == (1, 30 + 30 + 5)
    assert set(result.connected.values()) == {0}
    assert result.isolated == 0
    labels[0] = ROCK  # its two openings are closed: a trap
    assert measure(labels, slab).isolated == pytest.approx((29 + 29 + 5) / labels.size)


@pytest.mark.parametrize("slab", [1, 3, 7])
def test_what_merges_late_counts_from_where_it_began(slab):
    """A spiral staircase from the first slice, and a straw from below it, that meet in the last slice only."""
    labels = rock(24, 9, 9)
    around = [(1, x) for x in range(1, 7)] + [(y, 7) for y in range(1, 7)]
    around += [(7, x) for x in range(7, 1, -1)] + [(y, 1) for y in range(7, 1, -1)]
    for z in range(24):
        for y, x in around[z : z + 2]:
            labels[z, y, x] = PORE  # the second is above the next slice's first
    labels[1:, 4, 4] = PORE
    labels[-1, 2:5, 1] = labels[-1, 4, 1:5] = PORE
    result = measure(labels, slab)
    assert result.clusters == 1
    assert result.connected_voxels["z"] == (labels == PORE).sum()
    np.testing.assert_array_equal(result.connected_per_slice, (labels == PORE).sum((1, 2)))


@pytest.mark.parametrize(("connectivity", "clusters"), [(6, 108), (18, 1), (26, 1)])
@pytest.mark.parametrize("slab", [1, 4])
def test_a_checkerboard_hangs_together_by_its_edges(connectivity, clusters, slab):
    labels = (np.indices((6, 6, 6)).sum(0) % 2).astype(np.uint8)
    result = measure(labels, slab, connectivity=connectivity)
    assert result.clusters == clusters
    assert result.connected == pytest.approx(dict.fromkeys("zyx", 0.5 * (clusters == 1)))
    assert result.isolated == pytest.approx((4**3 / 2 if connectivity == 6 else 0) / 216)


@pytest.mark.parametrize(("connectivity", "clusters"), [(6, 3), (18, 3), (26, 1)])
def test_voxels_that_share_a_corner_are_connected_by_26(connectivity, clusters):
    labels = rock(3, 3, 3)
    labels[[0, 1, 2], [0, 1, 0], [2, 1, 0]] = PORE
    assert {measure(labels, slab, connectivity=connectivity).clusters for slab in (1, 2, 3)} == {clusters}


def test_outside_is_no_rock_and_what_touches_it_is_open():
    """A core of radius 3 in a frame of 255, two slices of which lie above and below it."""
    y, x = np.indices((9, 9)) - 4
    labels = rock(12, 9, 9)
    labels[:, np.hypot(y, x) > 3.2] = OUTSIDE
    labels[:2] = labels[-2:] = OUTSIDE
    labels[5, 4, 4] = PORE  # closed
    labels[5, 7, 4] = labels[2, 2, 4] = PORE  # at the rim, and at the upper end
    closed_by_what_is_unlabelled = labels.copy()
    closed_by_what_is_unlabelled[5, 4, 5] = OUTSIDE
    voxels = (labels != OUTSIDE).sum()
    for slab in (1, 2, 12):
        result = measure(labels, slab)
        assert result.summary()["voxels"] == voxels
        assert (result.isolated, result.open) == pytest.approx((1 / voxels, 2 / voxels))
        assert measure(closed_by_what_is_unlabelled, slab).isolated == 0


def test_ends_are_those_of_the_core_and_not_of_the_volume():
    labels = np.full((10, 9, 9), OUTSIDE, np.uint8)
    labels[2:8, 2:7, 1:8] = ROCK
    labels[2:8, 4, 4] = labels[5, 2:7, 3] = labels[3, 3, 1:8] = PORE
    for slab in (1, 3, 10):
        result = measure(labels, slab)
        assert all(voxels > 0 for voxels in result.connected_voxels.values())
    labels[7, 4, 4] = ROCK
    assert measure(labels, 3).connected_voxels["z"] == 0


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("seed", range(3))
def test_any_cut_gives_the_same_numbers(connectivity, seed):
    labels = blobs(seed=seed)
    whole = measure(labels, connectivity=connectivity)
    for slab in (1, 2, 5, 23):
        assert numbers(measure(labels, slab, connectivity=connectivity)) == numbers(whole)
    uneven = ConnectedPorosityCounter([PORE], connectivity=connectivity)
    for part in np.split(labels, np.sort(np.random.default_rng(seed).choice(np.arange(1, 24), 5, replace=False))):
        uneven.add(part)
    assert numbers(uneven.finish()) == numbers(whole)


@pytest.mark.parametrize(("connectivity", "rank"), [(6, 1), (26, 3)])
def test_equals_scipy_on_the_whole_volume(connectivity, rank):
    labels = blobs(seed=5)
    core, structure = labels != OUTSIDE, ndimage.generate_binary_structure(3, rank)
    clusters, count = ndimage.label(labels == PORE, structure)
    box = tuple(
        slice(np.flatnonzero(core.any(o))[0], np.flatnonzero(core.any(o))[-1] + 1) for o in ((1, 2), (0, 2), (0, 1))
    )
    surface = core & ~ndimage.binary_erosion(core)
    closed = ~np.isin(clusters, clusters[surface]) & (clusters > 0)
    result = measure(labels, 4, connectivity=connectivity)
    assert result.clusters == count
    assert result.largest_voxels == np.bincount(clusters.ravel())[1:].max()
    np.testing.assert_array_equal(result.isolated_per_slice, closed.sum((1, 2)))
    for axis, name in enumerate("zyx"):
        faces = clusters[box].swapaxes(0, axis)
        through = np.intersect1d(faces[0], faces[-1])
        assert result.connected_voxels[name] == np.isin(clusters, through[through > 0]).sum()


@pytest.mark.parametrize(("connectivity", "conn"), [(6, "min"), (26, "max")])
@pytest.mark.parametrize("share", [0.2, 0.4])
def test_agrees_with_porespy(connectivity, conn, share):
    filters = pytest.importorskip("porespy").filters
    labels = blobs(share=share, cylinder=False)
    result = measure(labels, 5, connectivity=connectivity)
    pore = labels == PORE
    for axis, name in enumerate("zyx"):
        theirs = filters.trim_nonpercolating_paths(pore, axis=axis, conn=conn).sum()
        assert result.connected_voxels[name] == theirs
    assert result.isolated_per_slice.sum() == filters.find_closed_pores(pore, conn=conn).sum() > 0


def test_several_classes_are_one_pore_space():
    labels = rock(4, 3, 3)
    labels[:2, 1, 1], labels[2:, 1, 1] = 1, 3
    counter = ConnectedPorosityCounter([3, 1])
    counter.add(labels)
    assert counter.finish().connected_voxels["z"] == 4
    assert measure(labels).connected_voxels["z"] == 0


def test_only_growing_clusters_are_kept():
    """However long the core is: the table holds no more clusters than the last slice, and they are short."""
    clusters, handed_out = PoreClusters(), 0
    for z in range(200):
        pore = np.random.default_rng(z).random((1, 20, 20)) < 0.1
        handed_out += len(clusters.add(pore, np.zeros_like(pore)))
        assert len(clusters._growing) <= pore.sum()
        assert clusters._growing.per_slice.nnz < 3 * pore.sum()
    assert handed_out > 3000


@pytest.mark.parametrize("value", [ROCK, PORE, OUTSIDE])
def test_a_volume_of_one_kind(value):
    result = measure(np.full((3, 4, 5), value, np.uint8), 2)
    if value == OUTSIDE:
        assert result.porosity is result.isolated is result.open is None
        assert result.connected == dict.fromkeys("zyx")
    else:
        assert result.connected == dict.fromkeys("zyx", value)
        assert result.isolated == 0
    assert json.loads(json.dumps(result.summary()))["clusters"] == (value == PORE)


def test_files_say_what_is_known(tmp_path):
    labels = rock(3, 3, 3)
    labels[2] = OUTSIDE
    labels[0:2, 1, 1] = PORE
    result = measure(labels, voxel_size_um=(2.0, 1.0, 1.0))
    result.write_json(tmp_path / "a.json")
    result.write_csv(tmp_path / "a.csv")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {
        "porosity": 2 / 18, "connected": {"z": 2 / 18, "y": 0, "x": 0}, "open": 2 / 18, "isolated": 0, "clusters": 1,
        "largest_cluster_share": 1, "largest_cluster_voxels": 2, "largest_cluster_um3": 4, "connectivity": 6,
        "pore_voxels": 2, "voxels": 18, "slices": 3, "pore_labels": [1]}  # fmt: skip
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines() == [
        "slice,depth_um,porosity,connected,isolated,voxels",
        "0,0,0.111111,0.111111,0.000000,9", "1,2,0.111111,0.111111,0.000000,9", "2,4,,,,0"]  # fmt: skip
    assert measure(labels).summary()["largest_cluster_um3"] is None


def test_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="6, 18 or 26, got 8"):
        ConnectedPorosityCounter([PORE], connectivity=8)
    with pytest.raises(ValueError, match="no slices were added"):
        ConnectedPorosityCounter([PORE]).finish()
