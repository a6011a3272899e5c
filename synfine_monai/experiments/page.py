"""What an experiment leaves to be read: its tables in one Markdown file, its figures beside it."""

import re
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from synfine_monai.files import atomic_file

__all__ = ["fill_in", "write_page"]


def write_page(folder: str | Path, title: str, sections: Mapping[str, str], figures: Mapping[str, Figure]) -> Path:
    """Write ``tables.md`` and one PNG a figure into ``folder``, and bring pages beside it up to date.

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
    for page in folder.parent.glob("*.md"):
        fill_in(page, folder.name, sections)
    return folder / "tables.md"


def fill_in(page: str | Path, experiment: str, sections: Mapping[str, str]) -> None:
    """Put tables between the marks ``<!-- EXPERIMENT: HEADING -->`` and ``<!-- end -->`` of a page written by hand.

    Nothing happens where there is no such page or mark.
    """
    page = Path(page)
    if not page.is_file():
        return
    text = before = page.read_text(encoding="utf-8")
    for heading, body in sections.items():
        mark = f"<!-- {experiment}: {heading} -->"
        between = re.compile(f"{re.escape(mark)}.*?<!-- end -->", re.DOTALL)
        text = between.sub(f"{mark}\n\n{body.strip()}\n\n<!-- end -->".replace("\\", r"\\"), text)
    if text != before:
        with atomic_file(page) as temporary:
            temporary.write_text(text, encoding="utf-8")
