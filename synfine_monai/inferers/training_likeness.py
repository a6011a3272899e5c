"""Is this scan like those that a model was trained on, and what was done to bring it there?"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tqdm import tqdm

from synfine_monai.survey import IntensityStatistics, grey_level_shift

FAR_HISTOGRAM = 0.2
"""Normalised units: slices and specimens of one rock differ by up to 0.18, most pairs of rocks by 0.2 to 0.7."""

FAR_VOXEL_SIZE = 2.0
"""Times as large or small: grains then fill another share of what the network sees."""

FOREIGN = 0.1
"""Of the core: less is foreign to training in some crops and noisy scans that lose nothing."""

SCATTER = 4.0
"""Times the scatter of the peaks that a drift is told from: less may be chance, as where there is no peak."""

DRIFT = 0.4
"""Of the scan's deviations: an offset of 0.1 of them costs up to 0.02 Dice."""


def differences_from_training(
    model_info: Mapping[str, Any], statistics: IntensityStatistics, voxel_size_um: Sequence[float] | None
) -> list[str]:
    """Sentences on what sets a scan far apart from a model's training scans; none if it is like them.

    Args:
        model_info: content of a ``model.json``; its "voxel_size_um", and its "grey_levels" or "histogram", are compared
            where they are known.
        statistics: of the scan, normalised as in training.
        voxel_size_um: (z, y, x) of the scan, or None if unknown.
    """
    return [*_other_voxels(model_info.get("voxel_size_um"), voxel_size_um), *_other_grey_levels(model_info, statistics)]


def _other_voxels(trained: Sequence[float] | None, voxel_size_um: Sequence[float] | None) -> Iterator[str]:
    if trained is None or voxel_size_um is None:
        return
    ratio = max(max(a / b, b / a) for a, b in zip(trained[1:], voxel_size_um[1:], strict=True))
    if ratio > FAR_VOXEL_SIZE:
        yield f"its voxels are {voxel_size_um[2]:g} µm wide, but the model was trained on {trained[2]:g} µm"


def _other_grey_levels(model_info: Mapping[str, Any], statistics: IntensityStatistics) -> Iterator[str]:
    told = statistics.alignment
    if model_info.get("grey_levels") and told is not None and told.unexplained == told.unexplained:
        if not told.sure:
            yield "it shows one phase only, so that its grey levels cannot be brought onto training's"
        elif told.unexplained > told.usual:
            yield (
                f"no gain and offset make its grey levels those of training ({told.unexplained:.2f} nats a voxel are "
                f"unexplained, usually below {told.usual:.2f})"
            )
        elif told.width != 1:
            how = "noisier or drifting" if told.width > 1 else "smoother"
            yield f"it is {how}: the grey levels of its phases spread {told.width:g} times as far as in training"
        elif told.foreign > FOREIGN:
            yield f"{told.foreign:.0%} of its core have the grey level of no class of training"
    elif model_info.get("histogram") and model_info.get("bin_edges"):
        edges, shares = tuple(model_info["bin_edges"]), tuple(model_info["histogram"])
        distance = grey_level_shift(statistics, IntensityStatistics(statistics.method, 0.0, 1.0, edges, shares))
        if distance > FAR_HISTOGRAM:
            yield (
                f"its grey levels are distributed unlike those of training (distance {distance:.2f}, usually "
                f"below {FAR_HISTOGRAM:g})"
            )


def warn_if_unlike_training(
    name: str, model_info: Mapping[str, Any], statistics: IntensityStatistics, voxel_size_um: Sequence[float] | None
) -> None:
    """Say how the grey levels of a scan called ``name`` were taken, and log a warning where that is not enough.

    See ``differences_from_training``; drifts of the grey levels are told as well.
    """
    if model_info.get("grey_levels") and statistics.alignment is not None:
        tqdm.write(f"Grey levels: {statistics.alignment.how}.")
    logger = logging.getLogger(__name__)
    found = differences_from_training(model_info, statistics, voxel_size_um)
    if found:
        logger.warning(
            "%s may be segmented badly: %s. Label a few patches of it and fine-tune.", name, ", and ".join(found)
        )
    drift = statistics.drift
    least = 0.0 if drift is None else max(DRIFT * statistics.scale, SCATTER * drift.scatter)
    if drift is not None and not statistics.flatten and drift.span > least:
        logger.warning(
            "%s: the grey level of its matrix drifts by %.0f %% of the spread along the core and outwards; "
            "--flatten True takes that out.",
            name,
            100 * drift.span / statistics.scale,
        )
