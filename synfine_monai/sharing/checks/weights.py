"""A ``model.pt`` that holds nothing but the weights of the network that ``model.json`` declares."""

import io
import json
import pickle
import pickletools
import re
import zipfile
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.received import Received
from synfine_monai.sharing.checks.zip_entries import DAMAGES, judge_container

MOST_PICKLE_BYTES, MOST_ENTRIES = 1_000_000, 20_000
ENTRIES = re.compile(r"[^/]+/(data\.pkl|byteorder|version|data/\d+|\.format_version|\.storage_alignment"
                     r"|\.data/serialization_id)")  # fmt: skip
"""What torch writes for a state dict; ``code/`` and ``constants.pkl`` would be a program."""


def check_weights(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about every ``models/*.pt``, each against the JSON beside it."""
    findings, notes = [], []
    files = [name for name in bundle.having(".pt") if name.startswith("models/")]
    for name in files:
        if (record := f"{name[:-3]}.json") not in bundle.files:
            findings.append(f"{name}: {record} is missing, which says what network it is of")
            continue
        try:
            count = judge_weights(bundle.folder / name, json.loads(bundle.read(record))["architecture"])
            notes.append(f"{name}: {count:,} numbers")
        except ScanError as error:
            findings.append(f"{name}: {str(error).replace(str(bundle.folder), '').rstrip('.')}")
    if not files:
        (findings if bundle.packed else notes).append(f"no weights: {packed_bundle.MODEL_WEIGHTS} is missing")
    findings += [f"{name} lacks {name[:-5]}.pt" for name in bundle.having(".json")
                 if name.startswith("models/") and f"{name[:-5]}.pt" not in files]  # fmt: skip
    return findings, notes


def judge_weights(path: Path, architecture: dict[str, Any]) -> int:
    """Compare a checkpoint with its network, built without memory; returns how many numbers it holds.

    Raises:
        ScanError: saying what is wrong with it.
    """
    scan_pickle(path)
    import torch  # only now: whatever is refused before needs no torch

    from synfine_monai.networks import build_network

    try:
        with torch.device("meta"):
            expected = build_network(architecture).state_dict()
    except (RuntimeError, ZeroDivisionError) as error:
        raise ScanError(f"model.json describes a network that cannot be built: {str(error)[:150]}") from error
    needed = sum(tensor.nbytes for tensor in expected.values())
    if needed > packed_bundle.WEIGHTS_BYTES:
        raise ScanError(f"its network needs {needed:,} bytes, more than the {packed_bundle.WEIGHTS_BYTES:,} allowed")
    try:  # mapped: nothing is allocated before all sizes are known to be right
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, *DAMAGES, RuntimeError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise ScanError(f"cannot be read as weights alone: {str(error).splitlines()[0][:150]}") from error
    if not isinstance(state, dict) or not all(type(tensor) is torch.Tensor for tensor in state.values()):
        raise ScanError("it holds something else than a state dict, that is, tensors by name")
    if missing := [name for name in expected if name not in state]:
        raise ScanError(f"lacks '{missing[0]}' of the network that model.json names")
    for name, tensor in state.items():
        _judge_tensor(str(name)[:80], tensor, expected.get(name))
    return sum(tensor.numel() for tensor in state.values())


def scan_pickle(path: Path) -> None:
    """Judge the zip around a state dict, and the names that its pickle imports, by picklescan.

    Raises:
        ScanError: if it is another thing than what torch writes, or imports more than the parts of a state dict.
    """
    from picklescan.scanner import SafetyLevel, scan_pickle_bytes

    if path.read_bytes()[:2] == b"\x80\x02":
        raise ScanError("an old format of torch, which is one pickle; only its zip format can be looked into")
    if findings := judge_container(path, MOST_ENTRIES, zip64=True):
        raise ScanError(findings[0])
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = [entry.orig_filename for entry in entries]
            if strange := [name for name in names if not ENTRIES.fullmatch(name)]:
                raise ScanError(f"it holds {strange[0]!a}: a program or another thing, not weights alone")
            if len(set(names)) != len(names) or len({name.split("/")[0] for name in names}) != 1:
                raise ScanError("it holds an entry twice, or its entries do not lie in one folder")
            if any(e.compress_type or e.compress_size != e.file_size for e in entries):
                raise ScanError("its numbers are compressed, which torch never does (a bomb?)")
            content = archive.read(f"{names[0].split('/')[0]}/data.pkl")
    except (*DAMAGES, KeyError) as error:
        raise ScanError(f"damaged: {str(error)[:150]}") from error
    if len(content) > MOST_PICKLE_BYTES:
        raise ScanError(f"its pickle has {len(content):,} bytes, more than any state dict needs")
    if b"\x93" in content and any(code.name == "STACK_GLOBAL" for code, _, _ in pickletools.genops(content)):
        raise ScanError("its pickle uses the instruction STACK_GLOBAL, which torch never writes")
    found = scan_pickle_bytes(io.BytesIO(content), "data.pkl")
    for name in sorted(found.globals, key=lambda each: (each.module, each.name)):
        if name.safety != SafetyLevel.Innocuous:
            raise ScanError(f"it would import '{name.module}.{name.name}': a pickle that runs code, and no weights")
    if found.scan_err:
        raise ScanError("its pickle is damaged")


def _judge_tensor(name: str, tensor: Any, expected: Any) -> None:
    import torch

    if expected is None:
        raise ScanError(f"holds '{name}', which the network of model.json does not have")
    if expected.shape != tensor.shape:
        raise ScanError(f"'{name}' is {_shape(tensor.shape)}, but {_shape(expected.shape)} in model.json's network")
    kinds = (torch.float32, torch.float16) if expected.is_floating_point() else (expected.dtype,)
    if tensor.dtype not in kinds:
        raise ScanError(f"'{name}' holds {tensor.dtype} and not numbers like {expected.dtype}")
    if not tensor.is_contiguous() or tensor.untyped_storage().nbytes() != tensor.nbytes:
        raise ScanError(f"'{name}' is a view of other numbers (strides {tensor.stride()}), or hides some")
    if not torch.isfinite(tensor).all():
        raise ScanError(f"'{name}' holds NaN or infinity: such a network answers nothing")
    if name.endswith(("running_var", "num_batches_tracked")) and (tensor < 0).any():
        raise ScanError(f"'{name}' is negative, which a variance or a count cannot be")


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape) or "one number"
