"""One run of all stages looks at its scan, its labels and its patches' gradients once."""

from collections import Counter
from importlib import import_module

import numpy as np
from tiny_core import CONFIGS, TINY_TRAINING, TINY_TUNING, write_tiff

from synfine_monai.bundle import run_verb

FINDERS = (
    "survey.field_of_view._found",
    "survey.intensity._measured",
    "data.task_from_scan.take_census",
    "data.labelled_slices._read_slices",
    "surgery.sensitivity._measure",
)


def test_learn_finds_everything_once(sample, tmp_path, monkeypatch, capsys):
    found = Counter()

    def count(place):
        module, _, name = f"synfine_monai.{place}".rpartition(".")
        find = getattr(import_module(module), name)

        def counted(*given, **named):
            found[place] += 1
            return find(*given, **named)

        monkeypatch.setattr(import_module(module), name, counted)

    for place in FINDERS:
        count(place)
    tiny = {"train": {k: TINY_TRAINING[k] for k in ("steps_per_epoch", "batch_size")}, "finetune": TINY_TUNING}
    monkeypatch.setattr(
        "synfine_monai.bundle.pipeline.run_verb",
        lambda file, **given: run_verb(file, **given, **tiny.get(file.stem, {})),
    )
    labels = np.where(np.arange(6)[:, None, None] % 2, 255, sample.truth).astype(np.uint8)
    scan, drawn = write_tiff(tmp_path / "core.tif", sample.image), write_tiff(tmp_path / "labels.tif", labels)
    options = {"scan": str(scan), "labels": str(drawn), "output_dir": str(tmp_path / "results"), "tune": "auto"}
    run_verb(CONFIGS / "synfine.yaml", **options, pairs=64, epochs=1)
    assert found == {**dict.fromkeys(FINDERS, 1), "data.labelled_slices._read_slices": 2}  # training, test
    assert capsys.readouterr().out.count("Classes:") == 1
