"""``runs.csv``: one row a run, the record that a later start goes on from and that all tables are drawn from."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.report import write_csv_atomic


class RunsFile:
    """Rows of an experiment on disk; written whole after every run, so that a crash costs one run.

    Args:
        path: of the CSV file; need not exist.
        factors: columns that tell runs apart; they come first.

    Raises:
        ScanError: if the file lacks one of these columns.
    """

    def __init__(self, path: str | Path, factors: Sequence[str]) -> None:
        self.path, self.factors = Path(path), tuple(factors)
        self.rows: list[dict[str, str]] = []
        if self.path.is_file():
            with self.path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                missing = [name for name in self.factors if name not in (reader.fieldnames or ())]
                if missing:
                    raise ScanError(f"{self.path} has no column '{missing[0]}': is it the record of this experiment?")
                self.rows = list(reader)
        self.known = {self._key(row) for row in self.rows}

    def __contains__(self, run: Mapping[str, Any]) -> bool:
        return self._key(run) in self.known

    def settings_of(self, run: Mapping[str, Any]) -> str | None:
        """The settings that a run's row was made with, or None where there is no such row."""
        key = self._key(run)
        return next((row.get("settings") for row in self.rows if self._key(row) == key), None)

    def add(self, row: Mapping[str, Any]) -> None:
        """Append the row of a finished run; a run that has one already keeps it."""
        if row in self:
            return
        undefined = [name for name, value in row.items() if value is None and name not in self.factors]
        self.rows.append({name: "" if name in undefined else _text(value) for name, value in row.items()})
        self.known.add(self._key(row))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rows.sort(key=lambda each: [_order(each[name]) for name in self.factors])
        write_csv_atomic(self.path, self.rows)

    def _key(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(_text(row[name]) for name in self.factors)


def _text(value: Any) -> str:
    """As the CSV holds it: a factor that is None is "all" (a budget without limit), fractions have six digits."""
    if value is None:
        return "all"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _order(text: str) -> tuple[float, str]:
    """Numbers by size, before words."""
    return (float(text), "") if text.replace(".", "", 1).isdigit() else (float("inf"), text)
