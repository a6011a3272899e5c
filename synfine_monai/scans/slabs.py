"""Slabs of a scan: how many slices they have, and which slices beyond their ends a network needs to see."""

from synfine_monai.conventions import POOLING


def slab_slices(shape: tuple[int, int, int], slab_voxels: int) -> int:
    """Whole slices of a (D, H, W) scan in a slab of ``slab_voxels``, at least one."""
    return max(1, slab_voxels // (shape[1] * shape[2]))


def thick_slab_voxels(shape: tuple[int, int, int], slab_voxels: int, halo: int) -> int:
    """Voxels of a slab that is at least twice as thick as its halo, so that not most of the work is done in it."""
    return max(slab_voxels, 2 * halo * shape[1] * shape[2])


def slab_with_halo(start: int, stop: int, depth: int, halo: int, divisible: int = POOLING) -> tuple[int, int]:
    """First and last (exclusive) slice to read for the slices ``start`` to ``stop`` (exclusive) of a scan.

    A network that pools sees cells of ``divisible`` slices, counted from the first slice, or, where the slab is
    flipped, from the last one. The ends are moved outwards to such cells, so that the cells of a slab are those of the
    whole scan and the answer does not depend on where slabs begin.

    Args:
        start: first slice of the slab.
        stop: slice after its last.
        depth: slices of the scan.
        halo: reach of the network in slices; 0 reads the slab alone.
        divisible: total pooling of the network.
    """
    if halo == 0:
        return start, stop
    first = max(0, start - halo) // divisible * divisible
    beyond = max(0, depth - stop - halo) // divisible * divisible
    return first, depth - beyond
