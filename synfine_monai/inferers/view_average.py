"""Slices along z, y and x by the same 2-D network, probabilities averaged (2.5-D)."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.inferers import Inferer
from torch.nn.functional import pad

from synfine_monai.conventions import REACH
from synfine_monai.errors import ScanError
from synfine_monai.inferers.member_mean import MemberSum, members_of, refuse_inner_disagreement

DIMENSION = {"z": 2, "y": 3, "x": 4}
SMALLEST_DEPTH = 16
"""Slices that views along y and x need; thinner slabs repeat their last slice."""

VOXELS_PER_BLOCK = {"cpu": 1 << 20, "cuda": 1 << 24}
"""Voxels whose logits are held at once."""

LARGEST_DIFFERENCE = 0.01


class ViewAverageInferer(Inferer):
    """Segment a slab slice by slice along one or more axes, and give the logarithm of the mean probability.

    Besides the slab, memory holds one running sum a class and the logits of one block of slices: views are worked on in
    blocks, whose slices do not depend on each other.

    Along y and x the network sees the neighbouring slices of z, so a slab must come with ``halo`` slices of them,
    chosen by ``synfine_monai.scans.slab_with_halo``. Then the result is that of the whole scan whatever the
    slabs, for networks that see no farther than ``reach``: not for those whose norm sees the whole image.

    Args:
        inferer: segments the slices (D) of a slab; a ``SliceWindowInferer``, or that in bfloat16, or flips or an
            ensemble around it.
        views: axes along which slices are taken, such as "z" or "zyx".
        disagreement: also measure it over all members of all views, see ``MemberSum.result``.
        reach: of the network in voxels; 24 covers ``RockUNet``.
        block_voxels: voxels of a block, at least one slice; None for the device's default.

    Attributes:
        halo: slices that a slab must have beyond its ends: ``reach``, or 0 where slices are taken along z alone.

    Shapes:
        slab (B, C, D, H, W) float; halo: how many of the D slices come before and after those wanted, two whole
        numbers or an integer tensor (B, 2) with equal rows -> (B, K, D - halo, H, W) logits, float32; with
        ``disagreement`` K + 1 channels.

    Raises:
        ScanError: if ``views`` names anything but z, y and x, or one of them twice.
        ValueError: if the halo leaves nothing, or an inferer inside measures disagreement.
    """

    def __init__(
        self,
        inferer: Inferer,
        views: str = "zyx",
        disagreement: bool = False,
        reach: int = REACH,
        block_voxels: int | None = None,
    ) -> None:
        super().__init__()
        refuse_inner_disagreement(inferer)
        views = str(views).lower()
        if not views or set(views) - set(DIMENSION) or len(set(views)) < len(views):
            raise ScanError(f"--views takes the axes along which slices are taken, such as z or zyx, got '{views}'.")
        self.inferer, self.views, self.disagreement, self.block_voxels = inferer, views, disagreement, block_voxels
        self.halo = 0 if views == "z" else int(reach)

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        halo: Sequence[int] | torch.Tensor = (0, 0),
        **kwargs: Any,
    ) -> torch.Tensor:
        before, after = _ends(halo)
        depth = inputs.shape[2] - before - after
        if min(before, after) < 0 or depth < 1:
            raise ValueError(f"a slab of {inputs.shape[2]} slices cannot have a halo of {before} and {after}.")
        inner = inputs.narrow(2, before, depth)
        if self.views == "z" and not self.disagreement:
            blocks = inner.split(self._slices_per_block(inner), dim=2)
            parts = [self.inferer(block, network, *args, **kwargs) for block in blocks]
            return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
        total = MemberSum((inner.shape[0], *inner.shape[2:]), self.disagreement)
        for view in self.views:
            dim = DIMENSION[view]
            slices = (inner if view == "z" else _thick(inputs)).movedim(dim, 2)
            rows = (0, slices.shape[3]) if view == "z" else (before, depth)
            start = 0
            for block in slices.split(self._slices_per_block(slices), dim=2):
                for logits in members_of(self.inferer, block, network, *args, **kwargs):
                    total.add(logits.narrow(3, *rows).movedim(2, dim), dim, start)
                start += block.shape[2]
        return total.result()

    def _slices_per_block(self, slices: torch.Tensor) -> int:
        limit = self.block_voxels or VOXELS_PER_BLOCK.get(slices.device.type, VOXELS_PER_BLOCK["cuda"])
        return max(1, limit // (slices.shape[3] * slices.shape[4]))


def refuse_views_of_flat_voxels(views: str, name: str, voxel_size_um: Sequence[float] | None) -> None:
    """Refuse views along y and x of a scan whose voxels are no cubes: the network would see rock stretched.

    An error and no warning, since nothing in the result would show it, and the way out is one word. A scan whose voxel
    size nobody states passes.

    Args:
        views: as ``ViewAverageInferer``.
        name: of the scan.
        voxel_size_um: (z, y, x) of the scan, or None if unknown.

    Raises:
        ScanError: if sizes differ by more than 1 %.
    """
    if views.lower() == "z" or voxel_size_um is None:
        return
    if max(voxel_size_um) > (1 + LARGEST_DIFFERENCE) * min(voxel_size_um) * (1 + 1e-9):
        sizes = " × ".join(f"{size:g}" for size in voxel_size_um)
        raise ScanError(
            f"{name} has voxels of {sizes} µm (z, y, x): views along y and x need sides that differ by at "
            "most 1 %. Use --views z, or give the true --voxel_size_um."
        )


def _ends(halo: Sequence[int] | torch.Tensor) -> tuple[int, int]:
    ends = torch.as_tensor(halo).reshape(-1, 2).unique(dim=0).tolist()
    if len(ends) != 1:
        raise ValueError(f"all slabs of a batch must have the same halo, got {ends}.")
    before, after = ends[0]
    return int(before), int(after)


def _thick(slab: torch.Tensor) -> torch.Tensor:
    """At least ``SMALLEST_DEPTH`` slices, by repeating the last one."""
    missing = SMALLEST_DEPTH - slab.shape[2]
    return pad(slab, [0, 0, 0, 0, 0, missing], mode="replicate") if missing > 0 else slab
