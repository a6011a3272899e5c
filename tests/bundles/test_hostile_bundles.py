"""Hostile and damaged bundles are refused before anything of theirs runs, each for a reason of its own."""

import os
import re
import resource
import shutil
import stat
import struct
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
import torch
from attack_tools import CANARY, TOUCH, Payload
from attacks_on_agreement import HARMLESS, STORIES
from attacks_on_configuration import CONFIGURATIONS, EXPRESSIONS
from attacks_on_files import CARDS, CASES, LOGS, RECORDS, STRAYS, WEIGHTS
from honest_bundle import NAME, edit, edit_json, make_honest, seal, zipped
from monai.bundle import ConfigParser

from synfine_monai.errors import ScanError
from synfine_monai.sharing import check as check_module, packed_bundle, signature
from synfine_monai.sharing.check import check_bundle
from synfine_monai.sharing.judge import STEPS
from synfine_monai.sharing.signature import sign_bundle

GROUPS = {"expression": EXPRESSIONS, "configuration": CONFIGURATIONS, "record": RECORDS, "logging": LOGS, "card": CARDS,
          "weights": WEIGHTS, "stray file": STRAYS, "test case": CASES, "two stories": STORIES}  # fmt: skip
ATTACKS = {f"{group}: {name}": attack for group, attacks in GROUPS.items() for name, attack in attacks.items()}


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return make_honest(tmp_path_factory.mktemp("template"))


@pytest.fixture
def honest(template, tmp_path, monkeypatch):
    """A bundle to be spoilt, in a working directory in which a payload would leave the canary."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Path(shutil.copytree(template, tmp_path / "sent" / NAME))


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch, tmp_path):
    """Steps of the check without processes of their own, which test_limits.py has; half a minute, 2 GB."""
    monkeypatch.setattr(check_module, "run_limited", lambda step, request, work: STEPS[step](**request))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2_000_000  # kilobytes, on Linux
    assert list((tmp_path / "temp").iterdir()) == []


def reasons(path, **options) -> str:
    """Findings of a check that must refuse, and that must not have run anything."""
    verdict = check_bundle(path, **options)
    assert not verdict.accepted
    assert not os.path.exists(CANARY), "something of the bundle ran"
    assert "trial run" not in [outcome.check for outcome in verdict.outcomes]
    return "\n".join(verdict.findings)


def test_the_honest_bundle_is_accepted(honest, tmp_path):
    for path in (honest, zipped(honest, tmp_path / "sent.zip")):
        verdict = check_bundle(path, run=False)
        assert verdict.accepted, verdict.text()
        assert "Nothing was found that speaks against it." in verdict.text()


def test_a_payload_would_leave_the_canary(honest):
    """Control: MONAI runs what the check refuses."""
    ConfigParser({"mine": f"${TOUCH}"}).get_parsed_content("mine")
    assert os.path.exists(CANARY)


def test_an_unpickled_payload_would_leave_the_canary(honest):
    torch.save({"evil": Payload()}, "evil.pt")
    torch.load("evil.pt", weights_only=False)
    assert os.path.exists(CANARY)


@pytest.mark.parametrize("name", ATTACKS)
def test_refused_with_its_own_reason(name, honest, tmp_path):
    attack, words = ATTACKS[name]
    attack(honest)
    found = reasons(zipped(seal(honest), tmp_path / "sent.zip"))
    assert re.search(words, found), found


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_ones_are_accepted(name, honest, tmp_path):
    HARMLESS[name](honest)
    if "phases" in name or "clay" in name:
        edit(honest, packed_bundle.MODEL_CARD, "| pore | pore | yes |", "| pore | pore, clay | yes |")
    verdict = check_bundle(zipped(seal(honest), tmp_path / "sent.zip"), run=False)
    assert verdict.accepted, verdict.text()


@pytest.mark.parametrize("name", ["stray file: python", "weights: pickle payload", "expression: os by import"])
def test_a_folder_is_refused_like_a_zip(name, honest):
    attack, words = ATTACKS[name]
    attack(honest)
    assert re.search(words, reasons(seal(honest)))


def entry_of(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


BAD_NAMES = {
    f"{NAME}/../../evil.txt": "path traversal", "/etc/evil": "is absolute", "C:/evil": "drive letter",
    f"{NAME}\\evil": "backslash", f"{NAME}//evil": "empty part", f"{NAME}/con": "something else on Windows",
    f"{NAME}/LICENS\u0415": "not plain ASCII", "other/LICENSE": "exactly one folder", "evil": "exactly one folder",
    f"{NAME}/license": "differ only in capitals", f"{NAME}/LICENSE": "is there twice",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_in_a_zip(name, honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry_of(name), b"evil")
    assert BAD_NAMES[name] in reasons(path)
    assert not (tmp_path / "evil.txt").exists()


def test_links_in_a_zip_and_in_a_folder(honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry_of(f"{NAME}/figures/a.png", stat.S_IFLNK | 0o777), "/etc/passwd")
    assert "a.png' is a link" in reasons(path)
    (honest / "docs" / "README.md").unlink()
    (honest / "docs" / "README.md").symlink_to("/etc/passwd")
    assert "docs/README.md is a link" in reasons(honest)


def test_a_linked_folder_and_a_pipe(honest):
    (honest / "figures").symlink_to("/etc")
    assert "figures is a link" in reasons(honest)
    (honest / "figures").unlink()
    os.mkfifo(honest / "LICENSE2")
    assert "neither a file nor a folder" in reasons(honest)


def test_bombs(honest, tmp_path):
    path = tmp_path / "sent.zip"
    zipped(honest, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{NAME}/models/model.onnx", bytes(20_000_000))
        archive.writestr(f"{NAME}/figures/a.png", bytes(30_000_000))
    found = reasons(path)
    assert "times its size (a bomb)" in found
    assert "more than the 10,000,000 of such a file" in found


def test_too_many_files(honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(500):
            archive.writestr(f"{NAME}/figures/{number}.png", b"")
    assert "entries, more than 400" in reasons(path)


def patched(path, old: bytes, new: bytes, last: bool = False) -> None:
    content = path.read_bytes()
    place = content.rindex(old) if last else content.index(old)
    path.write_bytes(content[:place] + new + content[place + len(old) :])


def test_a_size_that_lies(honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{NAME}/docs/README.md")
    said = struct.pack("<LLL", info.CRC, info.compress_size, info.file_size)
    patched(path, said, struct.pack("<LLL", info.CRC, info.compress_size, info.file_size + 9), last=True)
    assert "damaged" in reasons(path)


def test_encrypted_and_strangely_compressed(honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    central = b"PK\x01\x02\x14\x03\x14\x00"
    patched(path, central + b"\x00\x00\x08\x00", central + b"\x01\x00\x63\x00")
    found = reasons(path)
    assert "is encrypted" in found
    assert "compressed by method 99" in found


def test_another_name_in_front_of_an_entry(honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    patched(path, f"{NAME}/LICENSE".encode(), f"{NAME}/LICENCE".encode())
    assert "damaged" in reasons(path)


def test_a_cut_zip_and_two_in_one(honest, tmp_path):
    path = zipped(honest, tmp_path / "sent.zip")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "cut short" in reasons(path)
    path.write_bytes(content + content)
    assert "two archives in one file" in reasons(path)
    path.write_bytes(b"GIF89a" + content)
    assert "does not begin like a zip" in reasons(path)
    path.write_bytes(b"PK\x03\x04")
    assert "cut short" in reasons(path)


def test_an_empty_zip_and_no_zip(honest, tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert "does not begin like a zip" in reasons(tmp_path / "empty.zip")
    (tmp_path / "bundle").mkdir()
    assert "the folder is empty" in reasons(tmp_path / "bundle")


MANIFESTS = {
    "newer": ({"format_version": 2, "created_with": "synfine_monai 9.0.0"},
        r"newer synfine_monai \(synfine_monai 9.0.0\)"),
    "another format": ({"format": "something else"}, "not the manifest of a packed bundle"),
    "no version": ({"format_version": "1"}, "is no version"),
    "no files": ({"files": []}, "no list of files"),
    "no hash": ({"files": {"LICENSE": {"sha256": "x", "bytes": 1}}}, "not a SHA-256 and a size"),
    "files missing": ({"files": {}}, "LICENSE is there but not listed"),
    "more files": ({"files": {"../../etc/passwd": {"sha256": "0" * 64, "bytes": 1}}},
        "listed in the manifest but missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests(name, honest, tmp_path):
    changes, words = MANIFESTS[name]
    edit_json(honest, packed_bundle.MANIFEST, **changes)
    assert re.search(words, reasons(zipped(honest, tmp_path / "sent.zip")))


def test_a_changed_file_is_named(honest):
    edit_json(honest, packed_bundle.METADATA, version="0.1.1")
    assert "configs/metadata.json was changed: it is not the file that was packed" in reasons(honest)
    (honest / "docs" / "README.md").write_text("shorter")
    assert "docs/README.md was changed" in reasons(honest)


def test_a_zip_without_a_manifest_is_refused_and_a_folder_noted(honest, tmp_path):
    (honest / packed_bundle.MANIFEST).unlink()
    assert "no manifest.json" in reasons(zipped(honest, tmp_path / "sent.zip"))
    verdict = check_bundle(honest, run=False)
    assert verdict.accepted
    assert "nothing vouches for its files" in verdict.text()


def test_signatures(honest, tmp_path):
    private, public = signature.make_keys(tmp_path / "key")
    _, other = signature.make_keys(tmp_path / "other")
    assert "no signature" in reasons(honest, public_key=public)
    mark = signature.sign_manifest(honest, private)
    assert check_bundle(honest, public_key=public, run=False).accepted
    assert mark in check_bundle(honest, run=False).text()
    assert "made with another key" in reasons(honest, public_key=other)
    seal(honest)
    with open(honest / packed_bundle.MANIFEST, "a") as file:
        file.write(" ")
    assert "not the signature of this manifest.json" in reasons(honest)


def test_a_zip_is_signed_once(honest, tmp_path):
    private, public = signature.make_keys(tmp_path / "key")
    path = zipped(honest, tmp_path / "sent.zip")
    sign_bundle(path, private)
    assert check_bundle(path, public_key=public, run=False).accepted
    with pytest.raises(ScanError, match="is signed already"):
        sign_bundle(path, private)


def test_a_file_swapped_after_the_check_is_not_what_is_taken(honest, monkeypatch):
    """The trial run gets the copy that was judged, whatever happens to the sender's folder meanwhile."""
    seen = {}

    def spy(folder, output):
        (honest / packed_bundle.MODEL_WEIGHTS).write_bytes(b"evil")
        seen["weights"], seen["folder"] = (Path(folder) / packed_bundle.MODEL_WEIGHTS).read_bytes(), Path(folder)
        return {"outcomes": []}

    monkeypatch.setitem(STEPS, "attempt", spy)
    assert check_bundle(honest).accepted
    assert seen["weights"] != b"evil"
    assert honest not in seen["folder"].parents


def test_reading_weights_needs_no_torch_when_they_are_hostile(honest, monkeypatch):
    attack, _ = ATTACKS["weights: pickle payload"]
    attack(honest)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("torch.load was called"))
    assert "would import" in reasons(seal(honest))


def test_there_are_enough_of_them():
    assert len(ATTACKS) + len(BAD_NAMES) + len(MANIFESTS) > 100
