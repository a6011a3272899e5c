"""A scan in chunks that is four times as long needs about the same memory to be read and labelled."""

import sys

import numpy as np
import pytest
from written_scans import peak_of_labelling

from synfine_monai.scans import create_scan, new_scan_info

pytestmark = pytest.mark.slow


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak: getrusage counts the parent's as well")
@pytest.mark.parametrize("name", ["core.ome.zarr", "core.h5"])
def test_memory_is_that_of_some_layers_of_chunks(tmp_path, name):
    grains = np.random.default_rng(0).integers(0, 256, (16, 25, 25), dtype=np.uint16)
    layer = np.kron(grains, np.ones((4, 16, 16), np.uint16))
    peaks = []
    for times in (3, 12):
        path = tmp_path / str(times) / name
        with create_scan(path, new_scan_info(path, (64 * times, 400, 400), np.uint16, 6), np.uint16) as sink:
            for _ in range(times):
                sink.write(layer)
        peaks.append(peak_of_labelling(path, tmp_path / "out", 128))
    assert peaks[1] - peaks[0] < 0.3 * 9 * layer.nbytes, peaks  # the allocator keeps some of what was freed
