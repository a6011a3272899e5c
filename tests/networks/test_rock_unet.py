import pytest
import torch
from torch import nn

from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, RockUNet, parameters_of


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(2, 1, 24, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("num_classes", "expected"), [(1, 467_233), (2, 467_266)])
def test_has_the_papers_number_of_parameters(num_classes, expected):
    assert sum(parameter.numel() for parameter in RockUNet(num_classes=num_classes).parameters()) == expected


def test_modules_carry_the_blocks_names_in_order():
    assert [name for name, _ in RockUNet().named_children()] == list(SEQUENTIAL)
    assert {name for modules in TRANSVERSAL.values() for name in modules} == set(SEQUENTIAL) - {"head"}


@pytest.mark.parametrize("size", [(64, 64), (4, 8), (37, 50), (1, 3), (447, 447)])
def test_any_size_comes_back_as_it_went_in(size):
    with torch.no_grad():
        logits = RockUNet(num_classes=3).eval()(torch.randn(1, 1, *size))
    assert logits.shape == (1, 3, *size)
    assert torch.isfinite(logits).all()


def test_padding_is_by_replication(image):
    network = RockUNet().eval()
    odd = image[..., :23, :30]
    padded = torch.nn.functional.pad(odd, (0, 2, 0, 1), mode="replicate")
    with torch.no_grad():
        torch.testing.assert_close(network(odd), network(padded)[..., :23, :30])


def test_neighbouring_slices_and_other_widths():
    assert RockUNet(in_channels=3, channels=(8, 12, 20))(torch.randn(2, 3, 8, 8)).shape == (2, 2, 8, 8)


@pytest.mark.parametrize("wrong", [{"in_channels": 0}, {"num_classes": 0}, {"channels": (8, 16)}])
def test_refuses_impossible_architectures(wrong):
    with pytest.raises(ValueError, match="RockUNet needs"):
        RockUNet(**wrong)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_network_gives_the_same_logits_at_any_size(image):
    network = RockUNet().eval()
    scripted = torch.jit.script(network)
    with torch.no_grad():
        for sample in (image, image[..., :23, :30]):
            torch.testing.assert_close(scripted(sample), network(sample))


@pytest.mark.filterwarnings("ignore")
def test_onnx_graph_gives_the_same_logits_at_any_size(image, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    network, path = RockUNet(channels=(4, 8, 16)).eval(), tmp_path / "network.onnx"
    axes = {0: "batch", 2: "height", 3: "width"}
    torch.onnx.export(network, (image,), path, dynamo=False, input_names=["image"], dynamic_axes={"image": axes})
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for sample in (image, image[:1, :, :23, :30]):
        with torch.no_grad():
            expected = network(sample)
        exported = torch.from_numpy(session.run(None, {"image": sample.numpy()})[0])
        torch.testing.assert_close(exported, expected, atol=1e-5, rtol=1e-4)


def test_sees_no_further_than_its_receptive_field():
    network = RockUNet().eval().requires_grad_(False)
    image = torch.zeros(1, 1, 128, 128, requires_grad=True)
    network(image)[0, 0, 64, 64].backward()
    rows = image.grad[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 <= 44


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
