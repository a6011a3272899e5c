"""Finish: the verbs that ``synfine learn`` runs, on the labels that were saved, in a process of their own."""

import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import synfine_monai
from synfine_monai.bundle import bundles_folder
from synfine_monai.errors import ScanError
from synfine_monai.labelling.opening import BUNDLE, Opened
from synfine_monai.networks import find_checkpoint

STAGE, PERCENT, ERROR = re.compile(r"^\[(\d+)/(\d+)\] (\w+)"), re.compile(r"(\d+)%\|"), "ScanError: "
KEPT_LINES = 20
ALMOST = 0.99
COMMAND = [sys.executable, "-m", "synfine_monai.command_line"]

Progress = Callable[[float, str], None]


def finishing_commands(opened: Opened, datalist: Path, output_dir: Path) -> list[list[str]]:
    """What the user would type after ``synfine`` for the same result: one command, or three from another network.

    Args:
        opened: the session's scan and start.
        datalist: the ``dataset.json`` that ``save`` wrote.
        output_dir: where results go.
    """
    common = ["--output_dir", str(output_dir)]
    of_scan = [] if opened.fov is None else ["--fov", str(opened.fov)]
    of_scan += [] if opened.given_size is None else ["--voxel_size_um", str(list(opened.given_size))]
    if opened.start.checkpoint == find_checkpoint("shipped", bundles_folder() / BUNDLE):
        return [["learn", "--datalist", str(datalist), "--pretrain", "False", *common, *of_scan]]
    learned, scan = ["--checkpoint", str(output_dir)], str(opened.scan.info.path)
    return [
        ["finetune", "--datalist", str(datalist), "--checkpoint", str(opened.start.checkpoint), *common],
        ["evaluate", "--datalist", str(datalist), *learned, *common],
        ["segment", scan, *learned, "--output_dir", str(output_dir / "predictions"), *of_scan],
    ]


def run_commands(commands: Sequence[Sequence[str]], progress: Progress, stopped: Callable[[], bool]) -> None:
    """Run ``synfine`` commands one after the other; a killed one goes on where it was when it is run again.

    Args:
        commands: as ``finishing_commands`` gives them.
        progress: called with the share that is done, and with what is being done.
        stopped: asked now and then; True ends it.

    Raises:
        ScanError: with the line in which a command ended.
    """
    furthest = 0.0
    for number, command in enumerate(commands):
        for share, what in _running(command, stopped):  # a stage has several bars: none of them leads back
            furthest = max(furthest, min(ALMOST, (number + share) / len(commands)))
            progress(furthest, what)
    progress(1.0, "")


def _running(command: Sequence[str], stopped: Callable[[], bool]) -> Iterator[tuple[float, str]]:
    here = str(Path(synfine_monai.__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [*COMMAND, *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    last, stage, stages, what = deque[str](maxlen=KEPT_LINES), 0 if command[0] == "learn" else 1, 1, command[0]
    try:
        for line in _lines(process):
            if (found := STAGE.match(line)) is not None:
                stage, stages, what = int(found[1]), int(found[2]), found[3]
                yield (stage - 1) / stages, what
            elif (percent := PERCENT.search(line)) is not None:
                yield (stage - 1 + int(percent[1]) / 100) / stages if stage else 0.0, what
            else:
                last.append(line)
            if stopped():
                return
        if process.wait():
            raise ScanError(_reason(last, command[0]))
    finally:
        process.kill()
        process.wait()


def _lines(process: subprocess.Popen) -> Iterator[str]:
    """Lines as they come; those of a progress bar end with a carriage return."""
    left = b""
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        *whole, left = re.split(rb"[\r\n]", left + chunk)
        yield from (line.decode(errors="replace") for line in whole if line.strip())
    if left.strip():
        yield left.decode(errors="replace")


def _reason(last: Sequence[str], verb: str) -> str:
    told = [line.removeprefix(ERROR) for line in last if line.startswith(ERROR)]
    return told[-1] if told else f"'synfine {verb}' ended early: {last[-1] if last else 'it said nothing'}"
