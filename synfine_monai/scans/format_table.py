"""Every format that scans come in: one line each. Readers, writers, error messages, label files and docs read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["FORMATS", "Format", "extensions", "format_by_extension", "format_of_folder", "slice_extensions"]


@dataclass(frozen=True)
class Format:
    """A format, and where the code for it lies.

    Attributes:
        name: as ``ScanInfo.format`` says it.
        extensions: small letters, with their dot; none for folders.
        reader: "file:Class" in ``scans/formats``, or "package.module:Class" of another package; the class is called with a path, and with what it ``takes``.
        writer: the same of its ``ScanSink``, or None where it is for reading only.
        takes: which of "raw_shape", "raw_dtype", "dataset", "kind", "errors" the reader wants besides the path.
        folder: "file:function" that says of a folder whether it is of this format, or None.
        slices: whether one file may be one slice of a folder of labels.
        unit: of voxel sizes that are written where the source states none.
        written: extension -> the one that labels get instead.
    """

    name: str
    extensions: tuple[str, ...]
    reader: str
    writer: str | None
    takes: tuple[str, ...] = ()
    folder: str | None = None
    slices: bool = False
    unit: str = "mm"
    written: Mapping[str, str] = field(default_factory=dict)

    def open(self, path: Path, asked: Mapping[str, Any]) -> Any:
        """The reader's scan of a file or folder."""
        return _load(self.reader)(path, **{name: asked[name] for name in self.takes})

    def create(self, *arguments: Any) -> Any:
        """The writer's sink."""
        return _load(self.writer)(*arguments)

    def holds(self, folder: Path) -> bool:
        """Whether a folder is a scan of this format."""
        return self.folder is not None and _load(self.folder)(folder)


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("tiff", (".tif", ".tiff", ".ome.tif", ".ome.tiff"), "tiff:TiffScan", "tiff_sink:TiffSink",
               takes=("errors",), slices=True, unit="um"),
        Format("nifti", (".nii", ".nii.gz"), "nifti:NiftiScan", "nifti:NiftiSink"),
        Format("nrrd", (".nrrd", ".nhdr"), "itk:ItkScan", "itk_sink:NrrdSink", takes=("kind",),
               written={".nhdr": ".nrrd"}),  # a header without its voxels is half of a file
        Format("mha", (".mha",), "itk:ItkScan", "itk_sink:MetaImageSink", takes=("kind",)),
        Format("mhd", (".mhd",), "itk:ItkScan", "itk_sink:MetaImageSink", takes=("kind",)),
        Format("zarr", (".zarr", ".ome.zarr"), "zarr:ZarrScan", "zarr_sink:ZarrSink", folder="zarr:is_zarr", unit="um",
               written={"": ".ome.zarr"}),
        Format("hdf5", (".h5", ".hdf5", ".nxs"), "hdf5:Hdf5Scan", "hdf5_sink:Hdf5Sink", takes=("dataset",), unit="um",
               written={".nxs": ".h5"}),  # labels alone are no NeXus file
        Format("png", (".png",), "png:PngScan", None, slices=True, written={".png": ".tif"}),
        Format("raw", (".raw",), "raw:RawScan", "raw:RawSink", takes=("raw_shape", "raw_dtype"), unit="um"),
        Format("tiff_folder", (), "tiff_folder:TiffFolderScan", "tiff_folder:TiffFolderSink",
               folder="tiff_folder:is_any_folder", unit="um"),
    )
}  # fmt: skip
"""Name -> format. Of a folder, the first one that holds it counts."""


def extensions() -> list[str]:
    """Extensions of all formats, those with .ome before them left out."""
    return [end for each in FORMATS.values() for end in each.extensions if not end.startswith(".ome.")]


def slice_extensions() -> tuple[str, ...]:
    """Extensions of files that may be one slice of a folder of labels."""
    chosen = [each for each in FORMATS.values() if each.slices]
    return tuple(end for each in chosen for end in each.extensions if not end.startswith(".ome."))


def format_by_extension(name: str) -> tuple[Format | None, str]:
    """The format of a file's name, and its extension as the name spells it: the longest that fits."""
    fitting = [(len(end), each) for each in FORMATS.values() for end in each.extensions if name.lower().endswith(end)]
    length, found = max(fitting, key=lambda pair: pair[0], default=(0, None))
    return found, name[len(name) - length :] if found else Path(name).suffix


def format_of_folder(folder: Path) -> Format:
    """The format of a folder; one with a slice a file, unless it shows another."""
    return next(each for each in FORMATS.values() if each.holds(folder))


def _load(where: str) -> Any:
    file, _, name = where.partition(":")
    module = file if "." in file else f"synfine_monai.scans.formats.{file}"
    return getattr(import_module(module), name)
