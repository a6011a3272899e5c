"""Scans for MONAI's LoadImage(d), z first and with their voxel size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys, ensure_tuple
from numpy.typing import DTypeLike

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import ScanInfo
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.scan import format_of, open_scan

__all__ = ["ScanReader"]


class ScanReader(ImageReader):
    """Reads whole scans as (D, H, W), or several as channels (C, D, H, W), in the type of the file.

    ``LoadImaged(keys, reader=ScanReader, dtype=None, ensure_channel_first=True)`` gives (1, D, H, W); without
    ``dtype=None`` MONAI turns integers into float32, with it uint16 becomes int32 (the next type that all of torch
    knows). What does not fit into memory is read by windows with ``open_scan``.

    Meta keys: ``voxel_size_um`` ((z, y, x), or None if unknown), ``affine`` and ``original_affine`` (of the array's
    axes z, y, x, in the file's unit), ``space`` (LPS for NRRD, MHA and MHD, else RAS), ``spatial_shape``.

    Args:
        raw_shape, raw_dtype, voxel_size_um: as in ``open_scan``.
    """

    def __init__(
        self,
        raw_shape: Sequence[int] | None = None,
        raw_dtype: DTypeLike | None = None,
        voxel_size_um: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.options: dict[str, Any] = {"raw_shape": raw_shape, "raw_dtype": raw_dtype, "voxel_size_um": voxel_size_um}

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether all names have an extension of a scan."""
        try:
            return all(bool(format_of(name)) for name in ensure_tuple(filename))
        except ScanError:
            return False

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs: Any) -> list[Path]:
        """Only takes the names: LoadImage hides errors of ``read``, but not those of ``get_data``."""
        return [Path(name) for name in ensure_tuple(data)]

    def get_data(self, img: Sequence[Path]) -> tuple[np.ndarray, dict[str, Any]]:
        """The voxels and the meta data.

        Raises:
            ScanError: for whatever ``open_scan`` refuses, and for channels of different shape.
        """
        volumes, infos = [], []
        for path in img:
            with open_scan(path, **self.options) as scan:
                volumes.append(scan.read())
                infos.append(scan.info)
        for info in infos[1:]:
            if info.shape != infos[0].shape:
                raise ScanError(
                    f"{info.path.name} has the shape {info.shape}, {infos[0].path.name} {infos[0].shape}; "
                    "channels of one image have one shape."
                )
        many = len(volumes) > 1
        return np.stack(volumes) if many else volumes[0], _meta_data(infos[0], 0 if many else float("nan"))


def _meta_data(info: ScanInfo, channel_dim: float) -> dict[str, Any]:
    affine = info.affine[:, [2, 1, 0, 3]]
    space = SpaceKeys(FORMATS[info.format].space)
    return {
        MetaKeys.AFFINE: affine,
        MetaKeys.ORIGINAL_AFFINE: affine.copy(),
        MetaKeys.SPACE: space,
        MetaKeys.SPATIAL_SHAPE: np.asarray(info.shape),
        MetaKeys.ORIGINAL_CHANNEL_DIM: channel_dim,
        "voxel_size_um": info.voxel_size_um,
    }
