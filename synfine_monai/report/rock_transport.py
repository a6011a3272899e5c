"""Formation factor and permeability of a core, cube by cube; an interrupted run goes on where it stopped."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.notices import look_at
from synfine_monai.report.label_volume import LabelVolume, labelled_name
from synfine_monai.rock import AXES, cubes_of, measure_cube, to_millidarcy

CUBIC = 0.01  # voxel edges may differ by this share


def measure_transport(
    volume: LabelVolume, output_dir: str | Path, edge: int = 128, cubes: int = 1, stokes_cubes: int = 1
) -> dict[str, Any]:
    """Solve cubes along z, y and x, from the middle of the core outwards, and write NAME_rock_transport.json.

    Args:
        volume: what is measured.
        output_dir: where the file goes; cubes that it holds already, of the same labels, are not solved again.
        edge: of the cubes, voxels; smaller if the core holds no cube of that size.
        cubes: at most so many; only those that lie wholly in the core count.
        stokes_cubes: of these, so many by Stokes flow; the others by the cheap field, times the mean ratio.

    Returns:
        Means over the cubes by axis, and all cubes.

    Raises:
        ScanError: if voxels are not cubic, or no cube lies in the core.
    """
    size = volume.labels.voxel_size_um
    if size is not None and max(size) > (1 + CUBIC) * min(size):
        raise ScanError(
            f"Permeability takes cubic voxels; those of {volume.labels.info.path.name} are "
            f"{'×'.join(f'{s:g}' for s in size)} µm: resample the labels first."
        )
    path = Path(output_dir) / f"{labelled_name(volume.labels.info)}_rock_transport.json"
    edge = min(edge, *volume.shape)
    found = _cubes_in_core(volume, edge, cubes)
    if not found:
        raise ScanError(f"No cube of {edge} voxels lies wholly in the core: give a smaller --cube, or a --box.")
    settings = {"labels": _identity(volume), "edge": edge, "stokes_cubes": stokes_cubes}
    done = _stored(path, settings)
    with tqdm(desc="Solving flow", total=3 * len(found), unit="solve") as bar:
        for number, corner in enumerate(found):
            for axis in AXES:
                key = f"{corner}{axis}"
                if key not in done:
                    done[key] = measure_cube(
                        _pores(volume, corner, edge), corner, axis, number < stokes_cubes
                    ).to_dict()
                    _store(path, {**settings, "solved": done})
                bar.update(1)
    wanted = [done[f"{corner}{axis}"] for corner in found for axis in AXES]
    axes = {axis: _along(wanted, axis, size) for axis in AXES}
    result = {"edge": edge, "cubes": len(found), "axes": axes}
    _store(path, {**settings, "solved": done, **result})
    for axis, one in axes.items():
        if not one["percolates"]:
            look_at(
                f"The pores do not percolate along {axis} in {one['blocked']} of {len(found)} cubes of {edge} voxels."
            )
    return result


def told_transport(result: Mapping[str, Any]) -> dict[str, str]:
    """The main numbers in words."""
    rows = {}
    for axis, one in result["axes"].items():
        if one["blocked"] == result["cubes"]:
            rows[f"along {axis}"] = f"does not percolate along {axis}: permeability 0"
            continue
        flow = f"{one['permeability_voxels2']:.3g} voxels²"
        if one["permeability_millidarcy"] is not None:
            flow = f"{one['permeability_millidarcy']:.4g} mD"
        rows[f"along {axis}"] = f"formation factor {one['formation_factor']:.3g}, permeability {flow}"
    return rows


def _along(solved: Sequence[Mapping[str, Any]], axis: str, size: Sequence[float] | None) -> dict[str, Any]:
    """Formation factor as that of the mean conductivity, and permeability as a mean over the cubes."""
    own = [one for one in solved if one["axis"] == axis]
    by_stokes = [one for one in own if one["stokes"] is not None]
    ratio = sum(o["stokes"] for o in by_stokes) / max(sum(o["elliptic"] for o in by_stokes), 1e-300)
    flows = [one["stokes"] if one["stokes"] is not None else ratio * one["elliptic"] for one in own]
    conductivity = float(np.mean([1 / one["formation_factor"] if one["percolates"] else 0.0 for one in own]))
    mean = float(np.mean(flows))
    return {
        "percolates": all(one["percolates"] for one in own),
        "blocked": sum(not one["percolates"] for one in own),
        "formation_factor": 1 / conductivity if conductivity else None,
        "permeability_voxels2": mean,
        "permeability_millidarcy": None if size is None else to_millidarcy(mean, size[0]),
        "spread_voxels2": float(np.std(flows, ddof=1)) if len(flows) > 1 else None,
        "stokes_to_cheap": ratio if by_stokes and any(o["elliptic"] for o in by_stokes) else None,
    }


def _cubes_in_core(volume: LabelVolume, edge: int, most: int) -> list[tuple[int, int, int]]:
    found = []
    for corner in cubes_of(volume.shape, edge):
        z, y, x = corner
        _, core = volume.read(z, z + edge)
        if core[:, y : y + edge, x : x + edge].all():
            found.append(corner)
        if len(found) == most:
            break
    return found


def _pores(volume: LabelVolume, corner: tuple[int, int, int], edge: int) -> np.ndarray:
    z, y, x = corner
    classes, _ = volume.read(z, z + edge)
    return np.isin(classes[:, y : y + edge, x : x + edge], volume.pore_labels)


def _identity(volume: LabelVolume) -> dict[str, Any]:
    path = volume.labels.info.path
    state = path.stat()
    return {
        "name": path.name,
        "bytes": state.st_size,
        "changed": state.st_mtime,
        "pore_labels": list(volume.pore_labels),
        "box": [[one.start, one.stop] for one in volume.box],
    }


def _stored(path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        return {}
    return content["solved"] if all(content.get(key) == value for key, value in settings.items()) else {}


def _store(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
