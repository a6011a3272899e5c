"""Whether labels would fit their scan better turned or mirrored: the grey levels of the classes tell."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import permutations, product

import numpy as np
from scipy import ndimage

from synfine_monai.errors import ScanError
from synfine_monai.scans import Scan

MOST_SLICES = 6
CLEARLY = 2.0  # times the explained share
SURE = 0.4  # of the variance: classes that explain as much lie right
AT_LEAST = 0.1  # of the variance, more than as the labels lie
CHANCE = 4.0  # times what classes explain by chance, drawn in so many parts
FEWEST = 3  # pieces of a class: fewer may lie anywhere, as around the core
PIECE = 256  # voxels of a part that count as another piece
Way = tuple[tuple[int, ...], tuple[bool, ...]]
"""For each axis of the scan, z, y, x, the axis of the labels along it, and whether it runs the other way."""

AS_IT_IS: Way = ((0, 1, 2), (False, False, False))


def fitting_ways(scan: Sequence[int], labels: Sequence[int]) -> list[Way]:
    """All ways to turn and mirror labels of a shape (D, H, W) onto a scan of another."""
    orders = [order for order in permutations(range(3)) if [labels[axis] for axis in order] == list(scan)]
    return [(order, mirrored) for order in orders for mirrored in product((False, True), repeat=3)]


def explained_by_way(
    scan: Scan, labels: Scan, depths: Sequence[int], ignored: Sequence[int], ways: Sequence[Way]
) -> dict[Way, float]:
    """Share of the grey levels' variance that the classes explain, 0 to 1, for each way to lay labels over a scan.

    Args:
        scan: the grey levels.
        labels: the labels, as they are stored.
        depths: slices of the labels to take.
        ignored: values that mean "not labelled".
        ways: of ``fitting_ways``.
    """
    drawn = {z: labels.read(z, z + 1)[0] for z in depths}
    planes = _planes(scan, labels.shape, depths, {order.index(0) for order, _ in ways})
    found = {}
    for order, mirrored in ways:
        axis = order.index(0)
        pairs = [
            (_turned(image, axis, order, mirrored), planes[axis, _place(z, labels.shape[0], mirrored[axis])])
            for z, image in drawn.items()
        ]
        found[order, mirrored] = _explained(pairs, ignored)
    return found


def better_way(explained: dict[Way, float], by_chance: float = 0.0) -> Way | None:
    """The way that explains clearly more than the labels as they are, and than chance, or None."""
    best = max(explained, key=lambda way: explained[way])
    now = explained.get(AS_IT_IS, 0.0)
    return best if explained[best] > max(CLEARLY * now, now + AT_LEAST + CHANCE * by_chance) else None


def refuse_other_way(scan: Scan, labels: Scan, depths: Sequence[int], ignored: Sequence[int]) -> None:
    """Refuse labels of the scan's shape that fit it clearly better turned or mirrored.

    Raises:
        ScanError: naming how.
    """
    chosen = _some(depths)
    parts = _parts(labels, chosen, ignored)
    few = {value for value, sizes in parts.items() if sum(1 + size // PIECE for size in sizes) < FEWEST}
    ignored = [*ignored, *few]
    if len(parts) - len(few) < 2:
        return
    now = explained_by_way(scan, labels, chosen, ignored, [AS_IT_IS])
    if now[AS_IT_IS] > SURE:
        return
    explained = explained_by_way(scan, labels, chosen, ignored, fitting_ways(scan.shape, labels.shape))
    if (way := better_way(explained, _by_chance(parts, few))) is not None:
        raise ScanError(
            f"{labels.info.path} fits {scan.info.path.name} far better as {way_in_numpy(way)} (z, y, x): its classes "
            f"explain {explained[way]:.0%} of the grey levels' variance then, {explained[AS_IT_IS]:.0%} as they lie; "
            "save them that way."
        )


def suggested_way(scan: Scan, labels: Scan) -> str:
    """How labels of another shape than the scan's may be turned onto it, as the end of a sentence; "" if in no way."""
    ways = fitting_ways(scan.shape, labels.shape)
    if not ways:
        return ""
    depths = [z for z in range(labels.shape[0]) if np.ptp(labels.read(z, z + 1))]
    explained = explained_by_way(scan, labels, _some(depths), (), ways) if depths else {}
    if explained and (way := better_way(explained)) is not None:
        return f"; the grey levels say that {way_in_numpy(way)} would fit"
    return f"; {' or '.join(way_in_numpy(way) for way in ways if not any(way[1]))} would have its shape"


def way_in_numpy(way: Way) -> str:
    """The expression that lays ``labels`` over the scan."""
    order, mirrored = way
    turned = "labels" if order == (0, 1, 2) else f"labels.transpose({', '.join(map(str, order))})"
    return turned + (f"[{', '.join('::-1' if m else ':' for m in mirrored)}]" if any(mirrored) else "")


def _some(depths: Sequence[int]) -> list[int]:
    return [depths[k] for k in np.unique(np.linspace(0, len(depths) - 1, MOST_SLICES).astype(int))]


def _parts(labels: Scan, depths: Sequence[int], ignored: Sequence[int]) -> dict[int, list[int]]:
    """Value -> voxels of each of its connected parts, on these slices."""
    found: dict[int, list[int]] = {}
    for z in depths:
        (image,) = labels.read(z, z + 1)
        for value in set(np.unique(image).tolist()) - set(ignored):
            sizes = np.bincount(ndimage.label(image == value)[0].ravel())[1:]
            found.setdefault(value, []).extend(sizes.tolist())
    return found


def _by_chance(parts: Mapping[int, Sequence[int]], few: Collection[int]) -> float:
    """Share of the variance that classes explain which know nothing of grey levels: by the number of drawn parts."""
    counts = [len(sizes) for value, sizes in parts.items() if value not in few]
    return max(0, len(counts) - 1) / max(1, sum(counts))


def _place(z: int, depth: int, mirrored: bool) -> int:
    return depth - 1 - z if mirrored else z


def _planes(
    scan: Scan, shape: Sequence[int], depths: Sequence[int], axes: set[int]
) -> dict[tuple[int, int], np.ndarray]:
    """Planes of the scan across ``axes``, by axis and place, where labelled slices may lie."""
    places = sorted({_place(z, shape[0], mirrored) for z in depths for mirrored in (False, True)})
    planes = {(0, z): scan.read(z, z + 1)[0] for z in places} if 0 in axes else {}
    across = sorted(axes - {0})
    parts: dict[int, list[np.ndarray]] = {axis: [] for axis in across}
    for image in _slices(scan) if across else ():
        for axis in across:
            parts[axis].append(np.take(image, places, axis - 1))
    for axis in across:
        stack = np.stack(parts[axis])  # (D, places, W) or (D, H, places)
        planes |= {(axis, place): np.take(stack, k, axis) for k, place in enumerate(places)}
    return planes


def _slices(scan: Scan) -> Iterator[np.ndarray]:
    return (scan.read(z, z + 1)[0] for z in range(scan.shape[0]))


def _turned(image: np.ndarray, axis: int, order: tuple[int, ...], mirrored: tuple[bool, ...]) -> np.ndarray:
    """A slice of labels (their axes 1, 2) as the scan's plane across ``axis``."""
    kept = [k for k in range(3) if k != axis]
    image = image.T if order[kept[0]] == 2 else image
    return np.flip(image, tuple(k for k, axis in enumerate(kept) if mirrored[axis]))


def _explained(pairs: Sequence[tuple[np.ndarray, np.ndarray]], ignored: Sequence[int]) -> float:
    values = np.concatenate([labels.ravel() for labels, _ in pairs])
    grey = np.concatenate([plane.ravel() for _, plane in pairs]).astype(float)
    drawn = np.isin(values, ignored, invert=True)
    values, grey = values[drawn], grey[drawn]
    if not len(grey) or not (total := grey.var()):
        return 0.0
    _, group = np.unique(values, return_inverse=True)
    counts = np.bincount(group)
    means = np.bincount(group, weights=grey) / counts
    return float((counts * (means - grey.mean()) ** 2).sum() / len(grey) / total)
