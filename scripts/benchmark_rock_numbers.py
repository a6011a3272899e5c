"""Time rock numbers side by side with PoreSpy, scikit-image and taufactor, and compare what they find.

Usage: python scripts/benchmark_rock_numbers.py [LABELS] [--edge 128] [--pore 1] [--rounds 1]

A cube from the middle of LABELS (a field of blobs without one) is measured by each, every piece of work in a process of
its own, on one thread. What is not installed is left out.
"""

import argparse
import importlib.util
import os
import statistics
from collections.abc import Callable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
from own_process import Clock, in_own_process  # noqa: E402
from scipy.ndimage import gaussian_filter  # noqa: E402

REACH = 32


def blobs(edge: int) -> np.ndarray:
    """A fifth of pores, some seven voxels wide."""
    field = gaussian_filter(np.random.default_rng(0).standard_normal((edge,) * 3), 2.5)
    return field > np.quantile(field, 0.8)


def middle(path: Path, edge: int, pore: int) -> np.ndarray:
    """A cube of pores from the middle of a volume of labels."""
    from synfine_monai.scans import open_scan

    with open_scan(path) as labels:
        z, y, x = ((size - edge) // 2 for size in labels.shape)
        return labels.read(z, z + edge)[:, y : y + edge, x : x + edge] == pore


def ours_correlation(pores: np.ndarray) -> tuple[Clock, float]:
    from synfine_monai.rock import PairCounter

    with Clock() as clock:
        counter = PairCounter(REACH)
        counter.add(pores, np.ones_like(pores))
        found = counter.finish().correlation.mean(0)
    return clock, float(found[4])


def porespy_correlation(pores: np.ndarray) -> tuple[Clock, float]:
    import porespy

    with Clock() as clock:
        found = porespy.metrics.two_point_correlation(pores, bins=np.arange(0.5, REACH + 1))
    return clock, float(np.interp(4, found.bin_centers, found.probability) * pores.mean())  # theirs is 1 at lag 0


def ours_surface(pores: np.ndarray) -> tuple[Clock, float]:
    from synfine_monai.rock import PairCounter

    with Clock() as clock:
        counter = PairCounter(1)
        counter.add(pores, np.ones_like(pores))
        found = counter.finish().specific_surface((1.0, 1.0, 1.0))[0]
    return clock, found


def skimage_surface(pores: np.ndarray) -> tuple[Clock, float]:
    from skimage.measure import marching_cubes, mesh_surface_area

    with Clock() as clock:
        vertices, faces, *_ = marching_cubes(pores.astype(np.float32), 0.5)
        found = mesh_surface_area(vertices, faces) / pores.size
    return clock, float(found)


def ours_euler(pores: np.ndarray) -> tuple[Clock, float]:
    from synfine_monai.rock import EulerCounter

    with Clock() as clock:
        counter = EulerCounter()
        counter.add(pores, np.ones_like(pores))
        found = counter.finish()
    return clock, found


def skimage_euler(pores: np.ndarray) -> tuple[Clock, float]:
    from skimage.measure import euler_number

    with Clock() as clock:
        found = euler_number(pores, connectivity=1) / pores.size
    return clock, float(found)


def ours_sizes(pores: np.ndarray) -> tuple[Clock, float]:
    from synfine_monai.rock import thickness_of_slab

    def thickness(volume: np.ndarray) -> np.ndarray:
        return thickness_of_slab(lambda a, b: volume[a:b], len(volume), 0, len(volume), (1.0, 1.0, 1.0))

    thickness(pores[:8])  # compiles
    with Clock() as clock:
        found = thickness(pores)
    return clock, float(np.floor(found[pores] + 1e-4).mean())


def porespy_sizes(pores: np.ndarray) -> tuple[Clock, float]:
    import porespy

    porespy.filters.local_thickness(pores[:16])
    with Clock() as clock:
        found = porespy.filters.local_thickness(pores)
    return clock, float(found[pores].mean())


def ours_chords(pores: np.ndarray) -> tuple[Clock, float]:
    from synfine_monai.rock import ChordCounter, mean_chord

    with Clock() as clock:
        counter = ChordCounter()
        counter.add(pores, np.ones_like(pores))
        found = mean_chord(counter.finish()[2])
    return clock, found


def porespy_chords(pores: np.ndarray) -> tuple[Clock, float]:
    import porespy
    from scipy.ndimage import label

    with Clock() as clock:
        drawn = porespy.filters.apply_chords(pores, axis=2, spacing=1, trim_edges=True, label=False)
        lines, count = label(drawn, structure=np.array([[[0] * 3] * 3, [[0] * 3, [1] * 3, [0] * 3], [[0] * 3] * 3]))
        found = np.bincount(lines.ravel())[1:].mean() if count else float("nan")
    return clock, float(found)


def ours_formation(pores: np.ndarray) -> tuple[Clock, float]:
    from synfine_monai.rock import effective_conductivity

    with Clock() as clock:
        found = effective_conductivity(pores.astype(float), 0).formation_factor
    return clock, found


def taufactor_formation(pores: np.ndarray) -> tuple[Clock, float]:
    import taufactor

    with Clock() as clock:
        solver = taufactor.Solver(pores.astype(int), device="cpu")
        solver.solve(verbose=False)
    return clock, float(1 / np.squeeze(np.asarray(solver.D_eff)))


PIECES: dict[str, dict[str, Callable[[np.ndarray], tuple[Clock, float]]]] = {
    "correlation at lag 4": {"ours": ours_correlation, "porespy": porespy_correlation},
    "surface by volume": {"ours": ours_surface, "skimage": skimage_surface},
    "Euler density": {"ours": ours_euler, "skimage": skimage_euler},
    "mean radius": {"ours": ours_sizes, "porespy": porespy_sizes},
    "mean chord along x": {"ours": ours_chords, "porespy": porespy_chords},
    "formation factor along z": {"ours": ours_formation, "taufactor": taufactor_formation},
}


def main() -> None:
    """Print a table: seconds, peak memory and result of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="?", type=Path, help="volume of labels; none: blobs")
    parser.add_argument("--edge", type=int, default=128, help="of the cube, voxels")
    parser.add_argument("--pore", type=int, default=1, help="class that is pore space")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    pores = blobs(options.edge) if options.labels is None else middle(options.labels, options.edge, options.pore)
    print(f"{options.edge}³ voxels, {pores.mean():.1%} pores, one thread, median of {options.rounds} rounds\n")
    print("| number | by | seconds | peak, GB | result | times ours |\n| --- | --- | --- | --- | --- | --- |")
    for number, ways in PIECES.items():
        own = None
        for way, work in ways.items():
            if way != "ours" and importlib.util.find_spec(way) is None:
                print(f"| {number} | {way} | not installed | | | |")
                continue
            costs = [in_own_process(work, pores) for _ in range(options.rounds)]
            wall = statistics.median(cost.wall for cost in costs)
            own = wall if own is None else own
            last = costs[-1]
            print(
                f"| {number} | {way} | {wall:.2f} | {last.peak_gb:.2f} | {last.result:.5g} | {wall / own:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
