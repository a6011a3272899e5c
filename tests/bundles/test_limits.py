"""The check runs in a process with limits, leaves nothing behind, and says its verdict in words that do nothing."""

import json
import subprocess
import sys
import tempfile
import time

import pytest
from attack_tools import CANARY, TOUCH, run_also
from honest_bundle import edit, make_honest, seal, zipped

from synfine_monai.errors import ScanError
from synfine_monai.sharing.__main__ import main
from synfine_monai.sharing.check import MOST_LINES, Outcome, Verdict, check_bundle, take_data
from synfine_monai.sharing.limited import run_limited
from synfine_monai.sharing.packed_bundle import MODEL_CARD, MODEL_WEIGHTS


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """The folder for temporary files, empty at first, and at the end again."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def honest(tmp_path):
    return make_honest(tmp_path)


def test_an_honest_zip_in_a_limited_process_within_half_a_minute(honest, temp, tmp_path):
    began = time.monotonic()
    verdict = check_bundle(zipped(honest, tmp_path / "sent.zip"), run=False)
    assert verdict.accepted, verdict.text()
    assert time.monotonic() - began < 30


def test_a_refused_zip_leaves_nothing_either(honest, temp, tmp_path):
    (honest / MODEL_WEIGHTS).write_bytes(b"PK\x03\x04")
    assert not check_bundle(zipped(seal(honest), tmp_path / "sent.zip")).accepted


def test_a_step_that_takes_too_long_is_ended(tmp_path):
    began = time.monotonic()
    with pytest.raises(ScanError, match="took longer than 0 s and was ended"):
        run_limited("read", {"path": "x.zip", "into": str(tmp_path), "packed": True}, tmp_path, seconds=0.05)
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
@pytest.mark.parametrize(
    ("greed", "error"),
    [("bytearray(3_000_000_000)", "MemoryError"),
     ("open('big', 'wb').write(bytes(1)) and [f.write(bytes(10**8)) for f in [open('big', 'wb')] for _ in range(3)]",
      "File too large")],
)  # fmt: skip
def test_memory_and_files_are_limited(greed, error, tmp_path):
    code = f"from synfine_monai.sharing.limited import limit_myself; limit_myself(); {greed}"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert error in done.stderr


def test_a_step_without_an_answer_refuses(tmp_path):
    with pytest.raises(ScanError, match="ended without an answer"):
        run_limited("no such step", {}, tmp_path)


def test_a_foreign_configuration_is_told_in_one_sentence_and_ends_with_1(honest, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_also(honest, TOUCH)
    assert main(["check", str(zipped(seal(honest), tmp_path / "sent.zip"))]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "REFUSED: it contains programs of its own; it runs only if you trust the sender."
    assert not (tmp_path / CANARY).exists()


def test_its_data_can_be_taken_all_the_same_without_its_programs(honest, temp, tmp_path):
    run_also(honest, TOUCH)
    (tmp_path / "taken").mkdir()
    taken = take_data(zipped(seal(honest), tmp_path / "sent.zip"), tmp_path / "taken")
    assert taken.read_bytes() == (honest / MODEL_WEIGHTS).read_bytes()
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["model.json", "model.pt"]


def test_data_that_is_refused_is_not_taken(honest, tmp_path):
    edit(honest, MODEL_CARD, "| 1 | pore | pore | yes |", "| 1 | pore | pore | no |")
    with pytest.raises(ScanError, match=r"is refused: .*another class.*`synfine check .*sent.zip` tells more"):
        take_data(zipped(seal(honest), tmp_path / "sent.zip"), tmp_path)


def test_what_is_printed_is_escaped_and_no_more_than_a_screen():
    nasty = "a\x1b[2Jb\u202ec\u200bd\u3164e\nf µm"
    text = Verdict("p\rq", None, [Outcome("files", [nasty] + ["x" * 10_000] * 500)]).text()
    lines = text.split("\n")
    assert len(lines) <= MOST_LINES + 1
    assert max(map(len, lines)) < 260
    assert "a\\u001b[2Jb\\u202ec\\u200bd\\u3164e\\u000af µm" in text
    assert "p\\u000dq" in lines[0]
    assert lines[-1] == "REFUSED for 501 reasons. Do not run it; ask the sender."


def test_the_verdict_for_programs_is_plain_json(honest, tmp_path):
    (tmp_path / "no.zip").write_bytes(b"hello")
    assert main(["check", str(tmp_path / "no.zip"), "--json", str(tmp_path / "verdict.json")]) == 1
    assert json.loads((tmp_path / "verdict.json").read_text())["accepted"] is False
