"""Do two checkouts give the same results? A small run by each: learn, segment, pack; then every result is compared.

python scripts/compare_checkouts.py ../before          this checkout against another folder that holds an earlier one

Both are run by the Python that runs this script, with their own code. Compared are weights, metrics, chosen patches,
label voxels, and the bytes of what is packed. Exit status 1 if anything but the listed exceptions differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import tifffile
import torch
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).resolve().parents[1]
CHANGES = ("provenance.json", "manifest.json", "configs/", "docs/")
"""Entries of a packed bundle that tell versions, digests, configuration and the day."""


def main() -> int:
    """Run both and compare; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="folder of the other checkout")
    parser.add_argument("--keep", type=Path, help="folder for the runs; what is done there is not done again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (given.keep or Path(temporary)).resolve()
        task = make_task(work / "task")
        runs = [
            run(checkout.resolve(), task, work / name) for name, checkout in (("this", ROOT), ("other", given.other))
        ]
        found = [facts(folder) for folder in runs]
    different = sorted(name for name in found[0].keys() | found[1].keys() if found[0].get(name) != found[1].get(name))
    for name in sorted(found[0].keys() | found[1].keys()):
        print(f"{'DIFFERS' if name in different else 'same   '}  {name}")
    return int(any(not name.startswith(tuple(f"packed {c}" for c in CHANGES)) for name in different))


def make_task(folder: Path) -> Path:
    """A core of 12×160×160 voxels with every second slice labelled, and its datalist; no project's code is needed."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    texture = gaussian_filter(rng.standard_normal((12, 160, 160)), (1, 3, 3))
    truth = (texture < np.quantile(texture, 0.3)).astype(np.uint8)
    grey = gaussian_filter(30_000.0 - 18_000.0 * truth, (0, 0.7, 0.7)) + rng.normal(0, 1_500, truth.shape)
    _, y, x = np.ogrid[:12, -79.5:80, -79.5:80]
    outside = np.broadcast_to(y**2 + x**2 > 76**2, truth.shape)
    labels = {part: np.where(outside, 255, truth).astype(np.uint8) for part in ("training", "test")}
    labels["training"][1::2], labels["test"][0::2] = 255, 255
    write = {"imagej": True, "resolution": (0.2, 0.2), "metadata": {"axes": "ZYX", "spacing": 5.0, "unit": "um"}}
    tifffile.imwrite(folder / "core.tif", np.where(outside, 0, grey).astype(np.uint16), **write)
    item = {"image": "core.tif", "specimen": "core"}
    for part, volume in labels.items():
        tifffile.imwrite(folder / f"{part}.tif", volume, **write)
    datalist = {
        "name": "compared",
        "voxel_size_um": 5.0,
        "rock": "sandstone",
        "labels": {"0": "solid", "1": "pore"},
        "phases": {"0": "matrix", "1": "pore"},
        "pore_labels": [1],
        **{part: [{**item, "label": f"{part}.tif"}] for part in labels},
    }
    (folder / "dataset.json").write_text(json.dumps(datalist), encoding="utf-8")
    return folder / "dataset.json"


def run(checkout: Path, datalist: Path, folder: Path) -> Path:
    """Learn, segment and pack by the code of ``checkout``; gives the folder of the results."""
    configs = checkout / "bundles" / "rock_ct_segmentation" / "configs"
    stages = (
        (
            "synfine",
            {
                "datalist": datalist,
                "pairs": 256,
                "epochs": 1,
                "tune": "auto",
                "label_budget": 8,
                "device": "cpu",
                "output_dir": folder / "run",
            },
            folder / "run" / "report.html",
        ),
        (
            "pack",
            {"results": folder / "run", "name": "compared", "output_dir": folder / "shared"},
            folder / "shared" / "compared.zip",
        ),
    )
    for verb, options, last in stages:
        if last.exists():
            continue
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "monai.bundle", "run", "--config_file", str(configs / f"{verb}.yaml"), *words]
        print(f"$ PYTHONPATH={checkout} {' '.join(command[1:])}", flush=True)
        environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
        subprocess.run(command, cwd=folder.parent, env=environment, check=True, capture_output=True)
    return folder


def facts(folder: Path) -> dict[str, str]:
    """Name of each result -> digest of what it says."""
    results = folder / "run"
    found = {
        name: _json(results / name)
        for name in ("metrics.json", "sensitivity.json", "pretrained/metrics.json")
        if (results / name).is_file()
    }
    found["patches.csv"] = _digest((results / "patches.csv").read_bytes())
    for name in ("model.pt", "pretrained/model.pt"):
        state = torch.load(results / name, map_location="cpu", weights_only=True)
        found[name] = _digest(b"".join(key.encode() + state[key].numpy().tobytes() for key in sorted(state)))
    for path in sorted(results.glob("predictions/*_labels.tif")):
        found[f"predictions/{path.name}"] = _digest(tifffile.imread(path).tobytes())
    for path in sorted(results.glob("predictions/*_porosity.json")):
        found[f"predictions/{path.name}"] = _json(path)
    with zipfile.ZipFile(folder / "shared" / "compared.zip") as archive:
        entries = {f"packed {name.partition('/')[2]}": _entry(archive.read(name)) for name in archive.namelist()}
    return {**found, **entries}


def _entry(content: bytes) -> str:
    # a network may be named by its door or by its file
    return _digest(re.sub(rb"synfine_monai\.networks\.(\w+\.)?(?=[A-Z])", b"", content))


def _json(path: Path) -> str:
    # four digits: sums in another order of memory differ in the seventh
    content = json.loads(path.read_text(encoding="utf-8"), parse_float=lambda number: f"{float(number):.4g}")
    return _digest(json.dumps(content, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
