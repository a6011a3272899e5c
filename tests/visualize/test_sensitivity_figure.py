import io

import numpy as np
import pytest

from synfine_monai.visualize import draw_sensitivity


@pytest.fixture
def sensitivity() -> dict:
    means = {"down_0": 4.0, "down_1": 1.0, "down_2": 0.5, "up_0": 2.0, "up_1": 3.0, "head": 20.0}
    levels = {"high": 3.5, "mid": 1.5, "low": 0.5}
    views = {
        view: {name: {"mean": mean, "min": mean / 2, "max": mean * 2} for name, mean in values.items()}
        for view, values in (("sequential", means), ("transversal", levels))
    }
    return {**views, "selected_block": "down_0", "selected_level": "high", "batches": 5}


def test_lines_and_shades_show_the_numbers(sensitivity):
    blocks, levels = draw_sensitivity(sensitivity).axes
    assert list(blocks.lines[0].get_ydata()) == [4.0, 1.0, 0.5, 2.0, 3.0]
    assert list(levels.lines[0].get_ydata()) == [3.5, 1.5, 0.5]
    shade = levels.collections[0].get_paths()[0].get_extents()
    assert (shade.ymin, shade.ymax) == (0.25, 7.0)
    assert "‖g‖" in blocks.get_ylabel()


def test_marks_the_highest_and_sets_the_head_apart(sensitivity):
    blocks, _ = draw_sensitivity(sensitivity).axes
    labels = [tick.get_text() for tick in blocks.get_xticklabels()]
    assert labels == ["down_0", "down_1", "down_2", "up_0", "up_1", "head\n(apart)"]
    marked = next(line for line in blocks.lines if line.get_label() == "highest mean")
    np.testing.assert_array_equal(marked.get_xydata(), [[0, 4.0]])


def test_zeros_can_be_drawn(sensitivity):
    sensitivity["transversal"]["low"] = {"mean": 0.0, "min": 0.0, "max": 0.0}
    image = io.BytesIO()
    draw_sensitivity(sensitivity).savefig(image, format="png")
    assert image.getvalue().startswith(b"\x89PNG")
