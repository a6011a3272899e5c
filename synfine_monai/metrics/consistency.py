"""Whether images show what they were made from: an independent segmenter should find the masks again."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from synfine_monai.metrics.confusion import confusion_matrix
from synfine_monai.metrics.images import image_set
from synfine_monai.metrics.scores import segmentation_scores

__all__ = ["mask_consistency"]

BATCH = 64


@torch.inference_mode()
def mask_consistency(
    images: torch.Tensor | np.ndarray,
    masks: torch.Tensor | np.ndarray,
    segment: Callable[[torch.Tensor], torch.Tensor],
    labels: Sequence[str],
    pore_labels: Sequence[int],
) -> dict[str, float | None]:
    """Dice between the masks that images were made from and what ``segment`` finds in them, over all voxels together.

    Args:
        images: (N, 1, H, W) normalised.
        masks: (N, 1, H, W) classes, 255 where nothing was asked for.
        segment: images (B, 1, H, W) float32 on the CPU -> classes (B, 1, H, W) or (B, H, W); trained on other images
            than these, ``lambda x: network(x).argmax(1)`` say, with the network in eval mode.
        labels: names of the classes.
        pore_labels: classes that are pore space; they count as one.

    Returns:
        "pore_dice" and "mean_dice", 0 to 1; None for pores if neither masks nor images have any.

    Raises:
        ScanError: if shapes differ or a class is none of ``labels``.
    """
    batches = torch.from_numpy(image_set(images))[:, None].split(BATCH)
    found = torch.cat([segment(batch).cpu() for batch in batches]).numpy()
    found = found[:, None] if found.ndim == 3 else found
    confusion = confusion_matrix(found, np.asarray(masks), None, len(labels))
    scores = segmentation_scores([confusion], labels, pore_labels)
    return {key: scores[key] for key in ("pore_dice", "mean_dice")}
