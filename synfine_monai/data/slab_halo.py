"""Slices beyond both ends of a slab, which views across the slices need to see."""

__all__ = ["slab_with_halo"]


def slab_with_halo(start: int, stop: int, depth: int, halo: int, divisible: int = 4) -> tuple[int, int]:
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
