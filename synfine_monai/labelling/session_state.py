"""What a session has to say of its strokes."""

from collections.abc import Sequence
from typing import Any

from matplotlib.colors import to_hex

from synfine_monai.errors import ScanError
from synfine_monai.labelling.opening import Opened
from synfine_monai.labelling.strokes import Stroke, active_strokes, slices_of, undone_strokes
from synfine_monai.visualize import class_colors

SECOND_CLASS = "paint a second class: the network learns from differences"


def describe(opened: Opened, events: Sequence[Stroke | str]) -> dict[str, Any]:
    """Scan, classes and strokes, ready for JSON."""
    strokes, size, names = active_strokes(events), opened.scan.voxel_size_um, opened.classes.names
    drawn = [stroke.label for stroke in strokes if not stroke.erases]
    colors = [to_hex(color) for color in class_colors(opened.start.task.phases)]
    return {
        "name": opened.scan.info.path.name,
        "shape": list(opened.scan.shape),
        "voxel_size_um": None if size is None else list(size),
        "classes": [{"index": k, "name": n, "color": c} for k, (n, c) in enumerate(zip(names, colors, strict=True))],
        "strokes_per_class": {name: drawn.count(k) for k, name in enumerate(names)},
        "slices_with_strokes": slices_of(strokes),
        "strokes": len(strokes),
        "events": len(events),
        "can_redo": bool(undone_strokes(events)),
    }


def one_class_only(events: Sequence[Stroke | str]) -> str:
    """What to say while nothing can be learned; "" otherwise."""
    return SECOND_CLASS if len(_painted(events)) == 1 else ""


def refuse_few(opened: Opened, events: Sequence[Stroke | str]) -> None:
    """Refuse strokes that nothing can be learned from.

    Raises:
        ScanError: if there is none, or all are of one class.
    """
    painted = _painted(events)
    if not painted:
        raise ScanError("no stroke is painted yet: paint some of each class first.")
    if len(painted) == 1:
        raise ScanError(f"only the class '{opened.classes.names[painted.pop()]}' is painted: paint a second class.")


def _painted(events: Sequence[Stroke | str]) -> set[int]:
    return {stroke.label for stroke in active_strokes(events) if not stroke.erases}
