"""The owner's words, and a last look whether any of them stands in what is about to leave."""

import csv
import getpass
import json
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.sharing.finished_run import FinishedRun
from synfine_monai.sharing.readable_parts import readable_parts

SHORTEST = 4  # letters; shorter words are in every text by chance
LIKE_A_PATH = re.compile(r"[/\\.]")
SPLITS = ("training", "validation", "test", "unlabelled")
FILE_OPTIONS = ("datalist", "scan", "labels", "fov", "output_dir", "pairs_from", "compare")
WORD_OR_FILE = ("checkpoint", "rock", "style")  # "shipped", a preset, "auto": these words are everybody's


def private_words(run: FinishedRun) -> set[str]:
    """Whatever of a results folder names the owner's files, items, specimens, data, machine or user.

    Paths are taken whole and in their parts. The datalist is read as well where it still lies; without it, specimens
    are not known, but nothing that is packed was made from their names either.
    """
    words = set(_of_machine())
    words.update(*map(_of_path, _paths(run)))
    words |= {str(run.info.get("task", "")), str((run.metrics or {}).get("task", ""))}
    data = run.provenance.get("data")
    words.update(map(str, data.values()) if isinstance(data, Mapping) else ())
    return {word for word in words if len(word) >= SHORTEST and not word.isdigit()}


def check_nothing_private(bundle: Path, words: Iterable[str], said: str, skip: Iterable[str] = ()) -> None:
    """Look for private words in every part of a bundle's files that holds text.

    Args:
        bundle: folder of the bundle.
        words: from ``private_words``.
        said: all text that every bundle holds and that the sender gave for this one; a word in it is no secret.
        skip: relative paths of files that are copies of public ones, or the sender's own text.

    Raises:
        ScanError: naming the file and the word; nothing is to leave then.
    """
    said = said.lower()
    patterns = {w: _pattern(w.lower()) for w in words}
    secret = {word: pattern for word, pattern in patterns.items() if not pattern.search(said)}
    for file in sorted(p for p in bundle.rglob("*") if p.is_file()):
        name = file.relative_to(bundle).as_posix()
        text = "" if name in skip else readable_parts(file).lower()
        found = next((word for word, pattern in secret.items() if pattern.search(text)), None)
        if found is not None:
            raise ScanError(
                f"nothing was packed: {name} would tell '{found}', which names files, data, a machine or a user of "
                "yours. Rename what brings it in (a class?), or say it in --name or --description if all may know it."
            )


def _pattern(word: str) -> re.Pattern[str]:
    """The word by itself, and not inside another; ``_`` and ``-`` part words."""
    return re.compile(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])")


def _of_machine() -> Iterator[str]:
    yield platform.node()
    yield from platform.node().split(".")
    yield str(Path.home())
    try:
        yield getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return


def _of_path(path: str) -> set[str]:
    parts = [part for part in re.split(r"[/\\]+", path) if part not in ("", ".", "..")]
    return {path, *parts, *(part.split(".")[0] for part in parts)}


def _paths(run: FinishedRun) -> Iterator[str]:
    """Paths, and names of items, which mostly are paths."""
    yield str(run.folder)
    yield from _strings(run.provenance.get("data"))
    yield from (word for word in _strings(run.provenance.get("command")) if LIKE_A_PATH.search(word))
    for scores in (run.metrics or {}).get("methods", {}).values():
        yield from (str(item["item"]) for item in scores["per_item"] if "item" in item)
    yield from _items_of_patches(run.folder / "patches.csv")
    for options in run.config.values():
        chosen = options if isinstance(options, Mapping) else {}
        for name in (*FILE_OPTIONS, *WORD_OR_FILE):
            texts = (text for text in _strings(chosen.get(name)) if not text.startswith(("$", "@")))
            yield from (text for text in texts if name not in WORD_OR_FILE or LIKE_A_PATH.search(text))
        yield from _of_datalist(chosen.get("datalist"))


def _items_of_patches(path: Path) -> list[str]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row["item"] for row in csv.DictReader(file) if row.get("item")]


def _of_datalist(path: Any) -> Iterator[str]:
    try:
        content = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
        yield str(content.get("name", ""))
        for split in SPLITS:
            yield from _strings(content.get(split))
    except (OSError, TypeError, ValueError, AttributeError):
        return


def _strings(value: Any) -> Iterator[str]:
    """All strings in nested mappings (their keys as well) and lists, but for keys that are plain field names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from [str(key)] if LIKE_A_PATH.search(str(key)) else []
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
