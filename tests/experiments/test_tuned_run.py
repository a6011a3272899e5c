import json
from pathlib import Path

import pytest
from shiftable_task import make_task

import synfine_monai
from synfine_monai.data.datalist import synthetic_task
from synfine_monai.errors import ScanError
from synfine_monai.experiments import tuned_run
from synfine_monai.experiments.starting_networks import StartingNetworks
from synfine_monai.experiments.tuned_run import TunedRun
from synfine_monai.handlers.resume import signature_of
from synfine_monai.networks.model_file import describe_model, save_model
from synfine_monai.networks.rock_denoiser import RockDenoiser
from synfine_monai.networks.rock_unet import RockUNet

SENSITIVITY = {"sequential": {"down_0": {"mean": 0.5}}, "transversal": {"high": {"mean": 0.25}}}
METHODS = {
    "native": {"tune": "none", "sensitivity": True},
    "high": {"tune": "high"},
    "scratch": {"checkpoint": "none", "min_steps": 9},
    "threshold": {"baseline": "threshold"},
}


class NotedStages:
    """A cache that trains nothing: it notes what it was asked for, and leaves what a verb would."""

    def __init__(self, folder: Path):
        self.folder, self.asked, self.configs = folder, [], folder / "bundle" / "configs"

    def run(self, verb, options):
        self.asked.append((verb, dict(options)))
        stage = self.folder / f"{verb}_{len(self.asked)}"
        stage.mkdir(exist_ok=True)
        (stage / "model.json").write_text(json.dumps({"label_budget": 4, "selected": "high"}))
        (stage / "sensitivity.json").write_text(json.dumps(SENSITIVITY))
        return stage

    def options(self, verb):
        return [options for asked, options in self.asked if asked == verb]


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A run of the experiment, with other entries where they are given."""
    monkeypatch.setattr(tuned_run, "score_network", lambda *_: {"pore_dice": 0.9})
    (tmp_path / "small").mkdir()
    make_task(tmp_path / "small")

    def make_run(**changes):
        given = {"data": tmp_path, "tasks": {"small": {"binary": True}}, "methods": METHODS, "tuning": {"min_steps": 4},
                 "pretraining": {"verb": "train", "options": {"pairs": 64}}}  # fmt: skip
        return TunedRun(**{"cache": NotedStages(tmp_path), **given, **changes})

    return make_run


BRIDGE = {"pairs": 32, "mixup": 0.2, "pairs_from": "pairs/{task}_{seed}"}
BRIDGED = {
    "vanilla": {},
    "bridged": {"bridge": BRIDGE, "reinitialise": "head"},
    "from_nothing": {"bridge": {**BRIDGE, "checkpoint": "none"}},
}


class FiniteStages(NotedStages):
    """Each stage leaves a tiny network of all phases, for what reads it."""

    def run(self, verb, options):
        stage = super().run(verb, options)
        network = RockUNet(num_classes=5, channels=(2, 2, 2))
        info = describe_model(synthetic_task(), network, "zscore", label_budget=1, selected="none")
        save_model(network, info, stage / "model.pt")
        return stage


def factors(method="high", **others):
    return {"task": "small", "label_budget": 4, "seed": 7, "method": method, **others}


def test_the_seed_is_that_of_pretraining_patches_and_tuning(make):
    execute = make()
    execute(factors())
    (pretraining,), (tuning,) = execute.cache.options("train"), execute.cache.options("finetune")
    assert pretraining == {"pairs": 64, "seed": 7, "device": "cpu"}
    assert (tuning["seed"], tuning["patch_seed"], tuning["label_budget"], tuning["tune"]) == (7, 7, 4, "high")
    assert tuning["binary"] is True
    assert Path(tuning["checkpoint"]).name == "train_1"
    assert Path(tuning["datalist"]).name == "dataset.json"


def test_from_scratch_nothing_is_pretrained_and_a_methods_own_options_win(make):
    execute = make()
    execute(factors("scratch"))
    (tuning,) = execute.cache.options("finetune")
    assert execute.cache.options("train") == []
    assert (tuning["checkpoint"], tuning["min_steps"]) == ("none", 9)


def test_sensitivity_is_measured_where_it_is_asked_for_on_the_same_patches(make):
    execute = make()
    assert execute(factors("native"))["rgn"] == "down_0=0.5 high=0.25"
    (probe,), (tuning,) = execute.cache.options("sensitivity"), execute.cache.options("finetune")
    assert {name: probe[name] for name in ("label_budget", "patch_seed", "datalist")} == {
        name: tuning[name] for name in ("label_budget", "patch_seed", "datalist")
    }
    assert "sensitivity" not in tuning
    assert execute(factors("high"))["rgn"] == ""


def test_a_row_holds_factors_scores_and_a_name_for_the_settings(make):
    row = make()(factors())
    assert {name: row[name] for name in ("method", "seed", "patches", "selected", "pore_dice")} == {
        "method": "high", "seed": 7, "patches": 4, "selected": "high", "pore_dice": 0.9
    }  # fmt: skip
    assert row["settings"] == make()(factors(seed=8))["settings"]
    assert row["settings"] != make(tuning={"min_steps": 5})(factors())["settings"]


def test_pretraining_on_real_data_sees_the_task_before_the_shift_and_all_tasks_have_their_own(make):
    execute = make(pretraining={"verb": "finetune", "options": {}}, shifts={"label_rule": {"dilate": 1}})
    execute(factors(shift="label_rule"))
    before, after = execute.cache.options("finetune")
    assert (before["checkpoint"], Path(before["datalist"]).parent.name) == ("none", "small")
    assert Path(after["datalist"]).parent.name.startswith("shifted_")


def test_what_is_shared_is_the_same_for_methods_and_differs_by_seed_and_shift(make):
    execute = make(methods={**METHODS, "all": {"tune": "all"}})
    assert execute.shared(factors("high")) == execute.shared(factors("all", task="other")) == [("network", "", 7)]
    assert execute.shared(factors(shift="rings")) == [("scans", "small", "rings"), ("network", "", 7)]
    on_real = make(pretraining={"verb": "finetune", "options": {}})
    assert on_real.shared(factors()) == [("network", "small", 7)]


def test_preparing_leaves_out_pretraining_that_no_method_needs(make):
    execute = make()
    assert execute.shared(factors("scratch")) == execute.shared(factors("threshold")) == []
    execute.prepare(("network", "", 7))
    assert execute.cache.asked == [("train", {"pairs": 64, "seed": 7, "device": "cpu"})]


def test_scans_are_shifted_beforehand(make):
    execute = make(shifts={"label_rule": {"dilate": 1}})
    execute.prepare(("scans", "small", "label_rule"))
    assert len(list(execute.cache.folder.glob("shifted_*/dataset.json"))) == 1
    assert execute.cache.asked == []


def test_a_folder_without_the_task_is_named_before_any_work(make, tmp_path):
    with pytest.raises(ScanError, match="nowhere"):
        make(data=tmp_path / "nowhere").check([factors()])


def test_a_baseline_learns_from_as_many_patches_and_trains_nothing(make):
    execute = make(tasks={"small": {}})
    row = execute(factors("threshold", label_budget=1))
    assert execute.cache.asked == []
    assert (row["patches"], row["selected"], row["rgn"]) == (1, "", "")
    assert row["pore_dice"] == 1  # two grey levels are told apart by one threshold


def test_a_bridge_is_built_from_the_pretrained_network_on_the_tasks_classes(make):
    execute = make(methods=BRIDGED)
    execute(factors("bridged"))
    (pretraining, bridge), (tuning,) = execute.cache.options("train"), execute.cache.options("finetune")
    assert pretraining == {"pairs": 64, "seed": 7, "device": "cpu"}
    assert Path(bridge.pop("checkpoint")).name == "train_1"
    assert Path(bridge.pop("datalist")).parts[-2:] == ("small", "dataset.json")
    assert bridge == {"pairs": 32, "mixup": 0.2, "pairs_from": "pairs/small_7", "binary": True, "seed": 7,
                      "device": "cpu"}  # fmt: skip
    assert Path(tuning["checkpoint"]).name == "train_2"
    assert tuning["reinitialise"] == "head"
    assert "bridge" not in tuning


def test_a_bridge_may_start_from_nothing(make):
    execute = make(methods={"from_nothing": BRIDGED["from_nothing"]})
    execute(factors("from_nothing"))
    (bridge,), (tuning,) = execute.cache.options("train"), execute.cache.options("finetune")
    assert bridge["checkpoint"] == "none"
    assert Path(tuning["checkpoint"]).name == "train_1"


def test_a_bridge_is_made_after_its_network_once_for_all_methods_that_share_it(make):
    methods = {**BRIDGED, "bridged_surgical": {"bridge": dict(BRIDGE), "tune": "auto"}}
    execute = make(methods=methods, tasks={"small": {"binary": True}, "other": {}})
    network, bridge = ("network", "", 7), ("bridge", "small", (7, "bridged"))
    assert execute.shared(factors("vanilla")) == [network]
    assert execute.shared(factors("bridged")) == execute.shared(factors("bridged_surgical")) == [network, bridge]
    assert execute.shared(factors("from_nothing")) == [("bridge", "small", (7, "from_nothing"))]
    execute.prepare(("bridge", "other", (7, "bridged")))
    made = [options for options in execute.cache.options("train") if "datalist" in options]
    assert [(Path(options["datalist"]).parent.name, options["binary"]) for options in made] == [("other", False)]
    assert execute.cache.options("finetune") == []


def test_a_bridge_changes_the_settings_of_its_own_method_alone(make):
    rows = {name: make(methods=BRIDGED).settings(factors(name)) for name in BRIDGED}
    longer = {**BRIDGED, "bridged": {"bridge": {**BRIDGE, "pairs": 64}, "reinitialise": "head"}}
    again = {name: make(methods=longer).settings(factors(name)) for name in BRIDGED}
    assert {name for name in rows if rows[name] != again[name]} == {"bridged"}


def test_settings_without_a_bridge_hold_what_they_always_held(make):
    # rows on disk from before there were bridges must still count
    pretraining = {"verb": "train", "options": {"pairs": 64}}
    held = {"method": {"tune": "high"}, "shift": None, "tuning": {"min_steps": 4}, "pretraining": pretraining,
            "split": "test", "version": synfine_monai.__version__}  # fmt: skip
    assert make().settings(factors("high")) == signature_of(held)


def test_without_labels_the_start_of_fine_tuning_is_scored_as_it_is(make, tmp_path):
    execute = make(methods=BRIDGED, cache=FiniteStages(tmp_path))
    row = execute(factors("bridged", label_budget=0))
    (tuning,) = execute.cache.options("finetune")
    assert (tuning["tune"], tuning["label_budget"]) == ("none", 1)
    assert Path(tuning["checkpoint"]).name == "train_2"
    assert "reinitialise" not in tuning
    assert (row["label_budget"], row["patches"], row["pore_dice"]) == (0, 0, 0.9)


def test_without_labels_classes_that_the_network_does_not_know_are_refused(make, tmp_path):
    file = tmp_path / "small" / "dataset.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "phases": {"0": "pore", "1": "pore"}}))
    execute = make(methods=BRIDGED, cache=FiniteStages(tmp_path), tasks={"small": {}})
    with pytest.raises(ScanError, match=r"without labels .* cannot tell the class 'solid'"):
        execute(factors("vanilla", label_budget=0))
    assert execute.cache.options("finetune") == []


@pytest.mark.parametrize("method", ["scratch", "threshold"])
def test_a_method_that_learns_from_labels_alone_is_refused_without_any(make, method):
    with pytest.raises(ScanError, match=f"'{method}' learns from labels alone"):
        make().check([factors(method, label_budget=0)])
    make(methods=BRIDGED).check([factors(name, label_budget=0) for name in BRIDGED])


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


def test_a_baseline_may_read_the_features_of_a_denoiser(make_started, tmp_path):
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
