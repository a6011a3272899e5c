"""Bad input for the tiny core: what a user may get wrong, and the options of a verb that is given it."""

import json
import shutil
from pathlib import Path

import numpy as np
import tifffile
import torch
from monai.networks.nets import UNet
from tiny_core import Sample, write_datalist, write_tiff


class Kit:
    """What the cases below make their bad input from."""

    def __init__(self, sample: Sample, pretrained: Path, folder: Path) -> None:
        self.sample, self.pretrained, self.folder = sample, pretrained, folder

    def tiff(self, name: str, volume: np.ndarray) -> str:
        return str(write_tiff(self.folder / name, volume))

    def datalist(self, **changes: object) -> str:
        """The tiny task, changed; its files are reached from the test's own folder."""
        for file in ("core.tif", "labels.tif", "test_labels.tif"):
            if not (self.folder / file).exists():
                shutil.copy(self.sample.folder / file, self.folder)
        return str(write_datalist(self.folder / "dataset.json", **changes))

    def labels(self, volume: np.ndarray) -> str:
        """The tiny task with other training labels."""
        self.tiff("labels.tif", volume)
        return self.datalist()

    def checkpoint(self, **changes: object) -> Path:
        """A copy of the tiny model with some of its ``model.json`` changed."""
        folder = self.folder / "checkpoint"
        folder.mkdir()
        shutil.copy(self.pretrained / "model.pt", folder)
        info = json.loads((self.pretrained / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps({**info, **changes}))
        return folder


def task(kit: Kit, **options: object) -> dict[str, object]:
    return {"datalist": str(kit.sample.datalist), "checkpoint": str(kit.pretrained), **options}


def altered(kit: Kit, **changes: object) -> dict[str, object]:
    return task(kit, datalist=kit.datalist(**changes))


def labelled(kit: Kit, labels: np.ndarray) -> dict[str, object]:
    return task(kit, datalist=kit.labels(labels))


def whole(kit: Kit, **options: object) -> dict[str, object]:
    return {"datalist": str(kit.sample.datalist), **options}


def scan(kit: Kit, path: object = None, **options: object) -> dict[str, object]:
    return {"scan": str(path or kit.sample.scan), "checkpoint": str(kit.pretrained), **options}


def damaged(kit: Kit, source: Path, name: str, keep: float = 0.6) -> str:
    content = source.read_bytes()
    (kit.folder / name).write_bytes(content[: int(len(content) * keep)])
    return str(kit.folder / name)


def with_value(image: np.ndarray, value: float) -> np.ndarray:
    changed = image.astype(np.float32)
    changed[3, 40, 40] = value
    return changed


def half_folder(kit: Kit, gap: bool) -> str:
    """A slice folder with a gap in its numbers, or with one slice of another shape."""
    folder = kit.folder / "slices"
    folder.mkdir()
    for z, image in enumerate(kit.sample.image):
        tifffile.imwrite(folder / f"core_{z:03d}.tif", image[:90] if z == 3 and not gap else image)
    if gap:
        (folder / "core_003.tif").unlink()
    return str(folder)


def other_architecture(kit: Kit) -> str:
    folder = kit.checkpoint()
    torch.save(UNet(2, 1, 2, (8, 16), (2,)).state_dict(), folder / "model.pt")
    return str(folder)


def without_json(kit: Kit) -> str:
    folder = kit.checkpoint()
    (folder / "model.json").unlink()
    return str(folder)


def damaged_checkpoint(kit: Kit) -> str:
    folder = kit.checkpoint()
    damaged(kit, kit.pretrained / "model.pt", "checkpoint/model.pt")
    return str(folder)


def file_in_the_way(kit: Kit) -> str:
    (kit.folder / "file").write_text("")
    return str(kit.folder / "file" / "results")


def mhd_without_data(kit: Kit) -> str:
    (kit.folder / "core.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 96 96 6\nElementType = MET_USHORT\nElementDataFile = core.zraw\n"
    )
    return str(kit.folder / "core.mhd")


def one_slice(kit: Kit) -> np.ndarray:
    labels = np.full_like(kit.sample.truth, 255)
    labels[0] = kit.sample.truth[0]
    return labels


def unknown_class(kit: Kit) -> np.ndarray:
    labels = one_slice(kit)
    labels[0, :8] = 7
    return labels


def rgb(kit: Kit) -> str:
    path = kit.folder / "rgb.tif"
    tifffile.imwrite(path, np.zeros((96, 96, 3), np.uint8), photometric="rgb")
    return str(path)
