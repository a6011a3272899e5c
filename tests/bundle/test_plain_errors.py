import subprocess
import sys

import pytest

from synfine_monai.bundle.plain_errors import find_scan_error
from synfine_monai.errors import ScanError

PROGRAM = """
from synfine_monai.bundle.plain_errors import report_errors_plainly
from synfine_monai.errors import ScanError
report_errors_plainly()
try:
    raise ScanError("core.tif is cut short.")
except ScanError as error:
    raise RuntimeError("Failed to instantiate Component") from error
"""


def run(environment):
    return subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, check=False)


def test_the_output_ends_with_one_plain_line(monkeypatch):
    monkeypatch.delenv("SYNFINE_DEBUG", raising=False)
    done = run(None)
    assert done.returncode == 1
    assert done.stderr == "ScanError: core.tif is cut short.\n"


def test_debug_keeps_the_traceback(monkeypatch):
    monkeypatch.setenv("SYNFINE_DEBUG", "1")
    assert "Failed to instantiate" in run(None).stderr


def test_other_errors_are_not_ours():
    assert find_scan_error(RuntimeError("no")) is None


def test_the_root_of_a_chain_is_found():
    def chain():
        try:
            raise ScanError("root")
        except ScanError as error:
            raise KeyError("wrapped") from error

    with pytest.raises(KeyError) as caught:
        chain()
    assert str(find_scan_error(caught.value)) == "root"


def test_an_error_of_a_loaders_worker_loses_its_traceback():
    raised = ScanError(
        "Caught ScanError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        '  File "a.py", line 1\nsynfine_monai.errors.ScanError: core.tif is cut short.\n'
    )
    assert str(find_scan_error(raised)) == "core.tif is cut short."
