"""The pickle inside of a ``model.pt``, read without running it: its tensors, and where their numbers lie."""

import collections
import io
import pickle
import pickletools
from dataclasses import dataclass
from typing import Any

from synfine_monai.errors import ScanError

__all__ = ["StoredTensor", "read_state_pickle"]

MOST_PICKLE_BYTES, MOST_MEMO = 2_000_000, 100_000
ITEM_BYTES = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4,
    "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
}  # fmt: skip
HARMLESS_OPCODES = {
    "PROTO", "GLOBAL", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_DICT", "EMPTY_LIST",
    "APPEND", "APPENDS", "MARK", "REDUCE", "BUILD", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET",
    "BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "NONE", "NEWTRUE",
    "NEWFALSE", "BINPERSID", "SETITEM", "SETITEMS", "STOP",
}  # fmt: skip


@dataclass(frozen=True)
class StoredTensor:
    """One tensor as the pickle describes it: entry of its numbers, their count and size, and its view of them."""

    entry: str
    count: int
    item_bytes: int
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def __setstate__(self, state: Any) -> None:
        """Refuse to be changed by an instruction of the pickle."""
        raise ScanError("its pickle changes a tensor that it made")


def read_state_pickle(content: bytes) -> dict[str, StoredTensor]:
    """Tensors by name in the ``data.pkl`` of a state dict.

    Every name that the pickle would import is looked at first. What is built then are records of our own: no function
    that the pickle names is called.

    Raises:
        ScanError: if it names anything but the parts of a state dict, or is damaged.
    """
    if len(content) > MOST_PICKLE_BYTES:
        raise ScanError(f"its pickle has {len(content):,} bytes, more than any state dict needs")
    try:
        for opcode, argument, _ in pickletools.genops(content):
            _judge_opcode(opcode.name, argument)
        state = _Inert(io.BytesIO(content)).load()
    except ScanError:
        raise
    except Exception as error:  # a damaged pickle has many ways to fail
        raise ScanError(f"its pickle is damaged ({type(error).__name__})") from error
    if not isinstance(state, dict) or set(getattr(state, "__dict__", ())) - {"_metadata"}:
        raise ScanError("it holds something else than a state dict")
    tensors = dict(dict.items(state))
    if not all(isinstance(name, str) and isinstance(tensor, StoredTensor) for name, tensor in tensors.items()):
        raise ScanError("it holds something else than a state dict, that is, tensors by name")
    return tensors


def _judge_opcode(name: str, argument: Any) -> None:
    if name == "GLOBAL" and _known(*argument.split(" ", 1)) is None:
        raise ScanError(f"it would import {argument.replace(' ', '.')!r}: a pickle that runs code, and no weights")
    if name not in HARMLESS_OPCODES:
        raise ScanError(f"its pickle uses the instruction {name}, which no state dict needs")
    if name in ("BINPUT", "LONG_BINPUT") and argument > MOST_MEMO:
        raise ScanError(f"its pickle asks for {argument:,} places of memory (a bomb)")


def _known(module: str, name: str) -> Any:
    """What stands in for a name in the pickle, or None."""
    if (module, name) == ("collections", "OrderedDict"):
        return collections.OrderedDict
    if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
        return _tensor
    return ITEM_BYTES.get(name) if module == "torch" else None


def _tensor(storage: tuple, offset: int, shape: tuple, stride: tuple, requires_grad: bool, hooks: Any) -> StoredTensor:
    entry, count, item_bytes = storage
    numbers = (count, offset, *shape, *stride)
    if any(type(number) is not int or number < 0 for number in numbers) or len(shape) != len(stride) or hooks:
        raise ScanError("its pickle describes a tensor that cannot be")
    return StoredTensor(entry, count, item_bytes, offset, tuple(shape), tuple(stride))


class _Inert(pickle.Unpickler):
    """Builds records; knows nothing that could be called but them."""

    def find_class(self, module: str, name: str) -> Any:
        if (known := _known(module, name)) is None:
            raise ScanError(f"it would import '{module}.{name}'")
        return known

    def persistent_load(self, pid: Any) -> tuple[str, int, int]:
        kind, item_bytes, key, _, count = pid
        if kind != "storage" or type(item_bytes) is not int or not str(key).isalnum():
            raise ScanError("its pickle refers to something that is no storage")
        return str(key), count, item_bytes
