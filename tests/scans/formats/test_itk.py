"""NRRD, MHA and MHD, checked against SimpleITK."""

import numpy as np
import pytest
import SimpleITK

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan

VOLUME = np.random.default_rng(5).integers(-500, 500, (6, 5, 4), dtype=np.int16)
VOXELS = VOLUME.astype("<i2").tobytes()
DIRECTION = (0.0, -1.0, 0.0, 0.6, 0.0, -0.8, 0.8, 0.0, 0.6)
FILES = [
    ("core.nrrd", True),
    ("core.nrrd", False),
    ("core.nhdr", False),
    ("core.nhdr", True),
    ("core.mha", True),
    ("core.mha", False),
    ("core.mhd", True),
    ("core.mhd", False),
]


def save(path, volume=VOLUME, *, compressed=True, spacing=(0.006, 0.006, 0.012), direction=DIRECTION, vector=False):
    image = SimpleITK.GetImageFromArray(volume, isVector=vector)
    axes = image.GetDimension()
    image.SetSpacing(spacing[:axes])
    image.SetOrigin((3.0, -2.0, 1.0, 0.0)[:axes])
    image.SetDirection({2: (0.0, -1.0, 1.0, 0.0), 3: direction}.get(axes, np.eye(axes).ravel().tolist()))
    SimpleITK.WriteImage(image, path, useCompression=compressed)
    return path


@pytest.mark.parametrize(("name", "compressed"), FILES)
def test_windows_and_geometry(tmp_path, name, compressed):
    path = save(tmp_path / name, compressed=compressed)
    truth = SimpleITK.ReadImage(path)
    with open_scan(path) as scan:
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == ((6, 5, 4), np.int16, (12.0, 6.0, 6.0))
        for start, stop in [(0, 2), (2, 5), (1, 2), (5, 6), (0, 6)]:
            np.testing.assert_array_equal(scan.read(start, stop), VOLUME[start:stop])
        for index in [(0, 0, 0), (3, 1, 5)]:
            np.testing.assert_allclose(scan.info.affine[:3] @ (*index, 1), truth.TransformIndexToPhysicalPoint(index))
        out = labels_path(scan.info, tmp_path / "out")
        with create_scan(out, scan.info) as sink:
            sink.write((VOLUME > 0)[:2])
            sink.write((VOLUME > 0)[2:])
    labels = SimpleITK.ReadImage(out)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(labels), VOLUME > 0)
    assert labels.GetPixelID() == SimpleITK.sitkUInt8
    for what in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(labels, what)(), getattr(truth, what)(), atol=1e-12)
    with open_scan(out) as again:
        assert again.voxel_size_um == (12.0, 6.0, 6.0)
        np.testing.assert_array_equal(again.read(), VOLUME > 0)


@pytest.mark.parametrize("name", ["core.nrrd", "core.mha", "core.mhd"])
def test_a_flat_image_stays_flat(tmp_path, name):
    path = save(tmp_path / name, VOLUME[0])
    with open_scan(path) as scan:
        assert (scan.shape, scan.voxel_size_um) == ((1, 5, 4), (6.0, 6.0, 6.0))
        with create_scan(tmp_path / f"labels_{name}", scan.info) as sink:
            sink.write(scan.read() > 0)
    labels, truth = SimpleITK.ReadImage(tmp_path / f"labels_{name}"), SimpleITK.ReadImage(path)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(labels), VOLUME[0] > 0)
    for what in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(labels, what)(), getattr(truth, what)())


@pytest.mark.parametrize("name", ["p.nrrd", "p.mha", "p.mhd"])
def test_probabilities_are_components(tmp_path, name):
    probabilities = np.random.default_rng(0).random((3, *VOLUME.shape), dtype=np.float32)
    source = save(tmp_path / f"core{name[1:]}")
    with create_scan(tmp_path / name, open_scan(source).info, np.float32, channels=3) as sink:
        sink.write(probabilities[:, :4])
        sink.write(probabilities[:, 4:])
    image = SimpleITK.ReadImage(tmp_path / name)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), np.moveaxis(probabilities, 0, -1))


@pytest.mark.parametrize("name", ["core.nrrd", "core.mha", "core.mhd"])
def test_a_spacing_that_nobody_set_is_unknown(tmp_path, name):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(VOLUME), tmp_path / name)
    assert open_scan(tmp_path / name).voxel_size_um is None


def nrrd(path, *fields, data=VOXELS):
    text = ["NRRD0005", "type: short", "dimension: 3", "sizes: 4 5 6", "encoding: raw", *fields]
    path.write_bytes("\n".join(text).encode() + b"\n\n" + data)
    return path


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ((), None),
        (("spacings: 1 1 1",), None),
        (("spacings: 0.006 0.006 0.012",), (12.0, 6.0, 6.0)),
        (("spacings: 6 6 12", 'units: "um" "um" "um"'), (12.0, 6.0, 6.0)),
        (("spacings: nan nan nan",), None),
        (("spacings: 1 1 1", 'units: "µm" "µm" "µm"'), (1.0, 1.0, 1.0)),
        (("spacings: 6 6 12", 'units: "pixel" "" ""'), None),
        (
            (
                "space: left-posterior-superior",
                "space directions: (6,0,0) (0,6,0) (0,0,12)",
                'space units: "um" "um" "um"',
            ),
            (12.0, 6.0, 6.0),
        ),
    ],
    ids=str,
)
def test_nrrd_units(tmp_path, fields, size):
    path = nrrd(tmp_path / "core.nrrd", "endian: little", *fields)
    with open_scan(path) as scan:
        assert scan.voxel_size_um == size
        np.testing.assert_array_equal(scan.read(), VOLUME)
        with create_scan(tmp_path / "labels.nrrd", scan.info) as sink:
            sink.write(VOLUME > 0)
    assert open_scan(tmp_path / "labels.nrrd").voxel_size_um == size


def test_byte_order_and_skipped_bytes(tmp_path):
    big = VOLUME.astype(">i2").tobytes()
    for field in ("byte skip: 7", "byte skip: -1"):
        with open_scan(nrrd(tmp_path / "core.nrrd", "endian: big", field, data=bytes(7) + big)) as scan:
            np.testing.assert_array_equal(scan.read(), VOLUME)
    (tmp_path / "core.raw").write_bytes(bytes(9) + big)
    header = "ObjectType = Image\nNDims = 3\nDimSize = 4 5 6\nElementType = MET_SHORT\nBinaryDataByteOrderMSB = True\n"
    for size in (9, -1):
        (tmp_path / "core.mhd").write_text(f"{header}HeaderSize = {size}\nElementDataFile = core.raw\n")
        with open_scan(tmp_path / "core.mhd") as scan:
            assert scan.voxel_size_um is None
            np.testing.assert_array_equal(scan.read(1, 4), VOLUME[1:4])


def test_text_voxels_are_left_to_simpleitk(tmp_path):
    text = " ".join(str(v) for v in VOLUME.ravel()).encode()
    path = nrrd(tmp_path / "core.nrrd", data=text)
    path.write_bytes(path.read_bytes().replace(b"encoding: raw", b"encoding: ascii"))
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(2, 4), VOLUME[2:4])


@pytest.mark.parametrize("name", ["core.nrrd", "core.mha", "core.mhd"])
def test_refuses_what_is_no_scan(tmp_path, name):
    save(tmp_path / name, np.zeros((6, 5, 4, 3), np.uint8), vector=True)
    with pytest.raises(ScanError, match=rf"^{name} has 3 numbers a voxel"):
        open_scan(tmp_path / name)
    save(tmp_path / name, np.zeros((2, 6, 5, 4), np.uint8), spacing=(1.0, 1.0, 1.0, 1.0))
    with pytest.raises(ScanError, match="4×5×6×2"):
        open_scan(tmp_path / name)


@pytest.mark.parametrize("field", ["NDims", "DimSize", "ElementType", "ElementDataFile"])
def test_refuses_a_header_without_what_matters(tmp_path, field, capfd):
    path = save(tmp_path / "core.mhd", compressed=False)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(field)) + "\n")
    with pytest.raises(ScanError, match=rf"^core\.mhd is damaged or no MetaImage: its header lacks {field}\.$"):
        open_scan(path)
    assert capfd.readouterr() == ("", "")


def test_refuses_mhd_without_its_voxels(tmp_path, capfd):
    path = save(tmp_path / "core.mhd", compressed=False)
    (tmp_path / "core.raw").unlink()
    with pytest.raises(ScanError, match=r"^core\.mhd says that its voxels are in core\.raw, but there is no such file"):
        open_scan(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "compressed"), FILES)
@pytest.mark.parametrize("share", [0.999, 0.5, 0.05])
def test_refuses_voxels_that_are_cut_short(tmp_path, name, compressed, share, capfd):
    path = save(
        tmp_path / name, np.random.default_rng(1).integers(0, 255, (20, 40, 40), dtype=np.uint8), compressed=compressed
    )
    voxels = max(tmp_path.iterdir(), key=lambda file: file.stat().st_size)
    content = voxels.read_bytes()
    voxels.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ScanError, match=rf"^{name}.*(cut short|damaged)"), open_scan(path) as scan:
        [scan.read(start, start + 10) for start in (0, 10)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["core.nrrd", "core.mha", "core.mhd"])
def test_refuses_a_garbled_header(tmp_path, name, capfd):
    (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(500))
    with pytest.raises(ScanError, match=rf"^{name}"):
        open_scan(tmp_path / name)
    assert capfd.readouterr() == ("", "")
