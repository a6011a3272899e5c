"""Switch from one stage of a tuning plan to the next during training."""

import math

from ignite.engine import Engine, Events
from torch import nn

from synfine_monai.surgery import TuningPlan, apply_plan

__all__ = ["TuningStages"]


class TuningStages:
    """Ignite handler that thaws and freezes as a plan's stages say, by their shares of all steps.

    Args:
        network: the network in training.
        plan: from ``tuning_plan``.
    """

    def __init__(self, network: nn.Module, plan: TuningPlan) -> None:
        self.network, self.plan, self.stage = network, plan, 0

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        if len(self.plan.stages) > 1:
            engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        total = engine.state.max_epochs * engine.state.epoch_length
        done, stage = 0, -1
        while done < engine.state.iteration and stage + 1 < len(self.plan.stages):
            stage += 1
            done += math.ceil(self.plan.stages[stage].share * total)
        if stage != self.stage:
            self.stage = stage
            apply_plan(self.network, self.plan, 1.0, stage)
