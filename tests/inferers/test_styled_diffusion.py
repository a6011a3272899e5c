import pytest
import torch
from monai.networks.schedulers import DDIMScheduler
from torch import nn

from synfine_monai.inferers import StyledDiffusionInferer

SCHEDULE = DDIMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)


class Painter(nn.Module):
    """Knows the image exactly: a phase's index, brightened by the style; 7 where nothing is told."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.calls = 0

    def forward(self, x, timesteps, mask=None, style=None):
        self.calls += 1
        image = torch.full_like(x, 7.0) if mask is None else mask.float()
        image = image if style is None else image + style.view(len(x), -1)[:, :1, None, None]
        share = SCHEDULE.alphas_cumprod.to(x)[timesteps].view(-1, 1, 1, 1)
        noise = (x - share.sqrt() * image) / (1 - share).sqrt().clamp_min(1e-6)
        return share.sqrt() * noise - (1 - share).sqrt() * image


@pytest.fixture
def masks():
    return torch.randint(5, (5, 1, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def sample(masks, **options):
    noise = torch.randn(masks.shape, generator=torch.Generator().manual_seed(1))
    style = options.pop("style", None)
    network = Painter()
    inferer = StyledDiffusionInferer(SCHEDULE, **{"steps": 10, "precision": "float32", "batch_size": 2, **options})
    return inferer(noise, network, masks, style), network.calls


def test_a_perfect_network_leads_to_its_image(masks):
    made, calls = sample(masks)
    assert torch.allclose(made, masks.float(), atol=1e-3)
    assert calls == 3 * 10


def test_a_style_vector_reaches_every_patch(masks):
    made, _ = sample(masks, style=torch.tensor([2.0, 0.0]))
    assert torch.allclose(made, masks.float() + 2, atol=1e-3)


def test_guidance_goes_beyond_what_the_mask_says(masks):
    made, calls = sample(masks, guidance=2.0)
    assert torch.allclose(made, 2 * masks.float() - 7, atol=1e-2)
    assert calls == 2 * 3 * 10
