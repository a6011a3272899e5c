"""Labels as other programs store them: floats beside whole numbers, and marks that mean "not labelled"."""

import dataclasses

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.scans import Scan

MARKS = (-1, 65_535, 4_294_967_295)
"""Values that cannot be classes and that programs write where nothing is labelled; the last two are -1, unsigned."""
BESIDE = 0.05
"""How far a class may lie beside a whole number: resampling and scaled storage leave 1.9999 or 2.02."""


class WholeLabels(Scan):
    """Labels read as whole numbers, with 255 for each of MARKS.

    Args:
        labels: as they are stored.
    """

    def __init__(self, labels: Scan) -> None:
        self.labels = labels
        dtype = np.dtype(np.int64) if labels.dtype.kind == "f" else np.result_type(labels.dtype, np.uint8)
        super().__init__(dataclasses.replace(labels.info, dtype=dtype))

    def _read(self, start: int, stop: int) -> np.ndarray:
        slab = self.labels.read(start, stop)
        if slab.dtype.kind == "f":
            slab = self._rounded(slab, start)
        marked = np.isin(slab, MARKS)
        if not marked.any():
            return slab
        name, mark = self.info.path.name, int(slab[marked][0])
        if (slab == UNLABELLED).any():
            raise ScanError(
                f"{name} holds both {mark} and {UNLABELLED}: save what is not labelled as one of them, and classes as "
                f"0 to {UNLABELLED - 1}."
            )
        look_at(f"{mark} in {name} is no class and counts as 'not labelled' ({UNLABELLED}).")
        return np.where(marked, UNLABELLED, slab.astype(self.dtype))

    def _rounded(self, slab: np.ndarray, start: int) -> np.ndarray:
        whole = np.rint(slab)
        between = np.abs(slab - whole) > BESIDE
        if between.any():
            z, y, x = np.argwhere(between)[0]
            raise ScanError(
                f"{self.info.path.name} is no volume of labels, or was interpolated: it holds {slab[z, y, x]:.4g} in "
                f"slice {start + z}, and values from {slab.min():.4g} to {slab.max():.4g}; labels are whole, 0 to "
                f"{UNLABELLED}: turn or scale them with nearest neighbour."
            )
        return np.clip(whole, -2, 2.0**62).astype(np.int64)

    def close(self) -> None:
        self.labels.close()


def as_whole_labels(labels: Scan) -> Scan:
    """Labels of any stored type as whole numbers; bytes are so already.

    Raises:
        ScanError: when read, if values lie between classes, or two values mean "not labelled".
    """
    return labels if labels.dtype == np.uint8 else WholeLabels(labels)
