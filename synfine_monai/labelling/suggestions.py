"""Where to paint next, and why: places where the network is least sure, phases that it expects, and some at random."""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.labelling.random_windows import RandomWindows
from synfine_monai.labelling.regions import PLACE, Place, Region
from synfine_monai.scans import one_line

FILE = "suggestions.jsonl"
RANDOM_SHARE = 0.25
"""Of the suggestions that are drawn at random."""
EXPECTED = 0.02
"""Share of a place that a phase must fill for the network to expect it there."""
NEAR = 0.05
"""Of the scan's length: places that are closer take turns."""
TURNS = 0.5
"""What a place counts less for each one before it on near slices, and for each one between the same phases."""


class Suggestions:
    """Chooses among what was looked at, and writes down what it drew at random.

    Args:
        windows: places of the core at random.
        names: of the classes.
        folder: of the session.
    """

    def __init__(self, windows: RandomWindows, names: Sequence[str], folder: Path) -> None:
        self.windows, self.names, self.path = windows, names, Path(folder) / FILE
        self._drawn = len(self.path.read_bytes().splitlines()) if self.path.is_file() else 0

    def choose(
        self, regions: Sequence[Region], painted: Collection[int], strokes: int, count: int
    ) -> list[dict[str, Any]]:
        """Some places with their reasons.

        Args:
            regions: that were looked at.
            painted: classes that have a stroke.
            strokes: lines of the log, for the record.
            count: how many places.
        """
        random = max(1, round(RANDOM_SHARE * count)) if count > 1 else 0
        wanted = count - random
        found = self._expected(regions, painted)[:wanted]
        found += self._unsure(regions, wanted - len(found))
        return found + [self._at_random(strokes) for _ in range(count - len(found))]

    def _expected(self, regions: Sequence[Region], painted: Collection[int]) -> list[dict[str, Any]]:
        """Phases that the network sees and nobody has painted, each where there is most of it."""
        found = []
        for k in (k for k in range(len(self.names)) if k not in painted):
            places = [(r.most_of[k].shares[k], r) for r in regions if r.most_of[k] is not None]
            share, region = max(places, key=lambda pair: pair[0], default=(0.0, None))
            if region is not None and share >= EXPECTED:
                reason = f"{self.names[k]} is expected here ({share:.0%} of the place), and nobody has painted it yet"
                found.append(_told(region.window.z, region.most_of[k], reason))
        return found

    def _unsure(self, regions: Sequence[Region], count: int) -> list[dict[str, Any]]:
        left = [region for region in regions if region.least_sure is not None]
        chosen: list[Region] = []
        reach = NEAR * self.windows.planes.scan.shape[0]

        def worth(region: Region) -> float:
            near = sum(abs(region.window.z - other.window.z) < reach for other in chosen)
            alike = sum(_between(region.least_sure) == _between(other.least_sure) for other in chosen)
            return region.least_sure.unsure * TURNS ** (near + alike)

        while left and len(chosen) < count:
            chosen.append(max(left, key=worth))
            left.remove(chosen[-1])
        return [_told(r.window.z, r.least_sure, self._doubt(r.least_sure)) for r in chosen]

    def _doubt(self, place: Place) -> str:
        first, second = (self.names[k] for k in _between(place))
        return f"the network is unsure here ({place.unsure:.0%} of the most there can be), between {first} and {second}"

    def _at_random(self, strokes: int) -> dict[str, Any]:
        window = self.windows[self._drawn]
        at = {"view": "xy", "z": window.z, "y": window.y, "x": window.x, "size": window.size}
        entry = {"number": self._drawn + 1, **at, "probability": window.probability, "seed": self.windows.seed,
                 "strokes": strokes}  # fmt: skip
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise ScanError(f"{self.path} cannot be written ({one_line(problem)}): make room on the disk.") from problem
        self._drawn += 1
        place = Place(self.windows.box(window), 0.0, ())
        return {**_told(window.z, place, "drawn at random: it shows what nobody thought of"), "drawn_at_random": True}


def _between(place: Place) -> tuple[int, int]:
    """The two classes that fill most of a place."""
    first, second, *_ = sorted(range(len(place.shares)), key=lambda k: -place.shares[k])
    return first, second


def _told(z: int, place: Place, reason: str) -> dict[str, Any]:
    row, column = place.box.row + place.box.rows // 2, place.box.column + place.box.columns // 2
    return {"view": "xy", "index": z, "row": row, "col": column, "size": PLACE, "reason": reason,
            "drawn_at_random": False}  # fmt: skip
