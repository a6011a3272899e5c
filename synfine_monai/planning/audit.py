"""An audit: shares of the phases in a scan, each with its interval, from labels of a plan's windows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.planning.estimate import FEWEST_WINDOWS, ShareEstimate, confidence_of_a_look
from synfine_monai.planning.labeller import labeller_agreement
from synfine_monai.planning.local_numbers import LocalNumber, audit_local_numbers
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.streamed_counts import StreamedCounts
from synfine_monai.planning.weighed_windows import PORES, Weigh
from synfine_monai.planning.window_counts import WindowCounts
from synfine_monai.rock import BLOCK_EDGE, BlockSpread, block_spread

BINS = 10


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        shares: "pore space" and every class -> its share with interval.
        profile: (first slice, slice after the last, share of the pore space) of some ten parts along the core; without
            an interval where fewer than 8 windows lie in a part.
        voxels: of the core.
        windows: that tell it.
        missing: windows without a label.
        blank: share of their core voxels that is not labelled; counted as all pore, and as none, in the intervals.
        representativity: how porosity varies between blocks of this scan; None where it is too small to tell.
        labeller: see ``labeller_agreement``.
        boundary: by how much the porosity grows if boundaries are drawn half a voxel further out.
        why_not: why there is no interval; empty where there is one.
        networks: that judged the windows, each those that it has not learned from; 1 without cross-prediction.
        local: numbers of neighbours, see ``audit_local_numbers``.
    """

    shares: Mapping[str, ShareEstimate]
    profile: Sequence[tuple[int, int, ShareEstimate]]
    voxels: int
    windows: int = 0
    missing: Sequence[int] = ()
    blank: float = 0.0
    representativity: BlockSpread | None = None
    labeller: Mapping[str, Any] | None = None
    boundary: float = 0.0
    why_not: str = ""
    networks: int = 1
    local: Sequence[LocalNumber] = ()


def audit_shares(
    counted: StreamedCounts, names: Sequence[str], pore_labels: Collection[int], plan: Plan | None = None,
    windows: Sequence[WindowCounts] = (), drawn: Mapping[int, np.ndarray] | None = None, confidence: float = 0.95,
    tails: Mapping[str, float] | None = None,
) -> Audit:  # fmt: skip
    """Shares of all classes and of the pore space, with intervals where the windows allow one.

    Args:
        counted: the whole segmentation.
        names: of the classes.
        pore_labels: classes that are pore space.
        plan: of the windows; None gives the numbers without intervals.
        windows: from ``count_windows``, those that count.
        drawn: labels of all images of the plan, for the labeller's agreement with himself.
        confidence: of the intervals.
        tails: from ``phase_tails``.

    Raises:
        ScanError: if nothing is in the core.
    """
    total = int(counted.voxels.sum())
    if not total:
        raise ScanError("no voxel of the labels is in the core: see --outside_value and --fov.")
    labelled = [one for one in windows if one.labelled.any() or not one.voxels]
    why = _why_not(plan, labelled)
    weigh = Weigh(counted, confidence, 1.0 if plan is None else float(plan.facts["largest"]), tails or {})
    usable = [] if why else list(windows)
    shares = {name: weigh.share(usable, name, classes) for name, classes in phases_of(names, pore_labels).items()}
    voxels = sum(one.voxels for one in windows)
    return Audit(
        shares, _profile(weigh, usable, list(pore_labels)), total, len(windows),
        [one.window.id for one in windows if one not in labelled],
        sum(float(one.blank.sum()) for one in windows) / max(voxels, 1), block_spread(counted.blocks, BLOCK_EDGE),
        None if plan is None else labeller_agreement(drawn or {}, plan.repeats, pore_labels),
        counted.surface / 2, why, max(1, len({id(one.counted) for one in windows})),
        [] if why else audit_local_numbers(counted, usable, weigh),
    )  # fmt: skip


def phases_of(names: Sequence[str], pore_labels: Collection[int]) -> dict[str, list[int]]:
    """What has a share: the pore space, and every class."""
    return {PORES: list(pore_labels), **{name: [k] for k, name in enumerate(names)}}


def windows_that_count(
    plan: Plan, windows: Sequence[WindowCounts], first: int | None
) -> tuple[list[WindowCounts], float]:
    """The windows that an estimate is made of, and the confidence that each look gets.

    Args:
        plan: the plan.
        windows: all of its windows.
        first: how many of them, as fixed before anything of the result was seen; None takes all, or with looks the most
            at which one may look.

    Raises:
        ScanError: for a number that the plan does not have.
    """
    looks = plan.facts.get("looks")
    labelled = next((k for k, one in enumerate(windows) if one.voxels and not one.labelled.any()), len(windows))
    if first is None and looks:
        first = max((n for n in looks if n <= labelled), default=looks[0])
    if first is not None and (not 1 <= first <= len(windows) or (looks and first not in looks)):
        allowed = f"one of {', '.join(map(str, looks))}" if looks else f"from 1 to {len(windows)}"
        raise ScanError(f"--first is {allowed} for this plan, got {first}.")
    return list(windows[:first]), confidence_of_a_look(0.95, len(looks)) if looks else 0.95


def _why_not(plan: Plan | None, labelled: Sequence[WindowCounts]) -> str:
    if plan is None:
        return ("no windows were drawn at random and labelled (--plan, --audit_labels), and nothing else tells how far "
                "a segmentation is off")  # fmt: skip
    if len(labelled) < FEWEST_WINDOWS:
        return f"{len(labelled)} labelled windows are too few: it takes {FEWEST_WINDOWS} at least"
    return ""


def _profile(weigh: Weigh, windows: Sequence[WindowCounts], pores: Sequence[int]) -> list:
    slices = np.array(weigh.counted.per_slice).sum(1)
    filled = np.flatnonzero(slices)
    edges = np.unique(np.linspace(filled[0], filled[-1] + 1, BINS + 1).round().astype(int))
    parts = []
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        inside = [one for one in windows if start <= one.window.z < stop]
        enough = len([one for one in inside if one.labelled.any()]) >= FEWEST_WINDOWS
        if slices[start:stop].sum():
            parts.append((start, stop, weigh.share(inside if enough else [], PORES, pores, slice(start, stop))))
    return parts


def tell_what_is_missing(audit: Audit, first: int | None) -> None:
    """One line where windows, or voxels of them, have no label."""
    if audit.missing and not audit.why_not:
        few = ", ".join(map(str, audit.missing[:5])) + (" …" if len(audit.missing) > 5 else "")
        look_at(
            f"{len(audit.missing)} of {audit.windows} windows are not labelled ({few}): the interval holds whatever "
            "they hold, and is that much wider." + ("" if first else " If you stopped at a number that you had fixed "
            "before you saw a result, --first says so.")
        )  # fmt: skip
    elif audit.blank > 0 and not audit.why_not:
        look_at(f"{audit.blank:.2%} of the windows' voxels in the core are not labelled: the interval holds whatever "
                "they are.")  # fmt: skip
