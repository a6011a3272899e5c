"""The same volume, saved in each format by the library that owns it, is the same scan with the same labels."""

import h5py
import nibabel
import numpy as np
import pytest
import SimpleITK
import tifffile
import zarr
from zarr_stores import SIZE, by_ome_zarr

from synfine_monai.scans import create_scan, labels_path, open_scan

UM_TO_MM = 1e-3


def as_tiff(path, volume):
    tifffile.imwrite(
        path / "core.tif",
        volume,
        imagej=True,
        resolution=(1 / SIZE[2], 1 / SIZE[1]),
        metadata={"axes": "ZYX", "unit": "um", "spacing": SIZE[0]},
    )
    return path / "core.tif"


def as_big_tiff(path, volume):
    tifffile.imwrite(
        path / "core.ome.tif",
        volume,
        bigtiff=True,
        ome=True,
        metadata={
            "axes": "ZYX",
            **{f"PhysicalSize{a}": size for a, size in zip("ZYX", SIZE, strict=True)},
            **{f"PhysicalSize{a}Unit": "µm" for a in "ZYX"},
        },
    )
    return path / "core.ome.tif"


def as_folder(path, volume):
    (path / "core").mkdir()
    for z, image in enumerate(volume):
        tifffile.imwrite(
            path / "core" / f"slice_{z}.tif",
            image[None],
            imagej=True,
            compression="zlib",
            resolution=(1 / SIZE[2], 1 / SIZE[1]),
            metadata={"axes": "ZYX", "unit": "um", "spacing": SIZE[0]},
        )
    return path / "core"


def as_nifti(path, volume):
    image = nibabel.Nifti1Image(volume.T, np.diag([*(size * UM_TO_MM for size in reversed(SIZE)), 1]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path / "core.nii.gz")
    return path / "core.nii.gz"


def as_itk(name):
    def save(path, volume):
        image = SimpleITK.GetImageFromArray(volume)
        image.SetSpacing([size * UM_TO_MM for size in reversed(SIZE)])
        SimpleITK.WriteImage(image, path / name, useCompression=not name.endswith("h5"))
        return path / name

    return save


def as_raw(path, volume):
    name = "core_{2}x{1}x{0}".format(*volume.shape) + f"_{volume.dtype}_5500x6000x12000nm.raw"
    volume.astype(volume.dtype.newbyteorder("<")).tofile(path / name)
    return path / name


def as_ome_zarr(version):
    return lambda path, volume: by_ome_zarr(path / "core.ome.zarr", volume, version)


def as_zarr(path, volume):
    zarr.save_array(str(path / "core.zarr"), volume)
    return path / "core.zarr"


def as_hdf5(path, volume):
    with h5py.File(path / "core.h5", "w") as file:
        file.create_dataset("exported_data", data=volume, chunks=True).attrs["element_size_um"] = SIZE
    return path / "core.h5"


FORMATS = {
    "tiff": as_tiff,
    "bigtiff": as_big_tiff,
    "folder": as_folder,
    "nifti": as_nifti,
    "nrrd": as_itk("core.nrrd"),
    "mha": as_itk("core.mha"),
    "mhd": as_itk("core.mhd"),
    "itk_hdf5": as_itk("core.h5"),
    "raw": as_raw,
    "ome_zarr_0.4": as_ome_zarr("0.4"),
    "ome_zarr_0.5": as_ome_zarr("0.5"),
    "zarr": as_zarr,
    "hdf5": as_hdf5,
}


@pytest.mark.parametrize("shape", [(5, 40, 24), (70, 17, 9)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("name", FORMATS)
def test_the_same_scan_and_the_same_labels(tmp_path, name, dtype, shape):
    volume = np.random.default_rng(5).integers(1, 255, shape).astype(dtype)
    stated = SIZE if name == "zarr" else None  # a plain array cannot say its voxel size
    with open_scan(FORMATS[name](tmp_path, volume), voxel_size_um=stated) as scan:
        assert (scan.shape, scan.dtype) == (shape, np.dtype(dtype))
        assert scan.voxel_size_um == SIZE
        windows = [(0, 2), (1, 4), (shape[0] - 1, shape[0]), (0, shape[0])]
        for start, stop in windows:
            np.testing.assert_array_equal(scan.read(start, stop), volume[start:stop])
        labels = labels_path(scan.info, tmp_path / "out")
        with create_scan(labels, scan.info) as sink:
            for start in range(0, shape[0], 3):
                sink.write(scan.read(start, min(start + 3, shape[0])) > 100)
    with open_scan(labels) as scan:
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == (shape, np.uint8, SIZE)
        np.testing.assert_array_equal(scan.read(), volume > 100)
