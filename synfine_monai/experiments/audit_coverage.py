"""One run of the experiment on audits: how often their intervals cover the truth, and how wide they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import binary_dilation, binary_erosion

import synfine_monai
from synfine_monai.conventions import POOLING, UNLABELLED
from synfine_monai.data import LabelledSlice, Task, load_datalist, load_labelled_slices
from synfine_monai.experiments.experiment import grid, quiet
from synfine_monai.experiments.stage_cache import StageCache
from synfine_monai.handlers import signature_of
from synfine_monai.inferers import SliceWindowInferer
from synfine_monai.networks import load_network, read_model_info
from synfine_monai.planning import BY_UNCERTAINTY, FEWEST_WRONG, Redraws, Residuals, estimate_share, share_intervals

NOISE = 0.05
"""Share of the voxels at boundaries that a noisy labeller gets wrong."""
MOST_BETS = 40
"""Of the audits of a cell that are bounded by betting, which takes a while."""
INTERVAL = "Hall, tails of the prediction"
"""How intervals are made: rows of another way are made anew."""
HALF_A_VOXEL = 0.5
"""By which a wide labeller draws pores too large."""


def audit_runs(factors: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The grid of runs, with labellers who err for the good network alone."""
    return [run for run in grid(factors) if run["labeller"] == "exact" or run["network"] == "good"]


@dataclass(frozen=True)
class AuditRun:
    """Make the row of a run from its factors ``task, seed, network, labeller, window``.

    The labelled slices are the scan; a task may name a volume of its whole truth instead. What is audited are all
    their labelled voxels in the core.

    Args:
        data: folder of the tasks, each with a ``dataset.json``.
        tasks: task -> {"binary": bool, "label_budget": int, "other": task of another rock, "truth": file or absent}.
        tuning: options of ``finetune``, by which each task's network is made from the shipped one.
        cache: where networks are kept.
        split: whose labelled slices are audited.
        draws: numbers of windows of an audit.
        redraws: audits of each number.
    """

    data: Path
    tasks: Mapping[str, Mapping[str, Any]]
    tuning: Mapping[str, Any]
    cache: StageCache
    split: str = "test"
    draws: Sequence[int] = (16,)
    redraws: int = 1000

    def check(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Read every task's ``dataset.json``, so that a wrong folder shows before any work is done."""
        for task in {run["task"]: None for run in runs}:
            load_datalist(self._datalist(task)).items(self.split)

    def shared(self, run: Mapping[str, Any]) -> list[tuple[str, int, int]]:
        """The network that ``prepare`` has to train before this run: task, label budget and seed."""
        task = run["task"] if run["network"] != "other_rock" else self.tasks[run["task"]]["other"]
        budget = self.tuning.get("label_budget", self.tasks[task]["label_budget"])
        return [(task, 1 if run["network"] == "one_patch" else int(budget), run["seed"])]

    def prepare(self, wanted: tuple[str, int, int]) -> None:
        """Train a network on the task's labelled patches."""
        with quiet():
            self._model(*wanted)

    def settings(self, run: Mapping[str, Any]) -> str:
        """Short hash of what decides a run's result beside its factors."""
        own = dict(self.tasks[run["task"]])
        decides = [own, self.tuning, self.split, list(self.draws), self.redraws, synfine_monai.__version__]
        decides += [BY_UNCERTAINTY, INTERVAL]
        return signature_of({"decides": decides})

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Factors, the true and the predicted porosity, and for each design and number of windows its coverage.

        Labellers who err have the default design alone.
        """
        with quiet():
            task, model = (
                load_datalist(self._datalist(run["task"]), self._binary(run["task"])),
                self._model(*self.shared(run)[0]),
            )
            chances, label, core = _predicted(self._with_truth(task, run["task"]), self.split, model)
            info = read_model_info(model)
            row = self._audit(run, task, info["pore_labels"], chances, label, core)
        return {**run, **row, "settings": self.settings(run), "version": synfine_monai.__version__}

    def _audit(self, run: Mapping[str, Any], task: Task, predicted_pores: Sequence[int], chances: np.ndarray,
               label: np.ndarray, core: np.ndarray) -> dict[str, Any]:  # fmt: skip
        soft = chances[:, list(predicted_pores)].sum(1)
        hard = np.isin(chances.argmax(1), list(predicted_pores)).astype(float)
        unsure = (chances * (1 - chances)).sum(1)
        truth = np.isin(label, list(task.pore_labels)) & core
        told = labelled_by(run["labeller"], truth, core, run["seed"]).astype(float)
        row: dict[str, Any] = {"porosity": truth[core].mean(), "predicted": hard[core].mean(),
                               "labels_say": told[core].mean(), "voxels": int(core.sum())}  # fmt: skip
        mixed = Redraws(told, hard, core, run["window"], "uncertainty", unsure)
        row |= dict(self._covered("mixed", mixed, row, run["seed"]))
        if run["labeller"] == "exact":
            row |= self._other_designs((told, hard, core), mixed, soft, unsure, row, run["seed"])
        if run["network"] == "good" and run["labeller"] == "exact":
            row |= self._every_class(run, task, chances.argmax(1), label, mixed)
        return row

    def _other_designs(
        self, volumes: tuple[np.ndarray, np.ndarray, np.ndarray], mixed: Redraws, soft: np.ndarray, unsure: np.ndarray,
        row: Mapping[str, float], seed: int,
    ) -> dict[str, float]:  # fmt: skip
        told, hard, core = volumes
        alike = Redraws(told, hard, core, mixed.size)
        designs = {
            "uniform": alike, "alone": alike.of(told, np.zeros(told.shape)), "soft": mixed.of(told, soft),
            "half": Redraws(told, hard, core, mixed.size, "uncertainty", unsure, 0.5),
            "inside": Redraws(told, hard, core, mixed.size, "inside"),
        }  # fmt: skip
        return {k: v for name, drawn in designs.items() for k, v in self._covered(name, drawn, row, seed)}

    def _covered(self, name: str, drawn: Redraws, row: Mapping[str, float], seed: int) -> Iterator[tuple[str, float]]:
        for windows in self.draws:
            residuals = drawn.draw(windows, self.redraws, 1000 * seed + windows)
            low, high = _ends(residuals, drawn.largest)
            yield f"{name}_{windows}", float(np.mean((low <= row["labels_say"]) & (row["labels_say"] <= high)))
            yield f"{name}_{windows}_half", float(np.median(high - low) / 2)
            if name == "mixed":
                yield f"{name}_{windows}_truth", float(np.mean((low <= row["porosity"]) & (row["porosity"] <= high)))

    def _every_class(
        self, run: Mapping[str, Any], task: Task, hard: np.ndarray, label: np.ndarray, mixed: Redraws
    ) -> dict[str, float]:
        """The lowest coverage of any class of a task with more than two."""
        found: dict[str, float] = {}
        for k in range(task.num_classes if task.num_classes > 2 else 0):
            drawn = mixed.of((label == k).astype(float), (hard == k).astype(float))
            share = {"labels_say": (label == k)[mixed.core].mean()}
            for name, value in self._covered("class", drawn, share, run["seed"]):
                found[name] = min(found.get(name, 1.0), value)
        return {name: value for name, value in found.items() if not name.endswith("half")}

    def _model(self, task: str, budget: int, seed: int) -> Path:
        options = {**self.tuning, "datalist": str(self._datalist(task)), "binary": self._binary(task)}
        options |= {"label_budget": budget, "baselines": False}
        return self.cache.run("finetune", {**options, "seed": seed, "patch_seed": seed}) / "model.pt"

    def _with_truth(self, task: Task, name: str) -> Task:
        if "truth" not in self.tasks[name]:
            return task
        item = task.items(self.split)[0]
        whole = replace(item, label=self._datalist(name).parent / self.tasks[name]["truth"], slices=None, strokes=None)
        return replace(task, test=(whole,)) if self.split == "test" else replace(task, validation=(whole,))

    def _datalist(self, task: str) -> Path:
        return (Path(self.data) / task / "dataset.json").resolve()

    def _binary(self, task: str) -> bool:
        return bool(self.tasks[task]["binary"])


def _ends(residuals: Residuals, largest: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of many audits; where too few windows show anything wrong, some stand for all of those."""
    _, _, low, high = share_intervals(residuals)
    few = np.flatnonzero(np.count_nonzero(residuals.wrong, axis=-1) < FEWEST_WRONG)
    for k in few[:MOST_BETS]:
        one = estimate_share(residuals.audit(k), largest=largest)
        low[k], high[k] = one.low, one.high
    low[few], high[few] = (np.resize(ends[few[:MOST_BETS]], len(few)) for ends in (low, high))
    return low, high


def labelled_by(labeller: str, truth: np.ndarray, core: np.ndarray, seed: int = 0) -> np.ndarray:
    """What a labeller says instead of the truth.

    Args:
        labeller: "exact"; "noisy", who errs in 5 % of the voxels at a boundary on either side; or "wide", who draws
            pores half a voxel too large.
        truth: (D, H, W) bool.
        core: (D, H, W) bool, where it is labelled.
        seed: of the noise.
    """
    if labeller == "exact":
        return truth
    plus = np.zeros((1, 3, 3), bool)
    plus[0, 1], plus[0, :, 1] = True, True
    grown = binary_dilation(truth, plus) & core
    if labeller == "wide":  # half of the voxels next to a pore
        return truth | (grown & (np.random.default_rng(seed).uniform(size=truth.shape) < HALF_A_VOXEL))
    edge = grown & ~binary_erosion(truth, plus)
    return truth ^ (edge & (np.random.default_rng(seed).uniform(size=truth.shape) < NOISE))


@lru_cache(maxsize=2)
def _network(model: Path) -> torch.nn.Module:
    return load_network(model).eval()


_kept: dict[tuple, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}


def _predicted(task: Task, split: str, model: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chances (S, K, H, W) float32, labels (S, H, W) and what is audited of them, on all labelled slices."""
    key = (task.path, task.binary, split, model)
    if key not in _kept:
        info = read_model_info(model)
        slices = load_labelled_slices(task, split, info["normalisation"], info.get("grey_levels"))
        height, width = (max(one.label.shape[axis] for one in slices) for axis in (0, 1))
        label = np.stack([_padded(one.label, height, width) for one in slices])
        _kept.clear()
        _kept[key] = np.stack([_chances(one, model, height, width) for one in slices]), label, label != UNLABELLED
    return _kept[key]


def _padded(label: np.ndarray, height: int, width: int) -> np.ndarray:
    missing = (0, height - label.shape[0]), (0, width - label.shape[1])
    return np.pad(label, missing, constant_values=UNLABELLED)


@torch.no_grad()
def _chances(one: LabelledSlice, model: Path, height: int, width: int) -> np.ndarray:
    """(K, H, W) of one slice, 0 where it has no voxels."""
    logits = SliceWindowInferer(divisible=POOLING)(torch.from_numpy(one.image[None, None, None]), _network(model))
    chances = logits[0, :, 0].softmax(0).numpy()
    return np.pad(chances, ((0, 0), (0, height - chances.shape[1]), (0, width - chances.shape[2])))
