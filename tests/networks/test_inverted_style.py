import torch
from wide_awake import wide_awake

from synfine_monai.networks import InvertedStyle, StyledDenoiser


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
