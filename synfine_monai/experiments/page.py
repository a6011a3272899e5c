"""What an experiment leaves to be read: its tables in one Markdown file, its figures beside it."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from synfine_monai.atomic_file import atomic_file

__all__ = ["write_page"]


def write_page(folder: str | Path, title: str, sections: Mapping[str, str], figures: Mapping[str, Figure]) -> Path:
    """Write ``tables.md`` and one PNG a figure into ``folder``.

    Args:
        folder: made if missing.
        title: first heading.
        sections: heading -> Markdown below it.
        figures: file name without suffix -> figure; shown at the top.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        with atomic_file(folder / f"{name}.png") as temporary:
            figure.savefig(temporary, dpi=100)
    pictures = [f"![{name.replace('_', ' ')}]({name}.png)" for name in figures]
    text = [f"# {title}", "Drawn from [runs.csv](runs.csv); do not edit by hand.", *pictures]
    text += [f"## {heading}\n\n{body.rstrip()}" for heading, body in sections.items()]
    with atomic_file(folder / "tables.md") as temporary:
        temporary.write_text("\n\n".join(text) + "\n", encoding="utf-8")
    return folder / "tables.md"
