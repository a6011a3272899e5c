"""Write what a network says of a scan, chunk by chunk, so that a killed run goes on where it was."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from ignite.engine import Engine, Events

from synfine_monai.handlers.progress import on_failure
from synfine_monai.scans import ChunkedOutput, begin_outputs, chunks_left

__all__ = ["StoreWriter"]


class StoreWriter:
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
        self.outputs, self.chunks = list(outputs), chunks_left(outputs)
        self.pending: Future | None = None
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="write-chunk")

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.STARTED, self._begin)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._write)
        engine.add_event_handler(Events.COMPLETED, self._finish)
        on_failure(engine, self._leave)

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

    def _wait(self) -> None:
        if self.pending is not None:
            pending, self.pending = self.pending, None
            pending.result()
