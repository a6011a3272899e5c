"""Rock numbers of a volume of labels on disk, of any size: read in slabs, written as JSON, CSV, a figure and a page."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from synfine_monai.conventions import OUTSIDE
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.notices import look_at
from synfine_monai.report.label_volume import LabelVolume, labelled_name, name_absent_pores, open_label_volume
from synfine_monai.report.page import write_page
from synfine_monai.report.rock_transport import told_transport
from synfine_monai.rock import (
    ConnectedPorosity,
    ConnectedPorosityCounter,
    PhaseCounter,
    PhaseNumbers,
    thickness_of_slab,
)
from synfine_monai.scans import Scan
from synfine_monai.visualize import draw_rock_numbers

PORE_SPACE = "pore space"
HIGHER = 4  # times a slab: pore sizes look far above and below theirs


@dataclass(frozen=True)
class RockNumbers:
    """What was measured of a segmented core.

    Attributes:
        connected: porosity, total, connected and isolated.
        phases: "pore space" and "class K" -> their numbers.
        voxels: in the core, by class.
        volume: what was measured.
    """

    connected: ConnectedPorosity
    phases: Mapping[str, PhaseNumbers]
    voxels: Mapping[int, int]
    volume: LabelVolume

    def summary(self) -> dict[str, Any]:
        """All numbers, with their units in their names."""
        size = self.volume.labels.voxel_size_um
        return {
            "labels": self.volume.labels.info.path.name,
            "box": [[one.start, one.stop] for one in self.volume.box],
            "voxel_size_um": None if size is None else list(size),
            "voxels_by_class": {str(label): count for label, count in self.voxels.items()},
            "porosity": self.connected.summary(),
            "phases": {name: one.summary() for name, one in self.phases.items()},
        }


def measure_rock(
    labels: Scan,
    pore_labels: Sequence[int],
    fov: str | Path | None = None,
    outside_value: int | str | None = None,
    box: Sequence[int] | None = None,
    reach: int = 32,
    sizes: bool = True,
    slab_voxels: int = 2**24,
) -> RockNumbers:
    """Read a volume of labels slab by slab and count all that is local.

    Args:
        labels: an open volume of classes.
        pore_labels: classes that are pore space.
        fov: as ``open_label_volume`` takes it.
        outside_value: as ``open_label_volume`` takes it.
        box: as ``open_label_volume`` takes it.
        reach: longest lag of the two-point correlation, voxels.
        sizes: whether pore sizes are measured, which takes longest.
        slab_voxels: in memory at once, rounded down to whole slices.

    Raises:
        ScanError: as ``open_label_volume``; or if nothing is in the core.
    """
    volume = open_label_volume(labels, pore_labels, fov, outside_value, box)
    size = labels.voxel_size_um
    connected = ConnectedPorosityCounter((1,), size)
    pores = PhaseCounter(pore_labels, size, reach)
    others: dict[int, PhaseCounter] = {}
    counts = np.zeros(OUTSIDE + 1, np.int64)
    seen = 0
    for classes, core in volume.slabs(slab_voxels):
        counts += np.bincount(classes[core], minlength=OUTSIDE + 1)
        connected.add(np.where(core, pores.phase(classes, core), OUTSIDE).astype(np.uint8))
        pores.add(classes, core)
        for label in (label for label in np.flatnonzero(counts).tolist() if label not in others):
            if pores.classes == (label,):  # counted already
                continue
            others[label] = _late(PhaseCounter((label,), size, reach), volume, seen, slab_voxels)
        for counter in others.values():
            counter.add(classes, core)
        seen += len(classes)
    if not counts.any():
        raise ScanError(f"{labels.info.path.name} has no voxel in the core: see --outside_value, --fov and --box.")
    name_absent_pores(volume, counts)
    if sizes and counts[list(pore_labels)].any():
        _measure_sizes(volume, pores, slab_voxels)
    found, seen_classes = pores.finish(), np.flatnonzero(counts).tolist()
    phases = {PORE_SPACE: found}
    phases |= {f"class {k}": others[k].finish() if k in others else found for k in seen_classes}
    measured = connected.finish()
    measured.profile.pore_labels = sorted(pore_labels)
    return RockNumbers(measured, phases, {k: int(counts[k]) for k in seen_classes}, volume)


def write_rock_numbers(
    numbers: RockNumbers, output_dir: str | Path, transport: Mapping[str, Any] | None = None
) -> Path:
    """Write NAME_rock.json, NAME_rock_PHASE.csv, NAME_rock.png and NAME_rock.html, and print the main numbers.

    Args:
        numbers: what was measured.
        output_dir: where the files go.
        transport: what ``measure_transport`` found, if it was asked.

    Raises:
        ScanError: if they cannot be written.
    """
    name = labelled_name(numbers.volume.labels.info)
    stem = Path(output_dir) / f"{name}_rock"
    summary = numbers.summary() | ({"transport": transport} if transport else {})
    if summary["voxel_size_um"] is None:
        look_at("The voxel size is unknown: lengths are in voxels (--voxel_size_um gives it).")
    _warn_of_a_small_scan(numbers)
    with atomic_file(f"{stem}.json") as temporary:
        temporary.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    for phase, one in numbers.phases.items():
        _write_curves(Path(f"{stem}_{phase.replace(' ', '_')}.csv"), one.curves())
    figure = Figure(figsize=(11, 3.5), layout="constrained")
    draw_rock_numbers(figure.subplots(1, 3), numbers.phases[PORE_SPACE])
    with atomic_file(f"{stem}.png") as temporary:
        figure.savefig(temporary, dpi=120)
    tables = {"Numbers": told(summary)}
    if pieces := told_pieces(summary["phases"][PORE_SPACE]):
        tables["How large a piece stands for the rock"] = pieces
    if transport:
        tables[f"Flow through {transport['cubes']} cubes of {transport['edge']} voxels"] = told_transport(transport)
    page = write_page(Path(f"{stem}.html"), f"Rock numbers of {name}", tables, [Path(f"{stem}.png")])
    for rows in tables.values():
        print("\n".join(f"{what}: {value}" for what, value in rows.items()), flush=True)
    print(f"({page})", flush=True)
    return page


def told(summary: Mapping[str, Any]) -> dict[str, str]:
    """The main numbers in words."""
    porosity, pore = summary["porosity"], summary["phases"][PORE_SPACE]
    rows = {"Porosity": _percent(porosity["porosity"]), "isolated": _percent(porosity["isolated"])}
    rows |= {f"connected along {axis}": _percent(share) for axis, share in porosity["connected"].items()}
    for key, value in pore.items():
        if key == "representativity":
            continue
        if isinstance(value, Mapping):
            rows[_words(key)] = ", ".join(f"{axis} {_number(one)}" for axis, one in value.items())
        elif key != "share":
            rows[_words(key)] = _number(value)
    rows |= {f"{name}": _percent(one["share"]) for name, one in summary["phases"].items() if name != PORE_SPACE}
    return rows


def told_pieces(pores: Mapping[str, Any]) -> dict[str, str]:
    """Edges of the cubes that come near the rock's numbers, in words."""
    return {
        _words(name): f"± 10 % in cubes of {_edge(one['edge_within_10%_voxels'])} voxels, "
        f"± 5 % in {_edge(one['edge_within_5%_voxels'])}; exponent {_number(one['exponent'])}"
        for name, one in pores["representativity"].items()
        if one["edge_within_10%_voxels"] is not None
    }


def _warn_of_a_small_scan(numbers: RockNumbers) -> None:
    """Say for which numbers the core is smaller than what stands for the rock."""
    edge = sum(numbers.voxels.values()) ** (1 / 3)
    found = numbers.phases[PORE_SPACE].summary()["representativity"]
    wanted = {name: one["edge_within_10%_voxels"] for name, one in found.items()}
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


def _late(counter: PhaseCounter, volume: LabelVolume, seen: int, slab_voxels: int) -> PhaseCounter:
    """A class that shows only now counts from the first slice on, where only its absence is counted."""
    _, height, width = volume.shape
    slab = max(1, slab_voxels // (height * width))
    for start in range(0, seen, slab):
        counter.add(*volume.read(start, min(start + slab, seen)))
    return counter


def _measure_sizes(volume: LabelVolume, pores: PhaseCounter, slab_voxels: int) -> None:
    depth, height, width = volume.shape
    spacing = volume.labels.voxel_size_um or (1.0, 1.0, 1.0)
    slab = max(1, HIGHER * slab_voxels // (height * width))
    with tqdm(desc="Measuring pore sizes", total=depth, unit="slice") as bar:
        for start in range(0, depth, slab):
            stop = min(start + slab, depth)
            pores.add_sizes(
                thickness_of_slab(lambda a, b: pores.phase(*volume.read(a, b)), depth, start, stop, spacing)
            )
            bar.update(stop - start)


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
