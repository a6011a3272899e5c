import importlib
import pickle
import sys

import pytest
import torch
from torch import nn
from torch._dynamo.exc import TorchDynamoException

from synfine_monai.errors import ScanError
from synfine_monai.inferers import MixedPrecisionInferer, check_engine, engine_openvino, fold_batch_norm
from synfine_monai.inferers.engine import ENGINES, CompiledNetwork, Engine, engine_network
from synfine_monai.inferers.engine_openvino import has_openvino
from synfine_monai.networks import RockUNet

LIBRARY = {
    "openvino": pytest.mark.skipif(not has_openvino(), reason="openvino is not installed"),
    "compile": pytest.mark.slow,
}
NAMES = [pytest.param(name, marks=LIBRARY.get(name, ())) for name in ENGINES]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return RockUNet(num_classes=3, channels=(4, 6, 8)).eval().to(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_every_engine_says_what_eager_says_of_any_size(network, name):
    made = engine_network(network, Engine(name, "float32"))
    for shape in ((2, 1, 48, 64), (1, 1, 16, 16), (3, 1, 33, 50)):
        image = torch.randn(shape).contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(made(image), network(image), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_precision_is_its_own_and_bfloat16_rounds_as_it_must(network, name):
    image = torch.randn(1, 1, 64, 64)
    low, high = (engine_network(network, Engine(name, precision)) for precision in ("bfloat16", "float32"))
    expected, found = network(image), low(image)
    assert found.dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(high(image), expected, atol=1e-4, rtol=1e-4)
    assert (found - expected).abs().max() > 1e-6
    spread = expected.std().item()
    assert (found - expected).abs().max() < 0.1 * spread  # 8 bits, over some ten layers


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_a_network_travels_to_another_process_after_use(network, name):
    made, image = engine_network(network, Engine(name, "bfloat16")), torch.randn(1, 1, 32, 32)
    before = made(image)
    there = pickle.loads(pickle.dumps(made))
    assert torch.equal(there(image), before)


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "eager"])
def test_members_of_an_ensemble_are_wrapped_one_by_one(network, name):
    if name == "openvino" and not has_openvino():
        pytest.skip("openvino is not installed")
    made = engine_network(nn.ModuleList([network, network]), Engine(name, "float32"))
    assert isinstance(made, nn.ModuleList)
    assert [type(member.network) for member in made] == [ENGINES[name]] * 2


def test_an_unknown_engine_is_refused():
    with pytest.raises(ScanError, match="--engine takes auto, eager, openvino, compile, got 'tvm'"):
        check_engine("tvm", "cpu")


def test_openvino_is_for_cpus():
    with pytest.raises(ScanError, match="CPU only, not on cuda:1"):
        check_engine("openvino", "cuda:1")


def test_a_missing_library_is_named_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ScanError, match=r"needs the library openvino.*pip install 'synfine_monai\[fast\]'") as caught:
        check_engine("openvino", "cpu")
    assert "\n" not in str(caught.value)
    check_engine("auto", "cpu")


@LIBRARY["openvino"]
def test_the_library_is_kept_from_calling_home():
    engine_openvino.openvino_library()
    with pytest.raises(ImportError):
        importlib.import_module(engine_openvino.TELEMETRY)
    assert importlib.import_module("openvino.tools.ovc").telemetry is not None  # its own stand-in, which sends nothing
    assert type(importlib.import_module("openvino.tools.ovc").telemetry).__module__.endswith("telemetry_stub")


def test_it_compiles_at_the_first_call_and_not_before(monkeypatch):
    seen = []
    monkeypatch.setattr(torch, "compile", lambda forward: seen.append(forward) or forward)
    network = CompiledNetwork(torch.nn.Identity())
    assert seen == []
    for _ in range(2):
        network(torch.ones(1))
    assert len(seen) == 1


def test_a_machine_that_cannot_compile_is_told_in_one_line(monkeypatch):
    def no_compiler(image):
        raise TorchDynamoException("no working C++ compiler found.\nlong story")

    monkeypatch.setattr(torch, "compile", lambda forward: no_compiler)
    with pytest.raises(ScanError, match=r"\(no working C\+\+ compiler found\).*--engine eager") as caught:
        CompiledNetwork(torch.nn.Identity())(torch.ones(1))
    assert "\n" not in str(caught.value)


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
