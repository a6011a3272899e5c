"""One run of the experiment on strokes: labels by rule, and what each way to learn makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synfine_monai.data import load_datalist
from synfine_monai.experiments.drawn_labels import corrected_datalist, stroke_datalist
from synfine_monai.experiments.experiment import quiet
from synfine_monai.experiments.scoring import score_untuned
from synfine_monai.experiments.starting_networks import require_decided_classes
from synfine_monai.experiments.tuned_run import Preparation, TunedRun
from synfine_monai.handlers import signature_of
from synfine_monai.networks import find_checkpoint

SEEDS_APART = 1000


@dataclass(frozen=True)
class ShippedStarts:
    """Networks that come with bundles, as starts that need no training.

    Args:
        folders: name -> the bundle's folder.
    """

    folders: Mapping[str, Path]

    @property
    def networks(self) -> Mapping[str, Path]:
        """Those that there are."""
        return self.folders

    def needed(self, name: str) -> list[str]:
        """Nothing is trained before."""
        return []

    def checkpoint(self, name: str, seed: int, device: str, level: int | None = None) -> Path:
        """The bundle's ``model.pt``."""
        return find_checkpoint("shipped", self.folders[name])


@dataclass(frozen=True)
class StrokeRun(TunedRun):
    """Make the row of a run from its factors ``task, labels, seed, method``.

    As ``TunedRun``; the seed is that of the labels and of fine-tuning. A method may also be {"untuned": True}, which is
    its start as it is, merged classes by adding their probabilities; or have "rounds": so many strokes a class at
    first, and so many more in each later round where the network of the last one is wrong.

    Args:
        labels: name -> {"strokes": of each class, …}, options of ``simulate_strokes``, or {"patches": number}.
    """

    labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def check(self, runs: Sequence[Mapping[str, Any]]) -> None:
        super().check([self._with_budget(run) for run in runs])

    def shared(self, run: Mapping[str, Any]) -> list[Preparation]:
        drawn = "strokes" in self.labels[run["labels"]]
        strokes = [("strokes", run["task"], (run["labels"], run["seed"]))] if drawn else []
        return strokes + super().shared(run)

    def prepare(self, wanted: Preparation) -> None:
        kind, task, which = wanted
        if kind != "strokes":
            return super().prepare(wanted)
        with quiet():
            self._drawn({"task": task, "labels": which[0], "seed": which[1]})
        return None

    def settings(self, run: Mapping[str, Any]) -> str:
        return signature_of({"of": super().settings(run), "labels": self.labels[run["labels"]]})

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        row = super().__call__(self._with_budget(run))
        return {name: value for name, value in row.items() if name != "label_budget"}

    def _with_budget(self, run: Mapping[str, Any]) -> dict[str, Any]:
        return {**run, "label_budget": self.labels[run["labels"]].get("patches")}

    def _starts_pretrained(self, options: Mapping[str, Any]) -> bool:
        return False

    def _judged(self, run: Mapping[str, Any]) -> tuple[Path, bool, str]:
        return self._task(run["task"]), self._binary(run), self.split

    def _datalist(self, run: Mapping[str, Any]) -> Path:
        method = self.methods[run["method"]]
        if "patches" in self.labels[run["labels"]]:
            return self._task(run["task"])
        first, *later = method.get("rounds", [None])
        found = self._drawn(run, first)
        for number, strokes in enumerate(later, start=1):
            model = self._finetuned(run, dict(method), found)[0] / "model.pt"
            seed = run["seed"] + SEEDS_APART * number  # or a round could draw the strokes of the last one again
            rule = {**self.labels[run["labels"]], "strokes": strokes}
            of = self._task(run["task"]), self._binary(run), model, rule, seed, self.cache.folder
            found = corrected_datalist(found, *of)
        return found

    def _drawn(self, run: Mapping[str, Any], strokes: int | None = None) -> Path:
        rule = dict(self.labels[run["labels"]])
        rule |= {} if strokes is None else {"strokes": strokes}
        return stroke_datalist(self._task(run["task"]), self._binary(run), rule, run["seed"], self.cache.folder)

    def _tuned(self, run: Mapping[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        if not options.get("untuned"):
            return super()._tuned(run, options)
        root = self.cache.configs.parent
        model = find_checkpoint(self._checkpoint(run, options), root)
        require_decided_classes(model, root, load_datalist(self._task(run["task"]), self._binary(run)))
        scores = score_untuned(model, *self._judged(run), self.device, self.scored_slices)
        return {"patches": 0, "selected": "none", "rgn": "", **scores}
