"""Retuning: from where the network is, on what is painted, in rounds whose outcome depends on nothing but the strokes.

A round is 20 steps on the strokes that were there when it began. The network after a round is a function of the network
before it, of these strokes, of the round's number and of the seed; it is written to the disk before anybody sees it.
So the file of strokes, and the list of how many lines it had at each round, give the same network again, and a round
that a kill ended leaves nothing behind and is done once more.
"""

import copy
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from torch import nn

from synfine_monai.data import Task
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.inferers import MixedPrecisionInferer, fold_batch_norm
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.stroke_batches import StrokeBatches
from synfine_monai.labelling.stroke_windows import StrokeWindows
from synfine_monai.labelling.strokes import Stroke, active_strokes
from synfine_monai.losses import MaskedDiceCELoss, TeacherLoss
from synfine_monai.networks import load_state, read_model_info, starting_network, weights_hash
from synfine_monai.surgery import class_sources, continue_network, start_network, teacher_network
from synfine_monai.transforms import RandAugmentBatchd

FILE = "network.pt"
STEPS = 20
"""Of a round."""
ROUNDS = 3
"""That strokes are new for, and that are done after the last one: 60 steps."""
LEARNING_RATE = 1.0e-3
TEACHER_WEIGHT = 1.0
JITTER = 0.03
"""Of the grey levels' contrast and offset, as in ``finetune``."""

Cancelled = Callable[[float], bool]


@dataclass(frozen=True)
class Start:
    """What retuning starts from.

    Attributes:
        checkpoint: a ``model.pt``.
        task: the classes that are painted.
        seed: of windows and their order.
    """

    checkpoint: Path
    task: Task
    seed: int

    def network(self) -> nn.Module:
        """A network of the checkpoint's architecture for the task's classes."""
        network = starting_network(read_model_info(self.checkpoint), self.task.num_classes)
        return network.to(memory_format=torch.channels_last)

    def signature(self) -> str:
        """What decides, beside the strokes, what a network becomes."""
        return f"{weights_hash(self.checkpoint)} {self.task.phases} {self.seed} {STEPS} {ROUNDS}"


class Retuning:
    """The network, and how it got where it is.

    Args:
        start: what it starts from.
        planes: of the scan.
        folder: of the session; ``network.pt`` in it is gone on with.

    Attributes:
        network: after the last round; before the first one, that of the checkpoint.
        schedule: for each round, how many lines the strokes had when it began.
        published: weights after the last round; never changed, only replaced.

    Raises:
        ScanError: if ``network.pt`` is damaged or of another start.
    """

    def __init__(self, start: Start, planes: Planes, folder: Path) -> None:
        self.start, self.planes, self.path = start, planes, Path(folder) / FILE
        self.inferer: Inferer = MixedPrecisionInferer()
        self.loss = TeacherLoss(MaskedDiceCELoss(), TEACHER_WEIGHT)
        self.augment = RandAugmentBatchd(("image", "label", "teacher"), scale=JITTER, shift=JITTER)
        self._unknown = bool(class_sources(read_model_info(start.checkpoint)["phases"], start.task.phases)[1])
        self.schedule: list[int] = []
        self._state: dict[str, Any] = {}
        self.windows: StrokeWindows | None = None
        if self.path.is_file():
            self._state = self._stored()
            self.schedule = list(self._state["schedule"])

    def rounds_left(self, events: Sequence[Stroke | str]) -> int:
        """How many rounds these strokes still want; none where less than two classes are painted."""
        if len({s.label for s in active_strokes(events) if not s.erases}) < 2:
            return 0
        last = self.schedule[-ROUNDS:]
        return ROUNDS - len(list(takewhile(len(events).__eq__, reversed(last))))

    def prepare(self, events: Sequence[Stroke | str]) -> None:
        """Load the network, and look at the windows that do not depend on strokes.

        Args:
            events: what there is. A class that the checkpoint does not know is probed on those of the first round.
        """
        first = events[: self.schedule[0]] if self.schedule else events
        network, phases = self.start.network(), self.start.task.phases
        data = self._labelled(network, active_strokes(first)) if self._unknown else {}
        if self._unknown and not data:
            continue_network(network, self.start.checkpoint, phases)
        else:
            start_network(network, self.start.checkpoint, phases, data, self.loss.loss, self.start.seed)
        teacher = teacher_network(network, self.start.checkpoint, phases).to(memory_format=torch.channels_last)
        self.windows = StrokeWindows(self.planes, teacher, self.inferer, self.start.seed)
        self.windows.free()
        self.network, self.optimizer = network, torch.optim.Adam(network.parameters(), LEARNING_RATE)
        if self._state:
            load_state(network, self._state["weights"], self.path)
            self.optimizer.load_state_dict(self._state["optimizer"])
        self._keep()

    def frozen(self) -> nn.Module:
        """The network as it is now, for others to ask while this one goes on; before the first round, the teacher."""
        if not self.schedule:
            return self.windows.teacher
        return fold_batch_norm(copy.deepcopy(self.network).eval()).to(memory_format=torch.channels_last)

    def run(self, events: Sequence[Stroke | str], cancelled: Cancelled = lambda done: False) -> bool:
        """Do the next round, and write it down.

        Args:
            events: of the log, at least two classes among them.
            cancelled: asked after each step with what share is done; True gives the round up, without a trace.

        Returns:
            Whether it was done.

        Raises:
            ScanError: if it cannot be written; then it is not done.
        """
        if self.windows is None or (self._unknown and not self.schedule):
            self.prepare(events)
        done = False
        try:
            if done := self._steps(events, cancelled):
                self._store([*self.schedule, len(events)])
        except BaseException:
            self._restore()
            raise
        if done:
            self._keep()
        else:
            self._restore()
        return done

    def _steps(self, events: Sequence[Stroke | str], cancelled: Cancelled) -> bool:
        number = len(self.schedule)
        rng = np.random.default_rng([self.start.seed, 3, number])
        draw = StrokeBatches(self.windows, events, self.schedule[-ROUNDS] if number >= ROUNDS else 0, rng)
        self.network.train()
        for step in range(STEPS):
            batch = self.augment.set_random_state(seed=int(rng.integers(1 << 31)))(draw.batch())
            self.optimizer.zero_grad()
            self.loss(self.inferer(batch["image"], self.network), batch).backward()
            self.optimizer.step()
            if cancelled((step + 1) / STEPS) and step + 1 < STEPS:
                return False
        return True

    def _labelled(self, network: nn.Module, strokes: Sequence[Stroke]) -> dict[str, torch.Tensor]:
        """Windows around strokes as the probe of a class that the checkpoint does not know wants them."""
        pool, drawing = (
            StrokeWindows(self.planes, network, self.inferer, self.start.seed),
            Drawing(strokes, self.planes.scan.shape),
        )
        painted = [s for s in strokes if not s.erases]
        if not painted:
            return {}
        return {
            "image": torch.cat([pool.of(s).image for s in painted]),
            "label": torch.cat([pool.labels(s, drawing) for s in painted]),
        }

    def _keep(self) -> None:
        self.published = _copied(dict(self.network.state_dict()))
        self._moments = _copied(self.optimizer.state_dict())

    def _restore(self) -> None:
        self.network.load_state_dict(self.published)
        self.optimizer.load_state_dict(_copied(self._moments))

    def _store(self, schedule: list[int]) -> None:
        content = io.BytesIO()
        state = {
            "of": self.start.signature(),
            "schedule": schedule,
            "weights": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, content)
        with atomic_file(self.path) as temporary:
            temporary.write_bytes(content.getvalue())
        self.schedule = schedule

    def _stored(self) -> dict[str, Any]:
        try:
            state = torch.load(self.path, weights_only=True)
            of = state["of"]
        except Exception as problem:  # torch has many
            raise ScanError(
                f"{self.path} is damaged ({type(problem).__name__}): delete it, and the network is retuned from the "
                "strokes, which are safe."
            ) from problem
        if of != self.start.signature():
            raise ScanError(
                f"{self.path} was retuned from another checkpoint, seed or classes: open the session as it was begun, "
                "or delete that file, and the network is retuned from the strokes."
            )
        return state


def _copied(state: Any) -> Any:
    if isinstance(state, torch.Tensor):
        return state.clone()
    if isinstance(state, dict):
        return {key: _copied(value) for key, value in state.items()}
    return [_copied(value) for value in state] if isinstance(state, list) else state
