"""NIfTI: axes, units, scaling, gzip."""

import gzip
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, open_scan

VOLUME = np.random.default_rng(5).integers(-500, 500, (6, 5, 4), dtype=np.int16)  # z, y, x
ROTATED = np.array([[0.0, -0.006, 0.0, 3.0], [0.006, 0.0, 0.0, -2.0], [0.0, 0.0, 0.012, 1.0], [0.0, 0.0, 0.0, 1.0]])


def save(path, volume=VOLUME, *, unit="mm", affine=ROTATED, kind=nibabel.Nifti1Image, big_endian=False, slope=None):
    header = kind.header_class(endianness=">" if big_endian else "<")
    header.set_data_dtype(volume.dtype)
    image = kind(volume.T, affine, header)
    image.header.set_xyzt_units(unit)
    if slope:
        image.header.set_slope_inter(*slope)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("name", ["core.nii", "core.nii.gz"])
@pytest.mark.parametrize("options", [{}, {"kind": nibabel.Nifti2Image}, {"big_endian": True}], ids=str)
def test_z_comes_first_and_geometry_stays(tmp_path, name, options):
    path = save(tmp_path / name, **options)
    with open_scan(path) as scan:
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == ((6, 5, 4), np.int16, (12.0, 6.0, 6.0))
        np.testing.assert_allclose(scan.info.affine, ROTATED, rtol=1e-6)
        for start, stop in [(0, 2), (2, 5), (1, 2), (5, 6), (0, 6)]:  # onwards and backwards
            np.testing.assert_array_equal(scan.read(start, stop), VOLUME[start:stop])
        with create_scan(tmp_path / f"labels_{name}", scan.info) as sink:
            sink.write(VOLUME > 0)
    labels = nibabel.load(tmp_path / f"labels_{name}")
    assert isinstance(labels, options.get("kind", nibabel.Nifti1Image))
    assert labels.get_data_dtype() == np.uint8
    assert labels.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_array_equal(np.asarray(labels.dataobj), (VOLUME > 0).T)
    np.testing.assert_allclose(labels.affine, ROTATED, rtol=1e-6)
    np.testing.assert_allclose(labels.header.get_zooms(), (0.006, 0.006, 0.012), rtol=1e-6)


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1e-3), ("micron", 1.0), ("meter", 1e-6)])
def test_units_are_read_and_kept(tmp_path, unit, factor):
    affine = np.diag([6 * factor, 6 * factor, 7.5 * factor, 1.0])
    with open_scan(save(tmp_path / "core.nii", unit=unit, affine=affine)) as scan:
        assert scan.voxel_size_um == (7.5, 6.0, 6.0)
        with create_scan(tmp_path / "labels.nii.gz", scan.info) as sink:
            sink.write(VOLUME > 0)
    assert nibabel.load(tmp_path / "labels.nii.gz").header.get_xyzt_units()[0] == unit
    assert open_scan(tmp_path / "labels.nii.gz").voxel_size_um == (7.5, 6.0, 6.0)


def test_a_unit_that_nobody_states_is_unknown(tmp_path):
    assert open_scan(save(tmp_path / "core.nii", unit="unknown", affine=np.eye(4))).voxel_size_um is None


def test_the_user_states_the_unit_that_the_file_forgot(tmp_path):
    path = save(tmp_path / "core.nii", unit="unknown", affine=np.diag([6.0, 6.0, 7.5, 1.0]))
    with open_scan(path, voxel_size_um=(7.5, 6, 6)) as scan, create_scan(tmp_path / "labels.nii", scan.info) as sink:
        sink.write(VOLUME > 0)
    labels = nibabel.load(tmp_path / "labels.nii")
    assert labels.header.get_xyzt_units()[0] == "micron"
    np.testing.assert_allclose(labels.affine, np.diag([6.0, 6.0, 7.5, 1.0]))


def test_the_users_voxel_size_wins(tmp_path):
    with open_scan(save(tmp_path / "core.nii"), voxel_size_um=3) as scan:
        assert scan.voxel_size_um == (3.0, 3.0, 3.0)
        with create_scan(tmp_path / "labels.nii", scan.info) as sink:
            sink.write(VOLUME > 0)
    assert open_scan(tmp_path / "labels.nii").voxel_size_um == (3.0, 3.0, 3.0)
    np.testing.assert_allclose(nibabel.load(tmp_path / "labels.nii").affine[:3, 3], ROTATED[:3, 3])


def test_scaled_integers_become_float(tmp_path):
    path = save(tmp_path / "core.nii")
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([0.5, 10.0], "<f4").tobytes()  # scl_slope, scl_inter
    path.write_bytes(content)
    with open_scan(path) as scan:
        assert scan.dtype == np.float32
        np.testing.assert_array_equal(scan.read(), VOLUME * np.float32(0.5) + np.float32(10))


@pytest.mark.parametrize("axes", [(4, 5), (4, 5, 1), (4, 5, 6, 1)])
def test_the_number_of_axes_stays(tmp_path, axes):
    nibabel.save(nibabel.Nifti1Image(np.zeros(axes, np.uint8), np.eye(4)), tmp_path / "core.nii")
    with open_scan(tmp_path / "core.nii") as scan:
        assert scan.shape == (1 if len(axes) == 2 else axes[2], 5, 4)
        with create_scan(tmp_path / "labels.nii", scan.info) as sink:
            sink.write(scan.read())
    assert nibabel.load(tmp_path / "labels.nii").shape == axes


@pytest.mark.parametrize("name", ["p.nii", "p.nii.gz"])
def test_probabilities_are_the_fourth_axis(tmp_path, name):
    probabilities = np.random.default_rng(0).random((3, *VOLUME.shape), dtype=np.float32)
    with create_scan(tmp_path / name, open_scan(save(tmp_path / "core.nii")).info, np.float32, channels=3) as sink:
        sink.write(probabilities[:, :4])
        sink.write(probabilities[:, 4:])
    image = nibabel.load(tmp_path / name)
    np.testing.assert_array_equal(np.asarray(image.dataobj), probabilities.T.transpose(0, 1, 2, 3))
    np.testing.assert_allclose(image.affine, ROTATED, rtol=1e-6)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["core.nii", name]


RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (np.zeros((4, 5, 6), RGB), "colour image"),
        (np.zeros((4, 5, 6), np.complex64), "complex64 numbers"),
        (np.zeros((4, 5, 6, 2), np.uint8), "4×5×6×2"),
    ],
)
def test_refuses_what_is_no_scan(tmp_path, volume, words):
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "core.nii")
    with pytest.raises(ScanError, match=rf"^core\.nii.*{words}"):
        open_scan(tmp_path / "core.nii")


@pytest.mark.parametrize("name", ["core.nii", "core.nii.gz"])
@pytest.mark.parametrize("share", [0.999, 0.9, 0.5, 0.1, 0.01])
def test_refuses_a_file_that_is_cut_short(tmp_path, name, share, caplog, capfd):
    path = save(tmp_path / name, np.random.default_rng(1).integers(0, 255, (20, 40, 40), dtype=np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ScanError, match=r"^core\.nii.*(cut short|damaged)"), open_scan(path) as scan:
        [scan.read(start, start + 10) for start in (0, 10)]
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_wrong_checksum_is_found_with_the_last_slice(tmp_path):
    path = save(tmp_path / "core.nii.gz", np.random.default_rng(1).integers(0, 255, (20, 40, 40), dtype=np.uint8))
    content = bytearray(path.read_bytes())
    content[-6] ^= 255
    path.write_bytes(content)
    with open_scan(path) as scan:
        scan.read(0, 19)
        with pytest.raises(ScanError, match=r"slices 19 to 19 cannot be read.*CRC"):
            scan.read(19, 20)


def test_gzip_is_read_once_for_rising_windows(tmp_path, monkeypatch):
    opened = []

    def counted(**options):
        opened.append(options)
        return gzip.GzipFile(**options)

    monkeypatch.setattr("synfine_monai.scans.voxel_stream.gzip", SimpleNamespace(GzipFile=counted))
    with open_scan(save(tmp_path / "core.nii.gz")) as scan:
        for z in range(6):
            np.testing.assert_array_equal(scan.read(z, z + 1), VOLUME[z : z + 1])
    assert len(opened) == 1
