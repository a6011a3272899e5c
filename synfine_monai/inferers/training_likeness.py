"""Is this scan like those that a model was trained on?"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from synfine_monai.survey import IntensityStatistics, grey_level_shift

FAR_HISTOGRAM = 0.2
"""Normalised units: slices and specimens of one rock differ by up to 0.18, most pairs of rocks by 0.2 to 0.7."""

FAR_VOXEL_SIZE = 2.0
"""Times as large or small: grains then fill another share of what the network sees."""


def differences_from_training(
    model_info: Mapping[str, Any], statistics: IntensityStatistics, voxel_size_um: Sequence[float] | None
) -> list[str]:
    """Sentences on what sets a scan far apart from a model's training scans; none if it is like them.

    Args:
        model_info: content of a ``model.json``; its "voxel_size_um", and "histogram" with its "bin_edges", are compared
            where they are known.
        statistics: of the scan, normalised as in training.
        voxel_size_um: (z, y, x) of the scan, or None if unknown.
    """
    found = []
    trained = model_info.get("voxel_size_um")
    if trained is not None and voxel_size_um is not None:
        ratio = max(max(a / b, b / a) for a, b in zip(trained[1:], voxel_size_um[1:], strict=True))
        if ratio > FAR_VOXEL_SIZE:
            found.append(f"its voxels are {voxel_size_um[2]:g} µm wide, but the model was trained on {trained[2]:g} µm")
    if model_info.get("histogram") and model_info.get("bin_edges"):
        expected = IntensityStatistics(
            statistics.method, 0.0, 1.0, tuple(model_info["bin_edges"]), tuple(model_info["histogram"])
        )
        distance = grey_level_shift(statistics, expected)
        if distance > FAR_HISTOGRAM:
            found.append(
                f"its grey levels are distributed unlike those of training (distance {distance:.2f}, usually "
                f"below {FAR_HISTOGRAM:g})"
            )
    return found


def warn_if_unlike_training(
    name: str, model_info: Mapping[str, Any], statistics: IntensityStatistics, voxel_size_um: Sequence[float] | None
) -> None:
    """Log one warning line for a scan called ``name`` that is far from training, see ``differences_from_training``."""
    found = differences_from_training(model_info, statistics, voxel_size_um)
    if found:
        logging.getLogger(__name__).warning(
            "%s may be segmented badly: %s. Label a few patches of it and fine-tune.", name, ", and ".join(found)
        )
