from pathlib import Path

import pytest
from noted_stages import METHODS, factors

from synfine_monai.errors import ScanError


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
