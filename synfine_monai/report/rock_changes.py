"""Two segmentations of one core, before and after: what has changed, and how far that is known."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.report.label_volume import labelled_name
from synfine_monai.scans import ScanInfo

AUDITED = "pore space"  # among the shares of SCAN_audit.json
LEFT_OUT = ("voxels", "box", "clusters", "slices", "connectivity", "representativity", "largest")


def rock_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], infos: tuple[ScanInfo, ScanInfo]
) -> dict[str, Any]:
    """Numbers of both, their differences, and within which the difference of porosity is known by two audits.

    Two audits draw their windows independently, so that half the width of their difference is the root of the sum of
    squares.

    Args:
        before: summary of the rock numbers then.
        after: and now.
        infos: the two volumes of labels; SCAN_audit.json is looked for beside each.

    Raises:
        ScanError: if one has a voxel size and the other none, so that their numbers have different units.
    """
    if (before["voxel_size_um"] is None) != (after["voxel_size_um"] is None):
        raise ScanError(
            f"The voxel size of one of {before['labels']} and {after['labels']} is unknown, so that nothing compares: "
            "give --voxel_size_um."
        )
    old, new = dict(_numbers(before)), dict(_numbers(after))
    changes = {
        name: {"before": old[name], "after": new[name], "difference": new[name] - old[name], "half_width": None}
        for name in old
        if name in new
    }
    audits = [_audit(info, summary["box"]) for info, summary in zip(infos, (before, after), strict=True)]
    if all(audits):
        changes["porosity"] = _audited(*(audit for audit in audits if audit))
    else:
        missing = ", ".join(info.path.name for info, audit in zip(infos, audits, strict=True) if not audit)
        look_at(
            f"How far the change of porosity is known is not: no audit lies beside {missing} (plan and audit), or it "
            "is of the whole scan and not of the box."
        )
    return {"before": before["labels"], "numbers": changes}


def told_changes(changes: Mapping[str, Any]) -> dict[str, str]:
    """Each number in words."""
    return {name: _words(one) for name, one in changes["numbers"].items()}


def _words(one: Mapping[str, Any]) -> str:
    width = "" if one["half_width"] is None else f" ± {one['half_width']:.2g} ({100 * one['confidence']:.3g} %)"
    return f"{one['before']:.4g} before, {one['after']:.4g} after: {one['difference']:+.3g}{width}"


def _numbers(summary: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Plain numbers of porosity, saturation, pore space and the share of each class."""
    yield from _flat("", summary["porosity"])
    if summary["water_saturation"] is not None:
        yield "water saturation", summary["water_saturation"]
    for name, phase in summary["phases"].items():
        yield from _flat(f"{name}: ", phase if name == AUDITED else {"share": phase["share"]})


def _flat(prefix: str, numbers: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in numbers.items():
        if name.startswith(LEFT_OUT) or (name.endswith("_voxels") and prefix == ""):
            continue
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name} ", value)
        elif isinstance(value, int | float):
            yield f"{prefix}{name}".replace("_", " "), float(value)


def _audit(info: ScanInfo, box: Sequence[Sequence[int]]) -> dict[str, Any] | None:
    """The audited share of pore space, if there is one with an interval, and what was measured is the whole scan."""
    file = Path(info.path).parent / f"{labelled_name(info)}_audit.json"
    if not file.is_file() or [list(ends) for ends in box] != [[0, size] for size in info.shape]:
        return None
    share = json.loads(file.read_text(encoding="utf-8"))["shares"][AUDITED]
    return share if share["half_width"] is not None else None


def _audited(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "before": before["share"],
        "after": after["share"],
        "difference": after["share"] - before["share"],
        "half_width": (before["half_width"] ** 2 + after["half_width"] ** 2) ** 0.5,
        "confidence": min(before["confidence"], after["confidence"]),
    }
