"""A zip read by its own entries: judged by name and size first, and unpacked only then, each file within its limit."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.names import judge_names, judge_path, shadows_package, stranger
from synfine_monai.sharing.checks.received import Received

END = struct.Struct("<4s4H2LH")  # end of central directory
END64, LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
LOCAL = struct.Struct("<4s5H3L2H")  # header before an entry's bytes
FLAGS = 0b110 | 1 << 11  # how hard the packer tried, and that names are UTF-8
EXTRA_FIELDS = {0x000A: "times of Windows", 0x5455: "times of Unix", 0x7875: "owner on Unix"}
HIGHEST_RATIO, RATIO_FROM = 100, 1_000_000  # bytes out of one byte in; files below RATIO_FROM may shrink more
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, struct.error)


def unpack(path: Path, into: Path, packed: bool = True) -> tuple[Received | None, list[str]]:
    """Unpack a zip into the empty folder ``into``, by the names that were judged.

    Returns:
        The bundle, and findings; no bundle where there are findings: nothing is unpacked then, or not all.
    """
    if findings := judge_container(path):
        return None, findings
    try:
        with zipfile.ZipFile(path) as archive:
            entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
            end = archive.start_dir
        if findings := judge_entries(entries, packed):
            return None, findings
        with open(path, "rb") as file:
            for entry, following in zip(entries, [*(e.header_offset for e in entries[1:]), end], strict=True):
                _unpack_one(file.read(following - entry.header_offset), entry, into)
    except DAMAGES as error:
        return None, [f"the zip is damaged: {str(error)[:150] or type(error).__name__}"]
    names = sorted(entry.orig_filename for entry in entries if not entry.is_dir())
    top = names[0].split("/")[0]
    return Received(into / top, tuple(name.split("/", 1)[1] for name in names), packed), []


def judge_container(path: Path, most_entries: int = 2 * packed_bundle.MOST_FILES, zip64: bool = False) -> list[str]:
    """Whether a file is one plain zip from its first byte to its last: all programs then see the same entries in it.

    ``zip64`` allows the longer records that torch writes before the end; they must say the same.
    """
    size = path.stat().st_size
    if size > packed_bundle.MOST_BYTES:
        return [f"the zip has {size:,} bytes, more than the {packed_bundle.MOST_BYTES:,} that a bundle may have"]
    with open(path, "rb") as file:
        start = file.read(4)
        file.seek(max(0, size - END.size))
        end = file.read(END.size)
    if start != b"PK\x03\x04":
        return ["the file does not begin like a zip"]
    if len(end) < END.size or not end.startswith(b"PK\x05\x06"):
        return ["the zip is cut short, or something follows its end"]
    _, disk, first_disk, here, entries, length, offset, comment = END.unpack(end)
    if disk or first_disk or here != entries or comment:
        return ["the zip is one part of several, or has a comment"]
    if entries > most_entries:
        return [f"the zip has {entries:,} entries, more than {most_entries:,} (a bomb?)"]
    behind = _zip64_bytes(path, offset + length, (entries, entries, length, offset)) if zip64 else 0
    if offset + length + behind + END.size != size:
        return ["the zip has bytes before or behind its own: two archives in one file, or a cut one"]
    return []


def _zip64_bytes(path: Path, place: int, said: tuple[int, int, int, int]) -> int:
    """Length of the zip64 records at ``place`` if they are there and say the same as the end of the zip, else 0."""
    with open(path, "rb") as file:
        file.seek(place)
        content = file.read(END64.size + LOCATOR.size)
    if len(content) < END64.size + LOCATOR.size or not content.startswith(b"PK\x06\x06"):
        return 0
    _, length, _, _, disk, first_disk, *found = END64.unpack(content[: END64.size])
    locator = LOCATOR.unpack(content[END64.size :])
    agrees = (length, disk, first_disk, *found) == (END64.size - 12, 0, 0, *said)
    return len(content) if agrees and locator == (b"PK\x06\x07", 0, place, 1) else 0


def judge_entries(entries: Sequence[zipfile.ZipInfo], packed: bool) -> list[str]:
    """All that is wrong with the entries of a zip, in the order of their bytes, before one of them is unpacked."""
    findings = [text for entry in entries for text in _judge_entry(entry)]
    names = [entry.orig_filename for entry in entries]
    files = [name for name in names if not name.endswith("/")]
    findings += judge_names(names)
    tops = {name.split("/")[0] for name in names}
    if len(tops) > 1 or not all("/" in name for name in files) or not files:
        findings.append("the zip does not hold exactly one folder at its top")
    elif not packed_bundle.is_slug(top := tops.pop()):
        findings.append(f"the folder {top!a} in the zip is not named by small letters, digits, '_' and '-'")
    elif shadows_package(top):
        findings.append(f"the folder {top!r} in the zip has the name of a Python package, which it would stand before")
    else:
        findings += [text for name in files if (text := stranger(name.removeprefix(f"{top}/"), packed))]
    if (total := sum(entry.file_size for entry in entries)) > packed_bundle.MOST_BYTES:
        findings.append(f"the zip unpacks to {total:,} bytes, more than {packed_bundle.MOST_BYTES:,} (a bomb)")
    return findings


def _judge_entry(entry: zipfile.ZipInfo) -> list[str]:
    name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
    limit, size, packed_size = packed_bundle.bytes_allowed(name.split("/", 1)[-1]), entry.file_size, entry.compress_size
    bad_name = judge_path(name.removesuffix("/"))
    findings = {
        bad_name or "": bad_name is not None,
        f"{name!a} is a link": kind == stat.S_IFLNK,
        f"{name!a} is neither a file nor a folder": kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK),
        f"{name!a} is encrypted": bool(entry.flag_bits & 0x2041),
        f"{name!a} is written as a stream or patched (flags {entry.flag_bits:#x}), which hides sizes": bool(
            entry.flag_bits & ~(FLAGS | 0x2041)
        ),
        f"{name!a} is compressed by method {entry.compress_type}, not stored or deflated": entry.compress_type
        not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
        f"{name!a} unpacks to {size:,} bytes, more than the {limit:,} of such a file (a bomb)": size > limit,
        f"{name!a} unpacks to {size / max(packed_size, 1):,.0f} times its size (a bomb)": limit
        >= size
        > max(RATIO_FROM, HIGHEST_RATIO * packed_size),
        f"{name!a} is named like a folder but holds bytes": name.endswith("/") and bool(size or packed_size),
        f"{name!a} has a comment": bool(entry.comment),
        f"{name!a} has an extra field that is not on the short list": not _harmless_extra(entry.extra),
    }
    return [text for text, found in findings.items() if found]


def _harmless_extra(extra: bytes) -> bool:
    """Whether the extra fields of an entry are whole, and no others than ``EXTRA_FIELDS``."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind not in EXTRA_FIELDS or 4 + length > len(extra):
            return False
        extra = extra[4 + length :]
    return not extra


def _unpack_one(whole: bytes, entry: zipfile.ZipInfo, into: Path) -> None:
    """Write one entry from ``whole``, all bytes up to the next one: its header must say what the index says."""
    name = entry.orig_filename
    mark, _, flags, method, _, _, crc, packed_size, size, named, extra = LOCAL.unpack(whole[: LOCAL.size])
    said = (b"PK\x03\x04", entry.flag_bits, entry.compress_type, entry.CRC, entry.compress_size, entry.file_size)
    start = LOCAL.size + named + extra
    if (mark, flags, method, crc, packed_size, size) != said or whole[LOCAL.size : LOCAL.size + named] != name.encode():
        raise ValueError(f"the header before {name!a} differs from the index at the end")
    if not _harmless_extra(whole[LOCAL.size + named : start]):
        raise ValueError(f"{name!a} has an extra field that is not on the short list")
    if len(whole) != start + packed_size:
        raise ValueError(f"there are bytes between {name!a} and what follows, or they overlap (a bomb?)")
    content = whole[start:]
    if method == zipfile.ZIP_DEFLATED:
        unzip = zlib.decompressobj(-15)
        content = unzip.decompress(content, size + 1)
        if not unzip.eof or unzip.unused_data:
            raise ValueError(f"{name!a} holds more bytes than it claims, or is cut short")
    if len(content) != size or zlib.crc32(content) != crc:
        raise ValueError(f"{name!a} does not hold the bytes that it claims")
    if not entry.is_dir():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        with open(into / name, "xb") as file:
            file.write(content)
