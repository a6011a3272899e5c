import pytest

from synfine_monai.errors import ScanError
from synfine_monai.experiments import RunsFile

FACTORS = ("task", "label_budget", "seed")


def run(task="berea", label_budget=4, seed=0, **scores):
    return {"task": task, "label_budget": label_budget, "seed": seed, **scores}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "runs.csv"


def test_rows_come_back_from_disk(path):
    RunsFile(path, FACTORS).add(run(pore_dice=0.123456789, selected="high, low"))
    (row,) = RunsFile(path, FACTORS).rows
    assert row == {"task": "berea", "label_budget": "4", "seed": "0", "pore_dice": "0.123457", "selected": "high, low"}


def test_a_later_start_knows_what_was_done(path):
    RunsFile(path, FACTORS).add(run(seed=1))
    record = RunsFile(path, FACTORS)
    assert run(seed=1) in record
    assert run(seed=2) not in record
    assert run(seed=1, label_budget=16) not in record


def test_a_run_keeps_its_first_row(path):
    record = RunsFile(path, FACTORS)
    record.add(run(pore_dice=0.9))
    record.add(run(pore_dice=0.1))
    assert [row["pore_dice"] for row in RunsFile(path, FACTORS).rows] == ["0.9"]


def test_rows_are_sorted_by_factors_numbers_by_size_and_all_last(path):
    record = RunsFile(path, FACTORS)
    for label_budget in (None, 128, 16, 4):
        record.add(run(label_budget=label_budget))
    record.add(run(task="airy", seed=10))
    record.add(run(task="airy", seed=9))
    rows = RunsFile(path, FACTORS).rows
    assert [(row["task"], row["label_budget"], row["seed"]) for row in rows] == [
        ("airy", "4", "9"),
        ("airy", "4", "10"),
        *(("berea", budget, "0") for budget in ("4", "16", "128", "all")),
    ]


def test_a_budget_without_limit_is_all_and_found_again(path):
    RunsFile(path, FACTORS).add(run(label_budget=None))
    record = RunsFile(path, FACTORS)
    assert record.rows[0]["label_budget"] == "all"
    assert run(label_budget=None) in record


def test_a_score_that_is_undefined_stays_empty(path):
    RunsFile(path, FACTORS).add(run(two_point_error=None))
    assert RunsFile(path, FACTORS).rows[0]["two_point_error"] == ""


def test_columns_may_be_added_later(path):
    RunsFile(path, FACTORS).add(run(seed=0, pore_dice=0.5))
    RunsFile(path, FACTORS).add(run(seed=1, pore_dice=0.5, patches=4))
    assert [row["patches"] for row in RunsFile(path, FACTORS).rows] == ["", "4"]


def test_refuses_the_table_of_something_else(path):
    path.parent.mkdir()
    path.write_text("task,label_budget,porosity\nberea,4,0.2\n")
    with pytest.raises(ScanError, match=r"runs\.csv has no column 'seed'"):
        RunsFile(path, FACTORS)


def test_an_interrupted_write_leaves_the_old_file(path, monkeypatch):
    record = RunsFile(path, FACTORS)
    record.add(run(seed=0))
    before = path.read_bytes()
    monkeypatch.setattr("synfine_monai.files.os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        record.add(run(seed=1))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["runs.csv"]
