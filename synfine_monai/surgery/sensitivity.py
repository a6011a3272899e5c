"""Sensitivity of a network to a shift in its data: RGN by tensor, block and level, and what it would select."""

import copy
import csv
import hashlib
import io
import json
import pickle
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL
from synfine_monai.surgery.gradients import LossFunction, measure_gradient_norms, signal_to_noise, summarise_groups
from synfine_monai.surgery.tuning import needs_sensitivity

SET_APART = ("head",)
"""Groups that the automatic choice passes over: RGN over-rates tiny ones."""

_latest: dict[str, dict[str, Any]] = {}  # the stages of one run ask twice


def measure_sensitivity(
    network: nn.Module,
    loss_function: LossFunction,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    sequential: Mapping[str, Sequence[str]] = SEQUENTIAL,
    transversal: Mapping[str, Sequence[str]] = TRANSVERSAL,
    with_signal_to_noise: bool = False,
) -> dict[str, Any]:
    """Probe a network in both views of the paper, without leaving a trace in it; asked the same twice, it probes once.

    Args:
        network: the network before fine-tuning.
        loss_function: the training loss, called with (logits, target).
        batches: (input, target) pairs of real labelled patches; all are used.
        sequential: block -> module paths.
        transversal: level -> module paths.
        with_signal_to_noise: measure SNR as well, by one backward pass a patch (``--tune auto_snr`` needs it).

    Returns:
        What sensitivity.json holds: ``parameters`` {name: mean RGN}, ``sequential`` and ``transversal``
        {group: {"mean", "min", "max"}}, ``selected_block``, ``selected_level``, ``batches`` (their number), and
        ``signal_to_noise`` {name: SNR} where asked for.

    Raises:
        ScanError: if there is no batch, or if no batch pulls at the network at all.
    """
    batches = list(batches)
    key = _signature(network, loss_function, batches, (sequential, transversal, with_signal_to_noise))
    if key not in _latest:
        measured = _measure(network, loss_function, batches, sequential, transversal, with_signal_to_noise)
        _latest.clear()
        _latest[key] = measured
    return copy.deepcopy(_latest[key])


def _signature(
    network: nn.Module, loss_function: LossFunction, batches: Sequence[tuple[torch.Tensor, ...]], settings: Any
) -> str:
    """Of all that a measurement depends on."""
    digest = hashlib.sha256(repr((str(network), settings)).encode())
    state = network.state_dict()
    trained = [(name, parameter.requires_grad) for name, parameter in network.named_parameters()]
    digest.update(repr((list(state), trained, str(next(network.parameters()).device))).encode())
    for tensor in (*state.values(), *(tensor for batch in batches for tensor in batch)):
        digest.update(repr((tensor.shape, tensor.dtype)).encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    try:
        digest.update(pickle.dumps(loss_function))
    except (pickle.PicklingError, AttributeError, TypeError):  # a function without a name: nobody knows what it does
        digest.update(secrets.token_bytes(16))
    return digest.hexdigest()


def _measure(
    network: nn.Module,
    loss_function: LossFunction,
    batches: Sequence[tuple[torch.Tensor, torch.Tensor]],
    sequential: Mapping[str, Sequence[str]],
    transversal: Mapping[str, Sequence[str]],
    with_signal_to_noise: bool,
) -> dict[str, Any]:
    norms = measure_gradient_norms(network, loss_function, batches)
    if not norms.gradients.any():
        raise ScanError(f"all {len(batches)} probed batches have zero gradients: do their patches hold any label?")
    blocks, levels = (summarise_groups(norms, network, groups) for groups in (sequential, transversal))
    sensitivity = {
        "parameters": {name: float(norms.relative([name]).mean()) for name in norms.names},
        "sequential": blocks,
        "transversal": levels,
        "selected_block": select_group(blocks),
        "selected_level": select_group(levels),
        "batches": len(batches),
    }
    if with_signal_to_noise:
        sensitivity["signal_to_noise"] = signal_to_noise(network, loss_function, batches)
    return sensitivity


def select_group(groups: Mapping[str, Mapping[str, float]], set_apart: Sequence[str] = SET_APART) -> str:
    """The group of highest mean RGN, the ones set apart left out; the first of equals."""
    return max((group for group in groups if group not in set_apart), key=lambda group: groups[group]["mean"])


def save_sensitivity(sensitivity: Mapping[str, Any], output_dir: str | Path) -> tuple[Path, Path]:
    """Write ``sensitivity.json`` and ``sensitivity.csv`` (view, name, mean, min, max), each whole or not at all.

    Raises:
        ScanError: if the folder cannot be written.
    """
    output_dir = Path(output_dir)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("view", "name", "mean", "min", "max"))
    for view in ("sequential", "transversal"):
        for group, values in sensitivity[view].items():
            writer.writerow((view, group, values["mean"], values["min"], values["max"]))
    writer.writerows(("parameter", name, value, "", "") for name, value in sensitivity["parameters"].items())
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScanError(f"{output_dir} cannot be made a folder: {error.strerror}.") from error
    as_json, as_csv = output_dir / "sensitivity.json", output_dir / "sensitivity.csv"
    for path, text in ((as_json, json.dumps(sensitivity, indent=2) + "\n"), (as_csv, table.getvalue())):
        with atomic_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    return as_json, as_csv


def probe_batches(
    data: Mapping[str, torch.Tensor], batch_size: int = 8, batches: int = 5, seed: int = 0
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """At most ``batches`` (input, target) pairs of min(``batch_size``, N) patches, without repetition if N allows."""
    size = min(batch_size, len(data["image"]))
    order = torch.randperm(len(data["image"]), generator=torch.Generator().manual_seed(seed))
    chosen = [order[i : i + size] for i in range(0, len(order) - size + 1, size)][:batches]
    return [(data["image"][c], data["label"][c]) for c in chosen]


def sensitivity_for(
    tune: str, network: nn.Module, loss_function: LossFunction, data: Mapping[str, torch.Tensor], seed: int = 0
) -> dict[str, Any] | None:
    """What ``measure_sensitivity`` gives if ``tune`` needs it (with the signal-to-noise ratio for ``auto_snr``)."""
    if not needs_sensitivity(tune):
        return None
    return measure_sensitivity(
        network, loss_function, probe_batches(data, seed=seed), with_signal_to_noise="auto_snr" in tune
    )
