import torch

from synfine_monai.inferers import fold_batch_norm
from synfine_monai.networks import RockUNet


@torch.inference_mode()
def test_the_folded_network_is_the_same_function_without_batch_norm():
    torch.manual_seed(0)
    network = RockUNet(num_classes=3)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folded = fold_batch_norm(network)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    image = torch.randn(2, 1, 33, 40)
    torch.testing.assert_close(folded(image), network.eval()(image), rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_without_such_blocks_is_copied():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU())
    folded = fold_batch_norm(network)
    image = torch.randn(1, 1, 8, 8)
    assert torch.equal(folded(image), network(image))
    assert folded[0].weight is not network[0].weight
