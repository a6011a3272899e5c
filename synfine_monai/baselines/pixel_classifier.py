"""A few small networks that name the phase of a pixel by its features, and agree by averaging."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from torch.nn.functional import conv2d, interpolate, relu

_LEAST_SPREAD = 0.1  # of the mean spread: a feature that hardly varies in a few patches must not weigh ever so much


class PixelClassifier:
    """Multi-layer perceptrons on standardised features; their probabilities are averaged.

    Where the features are maps of several resolutions, the first layer sees them as they are and its outcome is
    enlarged: it is linear, so that this is the same as enlarging the features, at a quarter of the work.

    Args:
        hidden: widths of the hidden layers.
        members: number of perceptrons, each with its own start and order of pixels.
        seed: of all of them.
        epochs: passes over the pixels.

    Source: Baranchuk et al., Label-Efficient Semantic Segmentation with Diffusion Models (ICLR 2022), sec. 4, with a
    few members instead of ten.
    """

    def __init__(self, hidden: Sequence[int] = (128, 32), members: int = 5, seed: int = 0, epochs: int = 10) -> None:
        self.hidden, self.members, self.seed, self.epochs = tuple(hidden), int(members), int(seed), int(epochs)
        self.classes = np.empty(0, dtype=np.uint8)
        self.weights: list[np.ndarray] = []
        self.biases: list[np.ndarray] = []

    def fit(self, features: np.ndarray, labels: np.ndarray) -> Self:
        """Learn from pixels: features (N, C) float32, labels (N,) uint8."""
        self.classes, self.weights, self.biases = np.unique(labels), [], []
        if len(self.classes) > 1:  # a class alone needs no perceptron
            spread = features.std(axis=0, dtype=np.float64)
            scale = np.maximum(spread, _LEAST_SPREAD * spread.mean() or 1.0)
            center = features.mean(axis=0, dtype=np.float64)
            scaled = ((features - center) / scale).astype(np.float32)
            seeds = np.random.SeedSequence(self.seed).generate_state(self.members)
            layers = [_layers(self._perceptron(int(seed)), scaled, labels, center, scale) for seed in seeds]
            self.weights, self.biases = (
                [np.stack(layer) for layer in zip(*part, strict=True)] for part in zip(*layers, strict=True)
            )
        return self

    @torch.no_grad()
    def classify(self, maps: Sequence[torch.Tensor], size: tuple[int, int]) -> np.ndarray:
        """Classes of a window.

        Args:
            maps: features, each (1, C_i, h_i, w_i) float32, to be enlarged bilinearly to ``size``; the channels of all
                together are the C of ``fit``.
            size: H, W.

        Returns:
            (H, W) uint8.
        """
        if len(self.classes) == 1:
            return np.full(size, self.classes[0], dtype=np.uint8)
        probabilities = torch.zeros(1, len(self.classes), *size, device=maps[0].device)
        for member in range(len(self.weights[0])):
            probabilities += self._logits(member, maps, size).softmax(dim=1)
        return self.classes[probabilities[0].argmax(dim=0).cpu().numpy()]

    def arrays(self) -> dict[str, np.ndarray]:
        """The classes (K,), and weights (members, in, out) and biases (members, out) of each layer."""
        weights = {f"weights_{number}": layer for number, layer in enumerate(self.weights)}
        return {"classes": self.classes, **weights, **{f"biases_{n}": layer for n, layer in enumerate(self.biases)}}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """The fitted classifier of ``arrays()``, beside which there may be others."""
        classifier, depth = cls(), sum(name.startswith("weights_") for name in arrays)
        classifier.classes = arrays["classes"]
        classifier.weights = [arrays[f"weights_{number}"] for number in range(depth)]
        classifier.biases = [arrays[f"biases_{number}"] for number in range(depth)]
        return classifier

    def _perceptron(self, seed: int) -> MLPClassifier:
        return MLPClassifier(self.hidden, max_iter=self.epochs, random_state=seed, n_iter_no_change=self.epochs)

    def _logits(self, member: int, maps: Sequence[torch.Tensor], size: tuple[int, int]) -> torch.Tensor:
        kernels = [torch.from_numpy(w[member].T[:, :, None, None]).to(maps[0]) for w in self.weights]
        biases = [torch.from_numpy(b[member][:, None, None]).to(maps[0]) for b in self.biases]
        parts = kernels[0].split([each.shape[1] for each in maps], dim=1)
        seen = sum(_enlarged(conv2d(each, part), size) for each, part in zip(maps, parts, strict=True)) + biases[0]
        for kernel, bias in zip(kernels[1:], biases[1:], strict=True):
            seen = conv2d(relu(seen), kernel) + bias
        return seen


def keep_class_shares(labels: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Which of N pixels to keep, at most ``most`` of them: (N,) labels -> (N,) bool.

    Pixels are drawn at random within each class; the classes keep their shares to within one pixel.
    """
    by_class = np.lexsort((rng.random(len(labels)), labels))
    kept = np.zeros(len(labels), dtype=bool)
    kept[by_class[np.linspace(0, len(labels), min(most, len(labels)), endpoint=False).astype(int)]] = True
    return kept


def _layers(
    perceptron: MLPClassifier, scaled: np.ndarray, labels: np.ndarray, center: np.ndarray, scale: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights and biases of a perceptron fitted on standardised pixels, to be used on pixels as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a few passes are all that it is to have
        perceptron.fit(scaled, labels)
    (first, *weights), (bias, *biases) = perceptron.coefs_, perceptron.intercepts_
    first, bias = first / scale[:, None], bias - (center / scale) @ first
    if len(perceptron.classes_) == 2:  # one logit, of the second class against a first of zero
        weights[-1], biases[-1] = (np.concatenate([np.zeros_like(x), x], axis=-1) for x in (weights[-1], biases[-1]))
    return [w.astype(np.float32) for w in (first, *weights)], [b.astype(np.float32) for b in (bias, *biases)]


def _enlarged(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return image if image.shape[-2:] == size else interpolate(image, size, mode="bilinear", align_corners=False)
