"""A scan in chunks that is four times as long needs about the same memory to be read and labelled."""

import subprocess
import sys

import numpy as np
import pytest

from synfine_monai.scans import create_scan, new_scan_info

pytestmark = pytest.mark.slow

PASS = """
import sys
from pathlib import Path
from synfine_monai.scans import create_scan, labels_path, open_scan
with open_scan(sys.argv[1]) as scan, create_scan(labels_path(scan.info, sys.argv[2]), scan.info) as sink:
    for start in range(0, scan.shape[0], 4):
        sink.write(scan.read(start, min(start + 4, scan.shape[0])) > 128)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


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
        done = subprocess.run(
            [sys.executable, "-c", PASS, path, tmp_path / "out"], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout) * 1024)
    assert peaks[1] - peaks[0] < 0.3 * 9 * layer.nbytes, peaks  # the allocator keeps some of what was freed
