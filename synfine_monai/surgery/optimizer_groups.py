"""Parameter groups of a tuning plan with one or more stages, for one optimizer."""

from typing import Any

from torch import nn

from synfine_monai.surgery.tuning import TuningPlan, apply_plan

__all__ = ["plan_groups"]


def plan_groups(network: nn.Module, plan: TuningPlan, learning_rate: float) -> list[dict[str, Any]]:
    """Groups for an optimizer that serves all stages; the network is left as its first stage wants it.

    The last stage trains the most. What an earlier one freezes gets no gradient, and an optimizer passes over it.
    ``--tune none`` gets all parameters at a rate of 0.
    """
    if not plan.stages:
        return [{"params": list(network.parameters()), "lr": 0.0}]
    groups = apply_plan(network, plan, learning_rate, stage=len(plan.stages) - 1)
    apply_plan(network, plan, learning_rate, stage=0)
    return groups
