"""The model card of a packed bundle: plain Markdown, no HTML, so that any viewer shows it and nothing in it can run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synfine_monai.sharing.card_facts import class_rows, plain, scan_rows, value_range
from synfine_monai.sharing.packed_scores import PackedScores

CARD = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")

SHOWN = {"pore_dice": "pore Dice", "mean_dice": "mean Dice", "accuracy": "accuracy",
         "porosity_error": "porosity error, points"}  # fmt: skip
NOT_EVALUATED = (
    "Not evaluated: the sender packed this model without scores on labelled items. Judge it on labels of your own."
)
NO_LICENCE = (
    "No licence is granted with these weights: all rights are reserved. Ask the sender before you use or pass them on."
)
ON_TRAINING = "These are the items that the model was trained on, so the scores say nothing of others."
HELD_BACK = "There were no test items: slices of the training scans were held back, which flatters a model."
HELD_BACK_STROKES = "There were no test items: strokes were held back; they avoid boundaries, which flatters a model."
PICTURES = "- pictures of the owner's scans, with their titles, in the folder figures: {names}."
ROWS = {"stage": "Last stage", "tune": "What was tuned (`--tune`)", "selected": "Part that it stands for",
        "label_budget": "Labelled patches of 64×64", "patch_seed": "Seed of their choice",
        "seed": "Seed of training"}  # fmt: skip
NO_PICTURE, KEPT_PICTURES = "- no picture.", ", and every picture of the scans"
SCORED = "On the {split} items, over labelled voxels in the field of view."
NO_HISTOGRAM = "no histogram of grey levels"
HISTOGRAM = ("the histogram of normalised grey levels in the core, in {bins} bins of {width:g} standard deviations, "
             "shares in whole percent")  # fmt: skip
CLASSES = ("; and how grey each class is: type, mean and spread of the training scans' grey levels, and a histogram of "
           "each class in bins of {width:g} standard deviations")  # fmt: skip

WORDS_OF_EVERY_CARD = " ".join(
    [CARD, NOT_EVALUATED, NO_LICENCE, ON_TRAINING, HELD_BACK, HELD_BACK_STROKES, PICTURES, NO_PICTURE, KEPT_PICTURES,
     SCORED, NO_HISTOGRAM, HISTOGRAM, CLASSES, *ROWS.values(), *SHOWN.values(), "items method this model",
     *scan_rows({"normalisation": ""}), *scan_rows({"normalisation": "", "voxel_size_um": (1, 1, 1)})]
)  # fmt: skip
"""What a card may say of any run."""


def packed_card(
    info: Mapping[str, Any],
    metadata: Mapping[str, Any],
    scores: PackedScores | None,
    licensed: bool,
    figures: Sequence[str] = (),
) -> str:
    """The card as text.

    Args:
        info: the packed ``model.json``.
        metadata: the packed ``metadata.json``.
        scores: what was scored, or None.
        licensed: whether the sender gave a licence text.
        figures: file names of the figures that go along.
    """
    told = {key: plain(metadata[key]) for key in ("description", "version", "authors")}
    return CARD.format(
        **told,
        name=metadata["name"],
        classes=", ".join(map(plain, info["labels"])),
        class_rows="\n".join(class_rows(info)),
        scan_rows="\n".join(scan_rows(info)),
        training_rows=_training_rows(info),
        scores=NOT_EVALUATED if scores is None else _scores(scores),
        grey_levels=_grey_levels(info),
        synfine_version=metadata["required_packages_version"]["synfine_monai"],
        histogram_told=_histogram_told(info),
        figures_told=PICTURES.format(names=", ".join(figures)) if figures else NO_PICTURE,
        figures_kept="" if figures else KEPT_PICTURES,
        licence="See [LICENSE](../LICENSE).\n" if licensed else f"{NO_LICENCE}\n",
    )


def _training_rows(info: Mapping[str, Any]) -> str:
    return "\n".join(f"| {title} | {plain(info[key])} |" for key, title in ROWS.items() if key in info)


def _scores(scores: PackedScores) -> str:
    note = {
        "training": f" {ON_TRAINING}",
        "held-back slices": f" {HELD_BACK}",
        "held-back rows": f" {HELD_BACK}",
        "held-back strokes": f" {HELD_BACK_STROKES}",
    }.get(scores.split, "")
    rows = {"this model": scores.model, **scores.others}
    table = [
        SCORED.format(split=scores.split) + note,
        "",
        f"| method | {' | '.join(SHOWN.values())} |",
        f"| --- |{' --- |' * len(SHOWN)}",
        *(f"| {method} | {' | '.join(_cell(told.get(key)) for key in SHOWN)} |" for method, told in rows.items()),
    ]
    by_class = ", ".join(f"{plain(name)} {_cell(value)}" for name, value in scores.dice.items())
    return "\n".join([*table, "", f"Dice of each class: {by_class}."])


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _grey_levels(info: Mapping[str, Any]) -> str:
    ends = value_range(info)
    return "not told" if ends is None else f"{ends[0]:g} to {ends[1]:g} standard deviations about the mean"


def _histogram_told(info: Mapping[str, Any]) -> str:
    if "histogram" not in info:
        return NO_HISTOGRAM
    told = HISTOGRAM.format(bins=len(info["histogram"]), width=info["bin_edges"][1] - info["bin_edges"][0])
    edges = info.get("grey_levels", {}).get("bin_edges")
    return told + (CLASSES.format(width=round(edges[1] - edges[0], 6)) if edges else "")
