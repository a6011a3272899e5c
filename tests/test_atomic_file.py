import errno

import pytest

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "numbers.npz"
    with atomic_file(path) as temporary:
        temporary.write_text("whole")
        assert temporary.suffix == ".npz"
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_block_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        _write_half(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _write_half(path):
    with atomic_file(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt


def test_a_full_disk_is_told_in_one_sentence(tmp_path):
    with pytest.raises(ScanError, match="no space is left"), atomic_file(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_missing_folder_is_told_in_one_sentence(tmp_path):
    with pytest.raises(ScanError, match="could not be written"), atomic_file(tmp_path / "no" / "a.txt") as temporary:
        temporary.write_text("x")
