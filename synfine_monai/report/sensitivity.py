"""Sensitivity of a run on disk: JSON, CSV and the figure of both views."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synfine_monai.files import atomic_file
from synfine_monai.surgery import save_sensitivity
from synfine_monai.visualize import draw_sensitivity

__all__ = ["write_sensitivity"]


def write_sensitivity(sensitivity: Mapping[str, Any] | None, output_dir: str | Path) -> None:
    """Write ``sensitivity.json``, ``sensitivity.csv`` and ``figures/sensitivity.png``; nothing if there is none."""
    if sensitivity is None:
        return
    save_sensitivity(sensitivity, output_dir)
    figure = draw_sensitivity(sensitivity)
    path = Path(output_dir) / "figures" / "sensitivity.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=120)
    print(
        f"Relative gradient norm is highest in level '{sensitivity['selected_level']}' and block "
        f"'{sensitivity['selected_block']}' ({path})."
    )
