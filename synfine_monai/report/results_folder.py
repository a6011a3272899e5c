"""Files of a results folder, each whole or not at all: tables, JSON, and the sensitivity with its figure."""

import csv
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file, named_path
from synfine_monai.surgery import save_sensitivity
from synfine_monai.visualize import draw_sensitivity

_LEAST_FREE = 20_000_000  # bytes: a model, its records and figures


def make_results_folder(output_dir: Path | str, least_free: int = _LEAST_FREE) -> Path:
    """Create the folder with its parents, and make sure early that results will fit into it.

    Args:
        output_dir: where results go; may exist.
        least_free: bytes that must be free on its disk.

    Returns:
        The folder's absolute path.

    Raises:
        ScanError: if it cannot be created or written to, is a file, or its disk is full.
    """
    folder = named_path(output_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe.{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except FileExistsError as error:
        raise ScanError(f"output_dir {folder} is a file; name a folder.") from error
    except OSError as error:
        raise ScanError(
            f"output_dir {folder} cannot be written to ({error.strerror}); choose another folder."
        ) from error
    free = shutil.disk_usage(folder).free
    if free < least_free:
        raise ScanError(
            f"output_dir {folder} has {free / 1e6:,.0f} MB left, but the results need at least "
            f"{least_free / 1e6:,.0f} MB; make room or choose another disk."
        )
    return folder


def write_json_atomic(path: Path | str, content: Any) -> Path:
    """Write ``content`` as indented JSON; numpy numbers, arrays and paths become plain values.

    Raises:
        ScanError: if the file cannot be written.
        ValueError: if it holds NaN or infinity, which JSON does not know: unknown is None.
    """
    path = Path(path)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path


def write_csv_atomic(path: Path | str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> Path:
    """Write one line a row under a header.

    Args:
        path: of the CSV file.
        rows: column name -> value; what a row lacks or has as None stays empty.
        columns: their order; default: as they first appear in the rows.

    Raises:
        ScanError: if the file cannot be written.
        ValueError: if a row has a column that ``columns`` lacks.
    """
    path = Path(path)
    names = list(dict.fromkeys(name for row in rows for name in row)) if columns is None else list(columns)
    with atomic_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")


def write_sensitivity(sensitivity: Mapping[str, Any] | None, output_dir: str | Path) -> None:
    """Write ``sensitivity.json``, ``sensitivity.csv`` and ``figures/sensitivity.png``; nothing if there is none."""
    if sensitivity is None:
        return
    save_sensitivity(sensitivity, output_dir)
    figure = draw_sensitivity(sensitivity)
    path = Path(output_dir) / "figures" / "sensitivity.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=120)
    print(
        f"Relative gradient norm is highest in level '{sensitivity['selected_level']}' and block "
        f"'{sensitivity['selected_block']}' ({path})."
    )
