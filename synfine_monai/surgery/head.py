"""A head for other classes, made of the rows that the source classes already have."""

from collections.abc import Mapping, Sequence

import torch

from synfine_monai.errors import ScanError

__all__ = ["adapt_head"]


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
    sources = [
        tuple(index for index, phases in enumerate(source_phases) if set(phases) & set(wanted))
        for wanted in target_phases
    ]
    undecided = [index for index, source in enumerate(sources) if not source or sources.count(source) > 1]
    adapted = dict(state_dict)
    for name in (f"{head}.weight", f"{head}.bias"):
        if name in state_dict:
            tensor = state_dict[name]
            adapted[name] = torch.stack([tensor[list(source or range(len(tensor)))].mean(0) for source in sources])
    return adapted, undecided
