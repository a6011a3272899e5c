"""One run of the experiment on grey levels: a trained network meets a changed scan, by several ways to normalise it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import synfine_monai
from synfine_monai.data import Task, load_datalist, open_labels, specimen_statistics
from synfine_monai.experiments.experiment import quiet
from synfine_monai.experiments.scan_changes import ScanPart, changed_scans
from synfine_monai.experiments.scoring import fitted_baseline
from synfine_monai.experiments.stage_cache import StageCache
from synfine_monai.handlers import signature_of
from synfine_monai.inferers import MixedPrecisionInferer, differences_from_training
from synfine_monai.metrics import confusion_matrix, segmentation_scores
from synfine_monai.networks import load_network, read_model_info
from synfine_monai.report import network_method
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view, measure_intensity
from synfine_monai.transforms import fill_outside

WAYS = ("own", "training", "fitted", "auto")


@dataclass(frozen=True)
class GreyLevelRun:
    """Make the row of a run from its factors ``task, seed, change, case``.

    Every case is one scan as a user would have it, with grey statistics of its own. What is lost is told against the
    same voxels unchanged, by the statistics of the whole specimen.

    Args:
        data: folder of the tasks, each with a ``dataset.json``.
        tasks: task -> {"binary": bool, "score": "mean_dice" or "pore_dice", "label_budget": int}.
        changes: change -> what it does, see ``changed_scans``.
        tuning: options of ``finetune``, by which each task's network is made from the shipped one.
        cache: where networks are kept.
        split: whose labelled slices are changed.
        most_slices: of a scan, evenly spread.
        forest: changes that the random forest meets as well.
    """

    data: Path
    tasks: Mapping[str, Mapping[str, Any]]
    changes: Mapping[str, Mapping[str, Any]]
    tuning: Mapping[str, Any]
    cache: StageCache
    split: str = "test"
    most_slices: int = 8
    forest: Sequence[str] = ()

    def check(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Read every task's ``dataset.json``, so that a wrong folder shows before any work is done."""
        for task in {run["task"]: None for run in runs}:
            load_datalist(self._datalist(task)).items(self.split)

    def shared(self, run: Mapping[str, Any]) -> list[tuple[str, int]]:
        """The network that ``prepare`` has to train before this run."""
        return [(run["task"], run["seed"])]

    def prepare(self, wanted: tuple[str, int]) -> None:
        """Train a network on the task's labelled patches."""
        with quiet():
            self._model(*wanted)

    def settings(self, run: Mapping[str, Any]) -> str:
        """Short hash of what decides a run's result beside its factors."""
        decides = [
            self.changes[run["change"]],
            self.tuning,
            self._budget(run["task"]),
            self.split,
            self.most_slices,
            synfine_monai.__version__,
        ]
        return signature_of({"decides": decides})

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Factors, Dice lost and error of porosity by each way, and what the alignment said: means over the cases."""
        with quiet():
            cases = [self._case(part, run) for part in self._parts(run)]
        return {**run, **_gathered(cases), "settings": self.settings(run), "version": synfine_monai.__version__}

    def _case(self, part: ScanPart, run: Mapping[str, Any]) -> dict[str, Any]:
        task, model = self._load(run["task"]), self._model(run["task"], run["seed"])
        info = read_model_info(model)
        predict = _network(model)
        judge = partial(_scores, part=part, task=task, score=self.tasks[run["task"]]["score"])
        specimen = self._specimen(run["task"])
        best, _ = judge(_segment(predict, specimen, part, part.plain))
        row: dict[str, Any] = {"dice": best}
        for way in WAYS:
            statistics = measure_intensity(
                [part.image], [part.fov], info["normalisation"], info.get("grey_levels"), way
            )
            dice, porosity = judge(_segment(predict, statistics, part, part.image))
            row |= {f"{way}_lost": best - dice, f"{way}_porosity": porosity}
            if way == "auto":
                told = statistics.alignment
                row |= {"unexplained": told.unexplained, "foreign": told.foreign, "width": told.width}
                row["warned"] = float(bool(differences_from_training(info, statistics, None)))
        if run["change"] in self.forest:
            row |= self._forest(part, run, judge)
        return row

    def _forest(self, part: ScanPart, run: Mapping[str, Any], judge: Any) -> dict[str, float]:
        """The random forest of the same patches, which knows grey levels by the scan's own statistics."""
        forest = _fitted(self._datalist(run["task"]), self._binary(run["task"]), self._budget(run["task"]), run["seed"])
        own = measure_intensity([part.image], [part.fov])
        best, _ = judge(_segment(forest.predict, self._specimen(run["task"]), part, part.plain))
        dice, porosity = judge(_segment(forest.predict, own, part, part.image))
        return {"forest_lost": best - dice, "forest_porosity": porosity}

    def _parts(self, run: Mapping[str, Any]) -> list[ScanPart]:
        task = self._load(run["task"])
        brightest = [k for k, phases in enumerate(task.phases) if "dense" in phases]
        classes = {"pore": task.pore_labels, "brightest": brightest}
        slices = _slices(self._datalist(run["task"]), self._binary(run["task"]), self.split, self.most_slices)
        return list(changed_scans(slices, self.changes[run["change"]], classes, run["seed"]))

    def _model(self, task: str, seed: int) -> Path:
        options = {**self.tuning, "datalist": str(self._datalist(task)), "binary": self._binary(task)}
        options["label_budget"] = self._budget(task)
        return self.cache.run("finetune", {**options, "seed": seed, "patch_seed": seed}) / "model.pt"

    def _budget(self, task: str) -> int:
        return int(self.tuning.get("label_budget", self.tasks[task]["label_budget"]))

    def _datalist(self, task: str) -> Path:
        return Path(self.data) / task / "dataset.json"

    def _binary(self, task: str) -> bool:
        return bool(self.tasks[task]["binary"])

    def _load(self, task: str) -> Task:
        return load_datalist(self._datalist(task), self._binary(task))

    def _specimen(self, task: str) -> Any:
        loaded = self._load(task)
        return specimen_statistics(loaded, loaded.items(self.split)[0].specimen)


@lru_cache(maxsize=4)
def _slices(datalist: Path, binary: bool, split: str, most: int) -> list[ScanPart]:
    task = load_datalist(datalist, binary)
    parts = []
    for item in (one for one in task.items(split) if one.label is not None):
        with open_scan(item.image) as scan, open_labels(item) as labels:
            fov = find_scan_field_of_view(scan, item.fov)
            drawn = [z for z in range(scan.shape[0]) if (labels.read(z, z + 1) != task.ignored_values[0]).any()]
            for z in drawn:
                image = scan.read(z, z + 1)
                mask = fov.inside(image, z)
                parts.append(ScanPart(image, _classes(labels.read(z, z + 1), task, mask), mask, image))
    return [parts[k] for k in np.unique(np.linspace(0, len(parts) - 1, most).round().astype(int))]


def _classes(values: np.ndarray, task: Task, inside: np.ndarray) -> np.ndarray:
    classes = np.full(values.shape, 255, np.uint8)
    for value, k in task.mapping.items():
        classes[(values == value) & inside] = k
    return classes


@lru_cache(maxsize=2)
def _network(model: Path) -> Any:
    return network_method(load_network(model), MixedPrecisionInferer(), "cpu")


@lru_cache(maxsize=2)
def _fitted(datalist: Path, binary: bool, budget: int, seed: int) -> Any:
    return fitted_baseline("random_forest", datalist, binary, budget, seed)[0]


def _segment(predict: Any, statistics: Any, part: ScanPart, grey: np.ndarray) -> np.ndarray:
    image = fill_outside(statistics.normalise(grey), part.fov)
    height, width = image.shape[1:]
    padded = np.pad(image, ((0, 0), (0, -height % 4), (0, -width % 4)), mode="edge")
    inside = np.pad(part.fov, ((0, 0), (0, -height % 4), (0, -width % 4)))
    return np.stack([predict(*pair)[:height, :width] for pair in zip(padded, inside, strict=True)])


def _scores(found: np.ndarray, part: ScanPart, task: Task, score: str) -> tuple[float, float]:
    """Dice, and the error of the porosity in points, with its sign."""
    counts = confusion_matrix(found, part.label, part.fov, task.num_classes)
    pores = list(task.pore_labels)
    porosity = 100 * (counts[:, pores].sum() - counts[pores].sum()) / counts.sum()
    return float(segmentation_scores([counts], task.labels, task.pore_labels, ["scan"])[score]), float(porosity)


def _gathered(cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means over the cases, and each case's loss and signs for the calibration of the warning."""
    if not cases:
        return {"cases": 0}
    means = {name: float(np.mean([case[name] for case in cases])) for name in cases[0]}
    signs = ("auto_lost", "unexplained", "foreign", "width", "warned")
    each = [":".join(f"{case[name]:.4g}" for name in signs) for case in cases]
    return {"cases": len(cases), **means, "each": " ".join(each)}
