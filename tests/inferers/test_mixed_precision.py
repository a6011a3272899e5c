import pytest
import torch

from synfine_monai.inferers import MixedPrecisionInferer


def test_bfloat16_is_used_and_float32_comes_back():
    seen = []

    def network(x):
        y = torch.nn.functional.conv2d(x, torch.ones(1, 1, 1, 1))
        seen.append(y.dtype)
        return y

    out = MixedPrecisionInferer(precision="bfloat16")(torch.ones(1, 1, 4, 4), network)
    assert seen == [torch.bfloat16]
    assert out.dtype == torch.float32


def test_float32_changes_nothing():
    x = torch.rand(1, 1, 8, 8)
    assert torch.equal(MixedPrecisionInferer(precision="float32")(x, torch.nn.Identity()), x)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="float32"):
        MixedPrecisionInferer(precision="half")
