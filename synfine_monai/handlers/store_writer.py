"""Write what a network says of a scan, slab by slab and in a thread of its own."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events
from numpy.typing import DTypeLike

from synfine_monai.handlers.progress import on_failure
from synfine_monai.scans import ChunkedOutput, ScanInfo, ScanSink, begin_outputs, chunks_left, create_scan


class _Writer(ABC):
    """Ignite handler whose ``_write`` hands work to a thread, at most one slab behind the network."""

    def __init__(self) -> None:
        self.pending: Future | None = None
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="write-slab")

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.STARTED, self._begin)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._write)
        engine.add_event_handler(Events.COMPLETED, self._finish)
        on_failure(engine, self._leave)

    @abstractmethod
    def _begin(self, engine: Engine) -> None: ...

    @abstractmethod
    def _write(self, engine: Engine) -> None: ...

    @abstractmethod
    def _finish(self, engine: Engine) -> None: ...

    @abstractmethod
    def _leave(self) -> None: ...

    def _wait(self) -> None:
        if self.pending is not None:
            pending, self.pending = self.pending, None
            pending.result()


class StoreWriter(_Writer):
    """Ignite handler that writes each slab into the outputs that want it, and names the volumes at the end.

    A run that fails or is killed leaves the chunks that are done, and the same command goes on from there; see
    ``ChunkedOutput``. Slabs are written by a thread, at most one behind the network.

    Args:
        outputs: the volumes. The engine's batch says by "start" which slice comes first, its output holds the slab
            under each volume's key.

    Raises:
        ScanError: when the run starts, if a volume cannot be written, another process is at it, or the disk is too
            small; later, if the disk is full.
    """

    def __init__(self, outputs: Sequence[ChunkedOutput]) -> None:
        super().__init__()
        self.outputs, self.chunks = list(outputs), chunks_left(outputs)

    def _begin(self, engine: Engine) -> None:
        begin_outputs(self.outputs, self.chunks)
        self.pending = self.thread.submit(self._advance)

    def _write(self, engine: Engine) -> None:
        for batch, output in zip(engine.state.batch, engine.state.output, strict=True):
            self._wait()
            slabs = [output[one.key].numpy() for one in self.outputs]
            self.pending = self.thread.submit(self._put, int(batch["start"]), slabs)

    def _put(self, start: int, slabs: Sequence[np.ndarray]) -> None:
        for output, slab in zip(self.outputs, slabs, strict=True):
            output.write(start // output.store.chunk_slices, slab)

    def _advance(self) -> None:
        for output in self.outputs:
            output.advance()

    def _finish(self, engine: Engine) -> None:
        self._wait()
        for output in self.outputs:
            output.finish()

    def _leave(self) -> None:
        self.thread.shutdown()
        for output in self.outputs:
            output.leave()


class SlabWriter(_Writer):
    """Ignite handler that appends one entry of each slab's output to a volume like the scan: bundles of format 1 do.

    The volume takes its name when the run is complete; of a run that fails nothing is left, and a volume of an earlier
    run stays whole until then.

    Args:
        path: file or folder to write, see ``synfine_monai.scans.labels_path``.
        like: the scan.
        key: entry of the engine's output, (D, H, W), or (channels, D, H, W).
        dtype: of the voxels written.
        channels: number of channels, or None for (D, H, W).

    Raises:
        ScanError: when the run starts, if the volume cannot be written there; later, if the disk is full.
    """

    def __init__(
        self,
        path: str | Path,
        like: ScanInfo,
        key: str = "labels",
        dtype: DTypeLike = np.uint8,
        channels: int | None = None,
    ) -> None:
        super().__init__()
        self.key, self.create = key, partial(create_scan, Path(path), like, dtype, channels)
        self.sink: ScanSink | None = None

    def _begin(self, engine: Engine) -> None:
        self.sink = self.create()

    def _write(self, engine: Engine) -> None:
        for output in engine.state.output:
            self._wait()
            self.pending = self.thread.submit(self.sink.write, output[self.key].numpy())

    def _finish(self, engine: Engine) -> None:
        self._wait()
        self.sink.close()

    def _leave(self) -> None:
        self.thread.shutdown()
        if self.sink is not None:
            self.sink.abort()
