"""Chunks of a volume on disk, each there whole or not at all, until all of them are there."""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import one_line
from synfine_monai.scans.store_lock import StoreLock

CHUNK = re.compile(r"(?P<index>\d{6,})-(?P<signature>[0-9a-f]{16})\.raw")
CHECKSUM = 4
"""Bytes behind the voxels of a chunk: their CRC-32."""


class LabelStore:
    """Chunks of whole slices, one file each; the names of the files are the journal of what is done.

    A chunk is written under another name, flushed to the disk, and only then takes its own, at once. So several
    processes, also on several machines with one disk, can write; one that is killed leaves no chunk half done; and one
    that works for an earlier ``signature`` cannot spoil what belongs to this one, since the names carry it.

    Args:
        folder: of the store; made by ``begin``.
        shape: (D, H, W) of the volume.
        chunk_slices: slices of a chunk; the last one may have fewer.
        dtype: of the voxels.
        channels: None for chunks (d, H, W); a number for (channels, d, H, W).
        signature: of everything that decides the voxels; chunks of another one are thrown away by ``begin``.

    It can be pickled for the processes that write; only one process may ``begin``.
    """

    def __init__(
        self,
        folder: str | Path,
        shape: tuple[int, int, int],
        chunk_slices: int,
        dtype: DTypeLike = np.uint8,
        channels: int | None = None,
        signature: str = "",
    ) -> None:
        depth, height, width = map(int, shape)
        self.folder, self.shape, self.chunk_slices = Path(folder), (depth, height, width), int(chunk_slices)
        self.dtype, self.channels = np.dtype(dtype), channels
        decides = [signature, self.shape, self.chunk_slices, self.dtype.str, channels]
        self.signature = hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:16]
        self.lock = StoreLock(self.folder / "lock", self.folder.name.removeprefix(".").removesuffix(".chunks"))

    def __len__(self) -> int:
        """Number of chunks."""
        return -(-self.shape[0] // self.chunk_slices)

    def bounds(self, index: int) -> tuple[int, int]:
        """First slice of a chunk, and the one behind its last."""
        return index * self.chunk_slices, min((index + 1) * self.chunk_slices, self.shape[0])

    def nbytes(self, index: int) -> int:
        """Bytes of a chunk's voxels."""
        start, stop = self.bounds(index)
        return (self.channels or 1) * (stop - start) * self.shape[1] * self.shape[2] * self.dtype.itemsize

    def begin(self) -> bool:
        """Lock the store for this process and throw away what does not belong to it; whether anything was thrown away.

        Raises:
            ScanError: if another process has it, or it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock.acquire()
            foreign = [path for path in self.folder.iterdir() if not self._is_own(path.name)]
            for path in foreign:
                path.unlink()
        except OSError as problem:
            self.release()
            raise self._not_written(problem) from problem
        return any(CHUNK.fullmatch(path.name) for path in foreign)

    def todo(self) -> list[int]:
        """Chunks that are not done, ascending."""
        return sorted(set(range(len(self))) - self.done())

    def done(self) -> set[int]:
        """Chunks that are there whole."""
        if not self.folder.is_dir():
            return set()
        with os.scandir(self.folder) as entries:
            found = [
                (int(match["index"]), entry.stat().st_size)
                for entry in entries
                if (match := CHUNK.fullmatch(entry.name)) and match["signature"] == self.signature
            ]
        return {index for index, size in found if index < len(self) and size == self.nbytes(index) + CHECKSUM}

    def has(self, index: int) -> bool:
        """Whether one chunk is done."""
        try:
            return self._path(index).stat().st_size == self.nbytes(index) + CHECKSUM
        except FileNotFoundError:
            return False

    def write(self, index: int, slab: np.ndarray) -> None:
        """Put a chunk ([channels,] d, H, W) into the store; it is durable, and done, when this returns.

        Raises:
            ScanError: if the disk is full or the store is gone.
            ValueError: if the slab has another shape or type than the chunk.
        """
        slab = np.ascontiguousarray(slab)
        if (slab.shape, slab.dtype) != (self._shape_of(index), self.dtype):
            raise ValueError(f"chunk {index} is {self._shape_of(index)} {self.dtype}, got {slab.shape} {slab.dtype}.")
        voxels, path = slab.reshape(-1).view(np.uint8).data, self._path(index)
        temporary = self.folder / f"{path.stem}.{secrets.token_hex(4)}.part"
        try:
            with open(temporary, "xb") as file:
                file.write(voxels)
                file.write(zlib.crc32(voxels).to_bytes(CHECKSUM, "little"))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            _flush_names(self.folder)
        except OSError as problem:
            raise self._not_written(problem) from problem
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def read_chunk(self, index: int) -> np.ndarray:
        """A chunk that is done, ([channels,] d, H, W).

        Raises:
            ScanError: if it is missing, or no longer what was written; then it counts as not done from now on.
        """
        path = self._path(index)
        try:
            content = path.read_bytes()
        except OSError as problem:
            raise ScanError(f"chunk {index} of {self.folder} cannot be read ({one_line(problem)}).") from problem
        voxels = memoryview(content)[:-CHECKSUM]
        if len(voxels) != self.nbytes(index) or zlib.crc32(voxels).to_bytes(4, "little") != content[-CHECKSUM:]:
            path.unlink(missing_ok=True)
            raise ScanError(
                f"chunk {index} of {self.folder} was damaged on the disk and is dropped: start again, and "
                "only it is done anew."
            )
        return np.frombuffer(voxels, self.dtype).reshape(self._shape_of(index))

    def release(self) -> None:
        """Give the store free for another process; a store without a chunk vanishes."""
        self.lock.release()
        with suppress(OSError):
            self.folder.rmdir()

    def discard(self) -> None:
        """Remove the store and all its chunks."""
        self.lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:06d}-{self.signature}.raw"

    def _shape_of(self, index: int) -> tuple[int, ...]:
        start, stop = self.bounds(index)
        return (*(() if self.channels is None else (self.channels,)), stop - start, *self.shape[1:])

    def _is_own(self, name: str) -> bool:
        match = CHUNK.fullmatch(name)
        return name == self.lock.path.name or (match is not None and match["signature"] == self.signature)

    def _not_written(self, problem: OSError) -> ScanError:
        if problem.errno == errno.ENOENT:
            return ScanError(f"{self.folder} was removed while it was needed; start again.")
        kept = f"{len(self.done())} of {len(self)} chunks are done and stay for the next start"
        return ScanError(
            f"{self.folder} cannot be written ({one_line(problem)}): make room or choose another --output_dir; {kept}."
        )


def _flush_names(folder: Path) -> None:
    """Make a new name durable; where folders cannot be flushed (Windows), it is when the system likes."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
