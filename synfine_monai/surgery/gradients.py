"""Gradients of a loss, without a trace in the network: relative norm (RGN) and signal-to-noise ratio of its parts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import parameters_of

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@contextmanager
def probing(network: nn.Module) -> Iterator[dict[str, nn.Parameter]]:
    """Evaluation mode with every floating-point parameter differentiable, as long as the context lasts.

    Frozen parameters can be measured as well. Afterwards each module has its mode back and each parameter its
    ``requires_grad``; gradients that were stored in ``.grad`` and the statistics of batch norm never change.

    Yields:
        Parameter name -> parameter, of all floating-point parameters.
    """
    modes = [(module, module.training) for module in network.modules()]
    wishes = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    try:
        for module, _ in modes:
            module.training = False
        parameters = {name: value for name, value in network.named_parameters() if value.is_floating_point()}
        for parameter in parameters.values():
            parameter.requires_grad_(True)
        yield parameters
    finally:
        for module, mode in modes:
            module.training = mode
        for parameter, wish in wishes:
            parameter.requires_grad_(wish)


def loss_gradients(
    network: nn.Module,
    loss_function: LossFunction,
    parameters: dict[str, nn.Parameter],
    image: torch.Tensor,
    target: torch.Tensor,
) -> list[torch.Tensor]:
    """Gradient of the mean loss of one batch for each parameter, in full precision and on the network's device.

    Args:
        network: in the modes it shall be measured in, see :func:`probing`.
        loss_function: called with (logits, target); a loss with several values is averaged.
        parameters: what to differentiate for; a parameter without influence has a zero gradient.
        image: what the network takes.
        target: what the loss function takes.

    Raises:
        ScanError: if the loss is not finite.
    """
    device = next(iter(parameters.values())).device
    with torch.enable_grad(), torch.autocast(device.type, enabled=False):
        loss = loss_function(network(image.to(device)), target.to(device)).mean()
        if not torch.isfinite(loss):
            raise ScanError(
                f"the loss of a probed batch is {loss.item()}: are there NaN voxels, or a broken checkpoint?"
            )
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    return [
        torch.zeros_like(value) if gradient is None else gradient
        for gradient, value in zip(gradients, parameters.values(), strict=True)
    ]


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


def signal_to_noise(
    network: nn.Module, loss_function: LossFunction, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]
) -> dict[str, float]:
    r"""SNR of each parameter tensor, :math:`\operatorname{Avg}_j(g_j)^2 / \operatorname{Var}_j(g_j)`.

    The gradient :math:`g_j` of each data point (each item of each batch) is taken apart, in evaluation mode and
    without a trace in the network. Squared means and sample variances are summed over a tensor's elements before
    they are divided: a mean of elementwise ratios is ruled by the few elements whose variance happens to be small.
    A tensor without any gradient gets 0.

    Args:
        network: any network.
        loss_function: the training loss, called with (logits, target) of one item.
        batches: (input, target) pairs, items along the first axis.

    Returns:
        Parameter name -> SNR ≥ 0, finite.

    Raises:
        ScanError: if there are fewer than two data points: one has no variance.

    Source: Lee et al., Surgical Fine-Tuning (ICLR 2023), sec. 4 (Auto-SNR).
    """
    count = 0
    with probing(network) as parameters:
        mean = [torch.zeros_like(value, dtype=torch.float64) for value in parameters.values()]
        scatter = [torch.zeros((), dtype=torch.float64, device=value.device) for value in parameters.values()]
        for image, target in batches:
            for item in range(len(image)):
                point = slice(item, item + 1)
                count += 1
                gradients = loss_gradients(network, loss_function, parameters, image[point], target[point])
                _add_point(mean, scatter, gradients, count)
    if count < 2:
        raise ScanError(f"a signal-to-noise ratio needs at least two labelled patches, but there were {count}.")
    return {
        name: _ratio(float(centre.square().sum()), float(spread) / (count - 1))
        for name, centre, spread in zip(parameters, mean, scatter, strict=True)
    }


def _add_point(
    mean: list[torch.Tensor], scatter: list[torch.Tensor], gradients: list[torch.Tensor], count: int
) -> None:
    """Welford's update of running means and of summed squared deviations, in place."""
    for centre, spread, gradient in zip(mean, scatter, gradients, strict=True):
        before = gradient.double() - centre
        centre += before / count
        spread += (before * (gradient - centre)).sum()


def _ratio(signal: float, noise: float) -> float:
    """Signal / noise; gradients that agree to the last bit count as noise of 1e-12 of the signal."""
    return signal / max(noise, 1e-12 * signal) if signal > 0 else 0.0
