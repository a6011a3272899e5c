"""Strokes as they were painted: a file that only grows, flushed to the disk before anybody is told."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.labelling.views import AXES
from synfine_monai.scans import one_line

FILE = "strokes.jsonl"
FORMAT_VERSION = 1
UNDO, REDO = "undo", "redo"


@dataclass(frozen=True)
class Stroke:
    """A line of a round brush on one slice.

    Attributes:
        number: line of the log that it stands on, from 1.
        label: class, or 255 for the eraser.
        radius: of the brush in voxels: voxels whose centre is not further from the line are painted.
        view: one of ``AXES``.
        index: slice across the view.
        points: (row, column) in voxels, whole numbers at voxel centres.
    """

    number: int
    label: int
    radius: float
    view: str
    index: int
    points: tuple[tuple[float, float], ...]

    @property
    def erases(self) -> bool:
        """Whether it takes labels away."""
        return self.label == UNLABELLED


class StrokeLog:
    """``strokes.jsonl``: a line that says whose labels these are, then a line a stroke, undo or redo.

    Nothing in it is ever changed, so that its first n lines say what was painted when there were n. A line that a kill
    tore is cut off when the file is opened: nobody was told that it was there.

    Args:
        folder: of the session.

    Attributes:
        whose: what is fixed for these strokes (scan, classes), as ``begin`` wrote it; empty before.
        events: (stroke | "undo" | "redo"), in order.

    Raises:
        ScanError: if the file is damaged before its last line, or was written by a newer version.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / FILE
        self.events: list[Stroke | str] = []
        self.whose: dict[str, Any] = {}
        for number, line in enumerate(self._whole_lines()):
            self._take(number, line)

    def __len__(self) -> int:
        return len(self.events)

    def begin(self, whose: Mapping[str, Any]) -> None:
        """Write the first line of a new log."""
        self._append({"format_version": FORMAT_VERSION, **whose})
        self.whose = dict(whose)

    def add(self, label: int, radius: float, view: str, index: int, points: Sequence[Sequence[float]]) -> Stroke:
        """Append a stroke; it is on the disk when this returns.

        Raises:
            ScanError: if it cannot be written; then it is not there.
        """
        thousandths = tuple((round(float(r), 3), round(float(c), 3)) for r, c in points)
        stroke = Stroke(len(self.events) + 1, int(label), round(float(radius), 3), view, int(index), thousandths)
        self._append({name: value for name, value in asdict(stroke).items() if name != "number"})
        self.events.append(stroke)
        return stroke

    def undo(self) -> Stroke | None:
        """Take the last stroke back, and give it; None where there is none."""
        return self._turn(UNDO, active_strokes(self.events))

    def redo(self) -> Stroke | None:
        """Paint once more what was undone last, if nothing was painted since; None where there is nothing."""
        return self._turn(REDO, undone_strokes(self.events))

    def _turn(self, what: str, strokes: list[Stroke]) -> Stroke | None:
        if not strokes:
            return None
        self._append({"event": what})
        self.events.append(what)
        return strokes[-1]

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps(entry, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        try:
            with open(self.path, "ab") as file:
                before = file.tell()
                try:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(before)
                    raise
        except OSError as problem:
            raise ScanError(
                f"{self.path} cannot be written ({one_line(problem)}), so that this was not kept: make room on the "
                "disk, and paint it again."
            ) from problem

    def _whole_lines(self) -> list[bytes]:
        if not self.path.is_file():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with open(self.path, "r+b") as file:
                file.truncate(len(whole))
            logging.getLogger(__name__).warning(
                "%s: its last line was cut short (%d bytes) and is left out: nothing else is lost.",
                self.path.name, len(content) - len(whole),
            )  # fmt: skip
        return whole.splitlines()

    def _take(self, number: int, line: bytes) -> None:
        try:
            entry = json.loads(line)
            if number == 0:
                self._check_version(entry)
                self.whose = entry
            elif "event" in entry:
                self.events.append({UNDO: UNDO, REDO: REDO}[entry["event"]])
            else:
                points = tuple((float(r), float(c)) for r, c in entry.pop("points"))
                self.events.append(Stroke(number, points=points, **entry))
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise ScanError(
                f"line {number + 1} of {self.path} is damaged ({one_line(problem)}): take it from a copy, or delete "
                "that line and all after it, which loses the strokes painted since."
            ) from problem

    def _check_version(self, entry: Mapping[str, Any]) -> None:
        if entry["format_version"] > FORMAT_VERSION:
            raise ScanError(f"{self.path} has format {entry['format_version']}; this version reads {FORMAT_VERSION}.")


def active_strokes(events: Sequence[Stroke | str]) -> list[Stroke]:
    """What is painted after these events, in the order of painting."""
    return _replay(events)[0]


def undone_strokes(events: Sequence[Stroke | str]) -> list[Stroke]:
    """What a redo would paint, the next one last."""
    return _replay(events)[1]


def _replay(events: Sequence[Stroke | str]) -> tuple[list[Stroke], list[Stroke]]:
    active: list[Stroke] = []
    undone: list[Stroke] = []
    for event in events:
        if isinstance(event, Stroke):
            active.append(event)
            undone = []
        elif event == UNDO and active:
            undone.append(active.pop())
        elif event == REDO and undone:
            active.append(undone.pop())
    return active, undone


def slices_of(strokes: Sequence[Stroke]) -> dict[str, list[int]]:
    """View -> its slices that carry a stroke, ascending; strokes of the eraser do not count."""
    return {view: sorted({s.index for s in strokes if s.view == view and not s.erases}) for view in AXES}
