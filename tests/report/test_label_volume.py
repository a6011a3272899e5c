"""Labels are whole numbers, whether they are measured or audited."""

import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.planning import open_audited
from synfine_monai.report import open_label_volume, read_classes
from synfine_monai.scans import open_scan


def opened(tmp_path, volume):
    tifffile.imwrite(tmp_path / "core_labels.tif", volume, photometric="minisblack")
    return open_scan(tmp_path / "core_labels.tif")


def test_whole_numbers_of_any_type_are_classes(tmp_path):
    volume = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    with opened(tmp_path, volume) as labels:
        assert np.array_equal(read_classes(labels, 1, 3), volume[1:3].astype(np.uint8))


@pytest.mark.parametrize("value", [0.5, 300.0])
def test_other_values_are_refused_by_measuring_and_by_auditing(tmp_path, value):
    volume = np.zeros((4, 12, 12), np.float32)
    volume[2, 5, 5:8], volume[1, 3, 3:9] = value, 1
    with opened(tmp_path, volume) as labels:
        with pytest.raises(ScanError):
            open_label_volume(labels, (1,), outside_value="none").read(0, 4)
        with pytest.raises(ScanError):
            open_audited(labels, pore_labels=[1]).read(0, 4)
