"""A results folder full of names that are nobody's business, around a network that was never trained; and a search."""

import gzip
import io
import json
import platform
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from synfine_monai.data import Task
from synfine_monai.metrics import confusion_matrix, segmentation_scores
from synfine_monai.networks import RockUNet, describe_model, save_model
from synfine_monai.report.metrics_file import write_metrics
from synfine_monai.report.versions import write_provenance

SOURCE = Path(__file__).resolve().parents[2] / "bundles" / "rock_ct_segmentation"
DATASET, ITEM, SPECIMEN, OWNER = "zephyrfield", "QX7-Marlow_0042.tif", "Borehole-Kestrel", "ACME-Deepwell"
HASH = "8c2045e85bf8e02bb65475dcb4301324c79d1b1a645fcd5d62b33ef6b604d0e4"
USER, MACHINE = "percivalx", "basalt-workstation"
SECRETS = (DATASET, ITEM, "Marlow", SPECIMEN, "Kestrel", OWNER, "Deepwell", HASH, "sorrel_results", "kernel-of-acme",
           USER, MACHINE)  # fmt: skip
LABELS = ("solid", "pore")
EDGES = np.linspace(-6, 6, 121).round(6)


@contextmanager
def as_owner() -> Iterator[None]:
    """On the owner's machine, under the owner's account; a verb's hooks go again at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOGNAME", USER)
        patch.setattr(platform, "node", lambda: MACHINE)
        patch.setattr(sys, "excepthook", sys.excepthook)
        yield


def histogram() -> np.ndarray:
    """Shares of two phases' grey levels, 120 bins."""
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    shares = 0.27 * np.exp(-(((middle + 1.7) / 0.4) ** 2)) + 0.73 * np.exp(-(((middle - 0.6) / 0.45) ** 2))
    return shares / shares.sum()


def make_run(root: Path, evaluated: bool = True) -> Path:
    """Results folder of a fine-tuning on a confidential core; its datalist lies beside it."""
    folder, scan = root / "sorrel_results", f"/vault/{OWNER}/{DATASET}/{ITEM}"
    folder.mkdir(parents=True)
    item = {"image": ITEM, "label": f"labels/{ITEM}", "specimen": SPECIMEN}
    datalist = root / f"{DATASET}.json"
    datalist.write_text(json.dumps({"name": DATASET, "labels": {"0": "solid", "1": "pore"}, "training": [item]}))
    task = Task(DATASET, "sandstone", LABELS, (("matrix",), ("pore",)), (1,), {0: 0, 1: 1}, (2.5, 2.5, 2.5))
    tuned = {"tune": "all", "selected": "all", "label_budget": 16, "seed": 0, "patch_seed": 3}
    torch.manual_seed(0)
    network = RockUNet(1, 2, channels=(4, 8, 16))
    more = {"stage": "fine-tuning", "method": "all", **tuned, "histogram": histogram().tolist(),
            "bin_edges": EDGES.tolist(), "source": scan,
            "grey_levels": {"scans": [{"dtype": "uint16", "center": 20000.0, "scale": 3000.0}],
                            "bin_edges": EDGES.tolist(), "classes": [histogram().tolist()] * 2}}  # fmt: skip
    save_model(network, describe_model(task, network, "zscore", **more), folder / "model.pt", half=True)
    options = {"datalist": str(datalist), "scan": scan, "output_dir": str(folder), "tune": "all", "seed": 0,
               "rock": f"/vault/{OWNER}/rock.yaml", "device": "$torch.device('cpu')", "min_steps": None}  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump({"finetune": options}))
    (folder / "patches.csv").write_text(f"item,z,y,x\n{ITEM},3,0,64\n")
    command = ["python", "--datalist", str(datalist)]
    write_provenance(folder, seeds={"seed": 0}, data_hashes={scan: HASH}, command=command)
    told = json.loads((folder / "provenance.json").read_text())
    told["machine"]["system"] = "Linux-6.1-kernel-of-acme"
    (folder / "provenance.json").write_text(json.dumps(told))
    if evaluated:
        _evaluate(folder, tuned)
    _draw(folder / "figures")
    return folder


def _evaluate(folder: Path, tuned: dict) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (64, 64))
    wrong = np.where(rng.random(truth.shape) < 0.1, 1 - truth, truth)
    counts = confusion_matrix(wrong, truth, np.ones_like(truth, bool), 2)
    scores = segmentation_scores([counts], LABELS, (1,), [ITEM])
    methods = {"all": scores, "otsu": scores, f"model of {OWNER}": scores}
    write_metrics(folder / "metrics.json", {"task": DATASET, "split": "test", "methods": methods, **tuned})


def _draw(folder: Path) -> None:
    folder.mkdir()
    said = PngInfo()
    said.add_text("Source", f"/vault/{OWNER}/{ITEM}", zip=True)
    for name in (f"slice_{Path(ITEM).stem}_0003.png", "methods.png"):
        Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(folder / name, pnginfo=said)


def every_byte(content: bytes, name: str = "") -> Iterator[tuple[str, bytes]]:
    """Name and bytes of everything in a file, unpacked as deep as zips, gzips and the chunks of PNGs go."""
    yield name, name.encode() + content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield name, archive.comment
            for entry in archive.infolist():
                yield name, entry.comment + entry.extra
                yield from every_byte(archive.read(entry), f"{name}/{entry.filename}")
    elif content[:2] == b"\x1f\x8b":
        yield from every_byte(gzip.decompress(content), f"{name}/unpacked")
    elif content[:8] == b"\x89PNG\r\n\x1a\n":
        yield from ((name, chunk) for chunk in _png_chunks(content))


def _png_chunks(content: bytes) -> Iterator[bytes]:
    place = 8
    while place < len(content):
        size, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        chunk = content[place + 8 : place + 8 + size]
        if kind in (b"zTXt", b"iTXt"):
            start = chunk.index(b"\0") + (2 if kind == b"zTXt" else 3)
            yield zlib.decompress(chunk[start:]) if kind == b"zTXt" else chunk
        place += 12 + size


def secrets_in(path: Path, root: Path) -> list[tuple[str, str]]:
    """(place, word) of every secret found in a file, in any case and as UTF-8 or UTF-16."""
    forms = {form: word for word in (*SECRETS, str(root), str(Path.home())) for form in _encoded(word)}
    return [
        (place, word)
        for place, content in every_byte(path.read_bytes())
        for form, word in forms.items()
        if form in content.lower()
    ]


def _encoded(word: str) -> list[bytes]:
    return [word.lower().encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")]
