"""Score a network and other methods beside it, slice by slice, while an evaluator goes through labelled slices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.utils import CommonKeys

from synfine_monai.data import LabelledSlice
from synfine_monai.metrics import confusion_matrix, segmentation_scores

Predictor = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(image (H, W), field of view) -> classes (H, W) uint8."""


class EvaluationReport:
    """Ignite handler that gathers confusion matrices of every method, slice by slice.

    Args:
        slices: the slices that the evaluator goes through, in the order of the samples' "index".
        name: what the evaluator's own network is called in ``metrics.json``.
        methods: other methods: name -> predictor.
        class_names: names of the classes.
        pore_labels: classes that are pore space.
        finish: called at the end with the dict of all methods' scores and the predictions of the network by slice.
    """

    def __init__(
        self,
        slices: Sequence[LabelledSlice],
        name: str,
        methods: Mapping[str, Predictor],
        class_names: Sequence[str],
        pore_labels: Sequence[int],
        finish: Callable[[dict[str, Any], list[np.ndarray]], None],
    ) -> None:
        self.slices, self.name, self.methods = list(slices), name, dict(methods)
        self.class_names, self.pore_labels, self.finish = list(class_names), list(pore_labels), finish

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._count)
        engine.add_event_handler(Events.COMPLETED, self._complete)

    def _start(self, engine: Engine) -> None:
        self.confusions: dict[str, dict[str, np.ndarray]] = {n: {} for n in (self.name, *self.methods)}
        self.predictions: list[np.ndarray] = [np.empty(0)] * len(self.slices)

    def _count(self, engine: Engine) -> None:
        output = engine.state.output[0] if isinstance(engine.state.output, list) else engine.state.output
        logits = output[CommonKeys.PRED]
        found = logits.argmax(0 if logits.dim() == 3 else 1).to(torch.uint8).cpu().numpy()
        index = int(engine.state.batch["index"][0])
        labelled = self.slices[index]
        self.predictions[index] = found.reshape(labelled.label.shape)
        self._add(self.name, labelled, self.predictions[index])
        for name, predict in self.methods.items():
            self._add(name, labelled, predict(labelled.image, labelled.fov))

    def _add(self, name: str, labelled: LabelledSlice, prediction: np.ndarray) -> None:
        counts = confusion_matrix(prediction, labelled.label, labelled.fov, len(self.class_names))
        items = self.confusions[name]
        items[labelled.item] = items.get(labelled.item, 0) + counts

    def _complete(self, engine: Engine) -> None:
        scores = {
            name: segmentation_scores(list(items.values()), self.class_names, self.pore_labels, list(items))
            for name, items in self.confusions.items()
        }
        self.finish(scores, self.predictions)
