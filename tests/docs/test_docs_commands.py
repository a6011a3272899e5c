"""Every command in the docs that is marked with ``<!-- run -->`` works, in the order of its page.

A marked block holds one command a line (a backslash continues it) and is run from the project's folder, without a
shell, so that it means the same on every system. ``results/`` is put into a temporary folder. A page that uses the real
scans in ``../shared/data`` is skipped where they are absent.
"""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"<!-- run -->\s*```\w*\n(.*?)```", re.DOTALL)


def marked_commands(text: str) -> list[str]:
    """Commands of a page's marked blocks, continued lines joined, comments left out."""
    lines = "".join(MARKED.findall(text)).replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip() and not line.lstrip().startswith("#")]


PAGES = sorted(
    page for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if marked_commands(page.read_text("utf-8"))
)


def runnable(command: str, results: Path) -> list[str]:
    """The words of a command with this Python, and ``results/`` somewhere else."""
    words = shlex.split(command)
    program = {"python": sys.executable, "synfine": str(Path(sysconfig.get_path("scripts")) / "synfine")}[words[0]]
    return [program, *(str(results / w.removeprefix("results/")) if w.startswith("results/") else w for w in words[1:])]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_marked_commands_work(page, tmp_path, request):
    commands = marked_commands(page.read_text("utf-8"))
    if any("../shared/data" in command for command in commands):
        request.getfixturevalue("real_data")
    for command in commands:
        done = subprocess.run(
            runnable(command, tmp_path),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            assert target.startswith(("http", "mailto:")) or (page.parent / target).exists(), f"{page.name}: {target}"


def test_marked_blocks_are_found_and_joined():
    page = "<!-- run -->\n```bash\n# why\nsynfine segment a.tif \\\n  --device cpu\n```\n```bash\nrm -r unmarked\n```\n"
    assert marked_commands(page) == ["synfine segment a.tif --device cpu"]
    assert runnable("python -m x results/a", Path("tmp"))[1:] == ["-m", "x", str(Path("tmp/a"))]
