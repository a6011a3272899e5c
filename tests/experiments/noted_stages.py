"""Stages of an experiment's run that train nothing, and what a run is made of."""

import json
from pathlib import Path

from synfine_monai.data import synthetic_task
from synfine_monai.networks import RockUNet, describe_model, save_model

SENSITIVITY = {"sequential": {"down_0": {"mean": 0.5}}, "transversal": {"high": {"mean": 0.25}}}
METHODS = {
    "native": {"tune": "none", "sensitivity": True},
    "high": {"tune": "high"},
    "scratch": {"checkpoint": "none", "min_steps": 9},
    "threshold": {"baseline": "threshold"},
}


class NotedStages:
    """A cache that trains nothing: it notes what it was asked for, and leaves what a verb would."""

    def __init__(self, folder: Path):
        self.folder, self.asked, self.configs = folder, [], folder / "bundle" / "configs"

    def run(self, verb, options):
        self.asked.append((verb, dict(options)))
        stage = self.folder / f"{verb}_{len(self.asked)}"
        stage.mkdir(exist_ok=True)
        (stage / "model.json").write_text(json.dumps({"label_budget": 4, "selected": "high"}))
        (stage / "sensitivity.json").write_text(json.dumps(SENSITIVITY))
        return stage

    def options(self, verb):
        return [options for asked, options in self.asked if asked == verb]


class FiniteStages(NotedStages):
    """Each stage leaves a tiny network of all phases, for what reads it."""

    def run(self, verb, options):
        stage = super().run(verb, options)
        network = RockUNet(num_classes=5, channels=(2, 2, 2))
        info = describe_model(synthetic_task(), network, "zscore", label_budget=1, selected="none")
        save_model(network, info, stage / "model.pt")
        return stage


def factors(method="high", **others):
    return {"task": "small", "label_budget": 4, "seed": 7, "method": method, **others}
