import json
import os
import socket
import subprocess
import sys

import pytest

from synfine_monai.errors import ScanError
from synfine_monai.scans.store_lock import PATIENCE, StoreLock


def held_by(path, pid, host, seconds_ago=0.0):
    path.write_text(json.dumps({"pid": pid, "host": host, "token": "x"}))
    past = path.stat().st_mtime - seconds_ago
    os.utime(path, (past, past))
    return StoreLock(path, "core_labels.tif")


def test_the_second_is_refused_until_the_first_gives_back(tmp_path):
    first, second = (StoreLock(tmp_path / "lock", "core_labels.tif") for _ in range(2))
    first.acquire()
    with pytest.raises(ScanError, match=f"core_labels.tif is being made by process {os.getpid()} on"):
        second.acquire()
    second.release()  # gives back nothing that it does not have
    assert (tmp_path / "lock").exists()
    first.release()
    second.acquire()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_this_machine_that_is_gone_holds_nothing(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lock = held_by(tmp_path / "lock", gone.pid, socket.gethostname())
    lock.acquire()
    assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()
    lock.release()


def test_another_machine_holds_for_as_long_as_it_shows_itself(tmp_path):
    with pytest.raises(ScanError, match="process 1 on node7"):
        held_by(tmp_path / "lock", 1, "node7", PATIENCE - 30).acquire()
    lock = held_by(tmp_path / "lock", 1, "node7", PATIENCE + 1)
    lock.acquire()
    lock.release()


def test_a_lock_that_was_taken_over_is_not_given_back(tmp_path):
    lock = StoreLock(tmp_path / "lock", "core_labels.tif")
    lock.acquire()
    held_by(tmp_path / "lock", 1, "node7")
    lock.release()
    assert (tmp_path / "lock").exists()
