import json

import pytest
import torch
from wide_awake import wide_awake

from synfine_monai.errors import ScanError
from synfine_monai.networks import InvertedStyle, StyledDenoiser, load_style, save_style

VECTOR = torch.linspace(-1, 1, 8)


@pytest.fixture
def file(tmp_path):
    save_style(tmp_path / "style.json", VECTOR, "abc", {"task": "core"})
    return tmp_path / "style.json"


def test_round_trip_from_file_and_folder(file):
    assert torch.allclose(load_style(file, "abc", 8), VECTOR, atol=1e-6)
    assert torch.equal(load_style(file.parent, "abc", 8), load_style(file, "abc", 8))
    assert json.loads(file.read_text())["task"] == "core"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"generator": "xyz"}, "made for the generator xyz, but this one is abc"),
        ({"kind": "something"}, "is no style"),
        ({"format_version": 9}, "has format 9"),
        ({"vector": [0.0] * 7}, "must hold 8 finite numbers, but has 7"),
        ({"vector": ["__import__('os')"] * 8}, "must hold 8 finite numbers"),
        ({"vector": [float("nan")] * 8}, "some that are not"),
    ],
)
def test_styles_that_do_not_fit_are_refused(file, change, words):
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(ScanError, match=words):
        load_style(file, "abc", 8)


def test_missing_and_damaged_files_are_refused(tmp_path, file):
    with pytest.raises(ScanError, match="does not exist"):
        load_style(tmp_path / "none.json", "abc", 8)
    file.write_bytes(b"\x80\x04pickle")
    with pytest.raises(ScanError, match="cannot be read"):
        load_style(file, "abc", 8)


def inverted():
    torch.manual_seed(0)
    denoiser = StyledDenoiser(styles=3, channels=(16, 32))
    wide_awake(denoiser)
    return InvertedStyle(denoiser)


def test_it_starts_as_the_mean_of_the_known_styles_without_the_row_of_any_style():
    style = inverted()
    known = style.denoiser.class_embedding.weight[:3]
    assert torch.allclose(style.vector, known.mean(0))


def test_nothing_but_the_vector_trains():
    style = inverted().train()
    assert [name for name, p in style.named_parameters() if p.requires_grad] == ["vector"]
    assert not style.denoiser.training
    style(torch.randn(2, 1, 32, 32), torch.tensor([5, 500])).square().mean().backward()
    assert style.vector.grad.abs().sum() > 0
    assert all(p.grad is None for p in style.denoiser.parameters())
