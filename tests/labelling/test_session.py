"""A session as whoever labels knows it: what is painted stays, the network follows, and what is wrong is one line."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from made_scan import MadeScan
from painted_rock import SHAPE, paint_some, rock_scan, small_model

from synfine_monai.data import load_datalist, load_labelled_slices, load_task
from synfine_monai.errors import ScanError
from synfine_monai.labelling import Session, regions, retuning
from synfine_monai.labelling.opening import Given, open_folder
from synfine_monai.labelling.retuning import ROUNDS, Retuning
from synfine_monai.networks import load_network, read_model_info
from synfine_monai.scans import open_scan

CLASSES = ["matrix", "pore"]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(retuning, "STEPS", 3)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rock")
    path, truth = rock_scan(folder)
    return path, truth, small_model(folder)


@pytest.fixture
def session(made, tmp_path):
    path, _, model = made
    with Session.open(path, tmp_path / "session", CLASSES, model, threads=1) as opened:
        yield opened


def weights(session):
    return torch.cat([value.flatten() for value in session.retuning.published.values() if value.is_floating_point()])


def test_state_tells_scan_classes_and_strokes(session, made):
    session.wait_idle()
    state = session.state()
    assert (state["name"], state["shape"], state["voxel_size_um"]) == ("rock.tif", list(SHAPE), None)
    assert [(one["index"], one["name"]) for one in state["classes"]] == [(0, "matrix"), (1, "pore")]
    assert state["classes"][1]["color"] == "#0072b2"
    assert (state["strokes"], state["status"], state["version"], state["message"]) == (0, "idle", 0, "")
    paint_some(session, made[1], [(0, 10)])
    state = session.wait_idle()
    assert state["strokes_per_class"] == {"matrix": 1, "pore": 0}
    assert state["slices_with_strokes"] == {"xy": [10], "xz": [], "yz": []}
    assert "second class" in state["message"]
    assert state["version"] == 0


def test_from_the_second_class_on_the_network_follows_for_some_rounds(session, made):
    paint_some(session, made[1])
    assert session.state()["status"] in ("loading", "training")
    state = session.wait_idle(60)
    assert (state["status"], state["version"], state["progress"]) == ("idle", ROUNDS, None)
    assert session.predicted("xy", 10).version == ROUNDS
    session.undo()
    session.redo()
    assert session.wait_idle(60)["version"] > ROUNDS


def test_wait_returns_with_any_change_and_else_after_its_time(session):
    session.wait_idle()
    begun = time.monotonic()
    revision = session.state()["revision"]
    threading.Timer(0.2, session.stroke, (0, 1.0, "xy", 5, [[20, 20]])).start()
    state = session.wait(revision, 20)
    while state["strokes"] == 0:
        state = session.wait(state["revision"], 20)
    assert time.monotonic() - begun < 10
    session.wait_idle()


def test_grey_drawn_and_predicted_fit_each_other(session, made):
    assert session.stroke(1, 2.0, "xz", 30, [[10, 10], [20, 40]]) == 1
    for view, shape in (("xy", SHAPE[1:]), ("xz", (SHAPE[0], SHAPE[2])), ("yz", SHAPE[:2])):
        part = session.predicted(view, 20)
        assert session.grey(view, 20).shape == session.drawn(view, 20).shape == part.labels.shape == shape
    assert (session.drawn("xz", 30, [8, 8, 5, 5]) == 1).any()
    assert session.undo() == 0
    assert (session.drawn("xz", 30) == 255).all()
    assert session.undo() is None


def test_the_eraser_takes_labels_away_whatever_was_drawn(session):
    session.stroke(1, 3.0, "xy", 5, [[20, 20]])
    session.stroke(255, 1.0, "xy", 5, [[20, 20]])
    drawn = session.drawn("xy", 5)
    assert drawn[20, 20] == 255
    assert drawn[20, 23] == 1


@pytest.mark.parametrize(
    ("stroke", "words"),
    [
        ((2, 1.0, "xy", 5, [[20, 20]]), "2 is no class"),
        ((-1, 1.0, "xy", 5, [[20, 20]]), "-1 is no class"),
        ((True, 1.0, "xy", 5, [[20, 20]]), "no class"),
        ((0.0, 1.0, "xy", 5, [[20, 20]]), "no class"),
        ((0, 0.0, "xy", 5, [[20, 20]]), "radius"),
        ((0, 1e9, "xy", 5, [[20, 20]]), "radius"),
        ((0, float("nan"), "xy", 5, [[20, 20]]), "radius"),
        ((0, 1.0, "zx", 5, [[20, 20]]), "no view"),
        ((0, 1.0, "xy", 40, [[20, 20]]), "no slice 40"),
        ((0, 1.0, "xy", 5, []), "1 to 100,000 points"),
        ((0, 1.0, "xy", 5, [[1, 1]] * 100_001), "1 to 100,000 points"),
        ((0, 1.0, "xy", 5, [[20, float("nan")]]), "NaN"),
        ((0, 1.0, "xy", 5, [[20, float("inf")]]), "NaN"),
        ((0, 1.0, "xy", 5, [[20]]), "pairs of numbers"),
        ((0, 1.0, "xy", 5, [["a", "b"]]), "pairs of numbers"),
        ((0, 1.0, "xy", 5, [[20, 20], [20, 500]]), "outside the scan"),
    ],
)
def test_what_is_no_stroke_is_refused_in_one_line_and_leaves_nothing(session, stroke, words):
    before = session.log.path.read_bytes()
    with pytest.raises(ScanError, match=words) as told:
        session.stroke(*stroke)
    assert "\n" not in str(told.value)
    assert session.log.path.read_bytes() == before
    assert session.state()["strokes"] == 0


def test_a_stroke_outside_the_core_is_refused(made, tmp_path):
    path, _, model = made
    mask = np.ones(SHAPE, np.uint8)
    mask[:, :, 60:] = 0
    tifffile.imwrite(tmp_path / "fov.tif", mask)
    with Session.open(path, tmp_path / "session", CLASSES, model, fov=tmp_path / "fov.tif") as session:
        with pytest.raises(ScanError, match="outside the core"):
            session.stroke(0, 2.0, "xy", 5, [[20, 70], [30, 75]])
        assert session.stroke(0, 2.0, "xy", 5, [[20, 50], [30, 75]]) == 1
        assert session.stroke(255, 2.0, "xy", 5, [[20, 70]]) == 2
        assert (session.predicted("xy", 5).labels[:, 60:] == 255).all()
        assert (session.predicted("xz", 5).labels[:, 60:] == 255).all()


def test_saving_nothing_or_one_class_is_refused(session, made, tmp_path):
    with pytest.raises(ScanError, match="no stroke is painted yet"):
        session.save(tmp_path / "out")
    paint_some(session, made[1], [(1, 10)])
    with pytest.raises(ScanError, match=r"only the class 'pore' is painted: paint a second class"):
        session.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_saved_is_what_learn_reads(session, made, tmp_path):
    path, truth, _ = made
    paint_some(session, truth, [(0, 10), (1, 10), (1, 20), (0, 31)])
    session.stroke(1, 1.0, "yz", 33, [[12, 20], [16, 20]])
    session.wait_idle(60)
    saved = session.save(tmp_path / "out")
    assert saved.name == "rock_labels.tif"
    volume = tifffile.imread(saved)
    for z in range(SHAPE[0]):
        np.testing.assert_array_equal(volume[z], session.drawn("xy", z))
    task = load_datalist(saved.parent / "dataset.json")
    assert (task.labels, task.pore_labels) == (("matrix", "pore"), (1,))
    slices = load_labelled_slices(task, "training")
    assert {s.z for s in slices} == {10, *range(11, 18), 20, 31}
    for one in slices:
        np.testing.assert_array_equal(one.label, volume[one.z])
    plain = load_task(scan=str(path), labels=str(saved), phases="matrix,pore", unlabelled_value=255)
    assert plain.labels == task.labels


def test_the_saved_model_is_the_network_that_was_shown(session, made, tmp_path):
    paint_some(session, made[1])
    session.wait_idle(60)
    model = session.save(tmp_path / "out").parent / "model.pt"
    info = read_model_info(model)
    assert (info["labels"], info["stage"], info["normalisation"]) == (["matrix", "pore"], "labelling", "zscore")
    assert len(info["grey_levels"]["classes"]) >= 1
    state = load_network(model).state_dict()
    assert all(torch.equal(state[name], value) for name, value in session.retuning.published.items())


def test_a_session_goes_on_where_it_was(made, tmp_path):
    path, truth, model = made
    with Session.open(path, tmp_path / "s", CLASSES, model, seed=3, threads=1) as session:
        paint_some(session, truth)
        session.wait_idle(60)
        drawn, network = session.drawn("xy", 10), weights(session)
    with Session.open(path, tmp_path / "s", threads=1) as again:
        state = again.wait_idle(60)
        assert (state["strokes"], state["version"]) == (2, ROUNDS)
        assert again.opened.start.seed == 3
        np.testing.assert_array_equal(again.drawn("xy", 10), drawn)
        assert torch.equal(weights(again), network)
    with pytest.raises(ScanError, match=r"strokes of the classes matrix, pore, not pore, clay"):
        Session.open(path, tmp_path / "s", ["pore", "clay"])


def test_one_process_at_a_time(session, made, tmp_path):
    with pytest.raises(ScanError, match="open in another process"):
        Session.open(made[0], tmp_path / "session", CLASSES, made[2])


def test_strokes_of_another_scan_are_refused(made, tmp_path):
    path, truth, model = made
    grey = tifffile.imread(path)
    tifffile.imwrite(tmp_path / "scan.tif", grey)
    with Session.open(tmp_path / "scan.tif", tmp_path / "s", CLASSES, model) as session:
        paint_some(session, truth)
    os.utime(tmp_path / "scan.tif")  # the same voxels: nothing is lost by touching a file
    Session.open(tmp_path / "scan.tif", tmp_path / "s").close()
    tifffile.imwrite(tmp_path / "scan.tif", grey[::-1])
    with pytest.raises(ScanError, match="holds other voxels than when the strokes"):
        Session.open(tmp_path / "scan.tif", tmp_path / "s")
    tifffile.imwrite(tmp_path / "scan.tif", grey[1:])
    with pytest.raises(ScanError, match=r"a scan of 40×72×80 voxels .* scan\.tif has 39×72×80"):
        Session.open(tmp_path / "scan.tif", tmp_path / "s")


def test_a_scan_that_changes_while_it_is_painted_on_is_told(made, tmp_path):
    path, truth, model = made
    grey = tifffile.imread(path)
    tifffile.imwrite(tmp_path / "scan.tif", grey)
    with Session.open(tmp_path / "scan.tif", tmp_path / "s", CLASSES, model) as session:
        paint_some(session, truth)
        tifffile.imwrite(tmp_path / "scan.tif", grey[::-1])
        with pytest.raises(ScanError, match="changed on the disk"):
            session.stroke(0, 1.0, "xy", 5, [[20, 20]])
        assert session.state()["strokes"] == 2


def test_small_slices_and_a_missing_network_are_refused(made, tmp_path):
    tifffile.imwrite(tmp_path / "small.tif", np.random.default_rng(0).integers(0, 999, (7, 40, 80)).astype(np.uint16))
    with pytest.raises(ScanError, match="40×80"):
        Session.open(tmp_path / "small.tif", tmp_path / "s")
    with pytest.raises(ScanError, match="does not exist"):
        Session.open(made[0], tmp_path / "t", checkpoint=tmp_path / "no.pt")
    with pytest.raises(ScanError, match="network to start from"):
        Session.open(made[0], tmp_path / "u", checkpoint="none")


def test_a_failing_round_is_told_and_the_strokes_are_safe(session, made, monkeypatch):
    session.wait_idle()

    def full(*of):
        raise ScanError("network.pt could not be written: no space is left on the disk.")

    monkeypatch.setattr(session.retuning, "_store", full)
    paint_some(session, made[1])
    state = session.wait_idle(60)
    assert "no space" in state["message"]
    assert (state["strokes"], state["version"]) == (2, 0)
    monkeypatch.undo()
    monkeypatch.setattr(retuning, "STEPS", 3)
    session.stroke(0, 1.0, "xy", 20, [[30, 30], [30, 31]])
    state = session.wait_idle(60)
    assert (state["message"], state["version"]) == ("", ROUNDS)


def test_a_scan_that_makes_its_slices_needs_no_file(tmp_path, made, monkeypatch):
    monkeypatch.setattr(regions, "MOST", 0)  # nothing is looked at in spare time
    scan = MadeScan((2000, 64, 64))
    with Session.open(scan, tmp_path / "s", CLASSES, made[2], threads=1) as session:
        session.stroke(0, 2.0, "xy", 1500, [[20, 20], [20, 60]])
        session.stroke(1, 2.0, "xz", 50, [[1000, 20], [1030, 60]])
        assert session.wait_idle(60)["version"] == ROUNDS
        scan.read_slices = 0
        assert session.grey("xz", 40, [900, 0, 64, 64]).shape == (64, 64)
        assert session.predicted("yz", 40, [900, 0, 64, 64]).labels.shape == (64, 64)
        session.predicted("xy", 700)
        assert scan.read_slices == 1  # other views come from the working copy


def test_an_open_scan_of_another_voxel_size_than_the_sessions_is_refused(made, tmp_path):
    Session.open(made[0], tmp_path / "s", CLASSES, made[2], voxel_size_um=2.5).close()
    with open_scan(made[0]) as scan, pytest.raises(ScanError, match=r"unknown size µm and this session"):
        Session.open(scan, tmp_path / "s")
    with open_scan(made[0], voxel_size_um=2.5) as scan, Session.open(scan, tmp_path / "s") as session:
        assert session.state()["voxel_size_um"] == [2.5, 2.5, 2.5]


def test_nothing_is_painted_while_the_session_is_finished(session, monkeypatch):
    monkeypatch.setattr(session, "_finishing", {"progress": 0.5, "message": "inference"})
    state = session.state()
    assert (state["status"], state["progress"], state["message"]) == ("finishing", 0.5, "inference")
    for call in (lambda: session.stroke(0, 1.0, "xy", 5, [[20, 20]]), session.undo, session.redo):
        with pytest.raises(ScanError, match="paint when that has ended"):
            call()
    with pytest.raises(ScanError, match="finished already"):
        session.finish("anywhere")


def paint_and_kill(made, folder, lines, wait):
    """Start the painter, kill it ``wait`` seconds after it said so many lines; how many strokes it told of."""
    script = Path(__file__).with_name("paints_until_killed.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(made[0]), str(folder), str(made[2]), "0.05"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    told = [process.stdout.readline() for _ in range(lines)]
    time.sleep(wait)
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.readlines()
    process.wait()
    return int(told[-1])


def replayed(made, folder, events, schedule):
    """Weights after the rounds of a schedule, from the strokes alone."""
    folder.mkdir()
    opened = open_folder(made[0], folder / "again", Given(CLASSES, made[2]))
    try:
        again = Retuning(opened.start, opened.planes, folder)
        for count in schedule:
            again.run(events[:count])
        return torch.cat([value.flatten() for value in again.published.values() if value.is_floating_point()])
    finally:
        opened.close()


@pytest.mark.slow
@pytest.mark.parametrize(("lines", "wait"), [(4, 0.0), (12, 0.13), (20, 0.4)])
def test_a_kill_loses_no_stroke_and_the_network_is_the_same_after_it(made, tmp_path, lines, wait, monkeypatch):
    monkeypatch.undo()  # rounds of full length, so that the kill falls into one
    torch.set_num_threads(1)
    told = paint_and_kill(made, tmp_path / "s", lines, wait)
    log = (tmp_path / "s" / "strokes.jsonl").read_bytes()
    with Session.open(made[0], tmp_path / "s", threads=1) as session:
        assert session.state()["strokes"] in (told, told + 1)
        assert session.log.path.read_bytes() == log[: log.rfind(b"\n") + 1]
        before = list(session.retuning.schedule)
        session.wait_idle(120)
        events, schedule, found = list(session.log.events), list(session.retuning.schedule), weights(session)
    assert schedule[: len(before)] == before
    assert schedule[-ROUNDS:] == [len(events)] * ROUNDS
    assert torch.equal(found, replayed(made, tmp_path / "r", events, schedule))


def test_scan_is_read_as_the_verbs_read_it(session, made):
    """The network sees what ``learn`` shows it: the same normalised, filled slice."""
    saved = session.opened.planes.seen("xy", 7, session.opened.planes.whole("xy")).image
    with open_scan(made[0]) as scan:
        np.testing.assert_array_equal(saved, session.opened.statistics.normalise(scan.read(7, 8), 7)[0])
