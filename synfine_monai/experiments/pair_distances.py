"""How far the pairs of each source lie from real patches, and whether they show the masks they were made from."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from synfine_monai.data import Task, class_of_phase, load_datalist, synthetic_pairs, unlabelled_patches
from synfine_monai.experiments.pair_sources import PairSources
from synfine_monai.experiments.results import Row, grouped
from synfine_monai.experiments.runs_file import RunsFile
from synfine_monai.experiments.tables import markdown_table
from synfine_monai.metrics import DISTANCES, distances, mask_consistency
from synfine_monai.networks import load_network

LOSSES = {"inverted": "inverted", "best_known": "best of the known", "any_style": "any style", "untrained": "untrained"}


@dataclass(frozen=True)
class PairDistances:
    """Fill ``distances.csv``, one row a task and source; rows that are there stay.

    Args:
        sources: of the pairs.
        record: the rows on disk, with the factors "task" and "source".
        features: ``model.pt`` in whose features MMD and FID are measured; it has seen neither side.
        tasks: task -> {"binary": bool}, the classes that its segmenter tells apart.
        count: patches on either side.
    """

    sources: PairSources
    record: RunsFile
    features: Path
    tasks: Mapping[str, Mapping[str, Any]]
    count: int = 400

    def measure(self, tasks: Iterable[str], segmenter: Callable[[str], Path]) -> None:
        """Measure what has no row yet.

        Args:
            tasks: whose pairs are measured.
            segmenter: task -> ``model.pt`` fitted to real patches alone; asked only where a row is missing.
        """
        for task in tasks:
            for source in self.sources.sources:
                if {"task": task, "source": source} not in self.record:
                    self.record.add({"task": task, "source": source, **self._row(source, task, segmenter(task))})

    def _row(self, source: str, task: str, segmenter: Path) -> dict[str, Any]:
        binary = bool(self.tasks[task].get("binary", False))
        datalist = load_datalist(Path(self.sources.data) / task / "dataset.json", binary)
        real = unlabelled_patches(datalist, self.count, seed=1, part="held_out")
        made = self._pairs(source, task, datalist)
        network = load_network(segmenter)
        found = mask_consistency(
            made["image"], made["label"], partial(_segment, network), datalist.labels, datalist.pore_labels
        )
        return {
            **distances(real, made["image"].float(), load_network(self.features)),
            **{f"mask_{name}": value for name, value in found.items()},
            **self._losses(source, task),
        }

    def _pairs(self, source: str, task: str, datalist: Task) -> dict[str, torch.Tensor]:
        given = self.sources.options(source, task)
        rock = given.get("rock", datalist.rock)
        return synthetic_pairs(given.get("pairs_from"), rock, class_of_phase(datalist), self.count, seed=1)

    def _losses(self, source: str, task: str) -> dict[str, float | None]:
        stage = self.sources.stages(source, task).get("invert")
        losses = json.loads((stage / "style.json").read_text("utf-8"))["held_out_loss"] if stage else {}
        return {f"loss_{name}": losses.get(name) for name in LOSSES}


def distance_table(rows: Sequence[Row], words: Mapping[str, str]) -> dict[str, str]:
    """Heading -> table: distances and masks of all sources, and denoising losses of those that invert a style.

    Args:
        rows: of ``distances.csv``.
        words: source -> what tables call it, in their order.
    """
    order = list(words)
    rows = sorted(rows, key=lambda row: order.index(row["source"]) if row["source"] in order else len(order))
    head = ["", *DISTANCES.values(), "masks found again: pore Dice", "mean Dice"]
    columns = [*DISTANCES, "mask_pore_dice", "mask_mean_dice"]
    made = "\n".join(
        f"**{task}**\n\n"
        + markdown_table(head, [[words.get(r["source"], r["source"]), *(_number(r[c]) for c in columns)] for r in each])
        for task, each in grouped(rows, ["task"]).items()
    )
    losses = [
        [row["task"], words.get(row["source"], row["source"]), *(_number(row[f"loss_{name}"]) for name in LOSSES)]
        for row in rows
        if row["loss_inverted"]
    ]
    return {
        "Distance to real patches": made,
        "Denoising loss on held-out patches": markdown_table(["task", "", *LOSSES.values()], losses),
    }


def _segment(network: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    return network(images).argmax(1)


def _number(text: str) -> str:
    return f"{float(text):.3f}" if text else "–"
