import json

import numpy as np
import tifffile

from synfine_monai.data import load_datalist, load_labelled_slices, simulate_strokes, write_relabelled


def test_strokes_of_a_task_are_read_again_as_drawn(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        label = np.kron(rng.random((3, 6, 6)) > 0.5, np.ones((1, 16, 16), bool)).astype(np.uint8)
        tifffile.imwrite(
            tmp_path / f"{name}.tif", label * 90 + rng.integers(0, 9, label.shape, np.uint8), photometric="minisblack"
        )
        tifffile.imwrite(tmp_path / f"{name}_labels.tif", label, photometric="minisblack")
    items = [{"image": f"{name}.tif", "label": f"{name}_labels.tif", "specimen": name} for name in ("a", "b")]
    content = {"labels": {"0": "pore", "1": "solid"}, "phases": {"0": "pore", "1": ["matrix", "clay"]}}
    (tmp_path / "dataset.json").write_text(json.dumps({**content, "training": items[:1], "test": items[1:]}))
    task = load_datalist(tmp_path / "dataset.json")
    drawn = simulate_strokes(load_labelled_slices(task, "training"), 3)
    again = load_datalist(write_relabelled(task, drawn, tmp_path / "strokes"))
    found = load_labelled_slices(again, "training")
    assert [(s.item, s.z) for s in found] == [(s.item, s.z) for s in drawn]
    assert all((a.label == b.label).all() for a, b in zip(found, drawn, strict=True))
    assert again.test == task.test
    assert (again.labels, again.phases, again.pore_labels) == (task.labels, task.phases, task.pore_labels)
