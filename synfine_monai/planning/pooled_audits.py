"""Several scans, each audited by a plan of its own, as one: the shares of a specimen, or of a whole datalist."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.planning.estimate import ShareEstimate, pooled_share


def read_audit(path: str | Path) -> tuple[dict[str, ShareEstimate], int]:
    """Shares and voxels of the core, from a SCAN_audit.json.

    Raises:
        ScanError: if it cannot be read, is none, or has no intervals.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        names = ("share", "predicted", "low", "high", "error", "windows", "confidence", "way")
        shares = {name: ShareEstimate(**{key: told[key] for key in names}) for name, told in content["shares"].items()}
        voxels = int(content["voxels"])
    except OSError as error:
        raise ScanError(f"{path} cannot be read ({error.strerror}): give the SCAN_audit.json of each scan.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScanError(f"{path} is no SCAN_audit.json that 'audit' wrote ({error!r}).") from error
    if content.get("no_interval_because"):
        raise ScanError(f"{path} has no interval to be pooled: {content['no_interval_because']}.")
    return shares, voxels


def pool_audits(paths: Sequence[str | Path]) -> dict[str, Any]:
    """Shares over all scans, by the voxels of their cores.

    Args:
        paths: SCAN_audit.json of each; their plans must have been drawn independently, scan by scan.

    Returns:
        Plain JSON: scans, voxels, and the share of every phase that all of them have.

    Raises:
        ScanError: as ``read_audit``; if a scan is named twice, or no phase is common to all.
    """
    if len({Path(path).resolve() for path in paths}) < len(paths):
        raise ScanError("a scan is named twice among those that are to be pooled: give each SCAN_audit.json once.")
    shares, voxels = zip(*map(read_audit, paths), strict=True)
    common = [name for name in shares[0] if all(name in one for one in shares)]
    if not common:
        raise ScanError("the audits that are to be pooled have no phase in common.")
    pooled = {name: pooled_share([one[name] for one in shares], list(voxels)) for name in common}
    return {
        "scans": [Path(path).name for path in paths], "voxels": sum(voxels),
        "shares": {name: {"share": one.share, "low": one.low, "high": one.high, "half_width": one.half_width,
                          "predicted": one.predicted, "windows": one.windows, "confidence": one.confidence}
                   for name, one in pooled.items()},
    }  # fmt: skip
