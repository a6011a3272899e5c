"""A trained model on disk: ``model.pt`` (weights alone) and ``model.json`` (what a partner must know to use it)."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from synfine_monai.data import Task
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file, named_path
from synfine_monai.networks.names import name_of, network_class
from synfine_monai.networks.packed_checkpoint import open_packed

FORMAT_VERSION = 1
REQUIRED = ("format_version", "architecture", "labels", "phases", "pore_labels", "normalisation")


def find_checkpoint(checkpoint: str | None, bundle_root: str | Path) -> Path | None:
    """Path of a checkpoint named by an option.

    Args:
        checkpoint: a ``model.pt``, a results folder, the zip of a packed bundle, "shipped" (comes with the bundle), or
            "none" (gives None).
        bundle_root: folder of the bundle.

    Raises:
        ScanError: if there is no such file, or its ``model.json`` is missing.
    """
    if checkpoint is None or str(checkpoint).lower() == "none":
        return None
    path = Path(bundle_root) / "models" if checkpoint == "shipped" else named_path(checkpoint)
    path = path / "model.pt" if path.is_dir() or checkpoint == "shipped" else path
    if not path.is_file():
        raise ScanError(
            f"checkpoint {path} does not exist: give a model.pt, 'shipped', or 'none' to train from scratch."
        )
    if path.suffix == ".zip":
        return open_packed(path)
    if not path.with_suffix(".json").is_file():
        raise ScanError(
            f"checkpoint {path} has no {path.with_suffix('.json').name} beside it, which says what its classes "
            "are: keep both files together."
        )
    return path


def read_model_info(path: str | Path | None) -> dict[str, Any]:
    """Content of the ``model.json`` beside a ``model.pt``; empty for None.

    Raises:
        ScanError: if it cannot be read, lacks a key, or was written by a newer version.
    """
    if path is None:
        return {}
    file = Path(path).with_suffix(".json")
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScanError(f"{file} cannot be read: {error}.") from error
    missing = [key for key in REQUIRED if key not in info]
    if missing or info["format_version"] > FORMAT_VERSION:
        what = f"lacks '{missing[0]}'" if missing else f"has format {info['format_version']}"
        raise ScanError(f"{file} {what}; this version reads format {FORMAT_VERSION}: was it made by another program?")
    return info


def describe_model(task: Task, network: nn.Module, normalisation: str, **more: Any) -> dict[str, Any]:
    """Content of ``model.json`` for a network trained on ``task``.

    Args:
        task: names of classes, phases and pore labels, and the voxel size in µm or None.
        network: the trained network; its class and sizes are kept.
        normalisation: method of ``synfine_monai.survey.intensity``.
        more: anything else worth keeping (histogram, tune, seed, ...), JSON-able.
    """
    return {
        "format_version": FORMAT_VERSION,
        "architecture": architecture_of(network),
        "task": task.name,
        "labels": list(task.labels),
        "phases": [list(p) for p in task.phases],
        "pore_labels": list(task.pore_labels),
        "binary": task.binary,
        "normalisation": normalisation,
        "voxel_size_um": None if task.voxel_size_um is None else list(task.voxel_size_um),
        **more,
    }


def architecture_of(network: nn.Module) -> dict[str, Any]:
    """Class path and constructor arguments of a network; a network that keeps them in ``architecture`` says them."""
    if hasattr(network, "architecture"):
        return network.architecture
    widths = network.down_0.conv_0.conv, network.down_1.convs.conv_0.conv, network.down_2.convs.conv_0.conv
    return {
        "_target_": name_of(type(network)),
        "in_channels": widths[0].in_channels,
        "num_classes": network.head.out_channels,
        "channels": [w.out_channels for w in widths],
    }


def save_model(network: nn.Module, info: Mapping[str, Any], path: str | Path, half: bool = False) -> None:
    """Write ``model.pt`` and its ``model.json``, each atomically; ``half`` stores the weights in half precision."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = {k: v.detach().cpu().contiguous().clone() for k, v in network.state_dict().items()}
    if half:
        weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    content = io.BytesIO()  # a full disk is an OSError then, and not an error of torch's own
    torch.save(weights, content)
    with atomic_file(path) as temporary:
        temporary.write_bytes(content.getvalue())
    with atomic_file(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(info, indent=1), encoding="utf-8")


def load_network(path: str | Path, network: nn.Module | None = None) -> nn.Module:
    """The network of a checkpoint, built from its ``model.json``, or ``network`` with the checkpoint's weights.

    Raises:
        ScanError: if the weights do not fit the network, or the file is damaged.
    """
    network = network or build_network(read_model_info(path)["architecture"])
    load_state(network, load_weights(path), path)
    return network.eval()


def load_state(network: nn.Module, state: Mapping[str, torch.Tensor], path: str | Path) -> None:
    """Load weights into a network.

    Raises:
        ScanError: naming the first tensor that does not fit; ``path`` is where they came from.
    """
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        misfit = _first_misfit(network.state_dict(), state)
        raise ScanError(
            f"checkpoint {path} is of another architecture than {type(network).__name__}: {misfit}."
        ) from error


def load_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """State dict of a ``model.pt`` in float32 (shipped weights are stored in half precision).

    Raises:
        ScanError: if it is damaged, or holds more than weights.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    except Exception as error:
        raise ScanError(
            f"checkpoint {path} cannot be loaded: it is damaged, or holds more than weights ({type(error).__name__})."
        ) from error


def build_network(architecture: Mapping[str, Any]) -> nn.Module:
    """Network of a ``model.json``; only networks that ``synfine_monai.networks`` hands out are built.

    Raises:
        ScanError: if it is none of these, or its sizes do not fit together.
    """
    kind = network_class(architecture.get("_target_", ""))
    try:
        return kind(**{k: v for k, v in architecture.items() if k != "_target_"})
    except (TypeError, ValueError) as error:
        raise ScanError(f"model.json describes a {kind.__name__} that cannot be built: {error}.") from error


def weights_hash(path: str | Path | None) -> str | None:
    """Short hash of a ``model.pt``'s bytes, to tell checkpoints apart; None for None."""
    return None if path is None else hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def agreed(name: str, given: Any, info: Mapping[str, Any], default: Any = None) -> Any:
    """Value of an option that a model's ``model.json`` may fix already.

    Args:
        name: of the option and of the key in ``info``.
        given: what the user asked for, None for nothing.
        info: from ``read_model_info``; empty when there is no model.
        default: where neither says anything.

    Raises:
        ScanError: if the option contradicts the model.
    """
    stored = info.get(name)
    if given is not None and stored is not None and given != stored:
        raise ScanError(
            f"--{name} {given} contradicts the model, which was made with {name} {stored}: leave it out, or use "
            "another checkpoint."
        )
    return next((value for value in (given, stored, default) if value is not None), None)


def check_classes(info: Mapping[str, Any], task: Task) -> None:
    """Refuse a model that predicts other classes than ``task`` has, or in another order.

    Raises:
        ScanError: naming both.
    """
    if [tuple(p) for p in info["phases"]] != list(task.phases):
        raise ScanError(
            f"the model's classes are {_described(info['labels'], info['phases'])}, but {task.path or task.name} has "
            f"{_described(task.labels, task.phases)}: fine-tune on it first, or choose the model that was."
        )


def _described(labels: Sequence[str], phases: Sequence[Sequence[str]]) -> str:
    return ", ".join(f"{name} ({'+'.join(covered)})" for name, covered in zip(labels, phases, strict=True))


def _first_misfit(expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> str:
    for name, tensor in expected.items():
        if name not in state:
            return f"it lacks '{name}'"
        if state[name].shape != tensor.shape:
            return f"its '{name}' is {tuple(state[name].shape)} and not {tuple(tensor.shape)}"
    return f"it holds '{next(name for name in state if name not in expected)}'"
