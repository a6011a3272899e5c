"""Tables and the figure of the experiment on trust: numbers of segmentations beside those of the truth, block by block."""

from collections.abc import Sequence
from pathlib import Path


from synfine_monai.experiments.results import Row


def trust_report(folder: str | Path, title: str, rows: Sequence[Row]) -> Path:
    raise NotImplementedError
