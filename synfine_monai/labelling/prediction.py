"""What a network says of parts of slices, in a thread of its own: what was asked last comes first."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from monai.inferers import Inferer
from torch import nn

from synfine_monai.conventions import OUTSIDE, POOLING, REACH
from synfine_monai.inferers import MixedPrecisionInferer, SliceWindowInferer
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.views import Box, slice_shape

MOST_WAITING = 4
"""Parts that wait while one is predicted; when more are asked for, those asked for first are given up."""
KEPT_VOXELS = 1 << 24

Key = tuple[str, int, Box]


class Superseded(Exception):
    """The part was given up, since others were asked for later: ask once more if it is still wanted."""


class Part(NamedTuple):
    """What a network says of a part of a slice.

    Attributes:
        labels: (rows, columns) uint8 classes, 255 outside the core.
        uncertainty: (rows, columns) uint8, p(1 - p) summed over the classes; 255 is the most there can be, 0 outside.
        version: of the network.
    """

    labels: np.ndarray
    uncertainty: np.ndarray
    version: int


def predict_part(planes: Planes, network: nn.Module, inferer: Inferer, key: Key, version: int) -> Part:
    """Predict a part of a slice; the same as the whole slice would give there, but for rounding.

    Args:
        planes: of the scan.
        network: in eval mode.
        inferer: how it is run.
        key: (view, index, box).
        version: of the network.
    """
    view, index, box = key
    wide = box.grown(REACH, POOLING, slice_shape(planes.scan.shape, view))
    image, core = planes.seen(view, index, wide)
    cut = box.within(wide)
    with torch.inference_mode():
        logits = inferer(torch.from_numpy(np.ascontiguousarray(image))[None, None, None], network)[0, :, 0]
        chances = logits[:, cut[0], cut[1]].float().softmax(0)
        unsure = (chances * (1 - chances)).sum(0) * (255 / (1 - 1 / len(chances)))
        labels, inside = chances.argmax(0).to(torch.uint8).numpy(), core[cut]
    unsure = unsure.round().clamp(0, 255).to(torch.uint8).numpy()
    return Part(np.where(inside, labels, np.uint8(OUTSIDE)), np.where(inside, unsure, np.uint8(0)), version)


class _Wish:
    """Somebody waits for a part."""

    def __init__(self, key: Key) -> None:
        self.key, self.done = key, threading.Event()
        self.part: Part | None = None
        self.error: BaseException | None = None


class Predictor:
    """Predicts what is asked for with the newest network, and in between whatever ``spare`` wants.

    Args:
        planes: of the scan.
        threads: of torch, for this one's thread.
        spare: called with (network, version) while nobody waits; does a little, and says whether there is more.
    """

    def __init__(self, planes: Planes, threads: int, spare: Callable[[nn.Module, int], bool]) -> None:
        self.planes, self.threads, self.spare = planes, threads, spare
        self.inferer: Inferer = MixedPrecisionInferer(SliceWindowInferer())
        self.network: nn.Module | None = None
        self.version = -1
        self.problem: BaseException | None = None
        self._wishes: list[_Wish] = []
        self._patient: list[_Wish] = []
        self._kept: OrderedDict[tuple[Key, int], Part] = OrderedDict()
        self._changed, self._ended, self._more = threading.Condition(), False, False
        self._thread = threading.Thread(target=self._run, name="predict", daemon=True)
        self._thread.start()

    def publish(self, network: nn.Module, version: int) -> None:
        """Predict with this network from now on."""
        with self._changed:
            self.network, self.version, self._more = network, version, True
            self._changed.notify_all()

    def refuse(self, problem: BaseException) -> None:
        """There will be no network: tell whoever waits, and whoever asks."""
        with self._changed:
            self.problem = problem
            for wish in self._wishes + self._patient:
                self._give(wish, error=problem)
            self._wishes, self._patient = [], []

    def ask(self, key: Key) -> Part:
        """The part by the newest network, as soon as it is there.

        Raises:
            Superseded: if too much was asked for later, or this has ended.
            ScanError: as reading the scan does.
        """
        return self._ask(key, self._wishes)

    def ask_patiently(self, key: Key) -> Part:
        """The part, once nobody else waits; it is not given up for others.

        Raises:
            Superseded: if this has ended.
            ScanError: as ``ask``.
        """
        return self._ask(key, self._patient)

    def _ask(self, key: Key, queue: list[_Wish]) -> Part:
        with self._changed:
            if (known := self._kept.get((key, self.version))) is not None:
                return known
            if self._ended:
                raise Superseded
            if self.problem is not None:
                raise self.problem
            wish = _Wish(key)
            queue.append(wish)
            while queue is self._wishes and len(queue) > MOST_WAITING:
                self._give(queue.pop(0), error=Superseded())
            self._changed.notify_all()
        wish.done.wait()
        if wish.error is not None:
            raise wish.error
        return wish.part

    def nudge(self) -> None:
        """There may be something for ``spare`` again."""
        with self._changed:
            self._more = True
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread; whoever waits is told."""
        with self._changed:
            self._ended = True
            for wish in self._wishes + self._patient:
                self._give(wish, error=Superseded())
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        torch.set_num_threads(self.threads)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._has_work())
                if self._ended:
                    return
                network, version = self.network, self.version
                wish = next((queue.pop() for queue in (self._wishes, self._patient) if queue), None)
                self._more = self._more and wish is not None
            if wish is not None:
                self._grant(wish, network, version)
            elif self._used_spare(network, version):
                self.nudge()

    def _used_spare(self, network: nn.Module, version: int) -> bool:
        try:
            return self.spare(network, version)
        except Exception as problem:  # nobody asked for it: what is asked for must go on
            logging.getLogger(__name__).warning("What is predicted in spare time was given up: %s", problem)
            return False

    def _has_work(self) -> bool:
        return self.network is not None and bool(self._wishes or self._patient or self._more)

    def _grant(self, wish: _Wish, network: nn.Module, version: int) -> None:
        try:
            known = self._kept.get((wish.key, version))
            part = known or predict_part(self.planes, network, self.inferer, wish.key, version)
        except Exception as problem:  # it is told to whoever asked
            self._give(wish, error=problem)
            return
        with self._changed:
            self._kept[wish.key, version] = part
            while len(self._kept) > 1 and sum(one.labels.size for one in self._kept.values()) > KEPT_VOXELS:
                self._kept.popitem(last=False)
        self._give(wish, part)

    @staticmethod
    def _give(wish: _Wish, part: Part | None = None, error: BaseException | None = None) -> None:
        wish.part, wish.error = part, error
        wish.done.set()
