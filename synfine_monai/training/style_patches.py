"""Real patches that a style is learned and judged on, with masks of phases or without."""

import torch

from synfine_monai.conventions import NORMALISATION, UNLABELLED
from synfine_monai.data import Task, draw_patches, load_labelled_slices, patch_tensors, unlabelled_patches
from synfine_monai.transforms import classes_to_phases

__all__ = ["labelled_style_patches", "unlabelled_style_patches"]


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
