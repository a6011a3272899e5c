"""A volume that is made chunk by chunk, goes on where a killed run was, and is named when all chunks are there."""

import shutil
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import ScanInfo
from synfine_monai.scans.label_store import LabelStore
from synfine_monai.scans.scan import create_scan
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.slabs import slab_slices

PLAIN = (".raw", ".nii")
"""Extensions of formats that are written as they are; all others are deflated."""

DEFLATED_SHARE = 0.25
"""Of their voxels' bytes that labels take at most: two bits a voxel, as noise of four classes would."""


class SlabCounter(Protocol):
    """What sees each slab of a volume once, in z order."""

    def start(self) -> None:
        """Begin anew."""

    def add(self, slab: np.ndarray) -> None:
        """See the next slices."""

    def write(self) -> None:
        """Write down what was seen of the whole volume."""


class ChunkedOutput:
    """A volume like a scan, and the chunks of it that are done, in the folder ``.NAME.chunks`` beside it.

    Chunks come in any order and from any process. The volume is written in z order as soon as chunks allow, under a
    hidden name; a run that begins again streams the chunks that are done into it once more. The chunks are removed when
    the volume has its name.

    Args:
        path: file or folder to write, see ``synfine_monai.scans.labels_path``.
        like: the scan.
        slab_voxels: voxels of a chunk, as ``SlabDataset`` takes it.
        signature: of all that decides the voxels; chunks of another one are not used.
        key: entry of a network's output that is written, (D, H, W) or (channels, D, H, W).
        dtype: of the voxels written.
        channels: number of channels, or None for (D, H, W).
        counter: sees the whole volume and writes its report before the chunks are removed.
    """

    def __init__(
        self,
        path: str | Path,
        like: ScanInfo,
        slab_voxels: int,
        signature: str,
        key: str = "labels",
        dtype: DTypeLike = np.uint8,
        channels: int | None = None,
        counter: SlabCounter | None = None,
    ) -> None:
        self.path, self.like, self.key, self.counter = Path(path).absolute(), like, key, counter
        folder = self.path.with_name(f".{self.path.name}.chunks")
        self.store = LabelStore(folder, like.shape, slab_slices(like.shape, slab_voxels), dtype, channels, signature)
        self._sink: ScanSink | None = None
        self._next = 0

    def made_by(self, maker: str) -> "ChunkedOutput":
        """This volume, not begun, with chunks of one maker only; ``maker`` joins the signature."""
        other, store = copy(self), self.store
        other.store = LabelStore(
            store.folder, store.shape, store.chunk_slices, store.dtype, store.channels, f"{store.signature} {maker}"
        )
        return other

    def begin(self) -> None:
        """Take the store for this process and begin the volume.

        Raises:
            ScanError: if another process is at it, or it cannot be written there.
        """
        self._next = 0
        if self.store.begin():
            tqdm.write(
                f"{self.path.name}: what an earlier run left was made from another scan, model or setting; begun anew."
            )
        try:
            self._sink = create_scan(self.path, self.like, self.store.dtype, self.store.channels)
        except BaseException:
            self.leave()
            raise
        if self.counter is not None:
            self.counter.start()

    def write(self, index: int, slab: np.ndarray) -> None:
        """Keep a chunk, and go on with the volume.

        Raises:
            ScanError: if the disk is full.
        """
        self.store.write(index, slab)
        if index == self._next:
            self._append(slab)
        self.advance()

    def advance(self) -> None:
        """Append to the volume the chunks that come next and are done, whoever wrote them."""
        while self._next < len(self.store) and self.store.has(self._next):
            self._append(self.store.read_chunk(self._next))

    def finish(self) -> None:
        """Give the volume its name, write what was counted, and remove the chunks.

        Raises:
            ScanError: if chunks are missing; those that are there stay.
        """
        self.advance()
        if self._next < len(self.store):
            missing = len(self.store.todo())
            self.leave()
            raise ScanError(
                f"{self.path.name} lacks {missing} of its {len(self.store)} chunks; start again, and only "
                "they are made."
            )
        self._sink.close()
        if self.counter is not None:
            self.counter.write()
        self.store.discard()

    def leave(self) -> None:
        """Stop here; chunks that are done stay for the next start, the unfinished volume goes."""
        if self._sink is not None:
            self._sink.abort()
        self.store.release()

    def bytes_left(self) -> int:
        """Bytes that the chunks to come and the volume take at most."""
        chunks, volume = (sum(map(self.store.nbytes, some)) for some in (self.store.todo(), range(len(self.store))))
        labels = self.store.dtype == np.uint8 and self.store.channels is None
        small = labels and not self.path.name.lower().endswith(PLAIN)
        return chunks + round(volume * (DEFLATED_SHARE if small else 1))

    def _append(self, slab: np.ndarray) -> None:
        self._sink.write(slab)
        if self.counter is not None:
            self.counter.add(slab)
        self._next += 1


def begin_outputs(outputs: Sequence[ChunkedOutput], chunks: Collection[int]) -> None:
    """Begin several volumes of one run, and make sure that there is room for all of them.

    Args:
        outputs: the volumes.
        chunks: that this run is about to make, from ``chunks_left``.

    Raises:
        ScanError: as ``ChunkedOutput.begin``; if the disk is too small; if another process was faster meanwhile.
    """
    begun = []
    try:
        for output in outputs:
            output.begin()
            begun.append(output)
        if not set(_todo(outputs)) <= set(chunks):
            raise ScanError(f"another process worked on {outputs[0].path.name} at the same time: start again.")
        _refuse_small_disk(outputs)
        if done := len(outputs[0].store.done()):
            tqdm.write(f"{outputs[0].path.name}: going on after {done} of {len(outputs[0].store)} chunks.")
    except BaseException:
        for output in begun:
            output.leave()
        raise


def made_by(outputs: Sequence[ChunkedOutput], maker: str) -> list[ChunkedOutput]:
    """The volumes with chunks of one maker only, say an engine whose labels differ in a few voxels from another's."""
    return [output.made_by(maker) for output in outputs]


def begun_by(outputs: Sequence[ChunkedOutput], makers: Iterable[str]) -> str | None:
    """The first of ``makers`` of whom the first volume has chunks that are done; None if it has none."""
    return next((maker for maker in makers if outputs[0].made_by(maker).store.done()), None)


def chunks_left(outputs: Sequence[ChunkedOutput]) -> list[int]:
    """Chunks that at least one of the volumes lacks, ascending; where none is missing the last one, to end with."""
    return _todo(outputs) or [len(outputs[0].store) - 1]


def slices_done(outputs: Sequence[ChunkedOutput]) -> int:
    """Slices that no chunk of ``chunks_left`` covers."""
    bounds = map(outputs[0].store.bounds, chunks_left(outputs))
    return outputs[0].like.shape[0] - sum(stop - start for start, stop in bounds)


def _todo(outputs: Sequence[ChunkedOutput]) -> list[int]:
    return sorted({index for output in outputs for index in output.store.todo()})


def _refuse_small_disk(outputs: Sequence[ChunkedOutput]) -> None:
    folder, needed = outputs[0].path.absolute().parent, sum(output.bytes_left() for output in outputs)
    free = shutil.disk_usage(folder).free
    if free < needed:
        names = " and ".join(output.path.name for output in outputs)
        raise ScanError(
            f"{folder} has {free / 1e9:,.2f} GB left, but {names} may need {needed / 1e9:,.2f} GB with the "
            "chunks that are kept until it is complete: make room or choose another --output_dir."
        )
