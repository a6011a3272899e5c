"""The table of scan formats: one line a format. A new format is one file with its classes, and its line here."""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from synfine_monai.scans.base import Scan
from synfine_monai.scans.sink import ScanSink


@dataclass(frozen=True)
class Format:
    """What is known of a format before its file is imported.

    Attributes:
        scan: the reader, a ``Scan`` or where it is: "file:class" in this folder.
        sink: the writer, likewise; None for a format that is only read.
        extensions: with their dots, in lower case; none for a folder of files.
        doubled: what an extension begins with besides: ".ome" for core.ome.tif.
        unit: of length, to be written where the source states none.
        written_as: extension of a scan -> that of its labels, where it is another.
        space: that of the affine's axes, "RAS" or "LPS".
        extra: the extra of this package that installs what the format needs; "" where nothing is missing.
    """

    scan: str | type[Scan]
    sink: str | type[ScanSink] | None
    extensions: tuple[str, ...] = ()
    doubled: str = ""
    unit: str = "mm"
    written_as: dict[str, str] = field(default_factory=dict)
    space: str = "RAS"
    extra: str = ""

    def reader(self) -> type[Scan]:
        """The class that reads it; imports its file."""
        return _class(self.scan)

    def writer(self) -> type[ScanSink]:
        """The class that writes it; imports its file."""
        return _class(self.sink)


def _class(where: str | type) -> type:
    if isinstance(where, type):
        return where
    file, name = where.split(":")
    return getattr(import_module(f"synfine_monai.scans.formats.{file}"), name)


HDF5 = (".h5", ".hdf5", ".nxs", ".hdf", ".he5", ".nc", ".mat")
AS_H5 = dict.fromkeys(("", *HDF5[2:]), ".h5")
DICOM = (".dcm", ".dicom", ".ima")
PICTURES = (".bmp", ".jpg", ".jpeg")

# labels alone are no NeXus file, an NRRD header without its voxels is half of one, and PNG is for reading only
FORMATS: dict[str, Format] = {
    "tiff": Format("tiff:TiffScan", "tiff:TiffSink", (".tif", ".tiff"), ".ome", "um"),
    "nifti": Format("nifti:NiftiScan", "nifti:NiftiSink", (".nii", ".nii.gz")),
    "nrrd": Format("itk:ItkScan", "itk:NrrdSink", (".nrrd", ".nhdr"), written_as={".nhdr": ".nrrd"}, space="LPS"),
    "mha": Format("itk:ItkScan", "itk:MetaImageSink", (".mha",), space="LPS"),
    "mhd": Format("itk:ItkScan", "itk:MetaImageSink", (".mhd",), space="LPS"),
    "zarr": Format("zarr:ZarrScan", "zarr:ZarrSink", (".zarr",), ".ome", "um", {"": ".ome.zarr"}, extra="zarr"),
    "hdf5": Format(
        "hdf5:Hdf5Scan", "hdf5:Hdf5Sink", HDF5, "", "um", dict.fromkeys(("", *HDF5[2:]), ".h5"), extra="zarr"
    ),
    "dicom": Format("dicom:DicomScan", None, DICOM, written_as=dict.fromkeys(("", *DICOM), ".nrrd"), space="LPS"),
    "npy": Format("npy:NpyScan", None, (".npy",), written_as={".npy": ".tif"}),
    "png": Format("picture:PictureScan", None, (".png",), written_as={".png": ".tif"}),
    "picture": Format("picture:PictureScan", None, PICTURES, written_as=dict.fromkeys(PICTURES, ".tif")),
    "raw": Format("raw:RawScan", "raw:RawSink", (".raw", ".vol"), "", "um", {".vol": ".raw"}),
    "slice_folder": Format("slice_folder:SliceFolderScan", "slice_folder:SliceFolderSink", unit="um"),
}
"""Name of the format -> what is known of it."""


def format_of_extension(extension: str) -> str | None:
    """The name of the format of ".tif" or ".ome.tif", or None."""
    extension = extension.lower()
    for name, one in FORMATS.items():
        if one.extensions and (extension.removeprefix(one.doubled) in one.extensions or extension in one.extensions):
            return name
    return None


def extension_in(name: Path) -> str:
    """The longest known extension at the end of a name, as it spells it; else its last suffix."""
    known = [one for kind in FORMATS.values() for ending in kind.extensions for one in (ending, kind.doubled + ending)]
    fits = [one for one in known if name.name.lower().endswith(one) and len(one) < len(name.name)]
    return name.name[-len(max(fits, key=len)) :] if fits else name.suffix


def known_extensions() -> list[str]:
    """The extensions of all formats."""
    return [extension for kind in FORMATS.values() for extension in kind.extensions]
