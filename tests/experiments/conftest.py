import pytest
from noted_stages import METHODS, NotedStages
from shiftable_task import make_task

from synfine_monai.experiments import TunedRun, tuned_run


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
