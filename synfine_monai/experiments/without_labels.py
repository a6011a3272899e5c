"""A score without any real label: the network as it is, on a task whose classes it knows already."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synfine_monai.data import Task
from synfine_monai.errors import ScanError
from synfine_monai.networks import find_checkpoint, load_weights, read_model_info
from synfine_monai.surgery import adapt_head

__all__ = ["WITHOUT_LABELS", "require_decided_classes"]

WITHOUT_LABELS: Mapping[str, Any] = {"tune": "none", "label_budget": 1}
"""Options of ``finetune`` that train nothing; the one patch is drawn, but its labels are not used."""


def require_decided_classes(checkpoint: str | Path, bundle_root: str | Path, task: Task) -> None:
    """Refuse a network whose head would have to be fitted to a task's classes by a linear probe on labels.

    Args:
        checkpoint: as in ``find_checkpoint``; not "none".
        bundle_root: folder of the bundle.
        task: its phases by class.

    Raises:
        ScanError: naming a class that no row of the head tells apart.
    """
    file = find_checkpoint(str(checkpoint), bundle_root)
    _, undecided = adapt_head(load_weights(file), read_model_info(file)["phases"], task.phases)
    if undecided:
        raise ScanError(
            f"without labels (label_budget 0) {file} cannot tell the class '{task.labels[undecided[0]]}' of "
            f"{task.path or task.name} apart: pre-train on the task's own classes first, or give labels."
        )
