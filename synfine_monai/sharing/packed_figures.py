"""Pictures of a run for a bundle whose sender asked for them: the pixels alone, under names that tell no item."""

from pathlib import Path

from PIL import Image

KNOWN_FIGURES = ("methods", "sensitivity")
"""Figures that keep their names; all others are named after items, and are numbered instead."""


def copy_figures(source: Path, bundle: Path) -> list[str]:
    """Paint the PNGs of ``source`` anew into ``bundle/figures``, without what a PNG says beside its pixels.

    Returns:
        The new file names.
    """
    pictures = sorted(source.glob("*.png"))
    others = [picture for picture in pictures if picture.stem not in KNOWN_FIGURES]
    names = {p: f"picture_{others.index(p) + 1}.png" if p in others else p.name for p in pictures}
    for picture, name in names.items():
        (bundle / "figures").mkdir(exist_ok=True)
        with Image.open(picture) as opened:
            pixels = Image.frombytes("RGBA", opened.size, opened.convert("RGBA").tobytes())
        pixels.save(bundle / "figures" / name, optimize=True)
    return sorted(names.values())
