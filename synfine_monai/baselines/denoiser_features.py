"""Features of a network that learned to remove noise, and the baseline that reads the phases off them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import ClassVar, Self

import numpy as np
import torch
from monai.networks.schedulers import Scheduler
from torch.nn.functional import grid_sample

from synfine_monai.baselines.baseline import Baseline, labelled_voxels
from synfine_monai.baselines.pixel_classifier import PixelClassifier, keep_class_shares
from synfine_monai.data import LabelledSlice
from synfine_monai.networks import RockDenoiser, RockUNet, architecture_of, build_network

LEVELS = (50, 150, 250)
BLOCKS = ("down_2", "up_0", "up_1")
_MOST_PIXELS = 20_000
_WINDOW = 384  # pixels: what a window is there for, at most
_MARGIN = 24  # pixels: how far the features of a pixel reach
_POOLING = 4


@dataclass(frozen=True)
class FeatureWindow:
    """Feature maps of a part of a slice, seen with its surroundings.

    Args:
        maps: one (1, C, h, w) map a block, at the resolution of the block; channels of all noise levels together.
        size: rows and columns of the window, to which the maps are enlarged.
        inner: rows and columns of the slice that the window is there for.
        crop: the same pixels within the window.
    """

    maps: list[torch.Tensor]
    size: tuple[int, int]
    inner: tuple[slice, slice]
    crop: tuple[slice, slice]

    def at(self, wanted: np.ndarray) -> np.ndarray:
        """Features of some pixels, maps enlarged bilinearly: bool of the shape of ``inner`` -> (N, C) float32."""
        found = zip(np.nonzero(wanted), self.crop, self.size, strict=True)
        y, x = ((2 * (place + crop.start) + 1) / side - 1 for place, crop, side in found)  # from -1 to 1
        grid = torch.from_numpy(np.stack([x, y], axis=-1)).to(self.maps[0])[None, None]
        features = [grid_sample(each, grid, padding_mode="border", align_corners=False) for each in self.maps]
        return torch.cat(features, dim=1)[0, :, 0].T.cpu().numpy()


class DenoiserFeatures:
    """What the blocks of a frozen denoiser answer to a slice under a few levels of one fixed noise.

    The slice is seen in windows, whose features are those of the whole slice.

    Args:
        network: trained to remove noise; it is copied.
        alphas_cumprod: (T,) share of the signal's power at every noise level, the schedule's.
        levels: noise levels that are seen, 0 to T - 1.
        blocks: of the network, among ``RockUNet``'s five.
        seed: of the noise; one noise for all slices of a size.

    Raises:
        TypeError: if it is another kind of network: one with group norm, say, would see each window another way.
        ValueError: if a level or a block is unknown, or there are none.
    """

    def __init__(
        self,
        network: RockDenoiser,
        alphas_cumprod: torch.Tensor,
        levels: Sequence[int] = LEVELS,
        blocks: Sequence[str] = BLOCKS,
        seed: int = 0,
    ) -> None:
        known = ("down_0", "down_1", "down_2", "up_0", "up_1")
        if not isinstance(network, RockDenoiser):
            raise TypeError(f"features come from a RockDenoiser, got a {type(network).__name__}.")
        if not levels or not all(0 <= level < len(alphas_cumprod) for level in levels):
            raise ValueError(f"features need noise levels from 0 to {len(alphas_cumprod) - 1}, got {list(levels)}.")
        if not blocks or not set(blocks) <= set(known):
            raise ValueError(f"features come from blocks among {', '.join(known)}, got {list(blocks)}.")
        self.network = deepcopy(network).eval().requires_grad_(False)
        self.alphas_cumprod = alphas_cumprod.detach().cpu()
        self.levels, self.blocks, self.seed = [int(level) for level in levels], [str(b) for b in blocks], int(seed)
        self._at_level = [self.network.at_level(level) for level in self.levels]

    def of_pixels(self, image: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Features of some pixels of a slice: (H, W) float32 and (H, W) bool -> (N, C) float32, row by row."""
        number, features = np.cumsum(wanted).reshape(wanted.shape) - 1, None
        for window in self.windows(image, wanted):
            chosen = wanted[window.inner]
            found = window.at(chosen)
            features = np.empty((int(wanted.sum()), found.shape[1]), np.float32) if features is None else features
            features[number[window.inner][chosen]] = found
        return np.empty((0, 0), np.float32) if features is None else features

    @torch.no_grad()
    def windows(self, image: np.ndarray, wanted: np.ndarray) -> Iterator[FeatureWindow]:
        """Windows of a slice (H, W) float32, those in which a pixel is ``wanted`` (H, W) bool."""
        height, width = image.shape
        image = np.pad(image, ((0, -height % _POOLING), (0, -width % _POOLING)), mode="edge").astype(np.float32)
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(self.seed))
        for inner, outer, crop in (tuple(zip(*spans, strict=True)) for spans in product(_spans(height), _spans(width))):
            if wanted[inner].any():
                part = torch.from_numpy(image[outer])
                yield FeatureWindow(self._maps(part, noise[outer]), tuple(part.shape), inner, crop)

    def _maps(self, image: torch.Tensor, noise: torch.Tensor) -> list[torch.Tensor]:
        seen = []
        for plain, signal in zip(self._at_level, self.alphas_cumprod[self.levels].tolist(), strict=True):
            noisy = signal**0.5 * image + (1 - signal) ** 0.5 * noise
            answers = _answers(plain, noisy[None, None].to(plain.head.weight.device))
            seen.append([answers[block] for block in self.blocks])
        return [torch.cat(levels, dim=1) for levels in zip(*seen, strict=True)]


class DenoiserFeaturesBaseline(Baseline):
    """A small classifier of single pixels, fitted on what a frozen denoiser answers to the slices.

    At most 20,000 labelled pixels are learned from, drawn with the shares of their classes kept.

    Args:
        network: trained to remove noise; it is copied and stays as it is.
        scheduler: MONAI's noise schedule, as in training.
        seed: of the noise, of the draw and of the classifiers.
        levels: noise levels at which the slice is seen; of 1000.
        blocks: whose answers are the features.
        members: classifiers whose probabilities are averaged.

    Source: Baranchuk et al., Label-Efficient Semantic Segmentation with Diffusion Models (ICLR 2022), arXiv
    2112.03126.
    """

    name: ClassVar[str] = "denoiser_features"

    def __init__(
        self,
        network: RockDenoiser,
        scheduler: Scheduler,
        seed: int = 0,
        levels: Sequence[int] = LEVELS,
        blocks: Sequence[str] = BLOCKS,
        members: int = 5,
    ) -> None:
        self.features = DenoiserFeatures(network, scheduler.alphas_cumprod, levels, blocks, seed)
        self.classifier = PixelClassifier(members=members, seed=seed)

    def fit(self, slices: Sequence[LabelledSlice]) -> Self:
        masks = labelled_voxels(slices)
        labels = np.concatenate([s.label[mask] for s, mask in zip(slices, masks, strict=True)])
        kept = keep_class_shares(labels, _MOST_PIXELS, np.random.default_rng(self.features.seed))
        chosen, features = np.split(kept, np.cumsum([mask.sum() for mask in masks])[:-1]), []
        for scan_slice, mask, some in zip(slices, masks, chosen, strict=True):
            wanted = np.zeros_like(mask)
            wanted[mask] = some
            features += [self.features.of_pixels(scan_slice.image, wanted)] if some.any() else []
        self.classifier.fit(np.concatenate(features), labels[kept])
        return self

    def classify(self, image: np.ndarray, fov: np.ndarray) -> np.ndarray:
        classes = np.empty(image.shape, dtype=np.uint8)
        for window in self.features.windows(image, fov):
            classes[window.inner] = self.classifier.classify(window.maps, window.size)[window.crop]
        return classes[fov]

    def arrays(self) -> dict[str, np.ndarray]:
        """The classifier, the denoiser's weights (``network.…``) and how it was looked at: 3.7 MB for two classes."""
        seen, state = self.features, self.features.network.state_dict()
        return {
            **self.classifier.arrays(),
            **{f"network.{key}": value.cpu().numpy() for key, value in state.items()},
            "architecture": np.array(json.dumps(architecture_of(seen.network))),
            "alphas_cumprod": seen.alphas_cumprod.numpy(),
            "levels": np.array(seen.levels),
            "blocks": np.array(seen.blocks),
            "seed": np.array(seen.seed),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        network = build_network(json.loads(str(arrays["architecture"])))
        weights = {key: torch.from_numpy(arrays[f"network.{key}"]) for key in network.state_dict()}
        network.load_state_dict(weights)
        baseline = cls.__new__(cls)
        baseline.features = DenoiserFeatures(
            network,
            torch.from_numpy(arrays["alphas_cumprod"]),
            arrays["levels"].tolist(),
            arrays["blocks"].tolist(),
            int(arrays["seed"]),
        )
        baseline.classifier = PixelClassifier.from_arrays(arrays)
        return baseline


def _answers(plain: RockUNet, image: torch.Tensor) -> dict[str, torch.Tensor]:
    """What each block of a plain U-Net answers to an image (1, 1, H, W)."""
    high = plain.down_0(image)
    mid = plain.down_1(high)
    low = plain.down_2(mid)
    up = plain.up_0(low, mid)
    return {"down_0": high, "down_1": mid, "down_2": low, "up_0": up, "up_1": plain.up_1(up, high)}


def _spans(extent: int) -> Iterator[tuple[slice, slice, slice]]:
    """Parts of an axis as even as pooling allows: alone, with margins, and where the former lie in the latter."""
    step = _POOLING * ceil(extent / ceil(extent / _WINDOW) / _POOLING)
    end = _POOLING * ceil(extent / _POOLING)
    for start in range(0, extent, step):
        first, stop = max(0, start - _MARGIN), min(start + step, extent)
        yield slice(start, stop), slice(first, min(end, start + step + _MARGIN)), slice(start - first, stop - first)
