"""An OME-TIFF whose slices stand in several files is one scan, whichever of them is given."""

import uuid

import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.scans import labels_path, open_scan

VOLUME = np.random.default_rng(0).integers(0, 60_000, (6, 20, 16)).astype(np.uint16)
NAMES = [f"core_{k}.ome.tif" for k in range(3)]
XML = (
    '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{own}">'
    '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="16" SizeY="20" SizeZ="6" '
    'SizeC="1" SizeT="1" PhysicalSizeX="5" PhysicalSizeY="5" PhysicalSizeZ="6">{places}</Pixels></Image></OME>'
)
PLACE = (
    '<TiffData IFD="{ifd}" FirstZ="{z}" FirstC="0" FirstT="0" PlaneCount="1">'
    '<UUID FileName="{name}">{uuid}</UUID></TiffData>'
)


@pytest.fixture(params=["plain", "zlib"])
def folder(tmp_path, request):
    ids = [uuid.uuid4().urn for _ in NAMES]
    places = "".join(PLACE.format(ifd=z % 2, z=z, name=NAMES[z // 2], uuid=ids[z // 2]) for z in range(6))
    for k, name in enumerate(NAMES):
        with tifffile.TiffWriter(tmp_path / name) as file:
            for i in range(2):
                text = XML.format(own=ids[k], places=places).encode() if i == 0 else None
                file.write(VOLUME[2 * k + i], description=text, metadata=None, contiguous=False,
                           compression=None if request.param == "plain" else "zlib")  # fmt: skip
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_any_of_its_files_is_the_whole_scan(folder, name):
    with open_scan(folder / name) as scan:
        assert scan.voxel_size_um == (6.0, 5.0, 5.0)
        np.testing.assert_array_equal(scan.read(), tifffile.imread(folder / name))
        np.testing.assert_array_equal(scan.read(1, 5), VOLUME[1:5])
        assert labels_path(scan.info, folder).name == name.replace(".ome", "_labels.ome")


def test_a_missing_file_is_named(folder):
    (folder / NAMES[1]).rename(folder / "elsewhere.tif")
    for name in (NAMES[0], NAMES[2]):
        with pytest.raises(ScanError, match=rf"{name} holds a part of an image .* {NAMES[1]} is missing beside it"):
            open_scan(folder / name)


def test_a_file_cut_short_is_refused(folder):
    content = (folder / NAMES[2]).read_bytes()
    (folder / NAMES[2]).write_bytes(content[:-600])
    with pytest.raises(ScanError, match="cut short"), open_scan(folder / NAMES[0]) as scan:
        scan.read()
