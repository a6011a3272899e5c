"""What an audit leaves: SCAN_audit.json and .csv, a figure, and a page that a stranger understands."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.conventions import LABELS_SUFFIX
from synfine_monai.files import atomic_file
from synfine_monai.planning.audit import Audit
from synfine_monai.planning.audit_figure import audit_figure
from synfine_monai.planning.audit_page import write_audit_page
from synfine_monai.planning.estimate import ShareEstimate
from synfine_monai.planning.local_numbers import LocalNumber
from synfine_monai.planning.pooled_audits import pool_audits
from synfine_monai.planning.sentences import headline, sentences
from synfine_monai.planning.weighed_windows import PORES
from synfine_monai.report import write_csv_atomic, write_json_atomic
from synfine_monai.scans import ScanInfo, stem_of

AIM = 0.002
"""Half-width that "windows still needed" speaks of: 0.2 points."""


def write_audit(audit: Audit, labels: ScanInfo, output_dir: str | Path) -> Path:
    """Write the files of an audit and print its sentences; returns the path of the page.

    Raises:
        ScanError: if they cannot be written.
    """
    name = _name(labels)
    stem = Path(output_dir) / f"{name}_audit"
    write_json_atomic(f"{stem}.json", audit_content(audit))
    write_csv_atomic(f"{stem}.csv", list(_rows(audit)))
    size = labels.voxel_size_um
    with atomic_file(f"{stem}.png") as temporary:
        audit_figure(audit, name, None if size is None else size[0]).savefig(temporary, dpi=120)
    plane = None if size is None else sum(size[1:]) / 2
    page = write_audit_page(Path(f"{stem}.html"), audit, name, Path(f"{stem}.png"), plane)
    print(f"{labels.path.name}: {headline(audit)}", flush=True)
    for sentence in sentences(audit):
        print(f"  {sentence}", flush=True)
    print(f"  ({page})", flush=True)
    return page


def write_pooled_audit(labels: ScanInfo, others: str | Sequence[str] | None, output_dir: str | Path) -> None:
    """Write pooled_audit.json, of this scan's audit and those of others, and print the porosity; nothing for none.

    Args:
        labels: the segmentation, whose audit has been written.
        others: SCAN_audit.json of other scans.
        output_dir: where the audit is.

    Raises:
        ScanError: as ``pool_audits``.
    """
    if others is None:
        return
    own = Path(output_dir) / f"{_name(labels)}_audit.json"
    together = pool_audits([own, *([others] if isinstance(others, str) else others)])
    path = write_json_atomic(Path(output_dir) / "pooled_audit.json", together)
    pores = together["shares"][PORES]
    print(f"All {len(together['scans'])} scans: porosity {100 * pores['share']:.2f} % ± "
          f"{100 * pores['half_width']:.2f} ({100 * pores['confidence']:.4g} %; {path})", flush=True)  # fmt: skip


def _name(labels: ScanInfo) -> str:
    return stem_of(labels).removesuffix(LABELS_SUFFIX)


def audit_content(audit: Audit) -> dict[str, Any]:
    """All of it as plain JSON, shares between 0 and 1."""
    spread, pores = audit.representativity, audit.shares[PORES]
    return {
        "porosity": pores.share, "windows": audit.windows, "missing_windows": list(audit.missing),
        "unlabelled_share": audit.blank, "voxels": audit.voxels, "no_interval_because": audit.why_not or None,
        "shares": {name: _told(share) for name, share in audit.shares.items()},
        "profile": [{"slices": [start, stop], **_told(share)} for start, stop, share in audit.profile],
        "representativity": None if spread is None else {
            "edges": list(spread.edges), "spreads": list(spread.spreads), "blocks": list(spread.counts),
            "scale": spread.scale, "exponent": spread.exponent, "another_piece": spread.another_piece(audit.voxels),
            "representative_voxels_for_1_point": spread.representative_voxels(0.01),
        },
        "labeller": audit.labeller, "boundary_half_a_voxel_out": audit.boundary, "networks": audit.networks,
        "local_numbers": {one.key: _number(one) for one in audit.local},
    }  # fmt: skip


def _told(share: ShareEstimate) -> dict[str, Any]:
    needed = share.windows_for(AIM)
    return {
        "share": share.share, "predicted": share.predicted, "low": share.low, "high": share.high,
        "half_width": share.half_width, "error": share.error, "confidence": share.confidence, "windows": share.windows,
        "way": share.way, "windows_for_0.2_points": needed,
        "windows_still_needed": None if needed is None else max(0, needed - share.windows),
    }  # fmt: skip


def _number(one: LocalNumber) -> dict[str, Any]:
    told = _told(one.estimate)
    values = {key: None if told[key] is None else one.factor * told[key]
              for key in ("share", "predicted", "low", "high", "half_width", "error")}  # fmt: skip
    return {"value": values.pop("share"), **values, **{key: told[key] for key in ("confidence", "windows", "way")}}


def _rows(audit: Audit) -> Iterator[dict[str, Any]]:
    """A row for each class, then for the pore space of each part along the core, in percent."""
    named = [(name, "", "", share) for name, share in audit.shares.items()]
    parts = [(PORES, start, stop - 1, share) for start, stop, share in audit.profile]
    for name, first, last, share in [*named, *parts]:
        told = _told(share)
        percent = {key: _percent(told[key]) for key in ("share", "low", "high", "half_width", "predicted")}
        yield {
            "phase": name, "first_slice": first, "last_slice": last,
            **{f"{key}_percent": value for key, value in percent.items()}, "confidence": round(share.confidence, 4),
            "windows": share.windows, "windows_for_0.2_points": told["windows_for_0.2_points"],
        }  # fmt: skip


def _percent(value: float | None) -> float | None:
    return None if value is None else float(np.round(100 * value, 4))
