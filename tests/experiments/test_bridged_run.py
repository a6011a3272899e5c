import json
from pathlib import Path

import pytest
from noted_stages import FiniteStages, factors

import synfine_monai
from synfine_monai.errors import ScanError
from synfine_monai.handlers import signature_of

BRIDGE = {"pairs": 32, "mixup": 0.2, "pairs_from": "pairs/{task}_{seed}"}
BRIDGED = {
    "vanilla": {},
    "bridged": {"bridge": BRIDGE, "reinitialise": "head"},
    "from_nothing": {"bridge": {**BRIDGE, "checkpoint": "none"}},
}


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
