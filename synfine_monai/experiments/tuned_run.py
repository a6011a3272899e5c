"""One run of an experiment: pre-train and bridge (shared between runs), tune on few patches, score on test items."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import synfine_monai
from synfine_monai.data import load_datalist
from synfine_monai.errors import ScanError
from synfine_monai.experiments.experiment import quiet
from synfine_monai.experiments.pair_sources import PairSources
from synfine_monai.experiments.scoring import describe_sensitivity, fitted_baseline, score_baseline, score_network
from synfine_monai.experiments.shifts import shifted_datalist
from synfine_monai.experiments.stage_cache import StageCache
from synfine_monai.experiments.starting_networks import WITHOUT_LABELS, StartingNetworks, require_decided_classes
from synfine_monai.handlers import signature_of

Preparation = tuple[str, str, Any]
"""("scans", task, shift), ("start", name, seed), ("network", task or "", seed), or ("bridge", task, (seed, method))."""

OF_THE_RUN = ("bridge", "checkpoint", "sensitivity", "start", "level", "pairs", "rounds", "untuned")
"""Entries of a method that are no options of ``finetune``, or are resolved before."""


@dataclass(frozen=True)
class TunedRun:
    """Make the row of a run from its factors ``task, label_budget, method, seed`` and, where there is one, ``shift``.

    The seed is that of pre-training, of the bridge, of the choice of patches and of fine-tuning. A label budget of 0
    scores the network that fine-tuning would start from.

    Args:
        data: folder of the tasks, each with a ``dataset.json``.
        tasks: task -> {"binary": bool}, those that are run.
        methods: method -> options of ``finetune`` ("checkpoint: none" starts from scratch), or {"baseline": name}. With
            "bridge", options of ``train``, the network is first trained on synthetic pairs of the task (Bridged
            Transfer), those of its "source" if it names one. With "start", one of ``starts``, at noise "level" if that
            is there, takes the place of the pre-trained network. "pairs" is the source of pairs that are mixed in.
            "{task}" and "{seed}" in an option's words stand for the run's.
        pretraining: {"verb": "train", "options": …}: on synthetic pairs, for all tasks; or "finetune": on the task's
            own patches before the shift.
        cache: where stages are kept.
        shifts: shift -> what it does, see ``shifted_datalist``.
        tuning: options of ``finetune`` for all methods; a method's own win.
        split: which items are scored.
        scored_slices: how many of their labelled slices, at even distances; None for all.
        device: "cpu" or "cuda".
        sources: where pairs of a bridge with a "source", or of "pairs", come from.
        starts: where the network of a method with a "start" comes from.
    """

    data: Path
    tasks: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Mapping[str, Any]]
    pretraining: Mapping[str, Any]
    cache: StageCache
    shifts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tuning: Mapping[str, Any] = field(default_factory=dict)
    split: str = "test"
    scored_slices: int | None = None
    device: str = "cpu"
    sources: PairSources | None = None
    starts: StartingNetworks | None = None

    def check(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Read every task's ``dataset.json``, so that a wrong folder shows before any work is done.

        Raises:
            ScanError: as ``load_datalist``; if a task has nothing to score in this split, or a method that learns from
                labels alone has none.
        """
        for task in {run["task"]: None for run in runs}:
            load_datalist(self._task(task)).items(self.split)
        for run in runs:
            method = self.methods[run["method"]]
            untaught = "bridge" not in method and method.get("checkpoint") == "none"
            if run["label_budget"] == 0 and ("baseline" in method or untaught):
                raise ScanError(
                    f"method '{run['method']}' learns from labels alone: it has no score at label_budget 0."
                )

    def shared(self, run: Mapping[str, Any]) -> list[Preparation]:
        """What ``prepare`` has to make before this run, in this order: shifted scans, a network, a bridge from it."""
        scans = [("scans", run["task"], run["shift"])] if "shift" in run else []
        method = self.methods[run["method"]]
        network: list[Preparation] = []
        if "start" in method:
            network = [("start", name, run["seed"]) for name in self.starts.needed(method["start"])]
        elif self._starts_pretrained(method):
            network = [("network", run["task"] if self._on_real_data else "", run["seed"])]
        bridge = [("bridge", run["task"], (run["seed"], self._same_bridge(method)))] if "bridge" in method else []
        return scans + network + bridge

    def prepare(self, wanted: Preparation) -> None:
        """Make one of the things that ``shared`` names; nothing is done where it is there already."""
        kind, task, which = wanted
        with quiet():
            if kind == "scans":
                shifted_datalist(self._task(task), self.shifts[which], self.cache.folder)
            elif kind == "start":
                self.starts.stage(task, which, self.device)
            elif kind == "bridge":
                seed, method = which
                self._checkpoint({"task": task, "seed": seed}, self.methods[method])
            else:
                self._pretrained({"task": task, "seed": which})

    def settings(self, run: Mapping[str, Any]) -> str:
        """Short hash of what decides a run's result beside its factors: options, shift, version."""
        shift = self.shifts.get(run.get("shift"))
        chosen: dict[str, Any] = {
            "method": self.methods[run["method"]],
            "shift": shift,
            "tuning": self.tuning,
            "pretraining": self.pretraining,
            "split": self.split,
            "version": synfine_monai.__version__,
        }
        chosen |= {} if self.scored_slices is None else {"scored_slices": self.scored_slices}
        method = self.methods[run["method"]]
        source = method.get("pairs", method.get("bridge", {}).get("source"))
        chosen |= {} if source is None else {"source": self.sources.sources[source]}
        start = method.get("start")
        chosen |= {} if start is None else {"start": [self.starts.networks[name] for name in self.starts.needed(start)]}
        return signature_of(chosen)

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Factors, what was selected, scores, settings and version of this run."""
        options = dict(self.methods[run["method"]])
        with quiet():
            scores = self._baseline(run, options) if "baseline" in options else self._tuned(run, options)
        return {**run, **scores, "settings": self.settings(run), "version": synfine_monai.__version__}

    @property
    def _on_real_data(self) -> bool:
        return self.pretraining["verb"] == "finetune"

    def _starts_pretrained(self, options: Mapping[str, Any]) -> bool:
        return "baseline" not in options and "checkpoint" not in {**options, **options.get("bridge", {})}

    def _task(self, task: str) -> Path:
        return Path(self.data) / task / "dataset.json"

    def _datalist(self, run: Mapping[str, Any]) -> Path:
        """What a run learns from."""
        shift, task = run.get("shift"), self._task(run["task"])
        return task if shift is None else shifted_datalist(task, self.shifts[shift], self.cache.folder)

    def _judged(self, run: Mapping[str, Any]) -> tuple[Path, bool, str]:
        """What it is scored on: datalist, whether classes are merged, split."""
        return self._datalist(run), self._binary(run), self.split

    def _binary(self, run: Mapping[str, Any]) -> bool:
        return bool(self.tasks[run["task"]].get("binary", False))

    def _pretrained(self, run: Mapping[str, Any]) -> Path:
        options = {**self.pretraining["options"], "seed": run["seed"], "device": self.device}
        if self._on_real_data:
            options |= {"datalist": str(self._task(run["task"])), "binary": self._binary(run), "checkpoint": "none",
                        "baselines": False, "learn_from": "patches"}  # fmt: skip
        return self.cache.run(self.pretraining["verb"], options)

    def _same_bridge(self, method: Mapping[str, Any]) -> str:
        """The first of the methods that share a bridge: it is made once."""
        decisive = ("bridge", "checkpoint", "start", "level")
        alike = (n for n, m in self.methods.items() if all(m.get(key) == method.get(key) for key in decisive))
        return next(alike)

    def _checkpoint(self, run: Mapping[str, Any], method: Mapping[str, Any]) -> str:
        """What fine-tuning starts from: the network after the bridge, or the pre-trained one, or what is named."""
        options = _filled({**method, **method.get("bridge", {})}, run)
        if "start" in method:
            start = str(self.starts.checkpoint(method["start"], run["seed"], self.device, method.get("level")))
        else:
            start = str(options["checkpoint"] if "checkpoint" in options else self._pretrained(run))
        if "bridge" not in method:
            return start
        given = {"datalist": str(self._task(run["task"])), "binary": self._binary(run), "seed": run["seed"],
                 "device": self.device}  # fmt: skip
        bridge = _filled(method["bridge"], run)
        source = bridge.pop("source", None)
        pairs = {} if source is None else self.sources.options(source, run["task"])
        return str(self.cache.run("train", {**given, **bridge, **pairs, "checkpoint": start}))

    def network(self, run: Mapping[str, Any]) -> Path:
        """The ``model.pt`` that a run scores; made now if it is not there."""
        with quiet():
            return self._finetuned(run, dict(self.methods[run["method"]]))[0] / "model.pt"

    def _finetuned(
        self, run: Mapping[str, Any], options: dict[str, Any], datalist: Path | None = None
    ) -> tuple[Path, dict[str, Any]]:
        """Results folder of fine-tuning (on the run's labels, or ``datalist``), and options that all methods share."""
        unlabelled = run["label_budget"] == 0
        given = {
            "datalist": str(datalist or self._datalist(run)),
            "binary": self._binary(run),
            "label_budget": run["label_budget"],
            "seed": run["seed"],
            "patch_seed": run["seed"],
            "baselines": False,
            "device": self.device,
            "learn_from": "patches",  # budgets are patches, and rows stay what they are
            **self.tuning,
            "checkpoint": self._checkpoint(run, options),
        }
        own = {name: value for name, value in options.items() if name not in OF_THE_RUN}
        own |= self.sources.options(options["pairs"], run["task"]) if "pairs" in options else {}
        if unlabelled:
            task = load_datalist(self._datalist(run), self._binary(run))
            require_decided_classes(given["checkpoint"], self.cache.configs.parent, task)
            own = WITHOUT_LABELS
        return self.cache.run("finetune", {**given, **_filled(own, run)}), given

    def _tuned(self, run: Mapping[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        stage, given = self._finetuned(run, options)
        unlabelled, probe = run["label_budget"] == 0, options.get("sensitivity", False)
        scores = score_network(stage / "model.pt", *self._judged(run), self.device, self.scored_slices)
        info = json.loads((stage / "model.json").read_text(encoding="utf-8"))
        return {
            "patches": 0 if unlabelled else info["label_budget"],
            "selected": info["selected"],
            "rgn": self._sensitivity(given) if probe and not unlabelled else "",
            **scores,
        }

    def _sensitivity(self, given: Mapping[str, Any]) -> str:
        wanted = ("datalist", "binary", "label_budget", "learn_from", "seed", "patch_seed", "device", "checkpoint")
        stage = self.cache.run("sensitivity", {name: given[name] for name in wanted})
        return describe_sensitivity(json.loads((stage / "sensitivity.json").read_text(encoding="utf-8")))

    def _baseline(self, run: Mapping[str, Any], method: Mapping[str, Any]) -> dict[str, Any]:
        learned_from = self._datalist(run), self._binary(run), run["label_budget"], run["seed"]
        start = self.starts.denoiser(method["start"], run["seed"], self.device) if "start" in method else None
        learn_from = self.tuning.get("learn_from", "patches")
        fitted, patches = fitted_baseline(method["baseline"], *learned_from, start, learn_from)
        scores = score_baseline(fitted, *self._judged(run), self.scored_slices)
        return {"patches": patches, "selected": "", "rgn": "", **scores}


def _filled(options: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """Options with "{task}" and "{seed}" in their words replaced by the run's."""
    return {name: value.format(**run) if isinstance(value, str) else value for name, value in options.items()}
