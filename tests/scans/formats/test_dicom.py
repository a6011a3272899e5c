"""DICOM series: order by position, slope, distances, several series; pydicom writes and reads them too."""

import logging

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan

VOLUME = np.random.default_rng(8).integers(-1000, 3000, (6, 10, 8)).astype(np.int16)
UID = "1.2.826.0.1.3680043.8.498"


def write_slice(path, page, z, series=1, step=0.6, slope=1.0, intercept=0.0, **more):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, f"{UID}.{series}.{z + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    one.Modality, one.SeriesInstanceUID, one.StudyInstanceUID = "CT", f"{UID}.{series}", f"{UID}.9"
    one.InstanceNumber, one.SamplesPerPixel, one.PhotometricInterpretation = z + 1, 1, "MONOCHROME2"
    one.ImagePositionPatient, one.ImageOrientationPatient = [-3, 2, round(z * step, 6)], [1, 0, 0, 0, 1, 0]
    one.PixelSpacing, one.SliceThickness = [0.5, 0.4], 9
    one.Rows, one.Columns = page.shape
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit, one.PixelRepresentation = 15, 1
    one.RescaleSlope, one.RescaleIntercept = slope, intercept
    one.PixelData = page.tobytes()
    for key, value in more.items():
        if value is None:
            delattr(one, key)
        else:
            setattr(one, key, value)
    one.save_as(path, enforce_file_format=True)


def series(folder, places=range(6), **options):
    folder.mkdir(exist_ok=True)
    for z in places:
        write_slice(folder / f"IM{90 - z:04d}{options.pop('ending', '.dcm')}", VOLUME[z], z, **options)
    return folder


def test_slices_are_in_the_order_of_their_positions(tmp_path):
    with open_scan(series(tmp_path / "core")) as scan:
        assert (scan.shape, scan.dtype, scan.info.format) == (VOLUME.shape, np.int16, "dicom")
        assert scan.voxel_size_um == (600.0, 500.0, 400.0)
        np.testing.assert_array_equal(scan.read(), VOLUME)
        np.testing.assert_array_equal(scan.read(2, 4), VOLUME[2:4])
        affine = scan.info.affine
    np.testing.assert_allclose(affine @ [1, 2, 3, 1], [-3 + 0.4, 2 + 1.0, 1.8, 1])


def test_as_two_other_readers_read_it(tmp_path):
    folder = series(tmp_path / "core", slope=2.0, intercept=-24.0)
    files = sorted(folder.iterdir(), key=lambda file: float(pydicom.dcmread(file).ImagePositionPatient[2]))
    by_pydicom = np.stack([2 * pydicom.dcmread(file).pixel_array - 24 for file in files])
    by_itk = SimpleITK.ReadImage(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    with open_scan(folder) as scan:
        np.testing.assert_array_equal(scan.read(), by_pydicom)
        np.testing.assert_array_equal(scan.read(), SimpleITK.GetArrayFromImage(by_itk))
        np.testing.assert_allclose(scan.info.affine[:3, 3], by_itk.GetOrigin())
        assert scan.voxel_size_um == pytest.approx([1e3 * size for size in reversed(by_itk.GetSpacing())])


def test_each_slice_has_its_own_slope(tmp_path):
    folder = tmp_path / "core"
    folder.mkdir()
    for z, page in enumerate(VOLUME):
        write_slice(folder / f"{z}.dcm", page, z, slope=0.5 * (z + 1), intercept=z)
    with open_scan(folder) as scan:
        assert scan.dtype.kind == "f"
        expected = [page * 0.5 * (z + 1) + z for z, page in enumerate(VOLUME)]
        np.testing.assert_allclose(scan.read(), expected)


def test_files_without_an_extension(tmp_path):
    with open_scan(series(tmp_path / "core", ending="")) as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)


def test_of_several_series_one_is_chosen_by_a_file(tmp_path):
    folder = series(tmp_path / "core")
    for z in range(3):
        write_slice(folder / f"other{z}.dcm", VOLUME[z] + 1, z, series=2)
    with pytest.raises(ScanError, match=r"core holds 2 series \(6 slices with IM0085\.dcm; 3 .*\): choose one by"):
        open_scan(folder)
    for name, volume in (("IM0088.dcm", VOLUME), ("other1.dcm", VOLUME[:3] + 1)):
        with open_scan(folder / name) as scan:
            np.testing.assert_array_equal(scan.read(), volume)


def test_uneven_distances_are_refused_with_numbers(tmp_path):
    words = r"IM0088\.dcm and IM0086\.dcm are 1\.2 mm apart, but most slices 0\.6 mm"
    with pytest.raises(ScanError, match=words):
        open_scan(series(tmp_path / "core", (0, 1, 2, 4, 5)))


def test_two_slices_at_one_place_are_refused(tmp_path):
    folder = series(tmp_path / "core")
    write_slice(folder / "again.dcm", VOLUME[2], 2, SOPInstanceUID=f"{UID}.77")
    with pytest.raises(ScanError, match=r"have the same position \(1\.2 mm\)"):
        open_scan(folder)


def test_rounded_positions_are_even(tmp_path):
    folder = tmp_path / "core"
    folder.mkdir()
    for z, page in enumerate(VOLUME):
        place = [0, 0, round(z * 0.0523, 3)]
        write_slice(folder / f"{z}.dcm", page, z, ImagePositionPatient=place)
    assert open_scan(folder).voxel_size_um[0] == pytest.approx(52.3, rel=0.01)


def test_without_positions_or_spacing_the_size_is_unknown(tmp_path, caplog):
    with caplog.at_level(logging.WARNING), open_scan(series(tmp_path / "a", ImagePositionPatient=None)) as scan:
        assert scan.voxel_size_um is None
        np.testing.assert_array_equal(scan.read(), VOLUME)
    assert "no positions" in caplog.text
    assert open_scan(series(tmp_path / "b", PixelSpacing=None)).voxel_size_um is None


def test_inverted_grey_levels_are_refused(tmp_path):
    with pytest.raises(ScanError, match=r"IM0085\.dcm is stored for inverted display"):
        open_scan(series(tmp_path / "core", PhotometricInterpretation="MONOCHROME1"))


def test_unlike_slices_are_refused(tmp_path):
    folder = series(tmp_path / "core")
    write_slice(folder / "IM0088.dcm", np.ascontiguousarray(VOLUME[2, :9]), 2)
    with pytest.raises(ScanError, match=r"has 8×(9|10)×1 voxels"):
        open_scan(folder)
    write_slice(folder / "IM0088.dcm", VOLUME[2], 2, PixelSpacing=[0.5, 0.5])
    with pytest.raises(ScanError, match="differ in pixel spacing or orientation"):
        open_scan(folder)


def test_a_damaged_slice_is_one_sentence(tmp_path):
    folder = series(tmp_path / "core")
    file = folder / "IM0085.dcm"  # the last: nobody would miss it
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(ScanError, match=r"core.*cut short or damaged"), open_scan(folder) as scan:
        scan.read()


def test_labels_are_an_nrrd_in_the_same_place(tmp_path):
    with open_scan(series(tmp_path / "core")) as scan:
        path = labels_path(scan.info, tmp_path)
        assert path == tmp_path / "core_labels.nrrd"
        with create_scan(path, scan.info) as sink:
            sink.write(VOLUME > 0)
        written = SimpleITK.ReadImage(str(path))
    np.testing.assert_allclose(written.GetOrigin(), (-3, 2, 0), atol=1e-6)
    np.testing.assert_allclose(written.GetSpacing(), (0.4, 0.5, 0.6))
    with open_scan(path) as labels:
        np.testing.assert_array_equal(labels.read(), VOLUME > 0)
        assert labels.voxel_size_um == (600.0, 500.0, 400.0)
