import pytest
import torch
from monai.networks.schedulers import DDIMScheduler
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.inferers import JointDiffusionInferer, StyledDiffusionInferer, denoising_losses
from synfine_monai.networks import RockDenoiser, StyledDenoiser

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


NOISE = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))


def schedule(prediction="v_prediction"):
    return DDIMScheduler(schedule="cosine", prediction_type=prediction, clip_sample=False)


class Knows(nn.Module):
    """Answers as if every clean image were ``image``; pixels above 0 are class 1."""

    def __init__(self, image, scheduler):
        super().__init__()
        self.image, self.scheduler = nn.Parameter(image), scheduler

    def forward(self, x, timesteps):
        share = self.scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
        noise = (x - share.sqrt() * self.image) / (1 - share).sqrt()
        velocity = share.sqrt() * noise - (1 - share).sqrt() * self.image
        answer = noise if self.scheduler.prediction_type == "epsilon" else velocity
        return torch.cat([answer, -self.image, self.image], dim=1)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("steps", [2, 7])
def test_a_network_that_knows_the_image_finds_it_and_its_mask(prediction, steps):
    wanted = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    levels = schedule(prediction)
    pairs = JointDiffusionInferer(levels, steps)(NOISE[:1], Knows(wanted, levels))
    assert torch.allclose(pairs["image"], wanted, atol=2e-3)
    assert torch.equal(pairs["label"], (wanted > 0).to(torch.uint8))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return RockDenoiser(3, channels=(4, 8, 16)).eval()


def test_batches_make_no_difference_and_noise_decides(network):
    together, apart = (JointDiffusionInferer(schedule(), 4, 2, "float32", size)(NOISE, network) for size in (64, 2))
    assert torch.allclose(together["image"], apart["image"], atol=1e-5)
    assert together["image"].dtype == torch.float32
    assert together["label"].dtype == torch.uint8
    assert together["image"].shape == together["label"].shape == NOISE.shape
    assert not torch.allclose(together["image"][0], together["image"][1], atol=0.1)


def test_the_mask_is_read_from_the_last_levels(network):
    class Changing(nn.Module):
        """Says class 1 weakly on the last level, and class 0 firmly on those before."""

        weight = network.head.weight

        def parameters(self):
            yield self.weight

        def forward(self, x, timesteps):
            last = (timesteps == 0).view(-1, 1, 1, 1)
            return torch.cat([x, torch.where(last, -0.5, 5.0).expand_as(x), torch.zeros_like(x)], dim=1)

    read = {count: JointDiffusionInferer(schedule(), 5, count)(NOISE, Changing())["label"].unique() for count in (1, 3)}
    assert read[1].tolist() == [1]
    assert read[3].tolist() == [0]


@pytest.mark.parametrize(("steps", "mask_levels"), [(1, 1), (1001, 1), (5, 0), (5, 6)])
def test_numbers_out_of_range_are_refused(steps, mask_levels):
    with pytest.raises(ScanError, match="2 to 1000 steps"):
        JointDiffusionInferer(schedule(), steps, mask_levels)


def losses(seed=0, network=None):
    torch.manual_seed(0)
    network = network or StyledDenoiser(styles=2, channels=(16, 32)).eval()
    images = torch.randn(16, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    masks = torch.full(images.shape, 255, dtype=torch.uint8)
    rows = network.class_embedding.weight.detach()
    return denoising_losses(network, SCHEDULE, images, masks, list(rows), repeats=2, seed=seed, precision="float32")


def test_a_network_that_says_zero_has_the_variance_of_the_velocity_as_its_loss():
    assert losses() == pytest.approx([1.0] * 3, abs=0.05)


def test_same_seed_same_noise():
    assert losses(3) == losses(3) != losses(4)


def test_styles_are_told_apart_once_the_network_heeds_them():
    network = StyledDenoiser(styles=2, channels=(16, 32)).eval()
    for parameter in network.parameters():
        parameter.data.normal_(std=0.1)  # MONAI starts the last convolution of every block at zero
    assert len(set(losses(network=network))) == 3
