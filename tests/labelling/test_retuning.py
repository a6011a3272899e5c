"""The network is a function of strokes and rounds: whatever was cancelled or killed, it comes out the same."""

import numpy as np
import pytest
import torch
from painted_rock import longest_run, rock_scan, small_model

from synfine_monai.errors import ScanError
from synfine_monai.labelling import retuning
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.opening import Given, open_folder
from synfine_monai.labelling.retuning import ROUNDS, Retuning
from synfine_monai.labelling.strokes import active_strokes


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rock")
    path, truth = rock_scan(folder)
    opened = open_folder(path, folder / "session", Given(["matrix", "pore"], small_model(folder)))
    for label, z in ((0, 10), (1, 10), (1, 20), (0, 30)):
        row, column, length = longest_run(truth[z] == label)
        opened.log.add(label, 1.0, "xy", z, [[row, column], [row, column + length - 1]])
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(retuning, "STEPS", 3)


def new(opened, folder):
    folder.mkdir(exist_ok=True)
    made = Retuning(opened.start, opened.planes, folder)
    made.prepare(opened.log.events)
    return made


def weights(made):
    return torch.cat([value.flatten() for value in made.published.values() if value.is_floating_point()])


def test_the_same_strokes_and_rounds_give_the_same_network_and_others_another(opened, tmp_path):
    events = opened.log.events
    first, again, other = (new(opened, tmp_path / name) for name in "abc")
    for made, counts in ((first, (2, 2, 4)), (again, (2, 2, 4)), (other, (2, 4, 4))):
        for count in counts:
            assert made.run(events[:count])
        assert made.schedule == list(counts)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_a_cancelled_round_leaves_no_trace(opened, tmp_path):
    events = opened.log.events
    plain, disturbed = new(opened, tmp_path / "a"), new(opened, tmp_path / "b")
    assert plain.run(events)
    assert not disturbed.run(events[:3], lambda done: done > 0.5)
    assert disturbed.schedule == []
    assert disturbed.run(events)
    assert not disturbed.run(events, lambda done: done < 0.5)
    assert torch.equal(weights(plain), weights(disturbed))
    assert plain.run(events)
    assert disturbed.run(events)
    assert torch.equal(weights(plain), weights(disturbed))


def test_what_is_read_from_the_disk_goes_on_as_if_it_had_never_stopped(opened, tmp_path):
    events = opened.log.events
    whole, broken = new(opened, tmp_path / "a"), new(opened, tmp_path / "b")
    for made in (whole, broken):
        made.run(events[:2])
        made.run(events)
    resumed = new(opened, tmp_path / "b")
    assert resumed.schedule == [2, 4]
    assert torch.equal(weights(resumed), weights(broken))
    whole.run(events)
    resumed.run(events)
    assert torch.equal(weights(whole), weights(resumed))


def test_a_full_disk_undoes_the_round(opened, tmp_path, monkeypatch):
    made = new(opened, tmp_path / "a")
    before = weights(made)

    def full(*of):
        raise ScanError("no space is left on the disk.")

    monkeypatch.setattr(made, "_store", full)
    with pytest.raises(ScanError, match="no space"):
        made.run(opened.log.events)
    assert torch.equal(weights(made), before)
    assert torch.equal(
        torch.cat([v.flatten() for v in made.network.state_dict().values() if v.is_floating_point()]), before
    )


def test_rounds_end_some_steps_after_the_last_stroke(opened, tmp_path):
    made = new(opened, tmp_path / "a")
    events = opened.log.events
    assert made.rounds_left([]) == made.rounds_left(events[:1]) == 0
    assert made.rounds_left([events[0], events[3]]) == 0  # one class
    assert made.rounds_left(events) == ROUNDS
    made.schedule = [2, 2, 4]
    assert made.rounds_left(events) == ROUNDS - 1
    assert made.rounds_left([*events, "undo"]) == ROUNDS
    made.schedule = [2, 4, 4, 4]
    assert made.rounds_left(events) == 0


def test_the_loss_on_strokes_goes_down(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(retuning, "STEPS", 25)
    made = new(opened, tmp_path / "a")
    events = opened.log.events

    def loss():
        made.network.eval()
        drawing = Drawing(active_strokes(events), opened.scan.shape)
        with torch.no_grad():
            return np.mean([
                float(made.loss.loss(made.network(made.windows.of(s).image), made.windows.labels(s, drawing)))
                for s in active_strokes(events)
            ])  # fmt: skip

    before = loss()
    for _ in range(ROUNDS):
        made.run(events)
    assert loss() < 0.8 * before


def test_a_class_that_the_network_does_not_know_is_learned_from_the_first_round(tmp_path):
    path, _ = rock_scan(tmp_path)
    model = small_model(tmp_path)
    opened = open_folder(path, tmp_path / "session", Given(["solid=matrix", "pore", "vug=pore"], model))
    try:
        for label, z in ((0, 10), (1, 10), (2, 20)):
            opened.log.add(label, 3.0, "xy", z, [[20, 20], [40, 40]])
        made = new(opened, tmp_path / "a")
        rows = made.network.head.weight.detach()
        assert not torch.allclose(rows[1], rows[2])  # the checkpoint's row is the same for both
        made.run(opened.log.events)
        resumed = new(opened, tmp_path / "a")
        assert torch.equal(weights(made), weights(resumed))
        assert all(torch.equal(a, b) for a, b in zip(
            made.windows.teacher.state_dict().values(), resumed.windows.teacher.state_dict().values(), strict=True
        ))  # fmt: skip
    finally:
        opened.close()


@pytest.mark.parametrize("content", [b"", b"nothing", None])
def test_a_damaged_or_foreign_network_is_told(opened, tmp_path, content):
    made = new(opened, tmp_path / "a")
    made.run(opened.log.events)
    if content is None:
        torch.save({**torch.load(made.path, weights_only=True), "of": "another"}, made.path)
    else:
        made.path.write_bytes(content)
    with pytest.raises(ScanError, match=r"delete (it|that file)"):
        new(opened, tmp_path / "a")
