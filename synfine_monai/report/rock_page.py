"""What measuring leaves: rock numbers as JSON, curves as CSV, a figure and a page."""

import csv
import json
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from synfine_monai.files import atomic_file
from synfine_monai.notices import look_at
from synfine_monai.report.label_volume import labelled_name
from synfine_monai.report.page import write_page
from synfine_monai.report.rock_changes import rock_changes, told_changes
from synfine_monai.report.rock_numbers import PORE_SPACE, RockNumbers
from synfine_monai.report.rock_transport import told_transport
from synfine_monai.visualize import draw_rock_numbers


def write_rock_numbers(
    numbers: RockNumbers,
    output_dir: str | Path,
    transport: Mapping[str, Any] | None = None,
    before: RockNumbers | None = None,
    told_in_full: bool = True,
) -> Path:
    """Write NAME_rock.json, NAME_rock_PHASE.csv, NAME_rock.png and NAME_rock.html, and print the main numbers.

    Args:
        numbers: what was measured.
        output_dir: where the files go.
        transport: what ``measure_transport`` found, if it was asked.
        before: what was measured of the same core at another time.
        told_in_full: False prints where the page is, and no numbers.

    Raises:
        ScanError: if they cannot be written, or cannot be compared.
    """
    info = numbers.volume.labels.info
    stem = Path(output_dir) / f"{labelled_name(info)}_rock"
    summary = numbers.summary() | ({"transport": transport} if transport else {})
    if before is not None:
        summary["changes"] = rock_changes(before.summary(), summary, (before.volume.labels.info, info))
    if summary["voxel_size_um"] is None:
        look_at("The voxel size is unknown: lengths are in voxels (--voxel_size_um gives it).")
    _warn_of_a_small_scan(numbers, told_in_full)
    with atomic_file(f"{stem}.json") as temporary:
        temporary.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    for phase, one in numbers.phases.items():
        _write_curves(Path(f"{stem}_{phase.replace(' ', '_')}.csv"), one.curves())
    pores = numbers.phases[PORE_SPACE]
    panels = 2 if pores.sizes is None else 3
    figure = Figure(figsize=(11 * panels / 3, 3.5), layout="constrained")
    draw_rock_numbers(figure.subplots(1, panels), pores)
    with atomic_file(f"{stem}.png") as temporary:
        figure.savefig(temporary, dpi=120)
    tables = _tables(summary)
    page = write_page(Path(f"{stem}.html"), f"Rock numbers of {labelled_name(info)}", tables, [Path(f"{stem}.png")])
    for rows in tables.values() if told_in_full else ():
        print("\n".join(f"{what}: {value}" for what, value in rows.items()), flush=True)
    print(f"({page})" if told_in_full else f"Rock numbers: {page}", flush=True)
    return page


def _tables(summary: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Heading -> what -> value."""
    tables = {"Numbers": told(summary)}
    if pieces := told_pieces(summary["phases"][PORE_SPACE]):
        tables["How large a piece stands for the rock"] = pieces
    if flow := summary.get("transport"):
        tables[f"Flow through {flow['cubes']} cubes of {flow['edge']} voxels"] = told_transport(flow)
    if changes := summary.get("changes"):
        tables[f"What has changed since {changes['before']}"] = told_changes(changes)
    return tables


def told(summary: Mapping[str, Any]) -> dict[str, str]:
    """The main numbers in words."""
    porosity, pore = summary["porosity"], summary["phases"][PORE_SPACE]
    rows = {"Porosity": _percent(porosity["porosity"]), "isolated": _percent(porosity["isolated"])}
    rows |= {f"connected along {axis}": _percent(share) for axis, share in porosity["connected"].items()}
    if summary["water_saturation"] is not None:
        rows["Water saturation"] = _percent(summary["water_saturation"])
    for key, value in pore.items():
        if key == "representativity" or (value is None and key.startswith("median_diameter")):  # sizes cost a bit
            continue
        if isinstance(value, Mapping):
            rows[_words(key)] = ", ".join(f"{axis} {_number(one)}" for axis, one in value.items())
        elif key != "share":
            rows[_words(key)] = _number(value)
    voxels = summary["voxels_by_class"]
    rows |= {f"class {label}": _percent(count / sum(voxels.values())) for label, count in voxels.items()}
    return rows


def told_pieces(pores: Mapping[str, Any]) -> dict[str, str]:
    """Edges of the cubes that come near the rock's numbers, in words."""
    return {
        _words(name): f"± 10 % in cubes of {_edge(one['edge_within_10%_voxels'])} voxels, "
        f"± 5 % in {_edge(one['edge_within_5%_voxels'])}; exponent {_number(one['exponent'])}"
        for name, one in pores["representativity"].items()
        if one["edge_within_10%_voxels"] is not None
    }


def _warn_of_a_small_scan(numbers: RockNumbers, every: bool) -> None:
    """Say for which numbers, or whether for the porosity, the core is smaller than what stands for the rock."""
    edge = sum(numbers.voxels.values()) ** (1 / 3)
    found = numbers.phases[PORE_SPACE].summary()["representativity"]
    wanted = {name: one["edge_within_10%_voxels"] for name, one in found.items() if every or name == "share"}
    larger = {name: size for name, size in wanted.items() if size is not None and size > edge}
    if larger:
        told = ", ".join(f"{_edge(size)} for {_words(name)}" for name, size in larger.items())
        look_at(
            f"The core is smaller than a representative volume: {edge:.0f}³ voxels, but to come within ± 10 % of the "
            f"rock's takes cubes of {told}."
        )


def _edge(voxels: float) -> str:
    """More than a million voxels are no edge but a number that the scan does not tell."""
    return f"{voxels:.0f}" if voxels < 1e6 else "over a million"


def _write_curves(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    with atomic_file(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_cell(v) for v in row] for row in zip_longest(*columns.values()))


def _cell(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.8g}"


def _words(key: str) -> str:
    words = key.replace("_per_um3", " (1/µm³)").replace("_per_voxel3", " (1/voxel³)")
    words = words.replace("_per_um", " (1/µm)").replace("_per_voxel", " (1/voxel)")
    return words.replace("_um", " (µm)").replace("_voxels", " (voxels)").replace("_", " ")


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.2%}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
