"""An audit in words: the porosity, and its four uncertainties, which are never mixed."""

from collections.abc import Iterator

from synfine_monai.planning.audit import Audit
from synfine_monai.planning.estimate import ShareEstimate
from synfine_monai.planning.weighed_windows import PORES

AIM = 0.2  # points


def points(value: float) -> str:
    """A width in percentage points: two digits below one, one above."""
    return f"{100 * value:.2f}" if abs(value) < 0.01 else f"{100 * value:.1f}"


def with_interval(share: ShareEstimate) -> str:
    """18.4 % ± 0.3, or with both ends where one is much farther; without ± where there is none."""
    if share.low is None or share.high is None:
        return f"{100 * share.share:.1f} %"
    down, up = share.share - share.low, share.high - share.share
    digits = 2 if max(down, up) < 0.01 else 1
    value = f"{100 * share.share:.{digits}f} %"
    if min(down, up) > 0.8 * max(down, up):
        return f"{value} ± {points(share.half_width or 0)}"
    return f"{value} ({100 * share.low:.{digits}f} to {100 * share.high:.{digits}f})"


def headline(audit: Audit) -> str:
    """The porosity with what it holds for; or without ±, and why."""
    pores = audit.shares[PORES]
    if audit.why_not:
        return f"porosity {with_interval(pores)}, without an interval: {audit.why_not}."
    return f"porosity {with_interval(pores)} ({100 * pores.confidence:.4g} %; this scan, these labels)."


def sentences(audit: Audit) -> Iterator[str]:
    """What else can be said, one sentence each."""
    pores = audit.shares[PORES]
    if not audit.why_not:
        yield _corrected(audit)
        if (needed := pores.windows_for(AIM / 100)) is not None and needed > pores.windows:
            yield f"For ± {AIM:g} points it takes some {needed} windows in all, {needed - pores.windows} more."
        if pores.way == "betting":
            yield ("Fewer than 5 windows show the segmentation wrong: how wrong it is elsewhere is not known, and the "
                   "interval holds whatever so few windows can miss.")  # fmt: skip
    spread = audit.representativity
    if spread is None:
        yield "How much another piece of this rock would differ cannot be told: the scan is too small or too thin."
    else:
        yield f"Another piece of this rock of the same size: ± {points(spread.another_piece(audit.voxels))}."
    if audit.labeller is not None:
        told = audit.labeller
        yield (f"The labeller, on {told['windows']} windows shown twice: {100 * told['differing']:.1f} % of the voxels "
               f"changed their class, and the porosity of a window moves by ± {points(told['spread'])}.")  # fmt: skip
    yield f"If boundaries were drawn half a voxel further out: + {points(audit.boundary)}."


def _corrected(audit: Audit) -> str:
    said = f"{100 * audit.shares[PORES].predicted:.1f} %"
    if audit.networks > 1:
        return (f"{audit.networks} segmentations say {said} on average; each is corrected by those of the "
                f"{audit.windows} windows that its network has not learned from.")  # fmt: skip
    return f"The segmentation alone says {said}; {audit.windows} windows labelled blind correct it."


def local_words(audit: Audit, voxel_um: float | None) -> Iterator[list[str]]:
    """Name, audited value and predicted value of each number of neighbours."""
    for one in audit.local:
        scale, unit = one.factor, ""
        if "surface" in one.key:
            scale, unit = (one.factor, " per voxel") if voxel_um is None else (one.factor / voxel_um, " per µm")
        estimate = one.estimate
        ends = [] if estimate.low is None or estimate.high is None else [scale * estimate.low, scale * estimate.high]
        told = f" ({' to '.join(f'{end:.4g}' for end in ends)})" if ends else ""
        yield [one.name, f"{scale * estimate.share:.4g}{unit}{told}", f"{scale * estimate.predicted:.4g}{unit}"]
