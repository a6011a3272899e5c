import json

import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.networks import RockUNet, architecture_of, build_network, load_network, save_model


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "torch.nn.Linear",
        "synfine_monai.networks.model_file.optional_import",  # imported there, and would import anything
        "synfine_monai.networks.load_weights",
        "synfine_monai.networks.rock_unet.TwoConv",  # MONAI's
        "synfine_monai.networks.rock_unet.Nothing",
        "synfine_monai.networks.RockUNet.__init__",
    ],
)
def test_only_networks_that_are_defined_here_are_built(target):
    with pytest.raises(ScanError, match=r"model\.json names the network"):
        build_network({"_target_": target, "module": "os"})


def test_a_network_comes_back_with_its_weights(tmp_path):
    torch.manual_seed(0)
    network = RockUNet(1, 3, (4, 8, 16)).eval()
    info = {"format_version": 1, "architecture": architecture_of(network), "labels": [], "phases": [],
            "pore_labels": [], "normalisation": "zscore"}  # fmt: skip
    save_model(network, info, tmp_path / "model.pt")
    again = load_network(tmp_path / "model.pt")
    image = torch.randn(1, 1, 16, 16)
    with torch.no_grad():
        assert torch.equal(again(image), network(image))


def test_a_network_without_classes_cannot_be_built(tmp_path):
    architecture = {**architecture_of(RockUNet()), "num_classes": 0}
    with pytest.raises(ScanError, match="RockUNet that cannot be built"):
        build_network(json.loads(json.dumps(architecture)))
