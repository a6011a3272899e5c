"""Everything that decides the labels of a scan, in one short hash."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import synfine_monai
from synfine_monai.files import named_path
from synfine_monai.handlers import signature_of
from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.networks import weights_hash
from synfine_monai.scans import Scan
from synfine_monai.survey import IntensityStatistics


def scan_signature(
    scan: Scan,
    statistics: IntensityStatistics,
    fov: str | Path | None,
    model_file: Path,
    info: Mapping[str, Any],
    device: str | torch.device,
    inferer: MixedPrecisionInferer | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """Hash of the scan's file and grey levels, the given field of view, the model, and how it is run.

    Args:
        scan: that is segmented; the grey levels of its thin pass are in ``statistics``.
        statistics: by which it is normalised.
        fov: mask file, or None where the field of view is found in the scan.
        model_file: the weights.
        info: content of the ``model.json`` beside them.
        device: that the network runs on.
        inferer: whose precision counts as it turns out on the device; None where the outputs are told their maker, the
            engine with its precision.
        more: anything else that decides the labels, JSON-able.
    """
    return signature_of({
        "version": synfine_monai.__version__, "scan": file_identity(scan.info.path), "shape": scan.shape,
        "dtype": scan.dtype.str, "statistics": statistics.to_dict(), "fov": None if fov is None else file_identity(fov),
        "weights": weights_hash(model_file), "model": dict(info), "device": torch.device(device).type,
        "bfloat16": None if inferer is None else inferer.is_low(torch.device(device)), **(more or {}),
    })  # fmt: skip


def file_identity(path: str | Path) -> list[Any]:
    """Name, bytes and time of a file; of a folder, the number of its files, their bytes and the newest time."""
    path = Path(path)
    files = [Path(folder) / name for folder, _, names in os.walk(path) for name in names] if path.is_dir() else [path]
    stats = [file.stat() for file in files]
    return [named_path(path).name, len(stats), sum(one.st_size for one in stats), max(one.st_mtime_ns for one in stats)]
