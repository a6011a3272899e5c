"""All distances between real and made images, for a row of a table, those of a network's features among them."""

from collections.abc import Callable
from math import sqrt

import numpy as np
import torch
from monai.metrics import FIDMetric, MMDMetric

from synfine_monai.errors import ScanError
from synfine_monai.metrics.grey_distances import (
    correlation_distance,
    grey_level_distance,
    image_set,
    power_spectrum_distance,
)
from synfine_monai.networks import RockUNet

DISTANCES = {
    "histogram": "grey levels (Wasserstein, standard deviations)",
    "spectrum": "radial power spectrum (decades)",
    "correlation": "two-point correlation (% of dark share)",
    "mmd": "MMD of network features",
    "fid": "FID of network features",
}
"""Key of each distance -> its name with its unit, in the order of tables."""
BATCH = 64
DIRECTIONS = 2048  # of the random Fourier features: the kernel's error is about their number ** -0.5


def distances(
    real: torch.Tensor | np.ndarray, made: torch.Tensor | np.ndarray, network: RockUNet | None = None
) -> dict[str, float]:
    """Measure how far made images lie from real ones, in the order of ``DISTANCES``; 0 is alike in all of them.

    Args:
        real: (N, 1, S, S) normalised images.
        made: (M, 1, S, S) images, normalised alike.
        network: trained on neither; without it, "mmd" and "fid" are left out.

    Raises:
        ScanError: as the distances themselves.
    """
    found = {
        "histogram": grey_level_distance(real, made),
        "spectrum": power_spectrum_distance(real, made),
        "correlation": correlation_distance(real, made),
    }
    return found if network is None else {**found, **feature_distances(real, made, network)}


@torch.inference_mode()
def bottleneck_features(network: RockUNet, images: torch.Tensor | np.ndarray) -> torch.Tensor:
    """Mean over each image of the network's deepest features (the output of ``down_2``).

    The network is evaluated as trained (batch norm by its running statistics), and left in the mode it was in.

    Args:
        network: trained.
        images: (N, 1, H, W) normalised as the network expects.

    Returns:
        (N, channels of ``down_2``) float64 on the CPU.

    Raises:
        ScanError: as ``image_set``.
    """
    training, device = network.training, next(network.parameters()).device
    network.eval()
    batches = torch.from_numpy(image_set(images))[:, None].split(BATCH)
    deepest = [network.down_2(network.down_1(network.down_0(batch.to(device)))) for batch in batches]
    network.train(training)
    return torch.cat([features.float().mean((2, 3)).double().cpu() for features in deepest])


def feature_distances(
    a: torch.Tensor | np.ndarray, b: torch.Tensor | np.ndarray, network: RockUNet
) -> dict[str, float]:
    """Maximum mean discrepancy and Fréchet distance of the two sets' features.

    MONAI's MMD has a linear kernel, which sees the means alone. Random Fourier features in front of it make that a
    Gaussian kernel, as wide as the median distance between images of the first set.

    Args:
        a: (N, 1, H, W) normalised images, the real ones.
        b: (M, 1, H, W) images, normalised alike. MMD takes as many of each as the smaller set has; FID takes all, and
            needs more images than the network has features (128) to be worth comparing.
        network: whose features are taken.

    Returns:
        "mmd": squared, 0 to 2, around 0 (and at times a little below) for two halves of one set; "fid": ≥ 0.

    Raises:
        ScanError: if a set has fewer than two images, or as ``image_set``.
    """
    first, second = bottleneck_features(network, a), bottleneck_features(network, b)
    count = min(len(first), len(second))
    if count < 2:
        raise ScanError(f"distances between sets need two images or more in each, got {len(first)} and {len(second)}.")
    gaussian = MMDMetric(y_mapping=_fourier_features(first))
    return {"mmd": float(gaussian(first[:count], second[:count])), "fid": max(float(FIDMetric()(second, first)), 0.0)}


def _fourier_features(reference: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Map x to features whose inner products approximate exp(−|x − y|² / 2w²), w the median distance in the set."""
    width = torch.pdist(reference).median().clamp_min(1e-12)
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(reference.shape[1], DIRECTIONS, generator=generator, dtype=reference.dtype) / width

    def mapping(features: torch.Tensor) -> torch.Tensor:
        angles = features @ directions
        return torch.cat([angles.cos(), angles.sin()], dim=1) / sqrt(DIRECTIONS)

    return mapping
