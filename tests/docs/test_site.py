"""The docs build as a site without a warning: pages, links, anchors, and the API from the docstrings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUIET = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


@pytest.mark.slow
def test_the_site_builds_strictly_and_shows_every_room(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=QUIET)
    assert done.returncode == 0, done.stderr[-3000:]
    scans = (tmp_path / "site" / "reference" / "api" / "scans" / "index.html").read_text("utf-8")
    assert 'id="synfine_monai.scans.open_scan"' in scans
    assert "Open a scan for reading by windows of slices" in scans
