"""The bundle's own test input, segmented in a process of its own far from the bundle, and compared with its labels."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.received import Received

__all__ = ["MOST_UNLIKE", "compare_labels", "try_bundle"]

MOST_UNLIKE = 1e-4
"""Share of voxels that may differ: other machines round otherwise."""

TIME_LIMIT = 600.0  # seconds
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS",
        "OMP_WAIT_POLICY", "VIRTUAL_ENV", "CONDA_PREFIX", "CUDA_VISIBLE_DEVICES")  # fmt: skip


def try_bundle(bundle: Received, time_limit: float = TIME_LIMIT) -> tuple[list[str], list[str]]:
    """Run the inference of a bundle that passed every other check; findings and notes."""
    with tempfile.TemporaryDirectory(prefix="synfine_check_") as elsewhere:
        output = Path(elsewhere) / "labels"
        command = [
            sys.executable, "-m", "monai.bundle", "run",
            "--config_file", str(bundle.folder / packed_bundle.INFERENCE),
            "--scan", str(bundle.folder / packed_bundle.TEST_INPUT), "--output_dir", str(output), "--device", "cpu",
            "--precision", "float32",
        ]  # fmt: skip
        try:
            done = subprocess.run(command, cwd=elsewhere, env=_environment(elsewhere), capture_output=True, text=True,
                                  timeout=time_limit, check=False, stdin=subprocess.DEVNULL)  # fmt: skip
        except subprocess.TimeoutExpired:
            return [f"its test input took longer than {time_limit:.0f} s"], []
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            return [f"its test input cannot be segmented: {last[:200]}"], []
        made = sorted(output.glob("*labels*.nii.gz"))
        if len(made) != 1:
            return ["its run left no labels of the test input"], []
        return compare_labels(made[0], bundle.folder / packed_bundle.EXPECTED_LABELS)


def compare_labels(found_file: Path, expected_file: Path) -> tuple[list[str], list[str]]:
    """Findings and notes about labels that a run made, against those that the sender's machine made."""
    found, expected = (np.asarray(nibabel.load(file).dataobj) for file in (found_file, expected_file))
    if found.shape != expected.shape:
        return [f"its labels of the test input are {found.shape}, expected {expected.shape}"], []
    unlike = float((found != expected).mean())
    told = f"{unlike:.4%} of {expected.size:,} voxels of the test input differ from the sender's labels"
    return ([f"{told}, more than {MOST_UNLIKE:.2%}"], []) if unlike > MOST_UNLIKE else ([], [told])


def _environment(elsewhere: str) -> dict[str, str]:
    """Variables of the run: nothing of the user's that could change it, and no network for the libraries that ask."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    # the folder that holds this package, for those who did not install it
    here = str(Path(packed_bundle.__file__).resolve().parents[2])
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "NO_PROXY": "", "HTTPS_PROXY": "http://127.0.0.1:9",
               "HTTP_PROXY": "http://127.0.0.1:9"}  # fmt: skip
    return {
        **kept,
        **offline,
        "PYTHONPATH": here,
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": elsewhere,
    }
