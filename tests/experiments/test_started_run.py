from pathlib import Path

import pytest
from noted_stages import FiniteStages, NotedStages, factors

from synfine_monai.baselines import denoiser_features
from synfine_monai.data import synthetic_task
from synfine_monai.errors import ScanError
from synfine_monai.experiments import StartingNetworks
from synfine_monai.networks import RockDenoiser, describe_model, save_model

STARTS = {"hybrid": {"pretext": "hybrid"}, "supervised": {"pretext": "supervised"},
          "decoder": {"pretext": "denoising", "checkpoint": "supervised"}}  # fmt: skip
STARTED = {"hybrid": {"start": "hybrid"}, "again": {"start": "hybrid", "tune": "auto"},
           "decoder": {"start": "decoder", "reinitialise": "head"}}  # fmt: skip


@pytest.fixture
def make_started(make, tmp_path):
    """A run whose methods start from networks of their own; the two caches note what they are asked for."""

    def make_run(**changes):
        (tmp_path / "starts").mkdir(exist_ok=True)
        starts = StartingNetworks(STARTS, FiniteStages(tmp_path / "starts"))
        return make(**{"methods": STARTED, "starts": starts, **changes})

    return make_run


def test_a_method_may_start_from_a_network_of_its_own(make_started):
    execute = make_started()
    execute(factors("decoder"))
    assert execute.starts.cache.asked == [
        ("train", {"pretext": "supervised", "seed": 7, "device": "cpu"}),
        ("train", {"pretext": "denoising", "checkpoint": str(execute.starts.cache.folder / "train_1"), "seed": 7,
                   "device": "cpu"}),
    ]  # fmt: skip
    (tuning,) = execute.cache.options("finetune")
    assert Path(tuning["checkpoint"]).parts[-2:] == ("train_2", "model.pt")
    assert tuning["reinitialise"] == "head"
    assert "start" not in tuning


def test_networks_are_made_in_turn_once_for_all_tasks_and_methods(make_started):
    execute = make_started()
    assert execute.shared(factors("hybrid")) == execute.shared(factors("again", task="other"))
    assert execute.shared(factors("decoder")) == [("start", "supervised", 7), ("start", "decoder", 7)]
    execute.prepare(("start", "hybrid", 7))
    assert execute.starts.cache.options("train") == [{"pretext": "hybrid", "seed": 7, "device": "cpu"}]
    assert execute.cache.asked == []


def test_settings_tell_how_the_network_was_trained_that_a_method_starts_from(make_started, tmp_path):
    longer = StartingNetworks({**STARTS, "supervised": {"pretext": "supervised", "epochs": 9}}, NotedStages(tmp_path))
    before, after = make_started(), make_started(starts=longer)
    changed = {name for name in STARTED if before.settings(factors(name)) != after.settings(factors(name))}
    assert changed == {"decoder"}


def test_an_unknown_start_is_refused_by_name(make_started):
    with pytest.raises(ScanError, match="start 'hybird' is unknown: choose hybrid, supervised, decoder"):
        make_started(methods={"one": {"start": "hybird"}}).shared(factors("one"))


def test_a_baseline_may_read_the_features_of_a_denoiser(make_started, tmp_path, monkeypatch):
    monkeypatch.setattr(denoiser_features, "_MOST_PIXELS", 300)
    execute = make_started(
        tasks={"small": {}}, methods={"features": {"baseline": "denoiser_features", "start": "hybrid"}}
    )
    assert execute.shared(factors("features")) == [("start", "hybrid", 7)]
    save_model(RockDenoiser(5, (4, 4, 4)), describe_model(synthetic_task(), RockDenoiser(5, (4, 4, 4)), "zscore"),
               tmp_path / "starts" / "train_1" / "denoiser.pt")  # fmt: skip
    row = execute(factors("features", label_budget=1))
    assert execute.cache.asked == []
    assert (row["patches"], row["selected"]) == (1, "")
    assert 0 < row["pore_dice"] <= 1
