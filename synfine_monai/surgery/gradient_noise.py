"""Signal-to-noise ratio of gradients: how far the labelled patches agree on where a tensor should go."""

from collections.abc import Iterable

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.surgery.probe import LossFunction, loss_gradients, probing

__all__ = ["signal_to_noise"]


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
