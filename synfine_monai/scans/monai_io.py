"""Scans for MONAI's LoadImage(d) and SaveImage(d), z first and with their voxel size."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.config import DtypeLike, NdarrayOrTensor, PathLike
from monai.data import ImageReader, ImageWriter
from monai.utils import ImageMetaKey, MetaKeys, SpaceKeys, convert_to_numpy, ensure_tuple
from numpy.typing import DTypeLike

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import ScanInfo
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.scan import create_scan, extension_of, format_of, labels_stem, new_scan_info, open_scan


class ScanReader(ImageReader):
    """Reads whole scans as (D, H, W), or several as channels (C, D, H, W), in the type of the file.

    ``LoadImaged(keys, reader=ScanReader, dtype=None, ensure_channel_first=True)`` gives (1, D, H, W); without
    ``dtype=None`` MONAI turns integers into float32, with it uint16 becomes int32 (the next type that all of torch
    knows). What does not fit into memory is read by windows with ``open_scan``.

    Meta keys: ``voxel_size_um`` ((z, y, x), or None if unknown), ``affine`` and ``original_affine`` (of the array's
    axes z, y, x, in the file's unit), ``space`` (LPS for NRRD, MHA and MHD, else RAS), ``spatial_shape``.

    Args:
        raw_shape: as in ``open_scan``.
        raw_dtype: as in ``open_scan``.
        raw_offset: as in ``open_scan``.
        voxel_size_um: as in ``open_scan``.
    """

    def __init__(
        self,
        raw_shape: Sequence[int] | None = None,
        raw_dtype: DTypeLike | None = None,
        voxel_size_um: float | Sequence[float] | None = None,
        raw_offset: int | None = None,
    ) -> None:
        super().__init__()
        self.options: dict[str, Any] = {
            "raw_shape": raw_shape,
            "raw_dtype": raw_dtype,
            "raw_offset": raw_offset,
            "voxel_size_um": voxel_size_um,
        }

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


class ScanWriter(ImageWriter):
    """Writes (C, D, H, W) or (D, H, W), z first, like the scan that ``filename_or_obj`` of the meta data names.

    ``SaveImaged(keys, writer=ScanWriter, output_ext=".tif", output_dtype=np.uint8, resample=False)``. Where the
    extension is another than the scan's, or the scan is not there any more, shape and voxel size are kept. Nothing is
    resampled: undo transforms that change the shape (Invertd) before. The name of a raw file gets its type.

    Args:
        output_dtype: type of the voxels in the file; None keeps the array's.
    """

    output_dtype: DtypeLike

    def __init__(self, output_dtype: DtypeLike = np.uint8, **kwargs: Any) -> None:
        super().__init__(output_dtype=output_dtype, meta={}, **kwargs)

    def set_data_array(self, data_array: NdarrayOrTensor, channel_dim: int | None = 0, **kwargs: Any) -> None:
        """Take the voxels; (C, H, W) or (H, W) is one slice."""
        array = convert_to_numpy(data_array)
        if channel_dim is None:
            array = array[None]
        elif channel_dim != 0:
            array = np.moveaxis(array, channel_dim, 0)
        if array.ndim == 3:
            array = array[:, None]
        if array.ndim != 4:
            raise ScanError(f"A scan has the axes (channel, z, y, x), got an array of shape {array.shape}.")
        self.data_obj = array

    def set_metadata(self, meta_dict: Mapping | None, resample: bool = True, **options: Any) -> None:
        """Take the name of the scan and its voxel size; the rest comes from the scan itself."""
        self.meta = dict(meta_dict or {})

    def write(self, filename: PathLike, verbose: bool = False, **kwargs: Any) -> None:
        """Write the file or the folder.

        Raises:
            ScanError: if it cannot be written, or the scan has another shape.
        """
        super().write(filename, verbose=verbose)
        channels, *shape = self.data_obj.shape
        dtype = np.dtype(self.output_dtype or self.data_obj.dtype)
        path, size = Path(filename), _voxel_size(self.meta)
        ending = extension_of(path)
        stem = path.name.removesuffix(ending)
        path = path.with_name(labels_stem(ending, stem, "", tuple(shape), dtype, size) + ending)
        like = self._source(path) or new_scan_info(path, tuple(shape), dtype, size)
        if tuple(shape) != like.shape:
            raise ScanError(
                f"{path.name} would have the shape {tuple(shape)}, but {like.path.name} has {like.shape}; "
                "undo what changed the shape (Invertd) before saving."
            )
        with create_scan(path, like, dtype, None if channels == 1 else channels) as sink:
            sink.write(self.data_obj[0] if channels == 1 else self.data_obj)

    def _source(self, path: Path) -> ScanInfo | None:
        source = Path(str(self.meta.get(ImageMetaKey.FILENAME_OR_OBJ, "")))
        if source == Path() or not source.exists() or path.suffix.lower() == ".raw":
            return None
        kind = format_of(path) if path.suffix else "slice_folder"
        if kind != format_of(source):
            return None
        with open_scan(source, voxel_size_um=_voxel_size(self.meta)) as scan:
            return scan.info


def _voxel_size(meta: Mapping[str, Any]) -> tuple[float, float, float] | None:
    size = meta.get("voxel_size_um")
    return None if size is None else tuple(torch.as_tensor(size, dtype=torch.float64).tolist())
