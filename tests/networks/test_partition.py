import pytest
from torch import nn

from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, RockUNet, parameters_of


def test_blocks_divide_the_network_without_rest_or_overlap():
    network = RockUNet()
    names = [name for modules in SEQUENTIAL.values() for name in parameters_of(network, modules)]
    assert sorted(names) == sorted(name for name, _ in network.named_parameters())


@pytest.mark.parametrize(
    ("group", "expected"),
    [("down_0", 9_696), ("down_1", 55_680), ("down_2", 221_952), ("up_0", 143_808), ("up_1", 36_064), ("head", 66)],
)
def test_blocks_have_the_sizes_that_their_layers_have(group, expected):
    found = parameters_of(RockUNet(), SEQUENTIAL[group])
    assert sum(parameter.numel() for parameter in found.values()) == expected


def test_a_transposed_convolution_belongs_to_its_up_block():
    network = RockUNet()
    deconvolutions = [name for name, module in network.named_modules() if isinstance(module, nn.ConvTranspose2d)]
    assert [name.split(".")[0] for name in deconvolutions] == ["up_0", "up_1"]


def test_a_level_is_its_two_blocks():
    network = RockUNet()
    mid = parameters_of(network, TRANSVERSAL["mid"])
    assert mid.keys() == {*parameters_of(network, "down_1"), *parameters_of(network, "up_0")}
    assert all(mid[name] is parameter for name, parameter in network.named_parameters() if name in mid)


def test_a_name_is_not_a_prefix():
    network = nn.ModuleDict({"down_1": nn.Linear(1, 1), "down_10": nn.Linear(1, 1)})
    assert list(parameters_of(network, "down_1")) == ["down_1.weight", "down_1.bias"]


def test_names_the_parts_there_are():
    with pytest.raises(ValueError, match="no module 'down_3'; its parts are down_0, down_1"):
        parameters_of(RockUNet(), ("down_0", "down_3"))
