"""The picture of phases and grey levels: one curve a class, at its own grey levels."""

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from synfine_monai.visualize import class_greys_figure

RNG = np.random.default_rng(0)
LABEL = np.repeat(np.array([0, 1, 255], np.uint8), 8)[None].repeat(24, 0)
IMAGE = np.array([30_000.0, 14_000.0])[np.minimum(LABEL, 1)] + RNG.normal(0, 500, LABEL.shape)


def test_each_class_has_its_curve_where_its_grey_levels_are():
    greys = {"matrix": IMAGE[LABEL == 0], "pore": IMAGE[LABEL == 1], "dense": np.empty(0)}
    figure = class_greys_figure(IMAGE, LABEL, np.ones(LABEL.shape, bool), greys, (("matrix",), ("pore",), ("dense",)))
    curves = [patch for patch in figure.axes[2].patches if isinstance(patch, StepPatch)]
    tops = [edges[np.argmax(counts)] for counts, edges, _ in (curve.get_data() for curve in curves)]
    assert tops[:2] == pytest.approx([30_000, 14_000], rel=0.05)
    names = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert names == ["matrix", "pore", "dense: no voxel here"]
