"""Networks that fine-tuning may start from: each pre-trained once a seed, or used as it is, without labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synfine_monai.data import Task
from synfine_monai.errors import ScanError
from synfine_monai.experiments.stage_cache import StageCache
from synfine_monai.networks import find_checkpoint, find_denoiser, load_weights, read_model_info, start_at_level
from synfine_monai.surgery import adapt_head

WITHOUT_LABELS: Mapping[str, Any] = {"tune": "none", "label_budget": 1}
"""Options of ``finetune`` that train nothing; the one patch is drawn, but its labels are not used."""


@dataclass(frozen=True)
class StartingNetworks:
    """Pre-train by name, for all tasks, and say where the networks are.

    Args:
        networks: name -> options of the bundle's ``train``. Its "checkpoint" may be another name: that network is
            trained further.
        cache: where stages are kept; its ``configs`` are those of the bundle whose ``train`` it is.
    """

    networks: Mapping[str, Mapping[str, Any]]
    cache: StageCache

    def needed(self, name: str) -> list[str]:
        """The networks that are trained before this one, in turn, and this one.

        Raises:
            ScanError: if a name is unknown.
        """
        if name not in self.networks:
            raise ScanError(f"start '{name}' is unknown: choose {', '.join(self.networks)}.")
        before = self.networks[name].get("checkpoint")
        return [*(self.needed(before) if before is not None else []), name]

    def stage(self, name: str, seed: int, device: str) -> Path:
        """Results folder of a network's pre-training; made now if it is not there, like those before it."""
        options = {**self.networks[name], "seed": seed, "device": device}
        if "checkpoint" in options:
            options["checkpoint"] = str(self.stage(options["checkpoint"], seed, device))
        return self.cache.run("train", options)

    def checkpoint(self, name: str, seed: int, device: str, level: int | None = None) -> Path:
        """The ``model.pt`` of a network: the segmenter that it is on clean images, or at another noise level."""
        stage = self.stage(name, seed, device)
        return Path(start_at_level(str(stage), level, self.cache.configs.parent, stage / f"level_{level}"))

    def denoiser(self, name: str, seed: int, device: str) -> Path:
        """The ``denoiser.pt`` of a network."""
        return find_denoiser(str(self.stage(name, seed, device)), self.cache.configs.parent)


def require_decided_classes(checkpoint: str | Path, bundle_root: str | Path, task: Task) -> None:
    """Refuse a network whose head would have to be fitted to a task's classes by a linear probe on labels.

    Args:
        checkpoint: as in ``find_checkpoint``; not "none".
        bundle_root: folder of the bundle.
        task: its phases by class.

    Raises:
        ScanError: naming a class that no row of the head tells apart.
    """
    file = find_checkpoint(str(checkpoint), bundle_root)
    _, undecided = adapt_head(load_weights(file), read_model_info(file)["phases"], task.phases)
    if undecided:
        raise ScanError(
            f"without labels (label_budget 0) {file} cannot tell the class '{task.labels[undecided[0]]}' of "
            f"{task.path or task.name} apart: pre-train on the task's own classes first, or give labels."
        )
