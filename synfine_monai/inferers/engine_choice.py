"""The engine for one scan: the one that was asked for, that began it, or that is fastest on this machine."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import torch
from torch import nn
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.inferers.engine import EAGER_FLOAT32, ENGINES, Engine, check_engine, engine_network
from synfine_monai.inferers.engine_bench import EngineBench, middle_windows
from synfine_monai.inferers.engine_openvino import has_openvino
from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.scans import ChunkedOutput, Scan, begun_by, one_line
from synfine_monai.survey import FieldOfView, IntensityStatistics

LARGEST_DIFFERENCE = 1e-3
"""Share of labels that an engine may change."""

MEASURED_VOXELS = 1 << 24
"""Of a scan that is worth a measurement, which takes some three seconds: one core segments this many in ten."""

COMPILED_VOXELS = 1 << 34
"""Of a scan on a GPU that is worth compiling for a minute."""


@dataclass(frozen=True)
class ChosenEngine:
    """What runs the network on a scan.

    Attributes:
        network: to be called; a ``ModuleList`` of them for an ensemble.
        name: of engine and precision, for the signature of the chunks.
    """

    network: nn.Module
    name: str


def choose_engine(
    engine: str,
    precision: str,
    network: nn.Module,
    scan: Scan,
    field_of_view: FieldOfView,
    statistics: IntensityStatistics,
    outputs: Sequence[ChunkedOutput],
    device: str | torch.device,
) -> ChosenEngine:
    """Choose by what the network is run, and print it in a line where ``engine`` is "auto".

    A run that goes on keeps the engine of the chunks that are done. Otherwise "auto" takes eager torch for scans under
    ``MEASURED_VOXELS``, and the fastest one for larger ones: openvino where it is installed, on CPUs; on GPUs
    ``torch.compile`` for scans from ``COMPILED_VOXELS`` up. With precision "auto" an engine whose bfloat16 changes more
    than ``LARGEST_DIFFERENCE`` of the labels of eager float32 runs in float32.

    Args:
        engine: name of an engine, or "auto".
        precision: "float32", "bfloat16", or "auto".
        network: on the device, in eval mode; or an ensemble, of which the first member is measured.
        scan: that is segmented; windows of its middle are measured.
        field_of_view: of the scan.
        statistics: by which it is normalised.
        outputs: the volumes, whose chunks may have been begun.
        device: that the network is on.

    Raises:
        ScanError: if the engine is unknown, or not to be had on this machine or device.
    """
    check_engine(engine, device := torch.device(device))
    low = MixedPrecisionInferer(precision=precision).is_low(device)
    names = [engine] if engine != "auto" else _candidates(scan, device)
    engines = [Engine(name, "bfloat16" if low else "float32") for name in names]
    begun = _begun(engine, precision, outputs, device)
    if begun is not None:
        tqdm.write(f"Engine: {begun}, by which this scan was begun.")
        return ChosenEngine(engine_network(network, begun), str(begun))
    unsure = len(engines) > 1 or (low and precision == "auto")
    windows = _windows(scan, field_of_view, statistics, device) if unsure else None
    if windows is None:
        best, why = engines[0], _alone(scan, device)
        made = engine_network(network, best)
    else:
        bench = EngineBench(network, windows)
        best, why = _measured(bench, engines, _alone(scan, device), may_fall_back=precision == "auto")
        made = bench.network_of(best)
    if engine == "auto" or best not in engines:
        tqdm.write(f"Engine: {best}, {why}.")
    return ChosenEngine(made, str(best))


def _windows(
    scan: Scan, field_of_view: FieldOfView, statistics: IntensityStatistics, device: torch.device
) -> torch.Tensor | None:
    """The middle of the scan; None if it cannot be read, which the run itself tells when it gets there."""
    try:
        return middle_windows(scan, field_of_view, statistics, device)
    except ScanError:
        return None


def _candidates(scan: Scan, device: torch.device) -> list[str]:
    """Names of engines that may be worth it, eager first."""
    voxels = prod(scan.shape)
    if device.type == "cpu":
        return ["eager"] + ["openvino"] * (voxels >= MEASURED_VOXELS and has_openvino())
    return ["eager"] + ["compile"] * (device.type == "cuda" and voxels >= COMPILED_VOXELS)


def _alone(scan: Scan, device: torch.device) -> str:
    """Why no other engine was tried."""
    if device.type == "cpu" and prod(scan.shape) >= MEASURED_VOXELS:
        return "as openvino, which may be several times as fast, is not installed (pip install 'synfine_monai[fast]')"
    if device.type not in ("cpu", "cuda"):
        return f"as others do not run on {device}"
    return "as the scan is too small for others to pay"


def _begun(engine: str, precision: str, outputs: Sequence[ChunkedOutput], device: torch.device) -> Engine | None:
    """The engine of the chunks that are done, among those that the options allow and this machine has."""
    names = [engine] if engine != "auto" else [name for name in ENGINES if name != "openvino" or has_openvino()]
    precisions = ["bfloat16", "float32"] if precision == "auto" else [precision]
    possible = {str(one): one for one in (Engine(*pair) for pair in product(names, precisions))}
    maker = begun_by(outputs, possible)
    return None if maker is None else possible[maker]


def _measured(bench: EngineBench, engines: Sequence[Engine], alone: str, may_fall_back: bool) -> tuple[Engine, str]:
    """The fastest engine that keeps to the labels of eager float32, and why it is taken; ``alone``, if it is one."""
    faithful = [one for engine in engines if (one := _faithful(bench, engine, may_fall_back, len(engines) > 1))]
    if len(engines) == 1:
        (engine,), found = engines, faithful or engines
        changed = f"since {engine.precision} changes {bench.differing(engine):.2%} of the labels"
        return found[0], alone if found[0] == engine else changed
    faithful = faithful or [engines[0]]
    seconds = bench.seconds(list(dict.fromkeys([*faithful, EAGER_FLOAT32])))
    best = min(faithful, key=seconds.get)
    return best, (
        f"{seconds[EAGER_FLOAT32] / seconds[best]:.1f} times as fast as eager float32 here, "
        f"{bench.differing(best):.2%} of the labels differ"
    )


def _faithful(bench: EngineBench, engine: Engine, may_fall_back: bool, may_fail: bool) -> Engine | None:
    """The engine, in float32 if bfloat16 changes too many labels; None if that does not help, or it does not run."""
    for one in (engine, Engine(engine.name, "float32")) if may_fall_back else (engine,):
        try:
            share = bench.differing(one)
        except Exception as problem:  # each library has its own
            if not may_fail or engine.name == "eager":
                raise
            reason = one_line(problem)[:200]
            logging.getLogger(__name__).warning("Engine %s does not run here (%s); going on without it.", one, reason)
            return None
        if share <= LARGEST_DIFFERENCE:
            return one
    return None
