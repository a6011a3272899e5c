"""Segment a scan chunk by chunk in many processes, on this machine or on many, through dask."""

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from monai.inferers import Inferer
from tqdm import tqdm

from synfine_monai.data import read_slab
from synfine_monai.errors import ScanError
from synfine_monai.scans import (
    ChunkedOutput,
    LabelStore,
    Scan,
    begin_outputs,
    chunks_left,
    optional_library,
    slices_done,
)
from synfine_monai.survey import FieldOfView, IntensityStatistics

DASHBOARD = "127.0.0.1:8787"
_READING = threading.Lock()  # an open scan serves one thread at a time, and a worker may have several


@dataclass(frozen=True)
class ChunkWork:
    """What every process must know to make any chunk; found once, and sent to each worker once.

    Attributes:
        scan: the scan, with an absolute path on a disk that all processes see; each opens it for itself.
        field_of_view: of the scan.
        statistics: by which the scan is normalised.
        network: in eval mode.
        inferer: calls the network; its ``halo``, if it has one, is what ``SlabDataset`` takes.
        postprocessing: from "pred" and "fov" to the entries that are written.
        stores: key of an entry -> the store that it is written into.
        device: that the network runs on.
        threads: of the network in each process; None leaves them as they are.
    """

    scan: Scan
    field_of_view: FieldOfView
    statistics: IntensityStatistics
    network: torch.nn.Module
    inferer: Inferer
    postprocessing: Callable[[Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]]
    stores: Mapping[str, LabelStore]
    device: str = "cpu"
    threads: int | None = None


def segment_chunk(index: int, work: ChunkWork) -> int:
    """Read, predict and store one chunk; the number of its slices.

    Raises:
        ScanError: if it cannot be read or written.
    """
    if work.threads is not None and work.threads != torch.get_num_threads():
        torch.set_num_threads(work.threads)
    store = next(iter(work.stores.values()))
    start, stop = store.bounds(index)
    halo = getattr(work.inferer, "halo", 0)
    with _READING:
        slab = read_slab(work.scan, work.field_of_view, work.statistics, start, stop, halo)
    network, given = work.network.to(work.device), {"halo": slab["halo"]} if halo else {}
    with torch.no_grad():
        logits = work.inferer(slab["image"][None].to(work.device), network, **given)[0]
    made = work.postprocessing({"pred": logits, "fov": slab["fov"]})
    for key, one in work.stores.items():
        one.write(index, made[key].numpy())
    return stop - start


class DaskChunks:
    """Segments the chunks that are left by the workers of a dask cluster, while this process writes the volumes.

    Workers write into the stores and give back only how much they did, so the scan never passes through the network. A
    worker that dies costs the chunk that it was at; dask gives it to another one.

    Args:
        scan: an open scan.
        field_of_view: of the scan.
        statistics: by which the scan is normalised.
        network: as ``ChunkWork``.
        inferer: as ``ChunkWork``.
        postprocessing: as ``ChunkWork``.
        outputs: the volumes.
        device: of each worker.
        scheduler: address of a running scheduler ("tcp://host:8786"), whose workers must see the files by the same
            absolute paths; None starts workers on this machine.
        workers: processes on this machine, >= 1.
        threads: of each worker; None shares the cores of this machine out, and leaves another scheduler's as they are.

    Raises:
        ScanError: if dask is not installed, or a number is too small.
    """

    def __init__(
        self,
        scan: Scan,
        field_of_view: FieldOfView,
        statistics: IntensityStatistics,
        network: torch.nn.Module,
        inferer: Inferer,
        postprocessing: Callable[[Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]],
        outputs: Sequence[ChunkedOutput],
        device: str | torch.device = "cpu",
        scheduler: str | None = None,
        workers: int = 2,
        threads: int | None = None,
    ) -> None:
        self.distributed = optional_library("distributed", "segmenting by many processes", "dask")
        _refuse_below(workers=(workers, 1), threads=(1 if threads is None else threads, 1))
        if threads is None and scheduler is None:
            threads = max(1, (os.cpu_count() or 1) // workers)
        self.outputs, self.scheduler, self.workers = list(outputs), scheduler, workers
        self.stores = {output.key: output.store for output in self.outputs}
        self.work = ChunkWork(scan, field_of_view, statistics, network.to("cpu"), inferer, postprocessing, self.stores,
                              str(device), threads)  # fmt: skip

    def run(self) -> None:
        """Make the chunks that are left, and finish the volumes.

        Raises:
            ScanError: if a chunk cannot be made, another process is at it, or no scheduler answers; chunks that are
                done stay for the next start.
        """
        chunks = chunks_left(self.outputs)
        begin_outputs(self.outputs, chunks)
        try:
            self._make([index for index in chunks if not all(store.has(index) for store in self.stores.values())])
            for output in self.outputs:
                output.finish()
        except BaseException:
            for output in self.outputs:
                output.leave()
            raise

    def _make(self, chunks: Sequence[int]) -> None:
        if not chunks:
            return
        depth, done = self.work.scan.shape[0], slices_done(self.outputs)
        with self._client() as client, tqdm(desc="Segmenting", total=depth, initial=done, unit="slice") as progress:
            who = f"{self.workers} workers" if self.scheduler is None else f"The workers of {self.scheduler}"
            tqdm.write(f"{who}, dashboard at {client.dashboard_link}")
            work = client.submit(_itself, self.work, pure=False)  # made again where it is lost with a worker
            futures = client.map(segment_chunk, chunks, work=work, pure=False)
            try:
                for future in self.distributed.as_completed(futures):
                    progress.update(self._result(future))
                    for output in self.outputs:
                        output.advance()
            finally:
                client.cancel(futures)

    def _result(self, future: Any) -> int:
        try:
            return future.result()
        except self.distributed.KilledWorker as problem:
            raise ScanError(
                "one chunk ended several workers, one after the other: is there too little memory? Give "
                "smaller --slab_voxels or fewer --workers."
            ) from problem

    @contextmanager
    def _client(self) -> Iterator[Any]:
        dask = optional_library("dask", "segmenting by many processes", "dask")
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"}):
            if self.scheduler is not None:
                with self._client_of_scheduler() as client:
                    yield client
                return
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Port .* is already in use")  # another run's dashboard
                cluster = self.distributed.LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, processes=True, memory_limit=0,
                    dashboard_address=DASHBOARD, silence_logs=logging.ERROR,
                    env={"OMP_NUM_THREADS": str(self.work.threads), "OMP_WAIT_POLICY": "passive"},
                )  # fmt: skip
            with cluster, self.distributed.Client(cluster) as client:
                yield client

    def _client_of_scheduler(self) -> Any:
        try:
            return self.distributed.Client(self.scheduler)
        except (OSError, ValueError) as problem:
            raise ScanError(
                f"no dask scheduler answers at {self.scheduler}: give --scheduler tcp://host:port of one "
                "that runs, or leave it out."
            ) from problem


def _itself(work: ChunkWork) -> ChunkWork:
    return work


def _refuse_below(**numbers: tuple[int, int]) -> None:
    for name, (number, least) in numbers.items():
        if type(number) is not int or number < least:
            raise ScanError(f"--{name} takes a whole number from {least} up, got {number!r}.")
