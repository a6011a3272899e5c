"""The log only grows, is on the disk before anybody is told, and says the same whenever it is read."""

import errno
import json
import os

import pytest

from synfine_monai.errors import ScanError
from synfine_monai.labelling.strokes import Stroke, StrokeLog, active_strokes, slices_of, undone_strokes

LINE = [[1, 2], [3.5, 4.25]]


@pytest.fixture
def log(tmp_path):
    log = StrokeLog(tmp_path)
    log.begin({"scan": "rock.tif"})
    return log


def numbers(strokes):
    return [stroke.number for stroke in strokes]


def test_what_is_read_again_is_what_was_painted(log):
    log.add(1, 2.5, "xz", 7, LINE)
    log.add(255, 1, "xy", 3, LINE[:1])
    again = StrokeLog(log.path.parent)
    assert again.events == log.events
    assert again.whose["scan"] == "rock.tif"
    assert again.events[0] == Stroke(1, 1, 2.5, "xz", 7, ((1.0, 2.0), (3.5, 4.25)))
    assert again.events[1].erases


def test_undo_and_redo_go_back_and_forth_and_a_new_stroke_ends_redoing(log):
    for label in (0, 1, 2):
        log.add(label, 1, "xy", 0, LINE)
    assert (log.undo().number, log.undo().number) == (3, 2)
    assert numbers(active_strokes(log.events)) == [1]
    assert log.redo().number == 2
    assert numbers(undone_strokes(log.events)) == [3]
    log.add(1, 1, "xy", 0, LINE)
    assert log.redo() is None
    assert numbers(active_strokes(StrokeLog(log.path.parent).events)) == [1, 2, 7]


def test_undo_of_nothing_writes_nothing(log):
    before = log.path.read_bytes()
    assert log.undo() is None
    assert log.redo() is None
    assert log.path.read_bytes() == before


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_torn_last_line_is_cut_off_and_painting_goes_on(log, cut, caplog):
    log.add(0, 1, "xy", 0, LINE)
    log.add(1, 1, "xy", 0, LINE)
    os.truncate(log.path, log.path.stat().st_size - cut)
    again = StrokeLog(log.path.parent)
    assert numbers(active_strokes(again.events)) == [1]
    assert "cut short" in caplog.text
    again.add(1, 1, "xy", 5, LINE)
    assert numbers(active_strokes(StrokeLog(log.path.parent).events)) == [1, 2]


def test_damage_before_the_last_line_is_told_with_its_place(log):
    for _ in range(3):
        log.add(0, 1, "xy", 0, LINE)
    lines = log.path.read_bytes().splitlines()
    lines[2] = b'{"label": 0, "radius"'
    log.path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(ScanError, match=r"line 3 of .*strokes\.jsonl is damaged"):
        StrokeLog(log.path.parent)


def test_a_newer_format_is_refused(log):
    entry = json.loads(log.path.read_text())
    log.path.write_text(json.dumps({**entry, "format_version": 99}) + "\n")
    with pytest.raises(ScanError, match="format 99"):
        StrokeLog(log.path.parent)


def test_a_full_disk_keeps_the_log_as_it_was(log, monkeypatch):
    log.add(0, 1, "xy", 0, LINE)
    before, events = log.path.read_bytes(), list(log.events)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScanError, match=r"No space left on device.*was not kept"):
        log.add(1, 1, "xy", 0, LINE)
    assert log.path.read_bytes() == before
    assert log.events == events


def test_a_stroke_is_flushed_to_the_disk_before_add_returns(log, monkeypatch):
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(log.path.stat().st_size))
    log.add(1, 1, "xy", 0, LINE)
    assert flushed == [log.path.stat().st_size]


def test_slices_that_carry_strokes_without_those_of_the_eraser(log):
    for label, view, index in ((0, "xy", 5), (1, "xy", 2), (1, "xy", 5), (1, "yz", 9), (255, "xz", 4)):
        log.add(label, 1, view, index, LINE)
    assert slices_of(active_strokes(log.events)) == {"xy": [2, 5], "xz": [], "yz": [9]}
