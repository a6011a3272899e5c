"""Pairs that a hybrid network draws from noise: does an independent segmenter find their masks again?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from synfine_monai.conventions import CLASS_OF_PHASE, PHASES
from synfine_monai.data import load_pairs
from synfine_monai.experiments.experiment import quiet
from synfine_monai.experiments.pair_sources import keep_small
from synfine_monai.experiments.results import Row
from synfine_monai.experiments.runs_file import RunsFile
from synfine_monai.experiments.starting_networks import StartingNetworks
from synfine_monai.experiments.tables import markdown_table
from synfine_monai.metrics import mask_consistency
from synfine_monai.networks import load_network


@dataclass(frozen=True)
class JointSamples:
    """Fill ``samples.csv``, one row a seed, and keep the first seed's pictures; rows that are there stay.

    Args:
        starts: the networks; their bundle has a verb ``generate``.
        network: name of the one that draws; it has learned all phases.
        options: of ``generate``.
        record: the rows on disk, with the factor "seed".
        segmenter: ``model.pt`` of a network of all phases, trained without this one.
        device: "cpu" or "cuda".
    """

    starts: StartingNetworks
    network: str
    record: RunsFile
    segmenter: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"

    def measure(self, seeds: Iterable[int], folder: str | Path) -> None:
        """Draw and score what has no row yet; ``samples.jpg`` in ``folder`` shows the first seed's pairs."""
        for number, seed in enumerate(seeds):
            if {"seed": seed} not in self.record:
                with quiet():
                    stage = self._draw(seed)
                self.record.add({"seed": seed, **self._scores(stage)})
                if number == 0:
                    keep_small(stage / "gallery.png", Path(folder) / "samples.jpg")

    def _draw(self, seed: int) -> Path:
        checkpoint = str(self.starts.stage(self.network, seed, self.device))
        return self.starts.cache.run(
            "generate", {"checkpoint": checkpoint, "seed": seed, "device": self.device, **self.options}
        )

    def _scores(self, stage: Path) -> dict[str, Any]:
        pairs, network = load_pairs(stage, CLASS_OF_PHASE), load_network(self.segmenter)
        pores = [CLASS_OF_PHASE["pore"], CLASS_OF_PHASE["water"]]

        def segment(images: torch.Tensor) -> torch.Tensor:
            return network(images).argmax(1)

        found = mask_consistency(pairs["image"].float(), pairs["label"], segment, PHASES, pores)
        shares = torch.bincount(pairs["label"].flatten().long(), minlength=len(PHASES)) / pairs["label"].numel()
        return {
            "pairs": len(pairs["image"]),
            **found,
            **{f"share_{phase}": float(share) for phase, share in zip(PHASES, shares, strict=True)},
        }


def sample_table(rows: Sequence[Row]) -> dict[str, str]:
    """Heading -> table of ``samples.csv``."""
    head = ["seed", "pore Dice", "mean Dice", *(f"{phase}, %" for phase in PHASES)]
    body = [
        [row["seed"], *(_number(row[key], 1, 3) for key in ("pore_dice", "mean_dice")),
         *(_number(row[f"share_{phase}"], 100, 1) for phase in PHASES)]
        for row in rows
    ]  # fmt: skip
    return {"Masks of joint samples, found again": markdown_table(head, body)}


def _number(text: str, factor: float, decimals: int) -> str:
    return f"{factor * float(text):.{decimals}f}" if text else "–"
