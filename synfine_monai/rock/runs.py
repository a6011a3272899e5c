"""Numbers of slices in few words."""

from collections.abc import Sequence

MOST_RUNS = 5


def slice_runs(slices: Sequence[int]) -> str:
    """Ascending slices as runs, "0–37, 562–599"; after five of them "…"."""
    runs: list[list[int]] = []
    for z in slices:
        if runs and z == runs[-1][1] + 1:
            runs[-1][1] = z
        else:
            runs.append([z, z])
    told = [f"{first}–{last}" if first != last else str(first) for first, last in runs[:MOST_RUNS]]
    return ", ".join(told + ["…"] * (len(runs) > MOST_RUNS))
