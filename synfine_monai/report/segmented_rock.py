"""Rock numbers at the end of a segmentation: those that cost little beside it."""

import json
from html import escape
from pathlib import Path

from synfine_monai.conventions import OUTSIDE
from synfine_monai.files import atomic_file
from synfine_monai.report.label_volume import stated_porosity
from synfine_monai.report.page import ROCK_PLACE, table_of_pairs
from synfine_monai.report.rock_numbers import measure_rock
from synfine_monai.report.rock_page import told, write_rock_numbers
from synfine_monai.scans import ScanInfo, labels_path, open_scan

SLAB_VOXELS = 2**20
"""In memory at once: no more than the segmentation before it needed."""


def measure_segmented(
    scan: ScanInfo, output_dir: str | Path, pore_labels: list[int], water_labels: list[int]
) -> Path | None:
    """Write the rock numbers of a scan's labels but for pore sizes; returns the page, or None where there are none.

    Args:
        scan: what was segmented.
        output_dir: where its labels are.
        pore_labels: classes that are pore space.
        water_labels: of these, those that are water.
    """
    porosity = json.loads(stated_porosity(scan, output_dir).read_text(encoding="utf-8"))
    if porosity["slices"] < 2 or not porosity["voxels"]:  # a single slice, or nothing in the core
        return None
    with open_scan(labels_path(scan, output_dir), voxel_size_um=scan.voxel_size_um) as labels:
        numbers = measure_rock(
            labels, pore_labels, outside_value=OUTSIDE, sizes=False, slab_voxels=SLAB_VOXELS,
            water_labels=water_labels, each_class=False,
        )  # fmt: skip
        return write_rock_numbers(numbers, output_dir, told_in_full=False)


def show_rock_numbers(output_dir: str | Path) -> None:
    """Put the rock numbers of what was segmented into ``report.html``, if there is one."""
    page, folder = Path(output_dir) / "report.html", Path(output_dir)
    if not page.is_file():
        return
    parts = []
    for file in sorted(folder.glob("predictions/*_rock.json")):
        rows = table_of_pairs(told(json.loads(file.read_text(encoding="utf-8"))))
        link = f'<a href="predictions/{escape(file.stem)}.html">{escape(file.stem)}</a>'
        parts.append(f"<h2>Rock numbers: {link}</h2>\n{rows}")
    with atomic_file(page) as temporary:
        text = page.read_text(encoding="utf-8")
        temporary.write_text(text.replace(ROCK_PLACE, "\n".join([*parts, ROCK_PLACE])), encoding="utf-8")
