"""The head and the layers before it: fitted to a task's classes, probed, or made anew."""

import difflib
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import TRANSVERSAL
from synfine_monai.surgery.gradients import LossFunction
from synfine_monai.surgery.tuning import ALONE

PARTS = {"none": (), "head": ("head",), "last_block": ("up_1", "head")}
"""Words of ``--reinitialise`` -> modules of the network that start anew."""


def adapt_head(
    state_dict: Mapping[str, torch.Tensor],
    source_phases: Sequence[Sequence[str]],
    target_phases: Sequence[Sequence[str]],
    head: str = "head",
) -> tuple[dict[str, torch.Tensor], list[int]]:
    """Fit a classifying layer to a task's classes by the phases that they cover.

    A target class gets the mean of the rows of all source classes that share a phase with it. A class without any
    gets the mean of all rows, which favours nobody.

    Args:
        state_dict: of the source network; not changed.
        source_phases: for each source class, the phases it covers, such as ``(("matrix", "dense"), ("pore",))``.
        target_phases: the same for each class of the task.
        head: name of the 1×1 convolution (or linear layer), whose rows are the classes.

    Returns:
        The state dict with the new head, and the target classes that their row does not tell apart: those without a
        source, and those whose row another class has as well. They need a linear probe.

    Raises:
        ScanError: if the head's rows are not as many as ``source_phases``, or if there is no target class.
    """
    rows = state_dict.get(f"{head}.weight")
    if rows is None or len(rows) != len(source_phases):
        raise ScanError(
            f"the checkpoint's '{head}' has {0 if rows is None else len(rows)} classes, but its description names "
            f"phases for {len(source_phases)}: do model.pt and model.json belong together?"
        )
    if not target_phases:
        raise ScanError("the task names no classes, so that the head cannot be fitted to it.")
    sources, undecided = class_sources(source_phases, target_phases)
    adapted = dict(state_dict)
    for name in (f"{head}.weight", f"{head}.bias"):
        if name in state_dict:
            tensor = state_dict[name]
            adapted[name] = torch.stack([tensor[list(source or range(len(tensor)))].mean(0) for source in sources])
    return adapted, undecided


def class_sources(
    source_phases: Sequence[Sequence[str]], target_phases: Sequence[Sequence[str]]
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Source classes that share a phase with each target class, and the target classes that they do not tell apart."""
    sources = [
        tuple(index for index, phases in enumerate(source_phases) if set(phases) & set(wanted))
        for wanted in target_phases
    ]
    return sources, [index for index, source in enumerate(sources) if not source or sources.count(source) > 1]


def linear_probe(
    network: nn.Module,
    data: Mapping[str, torch.Tensor],
    loss_function: LossFunction,
    steps: int = 100,
    batch_size: int = 8,
    learning_rate: float = 1e-2,
    seed: int = 0,
) -> None:
    """Train ``network.head`` in place by Adam; everything else, batch-norm statistics included, stays as it is.

    Args:
        network: has a last layer ``head``.
        data: "image" (N, C, H, W) and "label" (N, 1, H, W).
        loss_function: called with (logits, target).
        steps: optimiser steps.
        batch_size: patches a step.
        learning_rate: of Adam.
        seed: of the choice of patches.
    """
    device = next(network.parameters()).device
    wishes = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    mode = network.training
    network.eval().requires_grad_(False)
    network.head.requires_grad_(True)
    optimizer = torch.optim.Adam(network.head.parameters(), learning_rate)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        chosen = torch.randint(len(data["image"]), (batch_size,), generator=generator)
        optimizer.zero_grad()
        loss_function(network(data["image"][chosen].to(device)), data["label"][chosen].to(device)).backward()
        optimizer.step()
    network.zero_grad()
    network.train(mode)
    for parameter, wish in wishes:
        parameter.requires_grad_(wish)


def check_reinitialise(part: str, tune: str) -> None:
    """Refuse an unknown word, and a way to tune that would leave random layers as they are.

    Args:
        part: word of ``--reinitialise``.
        tune: word of ``--tune``, a known one.

    Raises:
        ScanError: naming the way out.
    """
    if part not in PARTS:
        near = difflib.get_close_matches(str(part), PARTS, n=1, cutoff=0.0)[0]
        raise ScanError(f"reinitialise has no '{part}': did you mean '{near}'? There are {', '.join(PARTS)}.")
    if tune in ALONE and tune != "none":
        return
    parts = {**TRANSVERSAL, "last_layer": ("head",)}
    trained = {module for word in map(str.strip, tune.split("+")) for module in parts.get(word, (word,))}
    left = [module for module in PARTS[part] if module not in trained]
    if left:
        raise ScanError(
            f"--reinitialise {part} makes '{left[0]}' random, but --tune {tune} does not train it: tune "
            f"'{'+'.join([*([] if tune == 'none' else [tune]), *left])}' or 'all', or reinitialise none."
        )


def reinitialise(network: nn.Module, part: str, seed: int = 0) -> None:
    """Give the layers of ``part`` torch's default initialisation, in place.

    Batch norm in it starts as the identity: mean 0, variance 1, scale 1, shift 0. The same seed gives the same layers,
    and the global random state stays as it is.

    Args:
        network: with the modules that ``PARTS`` names.
        part: "none", "head" or "last_block".
        seed: of the initialisation.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for path in PARTS[part]:
            for module in network.get_submodule(path).modules():
                if hasattr(module, "reset_parameters"):
                    module.reset_parameters()
