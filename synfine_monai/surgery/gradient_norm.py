"""Relative gradient norm (RGN): how strongly a loss pulls at each part of a network, for its size."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import parameters_of
from synfine_monai.surgery.probe import LossFunction, loss_gradients, probing

__all__ = ["GradientNorms", "block_sensitivity", "measure_gradient_norms", "relative_gradient_norm"]


@dataclass(frozen=True)
class GradientNorms:
    """Norms of all parameter tensors and of their gradients, batch by batch.

    Attributes:
        names: P parameter names.
        parameters: (P,) float64, ‖θ‖₂ of each tensor.
        gradients: (B, P) float64, ‖∇L_b‖₂ of each tensor for each batch.
    """

    names: tuple[str, ...]
    parameters: np.ndarray
    gradients: np.ndarray

    def relative(self, names: Iterable[str]) -> np.ndarray:
        """(B,) float64: ‖∇L_b‖₂ / ‖θ‖₂ over all tensors of a group taken together.

        A group whose parameters are all zero has no size to compare with; its value is 0, so that it is never chosen
        for that reason.
        """
        columns = [self.names.index(name) for name in names]
        size = np.linalg.norm(self.parameters[columns])
        pull = np.linalg.norm(self.gradients[:, columns], axis=1)
        return pull / size if size > 0 else np.zeros_like(pull)


def measure_gradient_norms(
    network: nn.Module, loss_function: LossFunction, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]
) -> GradientNorms:
    """Measure the norms that RGN is made of, in evaluation mode and without a trace in the network.

    Args:
        network: any network; gradients, modes, statistics and ``requires_grad`` stay as they are.
        loss_function: the training loss, called with (logits, target).
        batches: (input, target) pairs; all of them are used (the published code takes the first 5).

    Raises:
        ScanError: if there is no batch, or if a loss is not finite.
    """
    gradients = []
    with probing(network) as parameters:
        sizes = _norms(list(parameters.values()))
        for image, target in batches:
            gradients.append(_norms(loss_gradients(network, loss_function, parameters, image, target)))
    if not gradients:
        raise ScanError("the relative gradient norm needs at least one batch of labelled patches, but there was none.")
    return GradientNorms(tuple(parameters), sizes, np.stack(gradients))


def relative_gradient_norm(
    network: nn.Module, loss_function: LossFunction, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]
) -> dict[str, float]:
    """RGN of each parameter tensor as published: the mean over batches of ‖∇L_b‖₂ / ‖θ‖₂.

    A tensor of zeros gets 0. Arguments and errors as in :func:`measure_gradient_norms`.

    Returns:
        Parameter name -> RGN ≥ 0.

    Source: Lee et al., Surgical Fine-Tuning (ICLR 2023), sec. 4, and its code; Mounsif et al., SynFine, eq. 1.
    """
    norms = measure_gradient_norms(network, loss_function, batches)
    return {name: float(norms.relative([name]).mean()) for name in norms.names}


def block_sensitivity(
    network: nn.Module,
    loss_function: LossFunction,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    groups: Mapping[str, Sequence[str]],
) -> dict[str, dict[str, float]]:
    """RGN of groups of modules, each group's norms taken over all its tensors.

    Args:
        network: any network; it stays as it is.
        loss_function: the training loss, called with (logits, target).
        batches: (input, target) pairs.
        groups: group -> module paths, such as ``SEQUENTIAL`` or ``TRANSVERSAL`` of the network.

    Returns:
        Group -> {"mean", "min", "max"} over the batches.
    """
    return summarise_groups(measure_gradient_norms(network, loss_function, batches), network, groups)


def summarise_groups(
    norms: GradientNorms, network: nn.Module, groups: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Group -> {"mean", "min", "max"} of its RGN over the measured batches."""
    values = {group: norms.relative(parameters_of(network, modules)) for group, modules in groups.items()}
    return {
        group: {"mean": float(value.mean()), "min": float(value.min()), "max": float(value.max())}
        for group, value in values.items()
    }


def _norms(tensors: Sequence[torch.Tensor]) -> np.ndarray:
    """Euclidean norm of each tensor, summed in float64 and fetched from the device at once."""
    norms = [torch.linalg.vector_norm(tensor.detach(), dtype=torch.float64) for tensor in tensors]
    return torch.stack(norms).cpu().numpy()
