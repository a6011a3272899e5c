"""A zip read by its own entries: judged by name and size first, and unpacked only then, each file within its limit."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.names import judge_names, judge_path, stranger
from synfine_monai.sharing.checks.received import Received

__all__ = ["judge_container", "judge_entries", "unpack"]

END = struct.Struct("<4s4H2LH")  # end of central directory
END64, LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
HIGHEST_RATIO, RATIO_FROM = 100, 1_000_000  # bytes out of one byte in; files below RATIO_FROM may shrink more
STORED_OR_DEFLATED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpack(path: Path, into: Path) -> tuple[Received | None, list[str]]:
    """Unpack a zip into the empty folder ``into``.

    Returns:
        The bundle, and findings; no bundle where there are findings: nothing is unpacked then, or not all.
    """
    if findings := judge_container(path):
        return None, findings
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if findings := judge_entries(entries, path.stat().st_size):
                return None, findings
            files = [entry for entry in entries if not entry.is_dir()]
            for entry in files:
                _unpack_one(archive, entry, into / entry.filename)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, struct.error) as error:
        return None, [f"the zip is damaged: {str(error) or type(error).__name__}"]
    top = files[0].filename.split("/")[0]
    names = tuple(sorted(entry.filename.split("/", 1)[1] for entry in files))
    return Received(into / top, names, packed=True, fingerprint=packed_bundle.hash_file(path).sha256), []


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


def judge_entries(entries: Sequence[zipfile.ZipInfo], size: int) -> list[str]:
    """All that is wrong with the entries of a zip of ``size`` bytes, before one of them is unpacked."""
    if not entries:
        return ["the zip is empty"]
    findings = [text for entry in entries for text in _judge_entry(entry)]
    files = [entry.orig_filename for entry in entries if not entry.orig_filename.endswith("/")]
    findings += judge_names([entry.orig_filename for entry in entries])
    tops = {entry.orig_filename.split("/")[0] for entry in entries}
    if len(tops) > 1 or not all("/" in name for name in files) or not files:
        findings.append("the zip does not hold exactly one folder at its top")
    elif not packed_bundle.is_slug(top := tops.pop()):
        findings.append(f"the folder {top!r} in the zip is not named by small letters, digits, '_' and '-'")
    else:
        findings += [text for name in files if (text := stranger(name.removeprefix(f"{top}/"), packed=True))]
    if (total := sum(entry.file_size for entry in entries)) > packed_bundle.MOST_BYTES:
        findings.append(f"the zip unpacks to {total:,} bytes, more than {packed_bundle.MOST_BYTES:,} (a bomb)")
    if _overlap(entries, size):
        findings.append("entries of the zip share their bytes (a bomb)")
    return findings


def _judge_entry(entry: zipfile.ZipInfo) -> list[str]:
    name = entry.orig_filename
    findings = [text] if (text := judge_path(name.removesuffix("/"))) else []
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        findings.append(f"{name!r} is a link")
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        findings.append(f"{name!r} is neither a file nor a folder")
    if entry.flag_bits & 0x2041:
        findings.append(f"{name!r} is encrypted")
    if entry.compress_type not in STORED_OR_DEFLATED:
        findings.append(f"{name!r} is compressed by method {entry.compress_type}, not stored or deflated")
    limit = packed_bundle.bytes_allowed(name.split("/", 1)[-1])
    if entry.file_size > limit:
        findings.append(
            f"{name!r} unpacks to {entry.file_size:,} bytes, more than the {limit:,} of such a file (a bomb)"
        )
    elif entry.file_size > max(RATIO_FROM, HIGHEST_RATIO * max(entry.compress_size, 1)):
        findings.append(
            f"{name!r} unpacks to {entry.file_size / max(entry.compress_size, 1):,.0f} times its size (a bomb)"
        )
    if name.endswith("/") and entry.file_size:
        findings.append(f"{name!r} is named like a folder but holds bytes")
    return findings


def _overlap(entries: Sequence[zipfile.ZipInfo], size: int) -> bool:
    spans = sorted((entry.header_offset, entry.header_offset + 30 + entry.compress_size) for entry in entries)
    return spans[-1][1] > size or any(end > start for (_, end), (start, _) in pairwise(spans))


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with archive.open(entry) as source, open(path, "xb") as target:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise ValueError(f"{entry.filename!r} holds more bytes than it claims")
            target.write(block)
    if left:
        raise ValueError(f"{entry.filename!r} holds fewer bytes than it claims")
