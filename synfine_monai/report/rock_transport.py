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
from synfine_monai.report.flow_band import FlowBand
from synfine_monai.report.label_volume import LabelVolume, labelled_name
from synfine_monai.rock import (
    AXES,
    FEWEST_BLOCKS,
    cubes_of,
    flow_of_halves,
    flow_of_levels,
    measure_cube,
    representative_edges,
    spread_law,
    to_millidarcy,
)

CUBIC = 0.01  # voxel edges may differ by this share


def measure_transport(
    volume: LabelVolume,
    output_dir: str | Path,
    edge: int = 128,
    cubes: int = 1,
    stokes_cubes: int = 1,
    band: FlowBand | None = None,
) -> dict[str, Any]:
    """Solve cubes along z, y and x, from the middle of the core outwards, and write NAME_rock_transport.json.

    Args:
        volume: what is measured.
        output_dir: where the file goes; cubes that it holds already, of the same labels, are not solved again.
        edge: of the cubes, voxels; smaller if the core holds no cube of that size.
        cubes: at most so many; only those that lie wholly in the core count.
        stokes_cubes: of these, so many by Stokes flow; the others by the cheap field, times the mean ratio.
        band: nested level sets, between whose numbers those of the rock are looked for.

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
    settings |= {"band": None if band is None else [band.chances.info.path.name, band.shift]}
    many = len(found) >= FEWEST_BLOCKS  # enough to tell how flow varies, with cubes of half the edge
    done = _stored(path, settings | {"halves": many})
    with tqdm(desc="Solving flow", total=3 * len(found), unit="solve") as bar:
        for number, corner in enumerate(found):
            for axis in AXES:
                key = f"{corner}{axis}"
                if key not in done:
                    done[key] = _solved(volume, corner, edge, axis, number < stokes_cubes, band, many)
                    _store(path, {**settings, "halves": many, "solved": done})
                bar.update(1)
    wanted = [done[f"{corner}{axis}"] for corner in found for axis in AXES]
    axes = {axis: _along(wanted, axis, size) for axis in AXES}
    result = {"edge": edge, "cubes": len(found), "axes": axes}
    result |= {} if band is None else {"level_shift": band.shift, "windows_of_the_band": band.windows}
    _store(path, {**settings, "halves": many, "solved": done, **result})
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
        if "band" in one:
            rows[f"along {axis}"] += f"; bands {_told_band(one['band'])}"
    return rows


def _told_band(band: Mapping[str, Any]) -> str:
    """Ends of the bands in words; a formation factor without an upper end is infinite there."""
    low, high = band["formation_factor"]
    unit = "mD" if "permeability_millidarcy" in band else "voxels²"
    least, most = band.get("permeability_millidarcy", band["permeability_voxels2"])
    return f"{low:.3g} to {'∞' if high is None else f'{high:.3g}'}, {least:.4g} to {most:.4g} {unit}"


def _solved(
    volume: LabelVolume, corner: tuple[int, int, int], edge: int, axis: str, stokes: bool, band: FlowBand | None,
    halves: bool,
) -> dict[str, Any]:  # fmt: skip
    """A cube's flow along one axis, that of its level sets, and that of cubes of half its edge."""
    pores = _pores(volume, corner, edge)
    found = measure_cube(pores, corner, axis, stokes).to_dict()
    if halves:
        found["halves"] = flow_of_halves(pores, axis)
    if band is None:
        return found
    z, y, x = (start.start + at for start, at in zip(volume.box, corner, strict=True))
    return found | flow_of_levels(band.cube((z, y, x), edge), band.shift, axis)


def _representativity(own: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of the conductivity (1 by formation factor) and of the cheap permeability."""
    edge, told = own[0]["edge"], {}
    for k, name in enumerate(("conductivity", "permeability")):
        whole = [(_conductivity(one), one["elliptic"])[k] for one in own]
        half = [part[k] for one in own for part in one["halves"]]
        law = spread_law([(n, float(np.std(of, ddof=1)), len(of)) for n, of in ((edge // 2, half), (edge, whole))])
        told[name] = representative_edges(float(np.mean(whole)), law)
    return {"representativity": told}


def _along(solved: Sequence[Mapping[str, Any]], axis: str, size: Sequence[float] | None) -> dict[str, Any]:
    """Formation factor as that of the mean conductivity, and permeability as a mean over the cubes."""
    own = [one for one in solved if one["axis"] == axis]
    by_stokes = [one for one in own if one["stokes"] is not None]
    ratio = sum(o["stokes"] for o in by_stokes) / max(sum(o["elliptic"] for o in by_stokes), 1e-300)
    flows = [one["stokes"] if one["stokes"] is not None else ratio * one["elliptic"] for one in own]
    conductivity = float(np.mean([_conductivity(one) for one in own]))
    mean = float(np.mean(flows))
    band = {"band": _band(own, flows, size)} if "elliptic_most" in own[0] else {}
    return {
        "percolates": all(one["percolates"] for one in own),
        "blocked": sum(not one["percolates"] for one in own),
        "formation_factor": 1 / conductivity if conductivity else None,
        "permeability_voxels2": mean,
        "permeability_millidarcy": None if size is None else to_millidarcy(mean, size[0]),
        "spread_voxels2": float(np.std(flows, ddof=1)) if len(flows) > 1 else None,
        "stokes_to_cheap": ratio if by_stokes and any(o["elliptic"] for o in by_stokes) else None,
        **band,
        **(_representativity(own) if "halves" in own[0] else {}),
    }


def _conductivity(one: Mapping[str, Any]) -> float:
    return 1 / one["formation_factor"] if one["percolates"] else 0.0


def _band(own: Sequence[Mapping[str, Any]], flows: Sequence[float], size: Sequence[float] | None) -> dict[str, Any]:
    """Lowest and highest of the means that nested level sets give, the labels' own among them."""
    worst = float(np.mean([min(one["conductivity_fewest"], _conductivity(one)) for one in own]))
    best = float(np.mean([max(one["conductivity_most"], _conductivity(one)) for one in own]))
    least = [
        flow * min(1.0, one["elliptic_fewest"] / (one["elliptic"] or 1)) for one, flow in zip(own, flows, strict=True)
    ]
    ratio = sum(flows) / max(sum(one["elliptic"] for one in own), 1e-300)  # for cubes that the labels block
    most = [
        max(flow, flow * one["elliptic_most"] / one["elliptic"] if one["elliptic"] else ratio * one["elliptic_most"])
        for one, flow in zip(own, flows, strict=True)
    ]
    ends = [float(np.mean(least)), float(np.mean(most))]
    found = {
        "formation_factor": [1 / best if best else None, 1 / worst if worst else None],
        "permeability_voxels2": ends,
    }
    return found if size is None else found | {"permeability_millidarcy": [to_millidarcy(k, size[0]) for k in ends]}


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
