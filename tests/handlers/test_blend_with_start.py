import pytest
import torch
from ignite.engine import Engine
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.handlers import BlendWithStart


@pytest.mark.parametrize(("share", "weight"), [(0, 1.0), (0.5, 2.0), (1, 3.0)])
def test_weights_lie_between_start_and_end(share, weight):
    network = nn.Linear(2, 2)
    nn.init.constant_(network.weight, 1.0)
    engine = Engine(lambda engine, batch: nn.init.constant_(network.weight, 3.0))
    BlendWithStart(network, share).attach(engine)
    engine.run([0], 1)
    torch.testing.assert_close(network.weight.data, torch.full((2, 2), weight))


@pytest.mark.parametrize("share", [-0.1, 1.1, True, "half"])
def test_shares_out_of_range_are_refused(share):
    with pytest.raises(ScanError, match="--blend takes a share from 0 to 1"):
        BlendWithStart(nn.Linear(1, 1), share)
