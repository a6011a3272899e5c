"""What a model says of single slices of a scan: where the core is, how many voxels of each class, how sure it is."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer

from synfine_monai.data import read_slab
from synfine_monai.errors import ScanError
from synfine_monai.planning.draw import SliceLook, window_probabilities
from synfine_monai.scans import Scan, open_scan
from synfine_monai.survey import FieldOfView, IntensityStatistics


class PredictedSlices:
    """Look at slices one at a time; only those that are asked for are read and segmented.

    Args:
        scan: an open scan.
        field_of_view: of the scan.
        statistics: by which it is normalised.
        network: of the model that is audited, in eval mode; None where the segmentation is of another program.
        inferer: calls the network on a slab.
        device: that it runs on.
        uncertainty: a volume of the scan's shape, 0 where its maker is sure, such as SCAN_uncertainty; None asks the
            network: p(1 - p) summed over its classes.

    Attributes:
        hashes: z -> SHA-256 of the grey levels of each slice that was looked at.
        counts: z -> predicted voxels of each class in it; empty without a network.
        weights: z -> (windows that meet the core, voxels of the core).

    Raises:
        ScanError: if the volume of uncertainty has another shape.
    """

    def __init__(
        self, scan: Scan, field_of_view: FieldOfView, statistics: IntensityStatistics, network: torch.nn.Module | None,
        inferer: Inferer, device: torch.device | str = "cpu", uncertainty: str | Path | None = None,
    ) -> None:  # fmt: skip
        self.scan, self.field_of_view, self.statistics = scan, field_of_view, statistics
        self.network, self.inferer, self.device = network, inferer, torch.device(device)
        self.stored = None if uncertainty is None else open_scan(uncertainty)
        if self.stored is not None and self.stored.shape != scan.shape:
            raise ScanError(f"{uncertainty} is {self.stored.shape} voxels (z, y, x), but the scan {scan.shape}.")
        self.hashes: dict[int, str] = {}
        self.counts: dict[int, list[int]] = {}
        self.weights: dict[int, tuple[int, int]] = {}

    @property
    def is_mixed(self) -> bool:
        """Whether anything tells where the prediction is unsure."""
        return self.stored is not None or self.network is not None

    def depths(self) -> list[int]:
        """Slices whose outline is not empty; none of them is read for it."""
        return [z for z in range(self.scan.shape[0]) if self.field_of_view.slab(z, z + 1).any()]

    def __call__(self, z: int) -> SliceLook:
        """The core of a slice, and how unsure its prediction is."""
        sample = read_slab(self.scan, self.field_of_view, self.statistics, z, z + 1)
        core = sample["fov"][0, 0].numpy()
        self.hashes[z] = slice_hash(self.scan, z)
        unsure = None if self.network is None else self._predict(sample, core, z)
        if self.stored is not None:
            unsure = self.stored.read(z, z + 1)[0].astype(float)
        return SliceLook(core, unsure)

    def largest(self, by_uncertainty: float) -> float:
        """Most that one window can weigh, in mean weights: see ``estimate_share``."""
        if not self.weights:
            return 1.0
        windows, voxels = (np.array(column, float) for column in zip(*self.weights.values(), strict=True))
        return float(windows.max() / voxels.mean() / (1 - by_uncertainty if self.is_mixed else 1))

    def note(self, z: int, look: SliceLook, size: int) -> None:
        """Keep how many windows meet the core of a slice that was drawn."""
        meets = np.count_nonzero(window_probabilities(SliceLook(look.core), size))
        self.weights[z] = (int(meets), int(look.core.sum()))

    @torch.no_grad()
    def _predict(self, sample: dict[str, Any], core: np.ndarray, z: int) -> np.ndarray:
        logits = self.inferer(sample["image"][None].to(self.device), self.network)[0, :, 0].float()
        labels = logits.argmax(0).cpu().numpy()
        self.counts[z] = np.bincount(labels[core], minlength=len(logits)).tolist()
        chances = logits.softmax(0)
        return (chances * (1 - chances)).sum(0).cpu().numpy()


def slice_hash(scan: Scan, z: int) -> str:
    """SHA-256 of the grey levels of one slice, by value: the same in every format that keeps them."""
    (image,) = scan.read(z, z + 1)
    return hashlib.sha256(image.astype("<f8").tobytes()).hexdigest()
