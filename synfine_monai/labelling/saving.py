"""What a session leaves for everybody else: a sparse label volume, the datalist that names its classes, a model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import LabelledSlice
from synfine_monai.files import atomic_file, named_path
from synfine_monai.inferers import training_grey_levels
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.opening import Opened
from synfine_monai.labelling.retuning import Retuning
from synfine_monai.labelling.strokes import Stroke
from synfine_monai.networks import describe_model, load_state, save_model
from synfine_monai.scans import create_scan, extension_of, labels_path, slab_slices

SLAB_VOXELS = 1 << 24
MOST_SLICES = 24
DATALIST, MODEL = "dataset.json", "model.pt"


def save_labels(opened: Opened, strokes: Sequence[Stroke], path: Path) -> Path:
    """Write the labels, uint8 with 255 for "not labelled", and a ``dataset.json`` beside them.

    Args:
        opened: the session's scan and classes.
        strokes: in the order of painting.
        path: a file, or a folder for a file like the scan's.

    Returns:
        Path of the volume.

    Raises:
        ScanError: if it cannot be written.
    """
    info, shape = opened.scan.info, opened.scan.shape
    target = named_path(path) if extension_of(path) else labels_path(info, named_path(path))
    drawing, step, whole = Drawing(strokes, shape), slab_slices(shape, SLAB_VOXELS), opened.planes.whole("xy")
    with create_scan(target, info, np.uint8) as sink:
        for start in range(0, shape[0], step):
            slab = np.full((min(step, shape[0] - start), *whole.shape), UNLABELLED, np.uint8)
            for k in (k for k in range(len(slab)) if not drawing.is_blank(start + k)):
                slab[k] = drawing.labels("xy", start + k, whole)
            sink.write(slab)
    _write_json(target.parent / DATALIST, _datalist(opened, target))
    return target


def save_network(opened: Opened, retuning: Retuning, path: Path) -> None:
    """Write the newest network as ``model.pt`` with its ``model.json``.

    Raises:
        ScanError: if it cannot be written.
    """
    network, task = opened.start.network(), opened.start.task
    load_state(network, retuning.published, path)
    statistics = opened.statistics
    info = describe_model(
        task, network, opened.normalisation, stage="labelling", method="retuned", seed=opened.start.seed,
        rounds=len(retuning.schedule), histogram=list(statistics.histogram), bin_edges=list(statistics.bin_edges),
        grey_levels=training_grey_levels(network.eval(), _slices(opened), task, opened.normalisation),
    )  # fmt: skip
    save_model(network, info, path)


def _slices(opened: Opened) -> list[LabelledSlice]:
    planes, (item,) = opened.planes, opened.start.task.training
    slices = []
    for z in planes.depths(MOST_SLICES):
        image, core = planes.seen("xy", z, planes.whole("xy"))
        slices.append(LabelledSlice(image, np.full_like(core, UNLABELLED, np.uint8), core, item.name, item.specimen, z))
    return [one for one in slices if one.fov.any()]


def _datalist(opened: Opened, labels: Path) -> dict[str, Any]:
    classes, size = opened.classes, opened.scan.voxel_size_um
    item = {"image": str(named_path(opened.scan.info.path)), "label": labels.name}
    item |= {} if opened.fov is None else {"fov": str(named_path(opened.fov))}
    return {
        "name": opened.start.task.name,
        "voxel_size_um": None if size is None else list(size),
        "rock": opened.start.task.rock,
        "labels": {str(k): name for k, name in enumerate(classes.names)},
        "phases": {str(k): list(phases) for k, phases in enumerate(classes.phases)},
        "pore_labels": list(classes.pore_labels),
        "ignore_label": UNLABELLED,
        "training": [item],
    }


def _write_json(path: Path, content: Any) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
