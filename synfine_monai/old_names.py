"""Names that bundles of format 1 carry: files of before the doors, and the door that hands out what they held."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["DOORS", "by_doors", "with_old_names"]

DOORS = {
    "bundle.options": "bundle",
    "bundle.plain_errors": "bundle",
    "bundle.requirements": "bundle",
    "bundle.save_config": "bundle",
    "data.chunked_output": "scans",
    "data.intensity": "survey",
    "data.scan": "scans",
    "data.scan_field_of_view": "survey",
    "data.slab_dataset": "data",
    "handlers.porosity_report": "handlers",
    "handlers.slab_writer": "handlers",
    "handlers.slice_progress": "handlers",
    "handlers.store_writer": "handlers",
    "inferers.engine": "inferers",
    "inferers.engine_choice": "inferers",
    "inferers.fold_batch_norm": "inferers",
    "inferers.mixed_precision": "inferers",
    "inferers.scan_signature": "inferers",
    "inferers.slice_windows": "inferers",
    "inferers.training_likeness": "inferers",
    "networks.model_file": "networks",
    "report.results_folder": "report",
    "transforms.logits_to_labels": "transforms",
}
"""Old file -> room, both below ``synfine_monai``: ``data.scan.open_scan`` is ``scans.open_scan`` now."""


def with_old_names(
    get: Callable[[str], Any], names: Callable[[], list[str]], public: list[str], *, room: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """What ``lazy_loader.attach_stub`` gives a room, with a ``__getattr__`` that knows the room's old files as well."""

    def get_or_old(name: str) -> Any:
        door = DOORS.get(f"{room.removeprefix('synfine_monai.')}.{name}")
        if door is None:
            return get(name)
        if name not in public:
            return import_module(f"synfine_monai.{door}")
        function = get(name)  # its file had its name: in save_config.save_config it stands for both
        setattr(function, name, function)
        return function

    return get_or_old, names, public


def by_doors(text: str) -> str:
    """A text with every old name written as the door's."""
    old = "|".join(map(re.escape, DOORS))
    return re.sub(rf"\bsynfine_monai\.({old})\.", lambda found: f"synfine_monai.{DOORS[found[1]]}.", text)
