"""Surgical fine-tuning while it runs: the stages of a plan, and which parts of the network the loss pulls at."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from ignite.engine import Engine, Events, EventsList
from torch import nn

from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL
from synfine_monai.surgery import LossFunction, TuningPlan, apply_plan, measure_sensitivity


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


class RelativeGradientNormHandler:
    """Probe the relative gradient norm of blocks and levels at an event of training.

    The probe runs on batches of its own, in full precision and without a trace in the network. The gradients of the
    training step would not do: when ignite's backward event fires under mixed precision, they still carry the
    scaler's factor, and frozen parameters have none.

    Each probe's result (as ``measure_sensitivity`` returns it) replaces ``engine.state.sensitivity``, joins the
    handler's ``history`` as (iteration, result), and is written as the scalars
    ``relative_gradient_norm/<view>/<group>`` against the iteration.

    Args:
        network: the network in training, unwrapped.
        loss_function: the training loss.
        batches: (input, target) pairs that are kept and measured each time, such as five of labelled patches.
        event: when to probe, such as ``Events.EPOCH_COMPLETED(every=5)``.
        summary_writer: a TensorBoard ``SummaryWriter``, or None.
        sequential: block -> module paths.
        transversal: level -> module paths.
    """

    def __init__(
        self,
        network: nn.Module,
        loss_function: LossFunction,
        batches: Sequence[tuple[torch.Tensor, torch.Tensor]],
        event: Events | EventsList = Events.EPOCH_COMPLETED,
        summary_writer: Any | None = None,
        sequential: Mapping[str, Sequence[str]] = SEQUENTIAL,
        transversal: Mapping[str, Sequence[str]] = TRANSVERSAL,
    ) -> None:
        self.network, self.loss_function, self.batches = network, loss_function, list(batches)
        self.event, self.summary_writer = event, summary_writer
        self.views: dict[str, Any] = {"sequential": sequential, "transversal": transversal}
        self.history: list[tuple[int, dict[str, Any]]] = []

    def attach(self, engine: Engine) -> None:
        """Probe whenever ``engine`` fires the event."""
        engine.add_event_handler(self.event, self)

    def __call__(self, engine: Engine) -> None:
        sensitivity = measure_sensitivity(self.network, self.loss_function, self.batches, **self.views)
        engine.state.sensitivity = sensitivity
        self.history.append((engine.state.iteration, sensitivity))
        if self.summary_writer is not None:
            for view in self.views:
                for group, values in sensitivity[view].items():
                    tag = f"relative_gradient_norm/{view}/{group}"
                    self.summary_writer.add_scalar(tag, values["mean"], engine.state.iteration)
