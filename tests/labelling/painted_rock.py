"""A small scan with a known truth, and a small network that is quick and knows nothing yet."""

import numpy as np
import tifffile
import torch
from scipy.ndimage import gaussian_filter

from synfine_monai.conventions import PHASES
from synfine_monai.data import synthetic_task
from synfine_monai.networks import RockUNet, describe_model, save_model

SHAPE = (40, 72, 80)


def rock(shape=SHAPE, share=0.3, seed=0):
    """(grey uint16, truth uint8): 0 matrix, 1 pore; a box of rock without padding."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.standard_normal(shape), 2.5)
    truth = (field > np.quantile(field, 1 - share)).astype(np.uint8)
    grey = 30000 - 12000 * gaussian_filter(truth.astype(float), 0.7) + 1500 * rng.standard_normal(shape)
    return grey.clip(0, 65535).astype(np.uint16), truth


def rock_scan(folder, **of):
    """(path of the scan, truth)."""
    grey, truth = rock(**of)
    tifffile.imwrite(folder / "rock.tif", grey)
    return folder / "rock.tif", truth


def small_model(folder, channels=(4, 8, 8)):
    """A ``model.pt`` of all five phases with random weights."""
    torch.manual_seed(0)
    task, network = synthetic_task(), RockUNet(1, len(PHASES), channels)
    save_model(network, describe_model(task, network, "zscore"), folder / "small" / "model.pt")
    return folder / "small" / "model.pt"


class Threshold(torch.nn.Module):
    """Two classes by the grey level alone: pore where the normalised image is below ``cut``."""

    def __init__(self, cut=-0.5, sharp=4.0):
        super().__init__()
        self.cut, self.sharp = cut, sharp

    def forward(self, image):
        return torch.cat([image - self.cut, self.cut - image], dim=1) * self.sharp


def paint_some(session, truth, strokes=((0, 10), (1, 10))):
    """One stroke a class and slice, along the longest run of it in a row."""
    for label, z in strokes:
        row, column, length = longest_run(truth[z] == label)
        session.stroke(label, 1.0, "xy", z, [[row, column], [row, column + length - 1]])


def longest_run(mask):
    """(row, first column, length) of the longest run of True along a row."""
    best = (0, 0, 0)
    for row, line in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            if stop - start > best[2]:
                best = (row, int(start), int(stop - start))
    return best
