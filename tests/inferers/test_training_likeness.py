import logging
from dataclasses import replace

import numpy as np
import pytest

from synfine_monai.inferers import warn_if_unlike_training
from synfine_monai.inferers.training_likeness import differences_from_training
from synfine_monai.survey import Alignment, IntensityStatistics, measure_intensity
from synfine_monai.survey.drift import Drift


def statistics_of(modes):
    """z-score statistics of grey levels with peaks of the given (centre, share)."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(centre, 4, int(20_000 * share)) for centre, share in modes])[None, None]
    return measure_intensity([values], [np.ones(values.shape, bool)])


SANDSTONE = statistics_of([(60, 0.2), (100, 0.8)])
CLEAN = statistics_of([(60, 0.25), (100, 0.75)])
WITH_ORE = statistics_of([(60, 0.18), (100, 0.8), (500, 0.02)])
INFO = {"voxel_size_um": [6.0, 6.0, 6.0], **SANDSTONE.to_dict()}


def test_a_scan_like_training_passes():
    assert differences_from_training(INFO, CLEAN, (6.0, 6.0, 6.0)) == []
    assert differences_from_training(INFO, CLEAN, (9.0, 9.0, 9.0)) == []


def test_another_distribution_of_grey_levels_is_told():
    (sentence,) = differences_from_training(INFO, WITH_ORE, (6.0, 6.0, 6.0))
    assert "grey levels" in sentence


@pytest.mark.parametrize("size", [(6.0, 30.0, 30.0), (1.0, 1.0, 1.0)])
def test_other_voxels_are_told_in_numbers(size):
    (sentence,) = differences_from_training(INFO, CLEAN, size)
    assert f"{size[2]:g} µm" in sentence
    assert "6 µm" in sentence


def test_nothing_is_said_where_nothing_is_known():
    assert differences_from_training(INFO, CLEAN, None) == []
    assert differences_from_training({"voxel_size_um": None}, WITH_ORE, (1.0, 1.0, 1.0)) == []


def test_the_warning_is_one_line(caplog):
    with caplog.at_level(logging.WARNING):
        warn_if_unlike_training("core.tif", INFO, WITH_ORE, (1.0, 1.0, 1.0))
        warn_if_unlike_training("fine.tif", INFO, CLEAN, (6.0, 6.0, 6.0))
    (record,) = caplog.records
    assert record.getMessage().startswith("core.tif ")
    assert "\n" not in record.getMessage()


def drifting(along: float, scatter: float) -> IntensityStatistics:
    drift = Drift((along, 0.0), 0.0, 100, (50.0, 50.0), 50.0, 1000.0, gain=False, scatter=scatter)
    return replace(CLEAN, drift=drift)


@pytest.mark.parametrize(("along", "scatter", "told"), [(0.5, 0.01, True), (0.1, 0.01, False), (0.5, 0.5, False)])
def test_a_drift_is_told_where_it_matters_and_is_none_by_chance(along, scatter, told, caplog):
    statistics = drifting(along * CLEAN.scale, scatter * CLEAN.scale)
    with caplog.at_level(logging.WARNING):
        warn_if_unlike_training("core.tif", {}, statistics, None)
        warn_if_unlike_training("flat.tif", {}, replace(statistics, flatten=True), None)
    assert [("core.tif" in text, "--flatten" in text) for text in caplog.messages] == [(True, True)] * told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"unexplained": 0.05}, []),
        ({"unexplained": 0.2}, ["no gain and offset"]),
        ({"sure": False}, ["one phase only"]),
        ({"foreign": 0.2}, ["20% of its core"]),
        ({"foreign": 0.05}, []),
        ({"width": 0.65}, ["smoother"]),
        ({"width": 2.0}, ["noisier or drifting: the grey levels of its phases spread 2 times"]),
    ],
)
def test_grey_levels_unlike_training_are_told(found, told):
    alignment = replace(Alignment(0.0, 1.0, "as in training", 0.0, 0.0, usual=0.1), **found)
    info = {"grey_levels": {"scans": []}, "voxel_size_um": None}
    sentences = differences_from_training(info, replace(CLEAN, alignment=alignment), None)
    assert len(sentences) == len(told)
    assert all(words in sentence for words, sentence in zip(told, sentences, strict=True))
