"""Write what a network says of a scan, slab by slab, in the scan's own format."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events
from numpy.typing import DTypeLike

from synfine_monai.handlers.progress import on_failure
from synfine_monai.scans import ScanInfo, ScanSink, create_scan

__all__ = ["SlabWriter"]


class SlabWriter:
    """Ignite handler that appends one entry of each slab's output to a volume like the scan.

    The volume takes its name when the run is complete. A run that is killed leaves only a hidden partial file, which
    the next run replaces; a volume of an earlier run stays whole until then. Slabs are compressed and written by a
    thread, at most one behind the network.

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
        self.path, self.like, self.key, self.dtype, self.channels = Path(path), like, key, dtype, channels
        self.sink: ScanSink | None = None
        self.pending: Future | None = None
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="write-slab")

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._write)
        engine.add_event_handler(Events.COMPLETED, self._close)
        on_failure(engine, self._abort)

    def _open(self, engine: Engine) -> None:
        self.sink = create_scan(self.path, self.like, self.dtype, self.channels)

    def _write(self, engine: Engine) -> None:
        for output in engine.state.output:
            self._wait()
            self.pending = self.thread.submit(self.sink.write, output[self.key].numpy())

    def _close(self, engine: Engine) -> None:
        self._wait()
        self.sink.close()

    def _abort(self) -> None:
        self.thread.shutdown()
        if self.sink is not None:
            self.sink.abort()

    def _wait(self) -> None:
        if self.pending is not None:
            pending, self.pending = self.pending, None
            pending.result()
