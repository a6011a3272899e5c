import pytest
import torch

from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, RockUNet


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
