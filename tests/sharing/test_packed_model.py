import json

import numpy as np
import pytest
from finished_run_kit import EDGES, SECRETS, histogram

from synfine_monai.inferers.training_likeness import FAR_HISTOGRAM, differences_from_training
from synfine_monai.networks import read_model_info
from synfine_monai.sharing.packed_model import coarse_histogram, packed_model_info
from synfine_monai.survey import IntensityStatistics, grey_level_shift


def statistics(shares, edges=EDGES) -> IntensityStatistics:
    return IntensityStatistics("zscore", 0.0, 1.0, tuple(edges), tuple(shares))


def test_coarse_shares_are_whole_percent_of_bins_three_times_as_wide():
    shares, edges = coarse_histogram(histogram(), EDGES)
    assert len(shares) == 40
    assert np.diff(edges) == pytest.approx(np.full(40, 0.3))
    assert sum(shares) == pytest.approx(1)
    assert np.allclose(np.multiply(shares, 100), np.round(np.multiply(shares, 100)))
    assert np.abs(shares - histogram().reshape(40, 3).sum(1)).max() < 0.01


def test_bins_that_do_not_join_evenly_keep_their_ends():
    shares, edges = coarse_histogram([0.25] * 4, [0.0, 0.1, 0.2, 0.3, 0.4])
    assert shares == [0.75, 0.25]
    assert edges == pytest.approx([0.0, 0.3, 0.4])


def test_bins_that_are_wide_already_stay():
    shares, edges = coarse_histogram([0.5, 0.5], [-1.0, 0.0, 1.0])
    assert (shares, edges) == ([0.5, 0.5], [-1.0, 0.0, 1.0])


def test_coarsening_moves_grey_levels_by_less_than_half_of_what_is_warned_of():
    coarse = statistics(*coarse_histogram(histogram(), EDGES))
    assert grey_level_shift(statistics(histogram()), coarse) < FAR_HISTOGRAM / 2


@pytest.mark.parametrize(("shift", "unlike"), [(0, False), (1, False), (4, True), (8, True)])
def test_warnings_of_unlike_scans_stay_what_they_were(shift, unlike):
    scan = statistics(np.roll(histogram(), shift))
    fine = {"histogram": histogram().tolist(), "bin_edges": EDGES.tolist()}
    coarse = dict(zip(("histogram", "bin_edges"), coarse_histogram(histogram(), EDGES), strict=True))
    for info in (fine, coarse):
        assert bool(differences_from_training(info, scan, None)) is unlike


def test_model_json_keeps_what_inference_and_fine_tuning_need_and_drops_the_rest(packed, confidential):
    run, info = (read_model_info(path) for path in (confidential.results / "model.pt", packed / "models" / "model.pt"))
    for key in (
        "architecture",
        "labels",
        "phases",
        "pore_labels",
        "binary",
        "normalisation",
        "voxel_size_um",
        "method",
    ):
        assert info[key] == run[key]
    assert info["task"] == "my_core"
    assert "source" not in info
    assert not any(word in json.dumps(info) for word in SECRETS)


def test_the_histogram_can_stay_at_home():
    run = {"labels": [], "histogram": [0.5, 0.5], "bin_edges": [-1, 0, 1], "tune": "/vault/words"}
    assert packed_model_info(run, "my_core", histogram=False) == {"format_version": 1, "task": "my_core", "labels": []}


def test_how_grey_the_classes_are_leaves_in_wider_bins_or_stays_at_home():
    shares = (histogram().tolist(), np.roll(histogram(), 20).tolist())
    fine = {
        "scans": [{"dtype": "uint8", "center": 100.0, "scale": 30.0}],
        "bin_edges": EDGES.tolist(),
        "classes": shares,
    }
    packed = packed_model_info({"labels": [], "histogram": [1.0], "bin_edges": [0, 1], "grey_levels": fine}, "my_core")
    assert packed["grey_levels"]["scans"] == fine["scans"]
    assert np.diff(packed["grey_levels"]["bin_edges"]) == pytest.approx(np.full(60, 0.2))
    assert [sum(one) for one in packed["grey_levels"]["classes"]] == pytest.approx([1, 1], abs=1e-2)
    assert "grey_levels" not in packed_model_info({"labels": [], "grey_levels": fine}, "my_core", histogram=False)
