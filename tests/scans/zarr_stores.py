"""Zarr and OME-Zarr as other programs write them."""

import warnings

import numpy as np
import pytest

zarr = pytest.importorskip("zarr")

RNG = np.random.default_rng(3)
VOLUME = RNG.integers(1, 60_000, (12, 20, 18), dtype=np.uint16)
CHUNKS = (4, 8, 8)
SIZE = (12.0, 6.0, 5.5)


def plain(path, volume=VOLUME, zarr_format=2, chunks=CHUNKS, **options):
    array = zarr.create_array(
        str(path),
        shape=volume.shape,
        dtype=volume.dtype,
        zarr_format=zarr_format,
        chunks=(1,) * (volume.ndim - 3) + tuple(chunks),
        **options,
    )
    array[...] = volume
    return path


def ome(path, volume=VOLUME, zarr_format=2, axes="zyx", scale=SIZE, unit="micrometer", chunks=CHUNKS, **image):
    """An image of one level, described by hand as the specification has it."""
    kinds = {"t": "time", "c": "channel"}
    named = [
        {"name": name, "type": kinds.get(name, "space"), **({"unit": unit} if unit and name in "zyx" else {})}
        for name in axes
    ]
    scale = [1.0] * (len(axes) - len(scale)) + list(scale)
    levels = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}]
    version = "0.5" if zarr_format == 3 else "0.4"
    multiscales = [{"version": version, "axes": named, "datasets": levels, **image}]
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    group.attrs.update(
        {"ome": {"version": version, "multiscales": multiscales}} if zarr_format == 3 else {"multiscales": multiscales}
    )
    plain(path / "0", volume, zarr_format, chunks)
    return path


def by_ome_zarr(path, volume, version, scale=SIZE, unit="micrometer"):
    """An image with its pyramid, written by the library of the format's authors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ome_zarr.format import format_from_version
        from ome_zarr.writer import write_image

        write_image(
            volume,
            str(path),
            axes="zyx",
            fmt=format_from_version(version),
            scale=dict(zip("zyx", scale, strict=True)),
            axes_units=dict.fromkeys("zyx", unit),
            scale_factors=[2],
        )
    return path


def chunk_files(path):
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name[0].isdigit())
