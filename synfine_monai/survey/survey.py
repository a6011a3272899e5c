"""What was found in a scan, kept for the process and for as long as none of its files changes."""

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans import FORMATS, Scan

MOST_FILES = 4096  # of a folder: asking after more takes longer than finding anew
SURVEYS = 8
ELSEWHERE = (
    ".mhd",
    ".nhdr",
    ".ome.",
    *FORMATS["hdf5"].extensions,
)  # these may keep their voxels in files that they only name
Found = TypeVar("Found")


def files_signature(*paths: str | os.PathLike | None) -> tuple | None:
    """Path, inode, size and times of files, and of all that folders hold, to see whether any has changed.

    Returns:
        None where that cannot be known, so that nothing may be kept: files that name other files, huge folders.
    """
    stats: list[tuple] = []
    for path in paths:
        if path is None:
            stats.append(())
            continue
        path = Path(path).absolute()
        if any(ending in path.name.lower() for ending in ELSEWHERE):
            return None
        try:
            files = list(islice(_files(path), MOST_FILES + 1))
            stats.extend((os.fspath(f), s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for f, s in files)
        except OSError:
            return None
        if not files or len(files) > MOST_FILES:
            return None
    return tuple(stats)


def _files(path: Path) -> Any:
    if not path.is_dir():
        yield path, path.stat()
    for folder, _, names in os.walk(path, followlinks=True):
        for name in sorted(names):
            file = Path(folder, name)
            yield file, file.stat()


class Memory:
    """The last few findings, by what they were found from.

    Args:
        size: most findings that are kept.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._found: dict[Any, Any] = {}

    def recall(self, key: Hashable | None, find: Callable[[], Found]) -> Found:
        """What was found for ``key`` before, else what ``find`` gives now; always the latter if ``key`` is None."""
        if key is None:
            return find()
        found = self._found.pop(key, None)
        if found is None:
            found = find()
        self._found[key] = found
        for oldest in list(self._found)[: -self.size]:
            self._found.pop(oldest, None)
        return found

    def known(self, key: Hashable) -> Any:
        """What was found for ``key``, or None."""
        return self._found.get(key)

    def forget(self, key: Hashable | None) -> None:
        """Keep nothing for ``key``."""
        self._found.pop(key, None)


@dataclass(eq=False)
class Survey:
    """What was found in one scan.

    Attributes:
        signature: of the scan; None if nothing of it may be kept.
        fields: fields of view, by the signature of the mask that was given.
        grey_levels: statistics, by the signature of the field of view and the method.
        slices: slices (1, H, W) by z that a file read forwards has shown once, until its grey levels are measured.
    """

    signature: tuple | None
    fields: Memory = field(default_factory=lambda: Memory(4))
    grey_levels: Memory = field(default_factory=lambda: Memory(8))
    slices: dict[int, np.ndarray] = field(default_factory=dict)


_surveys = Memory(SURVEYS)


def refuse_indices(scan: Scan) -> None:
    """Refuse a scan whose numbers are indices into a palette of colours.

    Raises:
        ScanError: naming what to save.
    """
    if "indices" in scan.info.layout:
        raise ScanError(
            f"{scan.info.path.name} holds indices into a palette of colours, from which grey levels cannot be told: "
            "save it as plain grey levels (Fiji: Image > Lookup Tables > Grays, then save)."
        )


def survey_of(scan: Scan) -> Survey:
    """The survey of a scan: the same for as long as its files, shape, type and voxel size are."""
    files = files_signature(scan.info.path)
    if files is None:
        return Survey(None)
    signature = (files, scan.shape, str(scan.dtype), scan.voxel_size_um)
    return _surveys.recall(signature, lambda: Survey(signature))
