import pytest
import torch
from torch._dynamo.exc import TorchDynamoException

from synfine_monai.errors import ScanError
from synfine_monai.inferers.engine import CompiledNetwork


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
