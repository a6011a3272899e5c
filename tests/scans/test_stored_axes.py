import numpy as np
import pytest

from synfine_monai.scans import stored_axes
from synfine_monai.scans.stored_axes import ChunkLayers, find_volume_axes

VOLUME = np.arange(23 * 4 * 5, dtype=np.uint16).reshape(23, 4, 5)
SLICE_BYTES = 40


class Stored:
    """An array that counts how often the chunks of each layer are decoded."""

    def __init__(self, depth):
        self.depth, self.decoded = depth, {}

    def __getitem__(self, index):
        along = index[0]
        for layer in range(along.start // self.depth, -(-along.stop // self.depth)):
            self.decoded[layer] = self.decoded.get(layer, 0) + 1
        return VOLUME[index]


@pytest.mark.parametrize("window", [1, 3, 8, 11, 23])
@pytest.mark.parametrize("depth", [1, 8, 64])
def test_forward_reading_decodes_each_chunk_once(window, depth):
    stored = Stored(depth)
    layers = ChunkLayers(find_volume_axes("core", VOLUME.shape), VOLUME.dtype, depth)
    slabs = [layers.read(stored, z, min(z + window, 23)) for z in range(0, 23, window)]
    np.testing.assert_array_equal(np.concatenate(slabs), VOLUME)
    assert set(stored.decoded.values()) == {1}


def test_a_layer_too_large_to_keep_is_read_in_passes(monkeypatch):
    monkeypatch.setattr(stored_axes, "LARGEST_BLOCK", 3 * SLICE_BYTES)
    stored = Stored(8)
    layers = ChunkLayers(find_volume_axes("core", VOLUME.shape), VOLUME.dtype, 8)
    for z in range(23):
        np.testing.assert_array_equal(layers.read(stored, z, z + 1), VOLUME[z : z + 1])
        assert layers._kept.nbytes <= 3 * SLICE_BYTES
    assert max(stored.decoded.values()) == 3  # 3 + 3 + 2 slices of a layer of 8
