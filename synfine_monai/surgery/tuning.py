"""What ``--tune`` means: which parameters train, how fast, in which stages, and as which groups of an optimizer."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, parameters_of
from synfine_monai.surgery.batch_norm import batch_norm_parameters, norm_parameters

TUNE_WORDS: Mapping[str, str] = {
    "auto": "the level of highest RGN",
    "auto_block": "the block of highest RGN, the head left apart",
    "last_layer": "the head",
    "batch_norm": "scale and shift of every batch norm",
    "lp_ft": "the head first, then everything",
    "all": "everything",
    "auto_rgn": "every tensor at a learning rate in proportion to its RGN",
    "auto_snr": "every tensor at a learning rate in proportion to its gradients' signal-to-noise ratio",
    "none": "nothing: the network as it was pre-trained",
}
"""Words of ``--tune`` beside the names of blocks and levels; several parts are joined by "+"."""

ALONE = ("lp_ft", "all", "auto_rgn", "auto_snr", "none")
"""Words that say everything and cannot be joined."""


@dataclass(frozen=True)
class TuningStage:
    """One stage of fine-tuning.

    Attributes:
        name: what trains, in words of ``--tune``.
        multipliers: trainable parameter name -> factor of the learning rate, in (0, 1]; all others are frozen.
        share: the stage's share of the steps, in (0, 1].
    """

    name: str
    multipliers: Mapping[str, float]
    share: float = 1.0


@dataclass(frozen=True)
class TuningPlan:
    """What one word of ``--tune`` trains.

    Attributes:
        tune: the word as given.
        selected: the parts that it stands for ("high", "high+head", "all", …).
        stages: in order; none for ``--tune none``.
    """

    tune: str
    selected: str
    stages: tuple[TuningStage, ...]

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain numbers and names, for JSON."""
        return asdict(self)


def needs_sensitivity(tune: str) -> bool:
    """Whether a word of ``--tune`` can only be understood after the network was probed."""
    return bool({"auto", "auto_block", "auto_rgn", "auto_snr"} & set(_parts(tune)))


def tuning_plan(
    tune: str,
    network: nn.Module,
    sensitivity: Mapping[str, Any] | None = None,
    sequential: Mapping[str, Sequence[str]] = SEQUENTIAL,
    transversal: Mapping[str, Sequence[str]] = TRANSVERSAL,
) -> TuningPlan:
    """Translate a word of ``--tune`` for one network.

    Auto-RGN and Auto-SNR multiply each tensor's learning rate by its value divided by the largest one; as in the
    published code, tensors of normalisation layers take no part (they are found by type). For Auto-SNR the paper
    freezes what lies under a tuned threshold instead; the ratio spares that choice, which would cost labels.

    Args:
        tune: a key of ``TUNE_WORDS``, a block, a level, or several parts joined by "+" ("high+head").
        network: the network to tune.
        sensitivity: result of ``measure_sensitivity``, needed where :func:`needs_sensitivity` says so.
        sequential: block -> module paths.
        transversal: level -> module paths.

    Raises:
        ScanError: if the word is unknown, cannot be joined, or needs a sensitivity that is not there.
    """
    parts = check_tune(tune, [*TUNE_WORDS, *transversal, *sequential])
    if needs_sensitivity(tune) and sensitivity is None:
        raise ScanError(f"tune '{tune}' needs the network's sensitivity: probe it on labelled patches first.")
    everything = dict.fromkeys((name for name, _ in network.named_parameters()), 1.0)
    head = dict.fromkeys(parameters_of(network, sequential["head"]), 1.0)
    match parts:
        case ["none"]:
            stages: tuple[TuningStage, ...] = ()
        case ["all"]:
            stages = (TuningStage("all", everything),)
        case ["lp_ft"]:
            stages = (TuningStage("last_layer", head, 0.5), TuningStage("all", everything, 0.5))
        case ["auto_rgn"]:
            stages = (TuningStage("auto_rgn", _in_proportion(network, sensitivity["parameters"], tune)),)
        case ["auto_snr"]:
            stages = (TuningStage("auto_snr", _in_proportion(network, sensitivity.get("signal_to_noise"), tune)),)
        case _:
            chosen = {"auto": "selected_level", "auto_block": "selected_block"}
            parts = [sensitivity[chosen[part]] if part in chosen else part for part in parts]
            names = [name for part in parts for name in _names_of(part, network, {**sequential, **transversal})]
            stages = (TuningStage("+".join(parts), dict.fromkeys(names, 1.0)),)
    return TuningPlan(tune, "+".join(dict.fromkeys(parts)), stages)


def select_parameters(network: nn.Module, plan: TuningPlan, stage: int = 0) -> dict[str, nn.Parameter]:
    """Let one stage's parameters require gradients, and no others.

    Returns:
        Parameter name -> parameter that trains; empty for ``--tune none``.

    Raises:
        ScanError: if the plan names parameters that the network lacks, or has no such stage.
    """
    multipliers = _multipliers(plan, stage)
    parameters = dict(network.named_parameters())
    unknown = [name for name in multipliers if name not in parameters]
    if unknown:
        raise ScanError(
            f"tune '{plan.tune}' names {len(unknown)} parameters that {type(network).__name__} lacks, such as "
            f"'{unknown[0]}': was the sensitivity measured on another architecture?"
        )
    for name, parameter in parameters.items():
        parameter.requires_grad_(name in multipliers)
    return {name: parameters[name] for name in multipliers}


def tuned_optimizer_groups(
    selected: Mapping[str, nn.Parameter], plan: TuningPlan, learning_rate: float, stage: int = 0
) -> list[dict[str, Any]]:
    """Parameter groups of :func:`select_parameters` for an optimizer, one group a learning rate.

    Returns:
        ``[{"params": [...], "lr": learning_rate × multiplier}, …]``; empty where nothing trains.
    """
    groups: dict[float, list[nn.Parameter]] = {}
    for name, multiplier in _multipliers(plan, stage).items():
        groups.setdefault(multiplier, []).append(selected[name])
    return [{"params": members, "lr": learning_rate * multiplier} for multiplier, members in groups.items()]


def apply_plan(network: nn.Module, plan: TuningPlan, learning_rate: float, stage: int = 0) -> list[dict[str, Any]]:
    """Freeze what a stage does not train, and group the rest for an optimizer.

    Args:
        network: the network that the plan was made for; ``requires_grad`` of every parameter is set.
        plan: from :func:`tuning_plan`.
        learning_rate: of a parameter with multiplier 1.
        stage: index of the plan's stage.

    Returns, raises: as :func:`tuned_optimizer_groups` and :func:`select_parameters`.
    """
    return tuned_optimizer_groups(select_parameters(network, plan, stage), plan, learning_rate, stage)


def _multipliers(plan: TuningPlan, stage: int) -> Mapping[str, float]:
    if plan.stages and stage not in range(len(plan.stages)):
        raise ScanError(f"tune '{plan.tune}' has {len(plan.stages)} stages, so there is no stage {stage}.")
    return plan.stages[stage].multipliers if plan.stages else {}


def _parts(tune: str) -> list[str]:
    return [part.strip() for part in str(tune).split("+")]


def check_tune(tune: str, known: Sequence[str] = (*TUNE_WORDS, *TRANSVERSAL, *SEQUENTIAL)) -> list[str]:
    """The parts that a word of ``--tune`` joins.

    Raises:
        ScanError: if one is not ``known`` (the nearest is named), or cannot be joined.
    """
    parts = _parts(tune)
    for part in parts:
        if part not in known:
            near = difflib.get_close_matches(part, known, n=1, cutoff=0.0)[0]
            raise ScanError(f"tune has no '{part}': did you mean '{near}'? There are {', '.join(known)}.")
        if part in ALONE and len(parts) > 1:
            raise ScanError(f"tune '{tune}' joins '{part}' with other parts, but it stands for {TUNE_WORDS[part]}.")
    return parts


def _names_of(part: str, network: nn.Module, groups: Mapping[str, Sequence[str]]) -> Iterable[str]:
    """Parameter names of a block, a level, the head or batch norm."""
    if part != "batch_norm":
        return parameters_of(network, groups["head" if part == "last_layer" else part])
    found = batch_norm_parameters(network)
    if not found:
        raise ScanError(f"tune 'batch_norm' finds no batch norm with scale and shift in {type(network).__name__}.")
    return found


def _in_proportion(network: nn.Module, values: Mapping[str, float] | None, tune: str) -> dict[str, float]:
    """Parameter name -> value / largest value, without normalisation layers and without zeros."""
    norm = norm_parameters(network)
    values = {name: value for name, value in (values or {}).items() if name not in norm}
    largest = max(values.values(), default=0.0)
    if not largest > 0:
        raise ScanError(f"tune '{tune}' finds no value above zero in the sensitivity: measure it anew for this word.")
    return {name: value / largest for name, value in values.items() if value > 0}


def plan_groups(network: nn.Module, plan: TuningPlan, learning_rate: float) -> list[dict[str, Any]]:
    """Groups for an optimizer that serves all stages; the network is left as its first stage wants it.

    The last stage trains the most. What an earlier one freezes gets no gradient, and an optimizer passes over it.
    ``--tune none`` gets all parameters at a rate of 0.
    """
    if not plan.stages:
        return [{"params": list(network.parameters()), "lr": 0.0}]
    groups = apply_plan(network, plan, learning_rate, stage=len(plan.stages) - 1)
    apply_plan(network, plan, learning_rate, stage=0)
    return groups
