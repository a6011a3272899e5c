"""Enhanced DICOM: frames in any order are slices in the order of their positions."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan

VOLUME = np.random.default_rng(8).integers(-1000, 3000, (7, 10, 8)).astype(np.int16)
UID = "1.2.826.0.1.3680043.8.498"
SHUFFLED = (3, 0, 6, 1, 5, 2, 4)
ORDERS = {"as they lie": range(7), "backwards": range(6, -1, -1), "shuffled": SHUFFLED}


def group(**values):
    one = Dataset()
    for key, value in values.items():
        setattr(one, key, value)
    return [one]


def write_enhanced(path, order=range(7), places=None, shared_slope=True, slopes=None):
    """Frames in ``order``; that of slice z lies at 0.6 z mm."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = EnhancedCTImageStorage, f"{UID}.1"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    one.SOPClassUID, one.SOPInstanceUID = EnhancedCTImageStorage, f"{UID}.1"
    one.Modality, one.SeriesInstanceUID, one.StudyInstanceUID = "CT", f"{UID}.2", f"{UID}.9"
    one.InstanceNumber, one.SamplesPerPixel, one.PhotometricInterpretation = 1, 1, "MONOCHROME2"
    one.NumberOfFrames, (one.Rows, one.Columns) = len(VOLUME), VOLUME.shape[1:]
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit, one.PixelRepresentation = 15, 1
    shared = Dataset()
    shared.PixelMeasuresSequence = group(PixelSpacing=[0.5, 0.4], SliceThickness=9)
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    if slopes is None:
        shared.PixelValueTransformationSequence = group(RescaleSlope=2, RescaleIntercept=-24, RescaleType="HU")
    one.SharedFunctionalGroupsSequence, frames = [shared], []
    for k, z in enumerate(order):
        frame = Dataset()
        if places is None or places[k] is not None:
            place = 0.6 * z if places is None else places[k]
            frame.PlanePositionSequence = group(ImagePositionPatient=[-3, 2, round(place, 6)])
        if slopes is not None:
            frame.PixelValueTransformationSequence = group(RescaleSlope=slopes[k], RescaleIntercept=0, RescaleType="HU")
        frames.append(frame)
    one.PerFrameFunctionalGroupsSequence = frames
    one.PixelData = VOLUME[list(order)].tobytes()
    one.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("order", ORDERS)
def test_frames_are_in_the_order_of_their_positions(tmp_path, order):
    with open_scan(write_enhanced(tmp_path / "a.dcm", ORDERS[order])) as scan:
        assert (scan.shape, scan.voxel_size_um) == (VOLUME.shape, (600.0, 500.0, 400.0))
        np.testing.assert_array_equal(scan.read(), 2 * VOLUME - 24)
        np.testing.assert_array_equal(scan.read(2, 5), 2 * VOLUME[2:5] - 24)
        assert scan.read(3, 3).shape == (0, 10, 8)
        np.testing.assert_allclose(scan.info.affine @ [1, 2, 3, 1], [-3 + 0.4, 2 + 1.0, 1.8, 1])


def test_slope_of_each_frame(tmp_path):
    with open_scan(write_enhanced(tmp_path / "a.dcm", SHUFFLED, slopes=[3] * 7)) as scan:
        np.testing.assert_array_equal(scan.read(), 3 * VOLUME)


def test_frames_with_slopes_of_their_own_are_refused(tmp_path):
    with pytest.raises(ScanError, match=r"a\.dcm: its frames differ in RescaleSlope or RescaleIntercept"):
        open_scan(write_enhanced(tmp_path / "a.dcm", slopes=[1, 1, 1, 2, 1, 1, 1]))


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([0, 1, 2, 3, 3, 4, 5], r"a\.dcm, frame 4 and a\.dcm, frame 5 have the same position \(3 mm\)"),
        ([0, 1, 2, 3, 6, 7, 8], r"frame 4 and a\.dcm, frame 5 are 3 mm apart, but most slices 1 mm"),
    ],
)
def test_frames_at_one_place_or_uneven_are_refused(tmp_path, places, words):
    with pytest.raises(ScanError, match=words):
        open_scan(write_enhanced(tmp_path / "a.dcm", places=places))


def test_frames_without_positions_are_said(tmp_path, caplog):
    with open_scan(write_enhanced(tmp_path / "a.dcm", places=[None] * 7)) as scan:
        assert scan.voxel_size_um is None
    assert "have no positions" in caplog.text


def test_without_the_library_it_is_one_sentence(tmp_path, monkeypatch):
    path = write_enhanced(tmp_path / "a.dcm")
    monkeypatch.setitem(__import__("sys").modules, pydicom.__name__, None)
    with pytest.raises(ScanError, match=r"a\.dcm needs the library pydicom.*synfine_monai\[dicom\].*one file a slice"):
        open_scan(path)
