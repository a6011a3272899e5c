"""A ``model.pt`` that holds nothing but the weights of a known network: shapes first, bytes next, numbers last."""

import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import read_model_info
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.network import build_on_meta
from synfine_monai.sharing.checks.pickle_reader import StoredTensor, read_state_pickle
from synfine_monai.sharing.checks.received import Received
from synfine_monai.sharing.checks.zip_entries import judge_container

__all__ = ["check_weights", "judge_weights"]

MOST_TENSORS = 10_000


def check_weights(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about every ``models/*.pt``, each against the JSON beside it."""
    findings, notes = [], []
    files = [name for name in bundle.having(".pt") if name.startswith("models/")]
    for name in files:
        try:
            network = build_on_meta(read_model_info(bundle.folder / name)["architecture"], bundle.packed)
            judge_weights(bundle.folder / name, network)
            notes.append(
                f"{name}: {sum(p.numel() for p in network.parameters()):,} weights of {type(network).__name__}"
            )
        except ScanError as error:
            findings.append(f"{name}: {str(error).replace(str(bundle.folder), '').rstrip('.')}")
    if not files:
        (findings if bundle.packed else notes).append(f"no weights: {packed_bundle.MODEL_WEIGHTS} is missing")
    findings += [f"{name} lacks {name[:-5]}.pt" for name in bundle.having(".json")
                 if name.startswith("models/") and f"{name[:-5]}.pt" not in files]  # fmt: skip
    return findings, notes


def judge_weights(path: Path, network: nn.Module) -> None:
    """Compare a checkpoint with a network on the meta device; torch reads it only after its own headers were judged.

    Raises:
        ScanError: saying what is wrong with it.
    """
    with open(path, "rb") as file:
        if file.read(2) == b"\x80\x02":
            raise ScanError("an old format of torch, which is one pickle; only its zip format can be looked into")
    if findings := judge_container(path, 2 * MOST_TENSORS, zip64=True):
        raise ScanError(findings[0])
    stored, sizes = _read_headers(path)
    expected = network.state_dict()
    if missing := [name for name in expected if name not in stored]:
        raise ScanError(f"lacks '{missing[0]}' of the network that model.json names")
    for name, tensor in stored.items():
        _judge_tensor(name[:80], tensor, expected.get(name), sizes)
    state = torch.load(path, map_location="cpu", weights_only=True)
    _judge_numbers(state, expected)


def _read_headers(path: Path) -> tuple[dict[str, StoredTensor], dict[str, int]]:
    """Tensors by name, and sizes in bytes of the entries that hold their numbers."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = [entry.orig_filename for entry in entries]
            if len(set(names)) != len(names):
                raise ScanError("it holds an entry twice")
            root = names[0].split("/")[0]
            if not all(name.startswith(f"{root}/") and ".." not in name for name in names):
                raise ScanError("its entries do not lie in one folder")
            if sum(entry.file_size for entry in entries) > path.stat().st_size:
                raise ScanError("its entries claim more bytes than the file has")
            if strange := [n for n in names if "/code/" in n or n.endswith((".py", "constants.pkl"))]:
                raise ScanError(f"it holds a program ({strange[0]}), not weights alone")
            if any(e.compress_type != zipfile.ZIP_STORED or e.compress_size != e.file_size for e in entries):
                raise ScanError("its numbers are compressed, which torch never does (a bomb?)")
            stored = read_state_pickle(archive.read(f"{root}/data.pkl"))
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, NotImplementedError, EOFError) as error:
        raise ScanError(f"damaged: {error}") from error
    return stored, {e.orig_filename.removeprefix(f"{root}/data/"): e.file_size for e in entries}


def _judge_tensor(name: str, tensor: StoredTensor, expected: torch.Tensor | None, sizes: dict[str, int]) -> None:
    if expected is None:
        raise ScanError(f"holds '{name}', which the network of model.json does not have")
    if tuple(expected.shape) != tensor.shape:
        raise ScanError(f"'{name}' is {_shape(tensor.shape)}, but {_shape(expected.shape)} in model.json's network")
    if tensor.count * tensor.item_bytes != sizes.get(tensor.entry):
        raise ScanError(f"'{name}' claims {tensor.count * tensor.item_bytes:,} bytes, but the file holds "
                        f"{sizes.get(tensor.entry, 0):,} of it (a huge header, or a cut file)")  # fmt: skip
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True))
    if math.prod(tensor.shape) and last >= tensor.count:
        raise ScanError(f"'{name}' reaches beyond its own numbers")


def _judge_numbers(state: Any, expected: dict[str, torch.Tensor]) -> None:
    for name, tensor in state.items():
        if tensor.is_complex() or tensor.is_floating_point() != expected[name].is_floating_point():
            raise ScanError(f"'{name}' holds {tensor.dtype} and not numbers like {expected[name].dtype}")
        if not torch.isfinite(tensor).all():
            raise ScanError(f"'{name}' holds NaN or infinity: such a network answers nothing")


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape) or "one number"
