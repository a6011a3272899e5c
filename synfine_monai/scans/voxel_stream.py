"""Windows of a volume whose voxels stand one after the other in a file, plain or deflated, in bounded memory."""

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

CHUNK = 1 << 16


class _ZlibReader(io.RawIOBase):
    """Inflates a zlib stream (not gzip) that starts where ``file`` stands."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.inflater = file, zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.inflater.eof:
            chunk = self.inflater.unconsumed_tail or self.file.read(CHUNK)
            if not chunk:
                raise EOFError("its compressed voxels end too early")
            data = self.inflater.decompress(chunk, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0

    def close(self) -> None:
        self.file.close()
        super().close()


class VoxelStream:
    """Reads slices of a C-ordered (D, H, W) volume from a file.

    Plain files are opened for each window, so that one object serves threads and forked workers. Deflated ones are
    read forward: windows in rising order cost one pass over the file, a step back starts it anew.

    Args:
        path: the file.
        offset: where the volume (plain) or the compressed stream (deflated) starts, in bytes.
        shape: (D, H, W).
        dtype: of the voxels as stored, with their byte order.
        encoding: "raw", "gzip" or "zlib".
        skip: bytes of the inflated stream before the first voxel.
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        shape: tuple[int, int, int],
        dtype: np.dtype,
        encoding: str = "raw",
        skip: int = 0,
    ) -> None:
        self.path, self.offset, self.shape, self.dtype = Path(path), int(offset), shape, np.dtype(dtype)
        self.encoding, self.skip = encoding, skip
        self.slice_bytes = shape[1] * shape[2] * self.dtype.itemsize
        self._file: io.BufferedIOBase | None = None
        self._position = self._process = 0

    def read(self, start: int, stop: int) -> np.ndarray:
        """Slices ``start`` to ``stop`` as stored, (stop - start, H, W).

        Raises:
            EOFError: if the file ends before.
            OSError, zlib.error: if the compressed stream is damaged.
        """
        slab = np.empty((stop - start, *self.shape[1:]), self.dtype)
        buffer = slab.reshape(-1).view(np.uint8).data
        if self.encoding == "raw":
            with open(self.path, "rb") as file:
                file.seek(self.offset + start * self.slice_bytes)
                _fill(file, buffer)
            return slab
        file = self._stream_at(self.skip + start * self.slice_bytes)
        _fill(file, buffer)
        self._position += len(buffer)
        if stop == self.shape[0]:
            file.read(1)  # reaches the checksum behind the last voxel
        return slab

    def _stream_at(self, position: int) -> io.BufferedIOBase:
        # a forked worker shares the file position with its parent, so it opens its own
        if self._file is None or position < self._position or self._process != os.getpid():
            self.close()
            file = open(self.path, "rb")  # noqa: SIM115  closed by close()
            file.seek(self.offset)
            zipped = self.encoding == "gzip"
            self._file = gzip.GzipFile(fileobj=file) if zipped else io.BufferedReader(_ZlibReader(file))
            self._raw, self._position, self._process = file, 0, os.getpid()
        while self._position < position:
            passed = len(self._file.read(min(position - self._position, 16 * CHUNK)))
            if not passed:
                raise EOFError("its compressed voxels end too early")
            self._position += passed
        return self._file

    def close(self) -> None:
        """Close the compressed stream; a later read opens it again."""
        if self._file is not None:
            self._file.close()
            self._raw.close()
            self._file = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None, "_raw": None}


def _fill(file: io.BufferedIOBase, buffer: memoryview) -> None:
    filled = 0
    while filled < len(buffer):
        count = file.readinto(buffer[filled:])
        if not count:
            raise EOFError(f"{len(buffer) - filled:,} bytes of voxels are missing at its end")
        filled += count
