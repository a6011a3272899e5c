"""The command ``python -m synfine_monai.bundle``, on our own bundles and on things that are none."""

import json
from pathlib import Path

import pytest

from synfine_monai.errors import ScanError
from synfine_monai.sharing.__main__ import main
from synfine_monai.sharing.check import check_bundle

BUNDLES = sorted(path for path in (Path(__file__).resolve().parents[2] / "bundles").iterdir() if path.is_dir())


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_none_of_our_own_is_refused(bundle, tmp_path, capsys):
    assert main(["check", str(bundle), "--run", "False", "--json", str(tmp_path / "verdict.json")]) == 0
    printed = capsys.readouterr().out
    assert "nothing vouches for its files" in printed
    assert "Nothing was found that speaks against it." in printed
    told = json.loads((tmp_path / "verdict.json").read_text())
    assert told["accepted"]
    assert {"configuration", "weights"} <= {check["check"] for check in told["checks"]}


def test_a_finding_is_told_and_ends_with_1(tmp_path, capsys):
    (tmp_path / "evil.py").write_text("")
    assert main(["check", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "files          REFUSED" in printed
    assert "REFUSED for 1 reason. Do not run it; ask the sender." in printed


def test_no_such_file(capsys, tmp_path):
    with pytest.raises(ScanError, match="does not exist"):
        check_bundle(tmp_path / "nothing.zip")
    assert main(["check", str(tmp_path / "nothing.zip")]) == 1
    assert "ScanError: " in capsys.readouterr().err


def test_something_that_is_no_zip(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"hello")
    assert "does not begin like a zip" in check_bundle(tmp_path / "a.zip").text()


def test_keys_are_made_once(tmp_path, capsys):
    assert main(["keys", str(tmp_path / "key")]) == 0
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert main(["keys", str(tmp_path / "key")]) == 1
    assert "a key is never replaced" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["maybe", "1"])
def test_truth_is_a_word(word):
    with pytest.raises(SystemExit):
        main(["check", "x", "--run", word])


def test_help_names_the_options(capsys):
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    printed = capsys.readouterr().out
    for option in ("--public_key", "--run", "--json"):
        assert option in printed
