"""A picture of a stage, kept small enough to lie beside the tables."""

from pathlib import Path

from PIL import Image

from synfine_monai.files import atomic_file

__all__ = ["keep_small"]


def keep_small(picture: str | Path, path: str | Path, longest: int = 1000) -> None:
    """Write ``picture`` to ``path`` as a JPEG whose longer side has at most ``longest`` pixels."""
    with Image.open(picture) as image, atomic_file(Path(path)) as temporary:
        image.thumbnail((longest, longest))
        image.convert("RGB").save(temporary, "JPEG", quality=70)
