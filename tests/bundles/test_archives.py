"""Zips: what other tools make is accepted, and what two programs could read in two ways is refused."""

import io
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from honest_bundle import NAME, make_honest, seal, zipped

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.configuration import FOREIGN
from synfine_monai.sharing.judge import read

UNIX_TIMES = struct.pack("<HHBL", 0x5455, 5, 1, 0)
UNICODE_PATH = struct.pack("<HHBL", 0x7075, 10, 1, 0) + b"other"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_honest(tmp_path_factory.mktemp("template"))


@pytest.fixture
def honest(template, tmp_path):
    return Path(shutil.copytree(template, tmp_path / "sent" / NAME))


def findings(path, tmp_path) -> str:
    (tmp_path / "into").mkdir(exist_ok=True)
    return "\n".join(
        text for _, found, _ in read(str(path), str(tmp_path / "into"), True)["outcomes"] for text in found
    )


def written(folder: Path, method: int = zipfile.ZIP_DEFLATED, backwards: bool = False, **entry: object) -> bytes:
    """The folder as another tool would zip it; ``entry`` sets attributes of each entry."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name in sorted(packed_bundle.list_files(folder), reverse=backwards):
            info = zipfile.ZipInfo.from_file(folder / name, f"{NAME}/{name}")
            info.compress_type = method
            for key, value in entry.items():
                setattr(info, key, value)
            archive.writestr(info, (folder / name).read_bytes())
    return content.getvalue()


HARMLESS = {
    "deflated": {},
    "stored": {"method": zipfile.ZIP_STORED},
    "other order": {"backwards": True},
    "times of Unix": {"extra": UNIX_TIMES},
    "made on Windows": {"create_system": 0, "external_attr": 0x20},
    "another year": {"date_time": (2030, 5, 6, 7, 8, 10)},
}


@pytest.mark.parametrize("name", HARMLESS)
def test_other_tools_are_accepted(name, honest, tmp_path):
    (tmp_path / "sent.zip").write_bytes(written(honest, **HARMLESS[name]))
    assert findings(tmp_path / "sent.zip", tmp_path) == ""


def test_another_name_of_the_zip_and_of_its_folder_is_accepted(honest, tmp_path):
    assert findings(zipped(honest, tmp_path / "Copy of it (2).zip", top="renamed"), tmp_path) == ""


def test_entries_for_folders_are_accepted(honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for folder in ("", "configs/", "docs/"):
            archive.writestr(zipfile.ZipInfo(f"{NAME}/{folder}"), b"")
    assert findings(path, tmp_path) == ""


def crlf(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("name", ["docs/README.md", "LICENSE", "models/model.json", "provenance.json"])
def test_crlf_in_texts_that_are_not_compared_is_accepted_under_a_manifest_that_knows_it(name, honest, tmp_path):
    crlf(honest, name)
    assert f"{name} was changed" in findings(zipped(honest, tmp_path / "sent.zip"), tmp_path)
    shutil.rmtree(tmp_path / "into")
    assert findings(zipped(seal(honest), tmp_path / "sent.zip"), tmp_path) == ""


def test_crlf_in_a_configuration_is_another_configuration(honest, tmp_path):
    crlf(honest, packed_bundle.INFERENCE)
    assert FOREIGN in findings(zipped(seal(honest), tmp_path / "sent.zip"), tmp_path)


def test_an_older_release_is_known_but_not_mixed_with_a_newer_one(honest, tmp_path):
    with zipfile.ZipFile(Path(__file__).with_name("stored") / "tiny_rock_version_1.zip") as archive:
        for name, mixed in ((packed_bundle.INFERENCE, True), ("configs/logging.conf", False)):
            (honest / name).write_bytes(archive.read(f"tiny_rock/{name}"))
            sent = zipped(seal(honest), tmp_path / "sent.zip")
            assert ("several releases" in findings(sent, tmp_path)) == mixed
            shutil.rmtree(tmp_path / "into")


HOSTILE = {
    "path in Unicode beside the name": ({"extra": UNICODE_PATH}, "an extra field that is not on the short list"),
    "extra field cut short": ({"extra": UNIX_TIMES[:6]}, "Corrupt extra field"),
    "comments": ({"comment": b"look here"}, "has a comment"),
    "links": ({"create_system": 3, "external_attr": 0o120777 << 16}, "is a link"),
    "devices": ({"create_system": 3, "external_attr": 0o020666 << 16}, "neither a file nor a folder"),
    "another method": ({"method": zipfile.ZIP_BZIP2}, "compressed by method 12"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_entries_that_say_more_are_refused(name, honest, tmp_path):
    options, words = HOSTILE[name]
    (tmp_path / "sent.zip").write_bytes(written(honest, **options))
    assert words in findings(tmp_path / "sent.zip", tmp_path)


NAMES = {
    f"{NAME}/docs/README.md/": "is there twice",
    f"{NAME}/LICENSE/x.md": "is a file and a folder",
    f"{NAME}/docs/cafe\u0301.md": "not plain ASCII",
    f"{NAME}/docs/caf\u00e9.md": "not plain ASCII",
    f"{NAME}/docs/readme.md": "differ only in capitals",
    f"{NAME}/docs/aux.md": "something else on Windows",
    f"{NAME}/docs/conin$": "something else on Windows",
    f"{NAME}/docs/x.": "something else on Windows",
    f"{NAME}/models/model.ts": "holds program code",
    "__MACOSX/._LICENSE": "exactly one folder",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_have_one_spelling(name, honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"")
    assert NAMES[name] in findings(path, tmp_path)


@pytest.mark.parametrize("top", ["torch", "monai", "json", "numpy", "test"])
def test_a_folder_with_the_name_of_a_package_is_refused(top, honest, tmp_path):
    assert "name of a Python package" in findings(zipped(honest, tmp_path / "sent.zip", top=top), tmp_path)


def spoilt(content: bytes, change: str) -> bytes:
    """A zip whose first entry is changed behind the back of its index."""
    info = zipfile.ZipFile(io.BytesIO(content)).infolist()[0]
    start = 30 + len(info.filename)
    if change == "time in front":  # not compared: programs do not decide by it
        return content[:10] + b"\x01" + content[11:]
    if change == "size in front":
        return content[:22] + struct.pack("<L", info.file_size + 1) + content[26:]
    if change == "method in front":
        return content[:8] + struct.pack("<H", 0 if info.compress_type else 8) + content[10:]
    if change == "name in front":
        return content[:30] + content[30:].replace(b"LICENSE", b"LICENCE", 1)
    assert change == "byte in the middle"
    return content[: start + 50] + bytes([content[start + 50] ^ 1]) + content[start + 51 :]


@pytest.mark.parametrize("change", ["size in front", "method in front", "name in front"])
def test_a_header_that_differs_from_the_index_is_refused(change, honest, tmp_path):
    (tmp_path / "sent.zip").write_bytes(spoilt(written(honest), change))
    assert "differs from the index" in findings(tmp_path / "sent.zip", tmp_path)


def test_a_flipped_bit_is_damage(honest, tmp_path):
    (tmp_path / "sent.zip").write_bytes(spoilt(written(honest), "byte in the middle"))
    assert "the zip is damaged" in findings(tmp_path / "sent.zip", tmp_path)


def with_bytes_behind_the_first(content: bytes, hidden: bytes, within: bool) -> bytes:
    """Bytes put between two entries, or (``within``) counted to the first one, whose stream ends before them."""
    infos = zipfile.ZipFile(io.BytesIO(content)).infolist()
    place, directory = infos[1].header_offset, zipfile.ZipFile(io.BytesIO(content)).start_dir
    index = bytearray(content[directory:])
    at = 0
    for number, info in enumerate(infos):
        if number:
            struct.pack_into("<L", index, at + 42, info.header_offset + len(hidden))
        elif within:
            struct.pack_into("<L", index, at + 20, info.compress_size + len(hidden))
        at += 46 + len(info.filename) + len(info.extra)
    struct.pack_into("<L", index, at + 16, directory + len(hidden))
    front = bytearray(content[:place])
    if within:
        struct.pack_into("<L", front, 18, infos[0].compress_size + len(hidden))
    return bytes(front) + hidden + content[place:directory] + bytes(index)


@pytest.mark.parametrize(("within", "words"), [(False, "there are bytes between"), (True, "more bytes than it claims")])
def test_hidden_bytes_are_refused(within, words, honest, tmp_path):
    hidden = with_bytes_behind_the_first(written(honest), b"import os", within)
    assert zipfile.ZipFile(io.BytesIO(hidden)).testzip() is None  # other programs see nothing
    (tmp_path / "sent.zip").write_bytes(hidden)
    assert words in findings(tmp_path / "sent.zip", tmp_path)


def test_a_zip_written_as_a_stream_is_refused_as_the_page_says(honest, tmp_path):
    class Pipe(io.RawIOBase):
        written = b""

        def writable(self):
            return True

        def write(self, part):
            Pipe.written += bytes(part)
            return len(part)

    with zipfile.ZipFile(Pipe(), "w") as archive:
        for name in packed_bundle.list_files(honest):
            archive.write(honest / name, f"{NAME}/{name}")
    (tmp_path / "sent.zip").write_bytes(Pipe.written)
    assert "is written as a stream" in findings(tmp_path / "sent.zip", tmp_path)


def test_many_pictures_share_one_budget(honest, tmp_path):
    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    side = 4000
    head = part(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    picture = b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(bytes(side * (side // 8 + 1)), 9))
    (honest / "figures").mkdir()
    for name in "ab":
        (honest / "figures" / f"{name}.png").write_bytes(picture + part(b"IEND", b""))
    found = findings(zipped(seal(honest), tmp_path / "sent.zip"), tmp_path)
    assert "b.png: claims 4000x4000 pixels, more than are left" in found
    assert "a.png" not in found
