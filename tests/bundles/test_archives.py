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
