"""A plan on disk: plan.csv, the windows in the order in which they were drawn, and plan.json, how they were drawn."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.planning.windows import Window
from synfine_monai.report import write_csv_atomic, write_json_atomic

COLUMNS = ("id", "axis", "z", "y", "x", "size", "probability", "purpose")
POPULATION = (
    "All square windows of this size on slices that hold core, with at least one voxel in it, also those that hang "
    "over the edge of the image; drawn with replacement, the slice first (all alike), then the window on it. "
    "'probability' is that of one draw, but for a factor common to all windows where some slices turned out to hold "
    "no core."
)


@dataclass(frozen=True)
class Plan:
    """Windows, and what an audit must know about their draw.

    Attributes:
        windows: in the order of the draw.
        facts: content of ``plan.json`` besides its hashes: scan, model, seed, window, draw, looks, repeats, largest.
    """

    windows: Sequence[Window]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Side of the windows in voxels."""
        return self.windows[0].size

    @property
    def repeats(self) -> dict[int, int]:
        """Number of an image -> that of the window which it shows once more."""
        return {int(image): int(window) for image, window in self.facts.get("repeats", {}).items()}

    @property
    def images(self) -> dict[int, Window]:
        """Number of an image -> the window that it shows, repeats as well."""
        by_id = {window.id: window for window in self.windows}
        return by_id | {image: by_id[window] for image, window in self.repeats.items()}


def write_plan_files(plan: Plan, folder: str | Path) -> Path:
    """Write plan.csv, then plan.json with the hashes of both; returns the path of plan.csv.

    Raises:
        ScanError: if they cannot be written.
    """
    rows = [{name: asdict(window)[name] for name in COLUMNS} for window in plan.windows]
    path = write_csv_atomic(Path(folder) / "plan.csv", rows, COLUMNS)
    facts = {**plan.facts, "population": POPULATION, "plan_csv": _hash(path.read_bytes())}
    write_json_atomic(path.with_suffix(".json"), {**facts, "signature": _signature(facts)})
    return path


def read_plan_files(path: str | Path) -> Plan:
    """Read a plan by the path of its plan.csv, or of the folder that holds it.

    Raises:
        ScanError: if a file is missing or damaged, or was edited since the windows were drawn.
    """
    path = Path(path) / "plan.csv" if Path(path).is_dir() else Path(path)
    try:
        table = path.read_bytes()
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        signature = facts.pop("signature")
        windows = [_window(row) for row in csv.DictReader(table.decode("utf-8").splitlines())]
    except OSError as error:
        raise ScanError(
            f"{error.filename} cannot be read ({error.strerror}): --plan takes the plan.csv that 'plan' wrote, with "
            "its plan.json beside it."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScanError(f"{path} or its plan.json is no plan that 'plan' wrote ({error!r}).") from error
    if facts.get("plan_csv") != _hash(table) or signature != _signature(facts):
        raise ScanError(
            f"{path} or its plan.json was edited since the windows were drawn, so that their probabilities no longer "
            "hold: take the files as 'plan' wrote them, or make a new plan."
        )
    return Plan(windows, facts)


def _window(row: Mapping[str, str]) -> Window:
    numbers = {name: int(row[name]) for name in ("id", "z", "y", "x", "size")}
    return Window(**numbers, probability=float(row["probability"]), axis=row["axis"], purpose=row["purpose"])


def _signature(facts: Mapping[str, Any]) -> str:
    return _hash(json.dumps(facts, sort_keys=True).encode())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
