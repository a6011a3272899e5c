"""A step of the check in a process of its own, with limits on time, memory and files, in an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.sharing.packed_bundle import WEIGHTS_BYTES

SECONDS = 60.0
MEMORY_BYTES, FILE_BYTES, MOST_OPEN = 2_000_000_000, WEIGHTS_BYTES, 256
MOST_REPORT_BYTES = 1_000_000
KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "OMP_WAIT_POLICY", "VIRTUAL_ENV",
        "CONDA_PREFIX")  # fmt: skip


def run_limited(step: str, request: dict[str, Any], work: Path, seconds: float = SECONDS) -> Any:
    """Run a step of ``judge.py``; the process lives in ``work/empty``, and writes nowhere but in ``work``.

    Args:
        step: name of the step.
        request: what it is to do, JSON-able.
        work: a private folder that the caller deletes.
        seconds: after which it is ended.

    Returns:
        What the step returned.

    Raises:
        ScanError: if it was ended by a limit, or left no answer.
    """
    here, report = work / "empty", work / f"{step}.json"
    for folder in (here, work / "home"):
        folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "synfine_monai.sharing.judge", step, json.dumps(request), str(report)]
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=here, env=_environment(work), start_new_session=True, **quiet) as child:
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ScanError(f"took longer than {seconds:.0f} s and was ended") from error
        finally:
            _end(child)
    if not report.is_file() or report.stat().st_size > MOST_REPORT_BYTES:
        raise ScanError(f"ended without an answer (status {status}): it went beyond the limits of memory or files")
    return json.loads(report.read_text(encoding="utf-8"))


def limit_myself() -> None:
    """Set the limits on this process, where the system has them (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in ((resource.RLIMIT_DATA, MEMORY_BYTES), (resource.RLIMIT_FSIZE, FILE_BYTES),
                       (resource.RLIMIT_NOFILE, MOST_OPEN), (resource.RLIMIT_CORE, 0)):  # fmt: skip
        highest = resource.getrlimit(kind)[1]
        most = most if highest == resource.RLIM_INFINITY else min(most, highest)
        resource.setrlimit(kind, (most, most))


def _end(child: subprocess.Popen) -> None:
    """End the process and whatever it started."""
    try:
        os.killpg(child.pid, 9)
    except (ProcessLookupError, PermissionError, AttributeError):
        child.kill()


def _environment(work: Path) -> dict[str, str]:
    """Variables of the step: nothing of the user's that could change it, and no network for libraries that ask."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    package = str(Path(__file__).resolve().parents[2])  # for those who did not install it
    proxies = {name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")}
    places = {name: str(work / "home") for name in ("HOME", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR")}
    threads = {name: "2" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}  # each takes memory
    return {**kept, **proxies, **places, **threads, "PYTHONPATH": package, "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "agg", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}  # fmt: skip
