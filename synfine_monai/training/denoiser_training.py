"""What denoisers train on: the pretext task, noisy batches with what a network should answer, patches for a style."""

from collections.abc import Mapping
from typing import Any

import torch
from monai.engines import PrepareBatch
from monai.networks.schedulers import Scheduler
from monai.networks.schedulers.ddim import DDIMPredictionType

from synfine_monai.conventions import NORMALISATION, UNLABELLED
from synfine_monai.data import Task, draw_patches, load_labelled_slices, patch_tensors, unlabelled_patches
from synfine_monai.errors import ScanError
from synfine_monai.transforms import classes_to_phases


class _PrepareBatch(PrepareBatch):
    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler

    def __call__(
        self,
        batchdata: Mapping[str, torch.Tensor],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, Any, tuple, dict[str, torch.Tensor]]:
        return self._prepare({key: value.to(device, non_blocking=non_blocking) for key, value in batchdata.items()})


class HybridPrepareBatch(_PrepareBatch):
    """Noisy images as input; as target what the schedule predicts, the mask and the noise level.

    Noise and levels come with the batch (``RandDiffuseBatchd``), so that a resumed run sees the same. Level 0 is the
    image as it is, without the speck of noise that schedules have there.

    Args:
        scheduler: the noise schedule; its ``prediction_type`` says what is predicted.
    """

    def _prepare(
        self, batch: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor], tuple, dict[str, torch.Tensor]]:
        image, timesteps = batch["image"], batch["timesteps"]
        clean = (timesteps == 0).view(-1, 1, 1, 1)
        noise = batch["noise"].masked_fill(clean, 0.0)
        seen = torch.where(clean, image, self.scheduler.add_noise(image, noise, timesteps))
        target = answer_for(self.scheduler, image, noise, timesteps)
        return seen, {"image": target, "mask": batch["label"], "timesteps": timesteps}, (), {"timesteps": timesteps}


def answer_for(scheduler: Scheduler, image: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
    """What a perfect network would answer, which knew image and noise: the noise ε, or the velocity v.

    Raises:
        ValueError: if the schedule predicts anything else.
    """
    if scheduler.prediction_type == DDIMPredictionType.EPSILON:
        return noise
    if scheduler.prediction_type == DDIMPredictionType.V_PREDICTION:
        return scheduler.get_velocity(image, noise, timesteps)
    raise ValueError(f"a rock denoiser predicts epsilon or v_prediction, and not {scheduler.prediction_type}.")


def expected_image(
    scheduler: Scheduler, noisy: torch.Tensor, answer: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    r"""The mean of all clean images that the noisy one may come from, E[x | x_t], by a network's answer.

    With :math:`x_t = \sqrt{\bar\alpha} x + \sqrt{1 - \bar\alpha} \epsilon` this is
    :math:`(x_t - \sqrt{1 - \bar\alpha} \epsilon) / \sqrt{\bar\alpha}`, or :math:`\sqrt{\bar\alpha} x_t -
    \sqrt{1 - \bar\alpha} v`.

    Shapes:
        noisy and answer (B, 1, H, W); timesteps (B,) -> (B, 1, H, W).

    Source: Salimans & Ho, Progressive Distillation (ICLR 2022), appendix D.
    """
    signal = scheduler.alphas_cumprod.to(noisy)[timesteps].view(-1, 1, 1, 1)
    if scheduler.prediction_type == DDIMPredictionType.EPSILON:
        return (noisy - (1 - signal).sqrt() * answer) / signal.sqrt()
    return signal.sqrt() * noisy - (1 - signal).sqrt() * answer


class StyledPrepareBatch(_PrepareBatch):
    """Noisy images as input, their velocity as target, noise level, mask and style as further arguments.

    MONAI's own ``VPredictionPrepareBatch`` draws the noise itself, from a state that a resumed run does not have; here
    it comes with the batch (``RandDiffuseBatchd``).

    Args:
        scheduler: the noise schedule; its ``get_velocity`` is the target (Salimans & Ho 2022, v-prediction).
    """

    def _prepare(
        self, batch: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor, tuple, dict[str, torch.Tensor]]:
        image, noise, timesteps = batch["image"], batch["noise"], batch["timesteps"]
        noisy = self.scheduler.add_noise(image, noise, timesteps)
        target = self.scheduler.get_velocity(image, noise, timesteps)
        given = {"timesteps": timesteps, "mask": batch["label"]}
        return noisy, target, (), given | ({"style": batch["style"]} if "style" in batch else {})


def choose_pretext(name: str, known: Mapping[str, Mapping[str, Any]], **changes: float | None) -> dict[str, Any]:
    """The settings of a pretext task, with those of ``changes`` that are not None.

    Args:
        name: of one in ``known``.
        known: name -> "image_weight" and "mask_weight", ≥ 0 and not both 0, and "clean", the share of images that
            are shown without noise, 0 to 1.
        changes: the same settings, given by the user; None leaves them as they are.

    Raises:
        ScanError: if the name is unknown, a weight is out of range, or noise is to be removed where there is none.
    """
    if name not in known:
        raise ScanError(f"--pretext {name} is unknown: choose {', '.join(known)}.")
    chosen = {**known[name], **{setting: value for setting, value in changes.items() if value is not None}}
    weights = {setting: chosen[setting] for setting in ("image_weight", "mask_weight")}
    for setting, value in weights.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise ScanError(f"--{setting} takes a number from 0 up, got {value!r}.")
    if not any(weights.values()):
        raise ScanError("--image_weight and --mask_weight are both 0, so that nothing would be learned: raise one.")
    clean = chosen["clean"]
    if isinstance(clean, bool) or not isinstance(clean, int | float) or not 0 <= clean <= 1:
        raise ScanError(f"--clean takes a share from 0 to 1, got {clean!r}.")
    if weights["image_weight"] and clean == 1:
        raise ScanError("without noise there is none to remove: give --image_weight 0, or --clean below 1.")
    return chosen


def labelled_style_patches(
    task: Task, split: str, budget: int | None, seed: int = 0, normalisation: str = NORMALISATION
) -> dict[str, torch.Tensor]:
    """Labelled patches with their masks, drawn as fine-tuning draws them.

    Args:
        task: the task.
        split: whose labelled slices.
        budget: how many patches, None for all; where there are fewer, all.
        seed: of the choice.
        normalisation: method of ``synfine_monai.survey.intensity``.

    Returns:
        "image" (N, 1, 64, 64) float32 and "label" (N, 1, 64, 64) uint8 phases, 255 where not labelled.
    """
    slices = load_labelled_slices(task, split, normalisation)
    patches = draw_patches(slices, None, seed)[:budget]
    data = patch_tensors(slices, patches)
    return {"image": data["image"], "label": classes_to_phases(data["label"], task.phases)}


def unlabelled_style_patches(
    task: Task, count: int, part: str, seed: int = 0, normalisation: str = NORMALISATION
) -> dict[str, torch.Tensor]:
    """Patches without any mask; see ``unlabelled_patches`` for ``part``.

    Returns:
        "image" (N, 1, 64, 64) float32 and "label" (N, 1, 64, 64) uint8, all 255.
    """
    images = unlabelled_patches(task, count, seed, normalisation, part=part)
    return {"image": images, "label": torch.full_like(images, UNLABELLED, dtype=torch.uint8)}
