"""How an attack changes a packed bundle; payloads touch the file CANARY."""

import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import torch
from honest_bundle import edit, edit_json, tiny_network, write_volume

from synfine_monai.sharing.packed_bundle import INFERENCE, MODEL_WEIGHTS

CANARY = "canary"
TOUCH = f"__import__('os').system('touch {CANARY}')"


class Payload:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {CANARY}",)


def add(folder: Path, text: str) -> None:
    """Put entries before the block ``initialize`` of the inference."""
    edit(folder, INFERENCE, "\ninitialize:\n", f"\n{text}\n\ninitialize:\n")


def run_also(folder: Path, expression: str) -> None:
    edit(folder, INFERENCE, "\nrun:\n", f"\nrun:\n- {json.dumps('$' + expression)}\n")


def entry(text: str) -> Callable[[Path], None]:
    return lambda folder: add(folder, text)


def expression(text: str) -> Callable[[Path], None]:
    return lambda folder: run_also(folder, text)


def target(name: str, **arguments: object) -> Callable[[Path], None]:
    return lambda folder: add(folder, f"mine: {json.dumps({'_target_': name, **arguments})}")


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder, name, old, new)


def changed(name: str, **changes: object) -> Callable[[Path], None]:
    return lambda folder: edit_json(folder, name, **changes)


def file(name: str, content: bytes | str = "") -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return write


def state(change: Callable[[dict], object]) -> Callable[[Path], None]:
    """Weights of the network after ``change``, saved by torch."""

    def save(folder: Path) -> None:
        weights = dict(tiny_network().state_dict())
        torch.save(change(weights) or weights, folder / MODEL_WEIGHTS)

    return save


def rewritten_weights(change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_STORED) -> Callable:
    """Each entry of model.pt, its bytes passed through ``change``."""

    def write(folder: Path) -> None:
        content = io.BytesIO((folder / MODEL_WEIGHTS).read_bytes())
        with zipfile.ZipFile(content) as old, zipfile.ZipFile(folder / MODEL_WEIGHTS, "w", compression) as new:
            for info in old.infolist():
                new.writestr(info.filename, change(info.filename, old.read(info)))

    return write


def huge_header(name: str, content: bytes) -> bytes:
    """The first storage claims two thousand million numbers."""
    if not name.endswith("data.pkl"):
        return content
    count = tiny_network().state_dict()["down_0.conv_0.conv.weight"].numel()
    found = content.index(b"K" + bytes([count]), content.index(b"cpu"))
    return content[:found] + b"J" + struct.pack("<i", 2_000_000_000) + content[found + 2 :]


def png(width: int, height: int, behind: bytes = b"") -> bytes:
    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + part(b"IDAT", zlib.compress(b"\0\0")) + part(b"IEND", b"") + behind


def linked(name: str, to: str) -> Callable[[Path], None]:
    def link(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(to)

    return link


def bad_volume(name: str, value: object) -> Callable[[Path], None]:
    return lambda folder: write_volume(folder / name, value)


def alias_bomb() -> str:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    return "\n".join([*levels, *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))])


def longer(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content) + bytes(1_000_000))
