"""``provenance.json``: what made these results, so that they can be made again."""

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import synfine_monai
from synfine_monai.report.results_folder import write_json_atomic

_PACKAGES = (
    "torch", "monai", "pytorch-ignite", "numpy", "scipy", "scikit-image", "scikit-learn", "nibabel", "SimpleITK",
    "tifffile", "imagecodecs", "matplotlib",
)  # fmt: skip


def provenance(
    seeds: Mapping[str, int | None] | None = None,
    data_hashes: Mapping[str, str] | None = None,
    command: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Record what a run depends on; names of user and machine are left out.

    Args:
        seeds: name -> seed.
        data_hashes: file -> SHA-256, see ``file_hashes``.
        command: the command line; default: this process's.

    Returns:
        ``command, time, synfine_monai, git, python, packages, machine, seeds, data``, plain JSON.
    """
    return {
        "command": list(sys.orig_argv if command is None else command),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "synfine_monai": synfine_monai.__version__,
        "git": _git_state(Path(synfine_monai.__file__).resolve().parents[1]),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "machine": _machine(),
        "seeds": dict(seeds or {}),
        "data": dict(data_hashes or {}),
    }


def write_provenance(output_dir: Path | str, **known: Any) -> Path:
    """Write ``provenance.json`` into ``output_dir``; ``known`` is what ``provenance`` takes."""
    return write_json_atomic(Path(output_dir) / "provenance.json", provenance(**known))


def file_hashes(files: Iterable[Path | str]) -> dict[str, str]:
    """SHA-256 of files, by path; the files of a slice folder one by one; what is missing is left out."""
    hashes = {}
    for path in map(Path, files):
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as stream:
                    hashes[file.as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return hashes


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git_state(root: Path) -> dict[str, Any] | None:
    """Commit of the source tree, and whether it was changed since; None if the package does not run from one."""
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "changed": bool(_git(root, "status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def _machine() -> dict[str, Any]:
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
    }
