"""All distances between real and made images, for a row of a table."""

import numpy as np
import torch

from synfine_monai.metrics.correlations import correlation_distance
from synfine_monai.metrics.feature_distance import feature_distances
from synfine_monai.metrics.histograms import histogram_distance
from synfine_monai.metrics.power_spectrum import power_spectrum_distance
from synfine_monai.networks import RockUNet

__all__ = ["DISTANCES", "distances"]

DISTANCES = {
    "histogram": "grey levels (Wasserstein, standard deviations)",
    "spectrum": "radial power spectrum (decades)",
    "correlation": "two-point correlation (% of dark share)",
    "mmd": "MMD of network features",
    "fid": "FID of network features",
}
"""Key of each distance -> its name with its unit, in the order of tables."""


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
        "histogram": histogram_distance(real, made),
        "spectrum": power_spectrum_distance(real, made),
        "correlation": correlation_distance(real, made),
    }
    return found if network is None else {**found, **feature_distances(real, made, network)}
