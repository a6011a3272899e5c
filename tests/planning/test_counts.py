"""What one pass over a volume of labels counts, against what is known of balls, cubes and chance."""

import numpy as np
import pytest

from synfine_monai.planning import StreamedCounts, count_labels
from synfine_monai.planning.labeller import labeller_agreement
from synfine_monai.report import open_label_volume
from synfine_monai.rock import block_spread
from synfine_monai.scans import create_scan, new_scan_info, open_scan


def counted(volume, step=None):
    counts = StreamedCounts(2, [1])
    for start in range(0, len(volume), step or len(volume)):
        slab = volume[start : start + (step or len(volume))]
        counts.add(slab, slab != 255)
    return counts


def ball(radius=20, side=64):
    z, y, x = np.mgrid[:side, :side, :side] - (side - 1) / 2
    return (np.sqrt(z**2 + y**2 + x**2) < radius).astype(np.uint8)


def test_the_surface_of_a_ball():
    volume = ball()
    assert counted(volume).surface == pytest.approx(4 * np.pi * 20**2 / 64**3, rel=0.03)
    grown = (ball(21).mean() - ball(19).mean()) / 4
    assert counted(volume).surface / 2 == pytest.approx(grown, rel=0.05)  # half a voxel further out


def test_layers_have_the_surface_of_one_axis():
    volume = np.zeros((16, 16, 16), np.uint8)
    volume[4:8] = volume[12:] = 1
    found = counted(volume)
    assert found.pairs.crossings.tolist() == [3 * 256, 0, 0]
    assert found.pairs.pairs[:, 1].tolist() == [15 * 256] * 3


@pytest.mark.parametrize("step", [3, 8, 16])
def test_slabs_count_as_the_whole(step):
    volume = np.random.default_rng(0).integers(0, 2, (35, 24, 17)).astype(np.uint8)
    volume[:, :3] = 255
    whole, parts = counted(volume), counted(volume, step)
    assert whole.pairs.crossings.tolist() == parts.pairs.crossings.tolist()
    assert whole.pairs.pairs.tolist() == parts.pairs.pairs.tolist()
    assert whole.voxels.tolist() == parts.voxels.tolist() == [(volume == 0).sum(), (volume == 1).sum()]
    assert np.array_equal(whole.blocks, parts.blocks)
    assert whole.blocks[0, 0, 1, 1] == (volume[:8, 8:16, 8:16] == 1).sum()


def test_what_is_outside_the_core_has_no_faces():
    volume = np.full((8, 8, 8), 255, np.uint8)
    volume[2:6, 2:6, 2:6] = 1
    assert counted(volume).pairs.crossings.sum() == 0


def test_a_volume_on_disk_is_counted_in_slabs(tmp_path):
    volume = ball(side=48)
    with create_scan(tmp_path / "a_labels.tif", new_scan_info(tmp_path / "a.tif", volume.shape, np.uint8, 2.0)) as sink:
        sink.write(volume)
    with open_scan(tmp_path / "a_labels.tif") as labels:
        found = count_labels(open_label_volume(labels, [1]), 2, slab_voxels=8 * 48 * 48)
    assert found.surface == counted(volume).surface


def test_independent_cubes_vary_as_the_inverse_of_their_number():
    """Cubes of 8 voxels' edge, each pore by a chance of 0.3: Var(V) = 0.3·0.7·8³/V, without a scale of their own."""
    cubes = np.random.default_rng(1).uniform(size=(24, 24, 24)) < 0.3
    found = block_spread(np.stack([512 * cubes, np.full(cubes.shape, 512)]), 8)
    assert found.exponent == pytest.approx(1, abs=0.15)
    for edge, spread, count in zip(found.edges, found.spreads, found.counts, strict=True):
        assert spread == pytest.approx(np.sqrt(0.21 * (8 / edge) ** 3), rel=3 / np.sqrt(2 * (count - 1)))
    volume = 192**3
    assert found.spread_of(volume) == pytest.approx(np.sqrt(0.21 * 512 / volume), rel=0.35)
    assert found.another_piece(volume) == pytest.approx(1.96 * np.sqrt(2) * found.spread_of(volume), rel=1e-3)
    enough = found.representative_voxels(0.01)
    assert 1.96 * found.spread_of(enough) == pytest.approx(0.01, rel=1e-3)


def test_blocks_that_are_not_whole_do_not_count_and_few_tell_nothing():
    cubes = np.random.default_rng(2).uniform(size=(8, 8, 8)) < 0.3
    core = np.full(cubes.shape, 512)
    core[:, :4] = 100
    half = block_spread(np.stack([np.minimum(512 * cubes, core), core]), 8)
    assert half.counts[0] == 256
    assert block_spread(np.zeros((2, 1, 3, 3)), 8) is None
    assert block_spread(np.zeros((2, 0, 0, 0)), 8) is None


def test_a_labeller_who_differs_in_a_tenth_of_the_voxels():
    first = np.zeros((10, 10), np.uint8)
    second = first.copy()
    second[0] = 1
    told = labeller_agreement({1: first, 7: second}, {7: 1}, [1])
    assert told == pytest.approx({"windows": 1, "differing": 0.1, "shift": 0.1, "spread": 0.1 / np.sqrt(2)})
    assert labeller_agreement({1: first}, {7: 1}, [1]) is None
    blank = np.full((10, 10), 255, np.uint8)
    assert labeller_agreement({1: first, 7: blank}, {7: 1}, [1]) is None
