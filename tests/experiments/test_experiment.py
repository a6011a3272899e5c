import pytest
from runs_that_count import CountedRun, LoadingRun

from synfine_monai.errors import ScanError
from synfine_monai.experiments import Experiment, RunsFile, choose_numbers, grid
from synfine_monai.experiments.experiment import _in_turn

RUNS = grid({"task": ["berea", "concrete"], "seed": [0, 1, 2]})


@pytest.fixture
def execute(tmp_path):
    (tmp_path / "notes").mkdir()
    return CountedRun(tmp_path / "notes")


def record(folder):
    return RunsFile(folder / "runs.csv", ("task", "seed"))


def test_every_run_gets_a_row_and_what_is_shared_is_made_once(execute, tmp_path):
    Experiment(RUNS, execute, record(tmp_path), jobs=1).run()
    rows = record(tmp_path).rows
    assert [(row["task"], row["seed"], row["pore_dice"]) for row in rows] == [
        (run["task"], str(run["seed"]), str(run["seed"] + 0.5)) for run in RUNS
    ]
    assert execute.noted() == ["prepared network", "prepared scans of berea", "prepared scans of concrete",
                               *(f"ran {run['task']} {run['seed']}" for run in RUNS)]  # fmt: skip


def test_a_start_after_an_interruption_does_what_is_left(execute, tmp_path, capsys):
    Experiment(RUNS[:4], execute, record(tmp_path), jobs=1).run()
    for note in execute.notes.iterdir():
        note.unlink()
    Experiment(RUNS, execute, record(tmp_path), jobs=1).run()
    assert execute.noted() == ["prepared network", "prepared scans of concrete", "ran concrete 1", "ran concrete 2"]
    assert len(record(tmp_path).rows) == 6
    assert "6 runs, 4 of them in" in capsys.readouterr().out


def test_with_nothing_left_nothing_is_prepared(execute, tmp_path):
    Experiment(RUNS, execute, record(tmp_path), jobs=1).run()
    for note in execute.notes.iterdir():
        note.unlink()
    Experiment(RUNS, execute, record(tmp_path), jobs=1).run()
    assert execute.noted() == []


def test_a_run_that_fails_leaves_the_rows_before_it(execute, tmp_path):
    with pytest.raises(RuntimeError, match="seed 2 fails"):
        Experiment(RUNS, CountedRun(execute.notes, broken=2), record(tmp_path), jobs=1).run()
    assert [(row["task"], row["seed"]) for row in record(tmp_path).rows] == [("berea", "0"), ("berea", "1")]


def test_side_by_side_a_run_may_start_processes_of_its_own(tmp_path):
    Experiment(RUNS[:2], LoadingRun(tmp_path), record(tmp_path), jobs=2).run()
    assert sorted(row["pore_dice"] for row in record(tmp_path).rows) == ["0", "1"]


def test_side_by_side_the_rows_are_the_same(execute, tmp_path):
    one, two = record(tmp_path / "one"), record(tmp_path / "two")
    Experiment(RUNS, execute, one, jobs=1).run()
    for note in execute.notes.iterdir():
        note.unlink()
    Experiment(RUNS, execute, two, jobs=2).run()
    assert two.path.read_bytes() == one.path.read_bytes()
    assert len(execute.noted()) == 9


def test_rows_of_other_settings_are_refused_and_kept(execute, tmp_path):
    Experiment(RUNS[:1], execute, record(tmp_path), jobs=1).run()
    before = record(tmp_path).path.read_bytes()
    with pytest.raises(ScanError, match="made with other settings"):
        Experiment(RUNS, CountedRun(execute.notes, setting="other"), record(tmp_path), jobs=1).run()
    assert record(tmp_path).path.read_bytes() == before


def test_a_task_that_is_missing_shows_before_any_work(execute, tmp_path):
    with pytest.raises(ScanError, match="no task 'missing'"):
        Experiment([*RUNS, {"task": "missing", "seed": 0}], execute, record(tmp_path), jobs=1).run()
    assert execute.noted() == []


def test_what_is_shared_is_made_in_turn_and_once():
    lists = [["scans", "network", "bridge"], ["scans", "other network"], [], ["scans", "network", "long bridge"]]
    assert _in_turn(lists) == [["scans"], ["network", "other network"], ["bridge", "long bridge"]]
    assert _in_turn([]) == []


def test_every_combination_the_last_factor_fastest():
    assert grid({"task": ["berea", "concrete"], "seed": [0, 1]}) == [
        {"task": "berea", "seed": 0},
        {"task": "berea", "seed": 1},
        {"task": "concrete", "seed": 0},
        {"task": "concrete", "seed": 1},
    ]


def test_a_factor_without_values_leaves_nothing_to_do():
    assert grid({"task": ["berea"], "seed": []}) == []


SIZES = {"default": {"seeds": 3}, "full": {"seeds": 5}, "quick": {"seeds": 1}}


def test_the_size_is_chosen_and_quick_wins():
    assert choose_numbers(SIZES, "full", quick=False) == {"seeds": 5}
    assert choose_numbers(SIZES, "full", quick=True) == {"seeds": 1}


def test_an_unknown_size_is_refused_with_those_that_are_there():
    with pytest.raises(ScanError, match="default or full, got 'huge'"):
        choose_numbers(SIZES, "huge", quick=False)
