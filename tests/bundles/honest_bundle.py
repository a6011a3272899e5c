"""A small packed bundle without any fault, and how an attacker changes it: the manifest is written anew each time."""

import json
import shutil
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import torch
from tiny_core import BUNDLE, make_core

from synfine_monai.networks import RockUNet, save_model
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.card_facts import class_rows, scan_rows

NAME = "my_core"
INFO = {
    "format_version": 1, "labels": ["solid", "pore"], "phases": [["matrix"], ["pore"]], "pore_labels": [1],
    "binary": False, "normalisation": "zscore", "voxel_size_um": [5.0, 5.0, 5.0],
}  # fmt: skip


CARD = "\n".join(
    ["# My core", "", "Pores with d < 5 µm, see the [licence](../LICENSE) and <https://monai.io>.", "",
     "| value | class | phases | pore space |", "| --- | --- | --- | --- |", *class_rows(INFO), "", "| | |",
     "| --- | --- |", *scan_rows(INFO), ""]
)  # fmt: skip


def tiny_network() -> RockUNet:
    torch.manual_seed(0)
    return RockUNet(1, 2, channels=(4, 8, 16))


def make_honest(folder: Path) -> Path:
    """The folder of a packed bundle; its expected labels are all 0 until a test needs true ones."""
    folder = folder / NAME
    for part in ("configs", "models", "docs", "test"):
        (folder / part).mkdir(parents=True)
    for name in (packed_bundle.INFERENCE, packed_bundle.LOGGING, packed_bundle.LICENSE):
        shutil.copy(BUNDLE / name, folder / name)
    metadata = json.loads((BUNDLE / packed_bundle.METADATA).read_text())
    metadata["network_data_format"]["outputs"]["pred"].update(num_channels=2, channel_def={"0": "solid", "1": "pore"})
    metadata["pred_classes"] = "0 solid, 1 pore"
    write_json(folder / packed_bundle.METADATA, metadata)
    architecture = {"_target_": "synfine_monai.networks.RockUNet", "in_channels": 1, "num_classes": 2}
    info = {**INFO, "architecture": {**architecture, "channels": [4, 8, 16]}}
    save_model(tiny_network(), info, folder / packed_bundle.MODEL_WEIGHTS)
    (folder / packed_bundle.MODEL_CARD).write_text(CARD, encoding="utf-8")
    write_json(folder / packed_bundle.PROVENANCE, {"synfine_monai": "0.1.0"})
    image, _ = make_core((4, 32, 32))
    write_volume(folder / packed_bundle.TEST_INPUT, image)
    write_volume(folder / packed_bundle.EXPECTED_LABELS, np.zeros_like(image, dtype=np.uint8))
    return seal(folder)


def write_volume(path: Path, volume: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(volume.transpose(2, 1, 0), np.diag([0.005] * 3 + [1])), path)


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def seal(folder: Path) -> Path:
    """Write the manifest of whatever is there, as an attacker would, who knows how."""
    names = [n for n in packed_bundle.list_files(folder) if n not in (packed_bundle.MANIFEST, packed_bundle.SIGNATURE)]
    files = {name: vars(packed_bundle.hash_file(folder / name)) for name in names}
    made = {"format": packed_bundle.FORMAT, "format_version": 1, "created_with": "synfine_monai 0.1.0", "files": files}
    write_json(folder / packed_bundle.MANIFEST, made)
    return folder


def zipped(folder: Path, path: Path, top: str = NAME) -> Path:
    """The folder as a zip with one folder at its top."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in packed_bundle.list_files(folder):
            archive.write(folder / name, f"{top}/{name}")
    return path


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace the one place of ``old`` in a text file."""
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def edit_json(folder: Path, name: str, **changes: object) -> None:
    """Set entries of a JSON record; ``a__b`` is entry b of entry a."""
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    for key, value in changes.items():
        place = content
        *above, last = key.split("__")
        for part in above:
            place = place[part]
        place[last] = value
    write_json(folder / name, content)
