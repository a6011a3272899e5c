"""Networks of several pre-trainings, from which fine-tuning may start: each is trained once a seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.experiments.stage_cache import StageCache
from synfine_monai.networks import find_denoiser, start_at_level

__all__ = ["StartingNetworks"]


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
