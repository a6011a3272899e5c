"""3D Slicer's .seg.nrrd: layers, cropped extents and names of segments."""

import numpy as np
import pytest
from labelled_rock import SCAN, TRUTH, areas, tiff
from test_placed_labels import MM, itk

from synfine_monai.data import Item, load_labelled_slices, load_task, open_labels
from synfine_monai.errors import ScanError
from synfine_monai.notices import gather_notices, notices

BOX = (slice(1, 11), slice(8, 80), slice(10, 76))
DRAWN = areas()


def write(path, layers, segments, offset=(10, 8, 1), stated=True):
    """Layers (n, D, H, W), and (name, layer, label value) of each segment, as Slicer 5 writes them."""
    count, depth, height, width = layers.shape
    lines = [
        "NRRD0004", "type: uint8", "dimension: 4", "space: left-posterior-superior",
        f"sizes: {count} {width} {height} {depth}",
        f"space directions: none ({MM},0,0) (0,{MM},0) (0,0,{MM})",
        "kinds: list domain domain domain", "encoding: raw",
        f"space origin: ({','.join(str(n * MM) for n in offset)})",
    ]  # fmt: skip
    for k, (name, layer, value) in enumerate(segments):
        entries = {"ID": f"Segment_{k + 1}", "Name": name, "Layer": layer, "LabelValue": value, "Color": "0.5 0.2 0.1"}
        lines += [f"Segment{k}_{key}:={entry}" for key, entry in entries.items()]
    lines += [f"Segmentation_ReferenceImageExtentOffset:={' '.join(map(str, offset))}"] if stated else []
    path.write_bytes(("\n".join(lines) + "\n\n").encode() + np.ascontiguousarray(np.moveaxis(layers, 0, -1)).tobytes())
    return path


@pytest.fixture
def segmentation(tmp_path):
    """Grains and pores share a layer, as 1 and 2; pyrite is 1 of another."""
    drawn = DRAWN[BOX]
    layers = np.stack([np.where(drawn < 3, drawn, 0), drawn == 3]).astype(np.uint8)
    return write(tmp_path / "drawn.seg.nrrd", layers, [("Grains", 0, 1), ("pores", 0, 2), ("pyrite", 1, 1)])


@pytest.mark.parametrize("with_geometry", [True, False])
def test_segments_of_all_layers_lie_where_they_were_drawn(tmp_path, segmentation, with_geometry):
    scan = itk(tmp_path / "scan.nrrd", SCAN) if with_geometry else tiff(tmp_path / "scan.tif", SCAN)
    with open_labels(Item(scan, segmentation, None, "A", "A")) as labels:
        np.testing.assert_array_equal(labels.read(), DRAWN)


def test_names_tell_the_phases_and_0_is_not_labelled(tmp_path, segmentation):
    gather_notices()
    task = load_task(scan=str(itk(tmp_path / "scan.nrrd", SCAN)), labels=str(segmentation))
    assert task.phases == (("matrix",), ("pore",), ("dense",))
    assert any("1 (Grains) is matrix, 2 (pores) is pore, 3 (pyrite) is dense (by their names" in s for s in notices())
    for one in load_labelled_slices(task, "training"):
        drawn = one.label != 255
        np.testing.assert_array_equal(one.label[drawn], TRUTH[one.z][drawn])
        np.testing.assert_array_equal(drawn, DRAWN[one.z] > 0)


def test_a_segment_called_background_is_no_class(tmp_path):
    layers = np.where(DRAWN == 3, 1, DRAWN)[None].astype(np.uint8)
    layers[0, 2, :6] = 3
    path = write(tmp_path / "d.seg.nrrd", layers, [("solid", 0, 1), ("void", 0, 2), ("Background", 0, 3)], (0, 0, 0))
    task = load_task(scan=str(itk(tmp_path / "scan.nrrd", SCAN)), labels=str(path))
    assert task.phases == (("matrix",), ("pore",))
    assert 3 in task.ignored_values


def test_where_segments_overlap_nothing_is_labelled(tmp_path):
    gather_notices()
    layers = np.zeros((2, 5, 4, 5), np.uint8)
    layers[0, 1, 0:2], layers[1, 1, 1:3] = 1, 1
    path = write(tmp_path / "d.seg.nrrd", layers, [("a", 0, 1), ("b", 1, 1)], (0, 0, 0))
    with open_labels(Item(tiff(tmp_path / "s.tif", layers[0]), path, None, "A", "A")) as labels:
        assert labels.read()[1, :, 0].tolist() == [1, 0, 2, 0]
    assert any("5 voxels of d.seg.nrrd belong to several segments" in sentence for sentence in notices())


def test_a_layer_that_is_not_there_is_refused(tmp_path):
    path = write(tmp_path / "d.seg.nrrd", np.zeros((2, 3, 4, 5), np.uint8), [("a", 2, 1)])
    with pytest.raises(ScanError, match="has 2 layers, but Segment0_Layer is 2"):
        open_labels(Item(tiff(tmp_path / "s.tif", np.zeros((5, 4, 5), np.uint8)), path, None, "A", "A"))
