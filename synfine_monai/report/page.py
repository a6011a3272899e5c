"""``report.html``: a run on one page, with its table, pictures and settings, readable without anything installed."""

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from synfine_monai.files import atomic_file
from synfine_monai.metrics import SCORES
from synfine_monai.notices import notices
from synfine_monai.report.table import best_methods, method_words, table_caption, table_footnote

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: 0.25rem 0.8rem; text-align: right; border-bottom: 1px solid #ccc; }}
th:first-child, td:first-child {{ text-align: left; }}
.best {{ font-weight: bold; }}
.number {{ font-size: 1.5rem; }}
img {{ max-width: 100%; }}
figure {{ margin: 1.5rem 0; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
ROCK_PLACE = "<!-- rock numbers -->"
"""Where ``show_rock_numbers`` writes."""
_REPORT = """{notes}
{notices}
<p>{caption}</p>
{table}
<p>{note}</p>
{rock}
{figures}
<h2>Settings</h2>
{settings}"""


def write_report(
    output_dir: Path | str,
    metrics: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    figures: Sequence[Path | str] | None = None,
) -> Path:
    """Write ``report.html`` into ``output_dir``.

    Args:
        output_dir: the results folder.
        metrics: content of ``metrics.json``.
        settings: option -> value, listed at the end; values may be anything that has a text.
        figures: pictures in the order in which they are shown, linked by relative path, so that the folder can be moved
            or zipped; default: all of ``output_dir/figures``.

    Raises:
        ScanError: if the page cannot be written.
    """
    folder = Path(output_dir).absolute()
    pictures = sorted((folder / "figures").glob("*.png")) if figures is None else [Path(f).absolute() for f in figures]
    body = _REPORT.format(
        notes="\n".join(f"<p><strong>{escape(note)}</strong></p>" for note in metrics.get("notes", [])),
        notices=_notices(notices()),
        caption=escape(table_caption(metrics)),
        table=_scores(metrics["methods"]),
        note=escape(table_footnote(metrics["methods"]).replace("* best", "Bold: best")).replace("\n", "<br>\n"),
        figures="\n".join(_figure(picture, folder) for picture in pictures),
        settings=table_of_pairs(settings or {}),
        rock=ROCK_PLACE,
    )
    return _written(folder / "report.html", f"{metrics['task']}: segmentation report", body)


def write_page(
    path: Path,
    title: str,
    tables: Mapping[str, Mapping[str, Any]],
    figures: Sequence[Path] = (),
    lead: str = "",
    foot: str = "",
) -> Path:
    """Write a page of tables and pictures.

    Args:
        path: of the page.
        title: of the page.
        tables: heading -> what -> value.
        figures: pictures, linked by relative path.
        lead: HTML that comes first.
        foot: HTML that comes last.

    Raises:
        ScanError: if the page cannot be written.
    """
    folder = path.absolute().parent
    parts = [lead, _notices(notices())]
    parts += [f"<h2>{escape(heading)}</h2>\n{table_of_pairs(rows)}" for heading, rows in tables.items()]
    parts += [_figure(picture.absolute(), folder) for picture in figures]
    return _written(path, title, "\n".join([*parts, foot]))


def _written(path: Path, title: str, body: str) -> Path:
    with atomic_file(path) as temporary:
        temporary.write_text(_PAGE.format(title=escape(title), body=body), encoding="utf-8")
    return path


def _scores(methods: Mapping[str, Mapping[str, Any]]) -> str:
    best = {column.key: best_methods(methods, column) for column in SCORES}
    rows = ["<tr><th>method</th>" + "".join(f"<th>{escape(column.title)}</th>" for column in SCORES) + "</tr>"]
    for name, words in method_words(list(methods)).items():
        cells = [
            f'<td class="best">{column.text(methods[name][column.key])}</td>'
            if name in best[column.key]
            else f"<td>{column.text(methods[name][column.key])}</td>"
            for column in SCORES
        ]
        rows.append(f"<tr><td>{escape(words)}</td>{''.join(cells)}</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _notices(sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    lines = "\n".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>Look at these</h2>\n<ul>\n{lines}\n</ul>"


def _figure(picture: Path, folder: Path) -> str:
    link = quote(Path(os.path.relpath(picture, folder)).as_posix())
    words = escape(picture.stem.replace("_", " "))
    return f'<figure><img src="{link}" alt="{words}"><figcaption>{words}</figcaption></figure>'


def table_of_pairs(settings: Mapping[str, Any]) -> str:
    """A table of two columns."""
    rows = [f"<tr><td>{escape(str(key))}</td><td>{escape(str(value))}</td></tr>" for key, value in settings.items()]
    return "<table>\n" + "\n".join(rows) + "\n</table>"
