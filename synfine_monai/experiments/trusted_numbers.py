"""One run of the experiment on trust: the rock numbers of one block, from the truth or from a segmentation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

import synfine_monai
from synfine_monai.baselines import RandomForestBaseline, load_baselines
from synfine_monai.conventions import POOLING, UNLABELLED
from synfine_monai.data import LabelledSlice, load_datalist, load_labelled_slices
from synfine_monai.experiments.block_numbers import flow_by_level, flow_numbers, local_numbers
from synfine_monai.experiments.experiment import grid, quiet
from synfine_monai.experiments.stage_cache import StageCache
from synfine_monai.handlers import signature_of
from synfine_monai.inferers import SliceWindowInferer
from synfine_monai.networks import load_network, read_model_info
from synfine_monai.rock import covering_shift, cubes_of, needed_shift

QUANTILES = 40
"""Of the shifts of many audits, that are kept in a row."""
POOL = 1000
"""Windows that audits are drawn from."""
TRUTH = "truth"


def trust_runs(factors: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The grid of runs; the truth has one seed."""
    return [run for run in grid(factors) if run["segmenter"] != TRUTH or run["seed"] == factors["seed"][0]]


@dataclass(frozen=True)
class TrustRun:
    """Make the row of a run from its factors ``task, segmenter, seed, block``.

    Args:
        datalist: of a task with one scan.
        truth: its labels as a whole volume.
        segmenters: name -> {"finetune": options}, and {"baseline": name} for one of those stored beside the network.
        cache: where networks are kept.
        edge: of the blocks in voxels; they lie side by side, wholly in the core.
        levels: of the probability, at which flow is solved.
        windows: labelled windows of an audit, several numbers.
        window: their edge in voxels, several.
        redraws: audits of each number.
        split: whose item is the scan.
        tuning: options of ``finetune`` over those of every segmenter.
    """

    datalist: Path
    truth: str
    segmenters: Mapping[str, Mapping[str, Any]]
    cache: StageCache
    edge: int = 60
    levels: Sequence[float] = (0.25, 0.75)
    windows: Sequence[int] = (32,)
    window: Sequence[int] = (32,)
    redraws: int = 1000
    split: str = "test"
    tuning: Mapping[str, Any] = field(default_factory=dict)

    def check(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Read ``dataset.json``, so that a wrong folder shows before any work is done."""
        load_datalist(self.datalist).items(self.split)

    def shared(self, run: Mapping[str, Any]) -> list[tuple[str, int]]:
        """The network that ``prepare`` has to train before this run."""
        return [] if run["segmenter"] == TRUTH else [(run["segmenter"], run["seed"])]

    def prepare(self, wanted: tuple[str, int]) -> None:
        """Train a network on the task's labelled patches."""
        with quiet():
            self._stage(*wanted)

    def settings(self, run: Mapping[str, Any]) -> str:
        """Short hash of what decides a run's result beside its factors."""
        own = dict(self.segmenters.get(run["segmenter"], {}))
        drawn = [list(self.windows), list(self.window), self.redraws]
        decides = [own, self.truth, self.edge, list(self.levels), drawn, synfine_monai.__version__]
        return signature_of({"decides": decides})

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Factors, the block's numbers, its Dice, and the shifts that audits would find."""
        with quiet():
            name, seed = run["segmenter"], run["seed"]
            slices = self._slices(self._stage(name, seed) if name != TRUTH else None)
            label = np.stack([one.label for one in slices])
            truth, core = label == 1, label != UNLABELLED
            row: dict[str, Any] = {}
            chances = None if name == TRUTH else self._chances(name, seed)
            pores = truth if chances is None else chances >= 0.5
            cut = self._blocks(core)[run["block"]]
            row |= local_numbers(pores[cut]) | flow_numbers(pores[cut])
            row["dice"] = 2 * np.mean(pores[cut] & truth[cut]) / (np.mean(pores[cut]) + np.mean(truth[cut]))
            if chances is not None and not self._is_hard(name):
                row |= flow_by_level(chances[cut], self.levels)
                for size in self.window:
                    row |= self._shifts(chances, truth, core, size, seed)
        return {**run, **row, "settings": self.settings(run), "version": synfine_monai.__version__}

    def _is_hard(self, name: str) -> bool:
        """Whether it knows no probabilities."""
        return self.segmenters[name].get("baseline", "random_forest") != "random_forest"

    def _stage(self, name: str, seed: int) -> Path:
        options = {"datalist": str(self.datalist), "binary": True, "seed": seed, "patch_seed": seed}
        return self.cache.run("finetune", {**options, **self.segmenters[name]["finetune"], **self.tuning})

    def _slices(self, stage: Path | None) -> list[LabelledSlice]:
        task = load_datalist(self.datalist, binary=True)
        whole = replace(task.items("test")[0], label=self.datalist.parent / self.truth, slices=None, strokes=None)
        info = {} if stage is None else read_model_info(stage / "model.pt")
        given = [info["normalisation"], info.get("grey_levels")] if info else []
        return load_labelled_slices(replace(task, test=(whole,)), "test", *given)

    def _chances(self, name: str, seed: int) -> np.ndarray:
        """(D, H, W) float32 probability of pore space; 0 or 1 where only labels are known."""
        key = (self.cache.folder, name, seed)
        if key not in _kept:
            stage = self._stage(name, seed)
            baseline = self.segmenters[name].get("baseline")
            _kept.clear()
            _kept[key] = np.stack([_pores_of(one, stage, baseline) for one in self._slices(stage)])
        return _kept[key]

    def _blocks(self, core: np.ndarray) -> list[tuple[slice, ...]]:
        """Those that lie wholly in the core, the middle one first."""
        blocks = [tuple(slice(at, at + self.edge) for at in corner) for corner in cubes_of(core.shape, self.edge)]
        return [block for block in blocks if core[block].all()]

    def _shifts(
        self, chances: np.ndarray, truth: np.ndarray, core: np.ndarray, window: int, seed: int
    ) -> dict[str, str]:
        """Quantiles of the shift that audits would take for granted, from few to most, for each number of windows."""
        rng, middles = np.random.default_rng(seed), (np.arange(QUANTILES) + 0.5) / QUANTILES
        most = [truth.shape[0], truth.shape[1] - window + 1, truth.shape[2] - window + 1]
        places = [np.s_[z, y : y + window, x : x + window] for z, y, x in rng.integers(0, most, (POOL, 3)).tolist()]
        pool = [needed_shift(chances[at], truth[at]) for at in places if core[at].all()]
        row = {}
        for n in self.windows:
            found = [covering_shift(rng.choice(pool, n)) for _ in range(self.redraws)]
            row[f"shifts_{window}_{n}"] = " ".join(f"{one:.4f}" for one in np.quantile(found, middles))
        return row


_kept: dict[tuple, np.ndarray] = {}


@lru_cache(maxsize=1)
def _network(stage: Path) -> torch.nn.Module:
    return load_network(stage / "model.pt").eval()


@lru_cache(maxsize=1)
def _baseline(stage: Path, name: str) -> Any:
    return load_baselines(stage / "baselines")[name]


@torch.no_grad()
def _pores_of(one: LabelledSlice, stage: Path, baseline: str | None) -> np.ndarray:
    """(H, W) probability of pore space in one slice."""
    if baseline is None:
        logits = SliceWindowInferer(divisible=POOLING)(torch.from_numpy(one.image[None, None, None]), _network(stage))
        return logits[0, :, 0].softmax(0)[1].numpy()
    known = _baseline(stage, baseline)
    if isinstance(known, RandomForestBaseline):
        return known.chances(one.image)[..., 1]
    return (known.predict(one.image) == 1).astype(np.float32)
