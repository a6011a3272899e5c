import numpy as np
import pytest

from synfine_monai.scans.formats.pyramid import Halver, LayeredLevels, layer_depth, level_shapes

RNG = np.random.default_rng(1)


def brute_force_modes(volume):
    """Most frequent of each block, the first voxel's among equals, else the lowest."""
    out = np.empty([-(-n // 2) for n in volume.shape], volume.dtype)
    padded = np.pad(volume, [(0, n % 2 if n > 1 else 0) for n in volume.shape], mode="edge")
    for index in np.ndindex(out.shape):
        block = padded[tuple(slice(2 * i, 2 * i + 2) for i in index)]
        counts = np.bincount(block.ravel(), minlength=256)
        first = int(block.flat[0])
        out[index] = first if counts[first] == counts.max() else counts.argmax()
    return out


def half_of_labels(block):
    halver = Halver(True)
    halver.look(block)
    return halver(block)


@pytest.mark.parametrize("shape", [(4, 6, 8), (5, 7, 3), (1, 5, 4), (2, 1, 1)])
def test_labels_halve_to_their_mode(shape):
    volume = RNG.integers(0, 4, shape, dtype=np.uint8)
    np.testing.assert_array_equal(half_of_labels(volume[None])[0], brute_force_modes(volume))


def test_no_label_is_favoured_among_equals():
    volume = RNG.permuted(np.repeat([0, 3], 4)[None].repeat(20_000, 0), axis=1).reshape(20_000, 2, 2, 2)
    halves = half_of_labels(volume.transpose(1, 0, 2, 3).reshape(1, 2, 40_000, 2).astype(np.uint8))
    assert (halves == 3).mean() == pytest.approx(0.5, abs=0.02)


def test_grey_levels_halve_to_their_mean():
    ramp = np.arange(8 * 6 * 4, dtype=np.uint16).reshape(1, 8, 6, 4) * 10
    np.testing.assert_array_equal(Halver(False)(ramp)[0], ramp[0].reshape(4, 2, 3, 2, 2, 2).mean((1, 3, 5)))


def test_many_values_are_grey_levels():
    halver = Halver(True)
    halver.look(np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4))
    assert halver.labels
    halver.look(np.arange(17, dtype=np.uint8).reshape(1, 1, 1, 17))
    assert not halver.labels


@pytest.mark.parametrize(
    ("shape", "count", "last"),
    [
        ((1024, 1024, 1024), 3, (256, 256, 256)),
        ((5, 7, 6), 1, None),
        ((1, 1011, 980), 3, (1, 253, 245)),
        ((9, 257, 9), 2, (5, 129, 5)),
    ],
)
def test_levels_end_at_256(shape, count, last):
    shapes = level_shapes(shape)
    assert len(shapes) == count
    assert shapes[0] == shape
    assert shapes[-1] == (last or shape)


@pytest.mark.parametrize(
    ("depth", "slice_bytes", "expected"),
    [(1024, 1 << 20, 64), (4096, 1 << 24, 8), (9, 100, 16), (9, 1 << 40, 2), (1, 1, 2)],
)
def test_a_layer_stays_below_128_mib(depth, slice_bytes, expected):
    assert layer_depth(depth, slice_bytes) == expected


@pytest.mark.parametrize("slabs", [[21], [1] * 21, [5, 9, 7]])
@pytest.mark.parametrize("depth", [2, 4, 64])
def test_levels_do_not_depend_on_the_slabs(slabs, depth):
    volume = RNG.integers(0, 3, (21, 10, 9), dtype=np.uint8)
    shapes = [(21, 10, 9), (11, 5, 5), (6, 3, 3)]
    levels, calls = [np.full(shape, 99, np.uint8) for shape in shapes], []

    def writer(number):
        def write(first, block):
            calls.append((number, first, block.shape[1]))
            levels[number][first : first + block.shape[1]] = block[0]

        return write

    layers = LayeredLevels([writer(n) for n in range(3)], depth, Halver(True))
    for slab in np.split(volume, np.cumsum(slabs)[:-1]):
        layers.append(slab[None])
    layers.finish()
    np.testing.assert_array_equal(levels[0], volume)
    np.testing.assert_array_equal(levels[1], brute_force_modes(volume))
    np.testing.assert_array_equal(levels[2], brute_force_modes(levels[1]))
    assert all(first % depth == 0 for _, first, _ in calls)  # each chunk is written once
