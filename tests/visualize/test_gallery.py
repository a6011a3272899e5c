import numpy as np

from synfine_monai.visualize import gallery_figure


def test_each_kind_has_a_row_of_images_and_one_of_labels(tmp_path):
    rng = np.random.default_rng(0)
    images, labels = rng.normal(size=(3, 16, 16)), rng.integers(0, 2, (3, 16, 16)).astype(np.uint8)
    labels[0, :4] = 255
    kinds = [("real", images, labels), ("synthetic", images[:2], labels[:2])]
    figure = gallery_figure(kinds, ("solid", "pore"), (("matrix",), ("pore",)), "Berea")
    assert sum(len(axes.images) for axes in figure.axes) == 2 * (3 + 2)
    assert figure.get_suptitle() == "Berea"
    figure.savefig(tmp_path / "gallery.png")


def test_a_kind_without_labels_has_images_alone():
    images = np.random.default_rng(0).normal(size=(3, 16, 16))
    masks = np.zeros((3, 16, 16), np.uint8)
    figure = gallery_figure([("real", images, None), ("made", images, masks)], ("solid",), (("matrix",),), "Berea")
    assert sum(len(axes.images) for axes in figure.axes) == 3 * 3
