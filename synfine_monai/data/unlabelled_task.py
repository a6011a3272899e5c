"""A task whose scans are looked at only: a datalist, or one scan, without a label."""

from dataclasses import replace
from pathlib import Path

from synfine_monai.data.task import Item, Task, load_datalist, synthetic_task
from synfine_monai.errors import ScanError

__all__ = ["load_unlabelled_task"]


def load_unlabelled_task(
    datalist: str | None = None, scan: str | None = None, fov: str | None = None, rock: str | None = None
) -> Task:
    """The task that the options of a verb describe, when no label is read.

    Args:
        datalist: a ``dataset.json``; labels in it are not opened.
        scan: instead of a datalist, a scan file or slice folder; every phase of the generator is a class then.
        fov: mask of the field of view of ``scan``; None finds it.
        rock: generator preset; None: the datalist's, or sandstone for a scan.

    Raises:
        ScanError: unless exactly one of ``datalist`` and ``scan`` is given, or as ``load_datalist``.
    """
    if (datalist is None) == (scan is None):
        raise ScanError("give either --datalist, or --scan: the look of a rock is learned from one of them.")
    if datalist is not None:
        task = load_datalist(datalist)
        return task if rock is None else replace(task, rock=rock)
    path = Path(scan).expanduser().resolve()
    mask = None if fov is None else Path(fov).expanduser().resolve()
    item = Item(image=path, label=None, fov=mask, specimen=path.name, name=path.name)
    return replace(synthetic_task(rock or "sandstone"), name=path.stem.split(".")[0], unlabelled=(item,))
