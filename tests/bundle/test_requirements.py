import pytest
import torch

from synfine_monai.bundle import check_device, require_model, require_option
from synfine_monai.errors import ScanError


def test_what_was_given_is_given_back():
    assert require_option("scan", "core.tif", "a scan") == "core.tif"


def test_what_is_missing_is_named():
    with pytest.raises(ScanError, match=r"--scan is missing: give a scan\."):
        require_option("scan", None, "a scan")


def test_a_verb_that_needs_a_model_says_so(tmp_path):
    require_model(tmp_path / "model.pt")
    with pytest.raises(ScanError, match="needs a model"):
        require_model(None)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_device_that_is_there_passes(device):
    check_device(device)


@pytest.mark.parametrize("device", ["cudo", "cuda:99", 7.5])
def test_other_devices_are_refused_in_one_line(device):
    with pytest.raises(ScanError, match="cannot be used") as caught:
        check_device(device)
    assert "\n" not in str(caught.value)
