"""Where the bundles that come with the package lie: inside it where a wheel was installed, beside it in a clone."""

from pathlib import Path

__all__ = ["bundles_folder"]

PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = PACKAGE / "_shipped"
"""Only a wheel has it; pyproject.toml says what goes there."""


def bundles_folder() -> Path:
    """Folder that holds ``rock_ct_segmentation`` and the other bundles of the project."""
    return (SHIPPED if SHIPPED.is_dir() else PACKAGE.parent) / "bundles"
