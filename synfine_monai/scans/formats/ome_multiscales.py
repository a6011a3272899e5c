"""The "multiscales" of OME-Zarr 0.4 and 0.5: where level 0 is, its axes, its voxel size; and how to write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synfine_monai.scans.base import ScanInfo
from synfine_monai.scans.stored_axes import VolumeAxes
from synfine_monai.scans.voxel_size import MICROMETRES, known_unit, sizes_of_affine

UNIT_NAMES = {
    "nm": "nanometer",
    "um": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "inch": "inch",
    "m": "meter",
}
"""The names that OME-Zarr gives to units."""


@dataclass(frozen=True)
class OmeLevel:
    """One resolution of an image.

    Attributes:
        path: of its array in the group.
        axes: names of its axes, or None before OME-Zarr 0.3.
        units: one an axis, a key of ``MICROMETRES`` or None.
        scale, translation: one number an axis, in its unit; empty where the file has none.
    """

    path: str
    axes: tuple[str, ...] | None
    units: tuple[str | None, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...]


def ome_attributes(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a group keeps its OME metadata: under "ome" since 0.5, beside everything else before."""
    inner = attributes.get("ome")
    return inner if isinstance(inner, Mapping) else attributes


def find_level(attributes: Mapping[str, Any], path: str | None = None) -> OmeLevel | None:
    """Level 0 of the image that a group's attributes describe, or the level whose array is ``path``; else None."""
    ome = ome_attributes(attributes)
    if not ome.get("multiscales"):
        return None
    image = ome["multiscales"][0]
    level = next((one for one in image["datasets"] if path in (None, one["path"])), None)
    if level is None:
        return None
    axes = [one if isinstance(one, Mapping) else {"name": one} for one in image.get("axes", ())]
    scale, translation = _transformed(len(axes), level, image)
    return OmeLevel(
        level["path"],
        tuple(str(one["name"]).lower() for one in axes) or None,
        tuple(known_unit(one["unit"]) if one.get("unit") else None for one in axes),
        scale,
        translation,
    )


def _transformed(axes: int, *described: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale and translation after the level's own transformations and those of the whole image."""
    scale, translation, found = np.ones(axes), np.zeros(axes), False
    for step in (one for part in described for one in part.get("coordinateTransformations", ())):
        if step.get("type") == "scale":
            factor = np.asarray(step["scale"], dtype=float)
            scale, translation, found = scale * factor, translation * factor, True
        elif step.get("type") == "translation":
            translation = translation + np.asarray(step["translation"], dtype=float)
    return (tuple(scale.tolist()), tuple(translation.tolist())) if found else ((), ())


def multiscales_attributes(
    like: ScanInfo, version: str, factors: Sequence[Sequence[int]], *, channels: bool, labels: bool, name: str
) -> dict[str, Any]:
    """The attributes of a group whose arrays "0", "1" … are resolutions of a volume like ``like``.

    Args:
        like: gives voxel size, unit and origin; without a voxel size no unit is written, and the scale is 1.
        version: "0.4" or "0.5".
        factors: (z, y, x) of each level, voxels of level 0 along one of its own.
        channels: whether the arrays have an axis of channels before z, y, x.
        labels: whether viewers are to show the image as labels.
        name: of the image.
    """
    known = like.voxel_size_um is not None
    steps = sizes_of_affine(like.affine) if known else (1.0, 1.0, 1.0)
    origin = like.affine[2::-1, 3] if known else np.zeros(3)
    unit = {"unit": UNIT_NAMES[like.layout.get("unit") or "um"]} if known else {}
    front: list[dict[str, Any]] = [{"name": "c", "type": "channel"}] if channels else []
    levels = []
    for number, factor in enumerate(factors):
        scale = [step * f for step, f in zip(steps, factor, strict=True)]
        centre = [float(at + step * (f - 1) / 2) for at, step, f in zip(origin, steps, factor, strict=True)]
        transformations: list[dict[str, Any]] = [{"type": "scale", "scale": [1.0] * len(front) + scale}]
        if any(centre):
            transformations.append({"type": "translation", "translation": [0.0] * len(front) + centre})
        levels.append({"path": str(number), "coordinateTransformations": transformations})
    image = {
        "name": name,
        "axes": front + [{"name": axis, "type": "space", **unit} for axis in "zyx"],
        "datasets": levels,
        "type": "mode" if labels else "mean",
    }
    if version == "0.5":
        return {"ome": {"version": version, "multiscales": [image], **({"image-label": {}} if labels else {})}}
    marked = {"image-label": {"version": version}} if labels else {}
    return {"multiscales": [{"version": version, **image}], **marked}


def level_geometry(
    axes: VolumeAxes, level: OmeLevel | None
) -> tuple[tuple[float, float, float] | None, np.ndarray, str | None]:
    """Voxel size, affine, and the unit of the affine."""
    affine = np.eye(4)
    if level is None or not level.scale:
        return None, affine, None
    steps, origin = axes.of(level.scale, level.scale[-1]), axes.of(level.translation, 0.0)
    units = axes.of(level.units, level.units[-1])
    usable = all(np.isfinite(steps)) and min(steps) > 0
    known = usable and None not in units
    factors, unit = (1.0, 1.0, 1.0), units[0] if known else None
    if known and len(set(units)) > 1:
        factors, unit = tuple(MICROMETRES[one] for one in units), "um"
    if usable:
        affine[[2, 1, 0], [2, 1, 0]] = np.multiply(steps, factors)
        affine[[2, 1, 0], 3] = np.multiply(origin, factors)
    if not known:
        return None, affine, None
    z, y, x = (float(f"{step * MICROMETRES[one]:.12g}") for step, one in zip(steps, units, strict=True))
    return (z, y, x), affine, unit
