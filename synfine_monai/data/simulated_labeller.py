"""A labeller by rule: strokes of a brush inside a class, clicks, and strokes where a result is wrong."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt, label

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data.labelled_slices import LabelledSlice
from synfine_monai.errors import ScanError

STEPS = np.array([(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)])
"""The eight ways to go on, (y, x), each a turn of 45 degrees from the one before."""
TURNS = (0, 1, -1, 2, -2, 3, -3)
"""What a stroke tries, in eighths of a turn: straight on first, never straight back."""

Place = tuple[int, int, int]


class NothingToCorrect(ScanError):
    """No result is wrong where a stroke may be."""


def simulate_strokes(
    slices: Sequence[LabelledSlice],
    strokes: int = 10,
    length: int = 20,
    brush: int = 3,
    from_boundary: int = 1,
    most_slices: int | None = 3,
    seed: int = 0,
    results: Sequence[np.ndarray] | None = None,
) -> list[LabelledSlice]:
    """Draw strokes as a person would who knows the truth; the same seed draws the same strokes.

    Slices are drawn first, then for each class ``strokes`` starting voxels, all at random and alike over the slices. A
    stroke starts in a random direction, goes on to a neighbour, straight where it can and by the least turn where it
    cannot, never to a voxel where it was, and ends after ``length`` voxels or where there is no way. It is painted as
    wide as the brush. Nothing within ``from_boundary`` voxels of another class is painted; of a class that is too thin
    for it everywhere, all voxels may be. ``length`` 1 and ``brush`` 1 are single clicks.

    Args:
        slices: with the truth as their labels.
        strokes: of each class, >= 1; a class with fewer voxels to start from gets fewer.
        length: voxels along a stroke, >= 1.
        brush: width in voxels, odd.
        from_boundary: voxels, >= 0.
        most_slices: on how many slices at most; None for all.
        seed: of slices, starts and directions.
        results: (H, W) classes found on each slice: then strokes start where they are wrong, on any slice, as in a
            second round; a class without such a voxel gets none.

    Returns:
        The slices that were drawn on, with the strokes as their labels and 255 elsewhere.

    Raises:
        ScanError: if a number is out of range.
        NothingToCorrect: if no result is wrong there.
    """
    if min(strokes, length, brush) < 1 or from_boundary < 0 or brush % 2 == 0:
        raise ScanError("a labeller needs strokes, a length and an odd brush from 1 up, and a boundary from 0 up.")
    rng = np.random.default_rng([seed, 17])
    chosen = np.arange(len(slices))
    if results is None and most_slices is not None:
        chosen = np.sort(rng.permutation(len(slices))[:most_slices])
    truths = [slices[i].label for i in chosen]
    wrong = None if results is None else [results[i] != slices[i].label for i in chosen]
    drawn = [np.full_like(truth, UNLABELLED) for truth in truths]
    for k in sorted({int(k) for truth in truths for k in np.unique(truth)} - {UNLABELLED}):
        allowed = _inside([truth == k for truth in truths], from_boundary)
        starts = allowed if wrong is None else [a & w for a, w in zip(allowed, wrong, strict=True)]
        for where, y, x in _draw_starts(starts, strokes, rng):
            path = walk(allowed[where], (y, x), length, int(rng.integers(8)))
            drawn[where][_painted(path, allowed[where], brush)] = k
    found = [replace(slices[i], label=label) for i, label in zip(chosen, drawn, strict=True)]
    if not (found := [s for s in found if (s.label != UNLABELLED).any()]):
        raise NothingToCorrect("there is nothing to correct: no result is wrong away from boundaries.")
    return found


def walk(allowed: np.ndarray, start: tuple[int, int], length: int, heading: int) -> list[tuple[int, int]]:
    """Voxels of a stroke inside ``allowed`` (H, W), from ``start``; ``heading`` is a number of ``STEPS``."""
    path, seen = [start], {start}
    while len(path) < length:
        ways = [(heading + turn) % 8 for turn in TURNS]
        ahead = [(way, (path[-1][0] + int(STEPS[way][0]), path[-1][1] + int(STEPS[way][1]))) for way in ways]
        free = [(way, at) for way, at in ahead if at not in seen and _is_in(allowed, at)]
        if not free:
            break
        heading, at = free[0]
        path.append(at)
        seen.add(at)
    return path


def corrective_paths(
    slices: Sequence[LabelledSlice],
    results: Sequence[np.ndarray],
    strokes: int,
    length: int = 20,
    from_boundary: int = 1,
    seed: int = 0,
) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Strokes of somebody who looks at a result and mends what is worst: in the largest wrong parts of each class.

    A part is connected on a slice, at least ``from_boundary`` voxels from another class, where that leaves any. A
    stroke starts where its part is deepest and goes on as in ``simulate_strokes``, within its class.

    Args:
        slices: with the truth as their labels.
        results: (H, W) classes found on each of them.
        strokes: of each class, at most; fewer where fewer parts are wrong.
        length: voxels along a stroke.
        from_boundary: voxels, >= 0.
        seed: of directions.

    Returns:
        (class, index of the slice, voxels (y, x) of the line), class by class.
    """
    rng, found = np.random.default_rng([seed, 18]), []
    truths = [s.label for s in slices]
    for k in sorted({int(k) for truth in truths for k in np.unique(truth)} - {UNLABELLED}):
        allowed = _inside([truth == k for truth in truths], from_boundary)
        wrong = [a & (result != k) for a, result in zip(allowed, results, strict=True)]
        for where, part in _largest_parts(wrong, strokes):
            depth = distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
            y, x = np.unravel_index(int(depth.argmax()), part.shape)
            found.append((k, where, walk(allowed[where], (int(y), int(x)), length, int(rng.integers(8)))))
    return found


def _largest_parts(masks: Sequence[np.ndarray], count: int) -> list[tuple[int, np.ndarray]]:
    numbered = [label(mask)[0] for mask in masks]
    counts = [np.bincount(of.ravel())[1:] for of in numbered]
    sizes = [(int(n), where, k) for where, of in enumerate(counts) for k, n in enumerate(of, start=1)]
    return [(where, numbered[where] == k) for _, where, k in sorted(sizes, reverse=True)[:count]]


def add_strokes(slices: Sequence[LabelledSlice], more: Sequence[LabelledSlice]) -> list[LabelledSlice]:
    """Labels of a first round and a later one together; where both are, the later one stands."""
    together = {(s.item, s.z): s for s in slices}
    for s in more:
        if known := together.get((s.item, s.z)):
            s = replace(s, label=np.where(s.label == UNLABELLED, known.label, s.label))
        together[s.item, s.z] = s
    return list(together.values())


def _inside(masks: Sequence[np.ndarray], from_boundary: int) -> list[np.ndarray]:
    if not from_boundary:
        return list(masks)
    square = np.ones((3, 3), bool)
    inner = [binary_erosion(mask, square, iterations=from_boundary) for mask in masks]
    return inner if any(mask.any() for mask in inner) else list(masks)


def _draw_starts(starts: Sequence[np.ndarray], count: int, rng: np.random.Generator) -> list[Place]:
    places = np.concatenate([np.insert(np.argwhere(mask), 0, where, axis=1) for where, mask in enumerate(starts)])
    chosen = rng.choice(len(places), min(count, len(places)), replace=False)
    return [(int(where), int(y), int(x)) for where, y, x in places[chosen]]


def _painted(path: Sequence[tuple[int, int]], allowed: np.ndarray, brush: int) -> np.ndarray:
    line = np.zeros_like(allowed)
    line[tuple(np.transpose(path))] = True
    return binary_dilation(line, np.ones((brush, brush), bool)) & allowed


def _is_in(allowed: np.ndarray, at: tuple[int, int]) -> bool:
    return all(0 <= c < n for c, n in zip(at, allowed.shape, strict=True)) and bool(allowed[at])
