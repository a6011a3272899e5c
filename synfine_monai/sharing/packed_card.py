"""The model card of a packed bundle: plain Markdown, no HTML, so that any viewer shows it and nothing in it can run."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from synfine_monai.sharing.packed_metadata import value_range
from synfine_monai.sharing.packed_scores import PackedScores
from synfine_monai.sharing.packed_test_case import DEFAULT_VOXEL_SIZE_UM

__all__ = ["NO_LICENCE", "WORDS_OF_EVERY_CARD", "packed_card", "plain"]

CARD = """\
# {name}

{description}

Version {version}, from {authors}. Made with synfine_monai, from X-ray micro-CT scans of rock; it segments:
{classes}.

## Classes

| value in the labels | class | phases of rock | pore space |
| --- | --- | --- | --- |
{class_rows}

255 in the labels lies outside the field of view.

## How it was trained

| | |
| --- | --- |
{training_rows}

Settings of each step are in provenance.json.

## Scores

{scores}

## What it expects

| | |
| --- | --- |
| Voxel size of training | {voxel_size} |
| Grey levels | any unit; {normalisation} of the whole scan inside its field of view |
| Grey levels of training | {grey_levels} |

`inference` warns of a scan whose voxel size or grey levels are far from these. Look at a few labelled patches before
you trust a porosity: scanner, contrast and rock all move it.

## How to run it

Install synfine_monai {synfine_version} or newer, check the bundle, unpack it, and run it from any folder:

```
python -m synfine_monai.bundle check {name}.zip
python -m monai.bundle run --config_file {name}/configs/inference.yaml --scan core.tif --output_dir results
```

It needs no network. `test/input.nii.gz` is a small scan that was made up, so `inference` may warn that it is unlike
those of training; `test/expected_labels.nii.gz` is what this model made of it at the sender's, on a CPU in single
precision (`--device cpu --precision float32`).

To fine-tune it on patches of your own, give `{name}/models/model.pt` as `--checkpoint` of `finetune`.

## What left the owner's machine, and what did not

In this bundle:

- the weights, and means and variances of features that batch norm keeps;
- names of the classes, voxel size and normalisation;
- {histogram_told};
- how many patches were labelled, the settings and random seeds of training;
- the scores above, and the versions of the packages;
{figures_told}

Not in this bundle:

- the scans, the labels, the patches and where they lay;
- names of files, items, specimens and data sets; names of machines and users; the command and its time;
- hashes of the owner's files;
- the porosity that was measured, and scores of single items;
- what the baselines learned{figures_kept}.

Weights are fitted to the owner's labelled patches. Nobody can promise that nothing about these can ever be inferred
from them; and who knows a grey-level histogram can estimate a porosity.

## Licence

{licence}
`configs/inference.yaml` and `configs/logging.conf` come from synfine_monai, under the Apache License 2.0.
"""

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
PICTURES = "- pictures of the owner's scans, with their titles, in the folder figures: {names}."
ROWS = {"stage": "Last stage", "tune": "What was tuned (`--tune`)", "selected": "Part that it stands for",
        "label_budget": "Labelled patches of 64×64", "patch_seed": "Seed of their choice",
        "seed": "Seed of training"}  # fmt: skip
NO_PICTURE, KEPT_PICTURES = "- no picture.", ", and every picture of the scans"
SCORED = "On the {split} items, over labelled voxels in the field of view."
NO_HISTOGRAM = "no histogram of grey levels"
HISTOGRAM = ("the histogram of normalised grey levels in the core, in {bins} bins of {width:g} standard deviations, "
             "shares in whole percent")  # fmt: skip

WORDS_OF_EVERY_CARD = " ".join(
    [CARD, NOT_EVALUATED, NO_LICENCE, ON_TRAINING, HELD_BACK, PICTURES, NO_PICTURE, KEPT_PICTURES, SCORED,
     NO_HISTOGRAM, HISTOGRAM, *ROWS.values(), *SHOWN.values(), "items method this model not known"]
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
        class_rows=_class_rows(info),
        training_rows=_training_rows(info),
        scores=NOT_EVALUATED if scores is None else _scores(scores),
        voxel_size=_voxel_size(info.get("voxel_size_um")),
        normalisation=plain(info["normalisation"]),
        grey_levels=_grey_levels(info),
        synfine_version=metadata["required_packages_version"]["synfine_monai"],
        histogram_told=_histogram_told(info),
        figures_told=PICTURES.format(names=", ".join(figures)) if figures else NO_PICTURE,
        figures_kept="" if figures else KEPT_PICTURES,
        licence="See [LICENSE](../LICENSE).\n" if licensed else f"{NO_LICENCE}\n",
    )


def plain(text: Any) -> str:
    """Text of others on one line, with nothing in it that Markdown or HTML would act on."""
    text = " ".join(str(text).replace("&", " and ").split()).replace("<", "‹").replace(">", "›")
    return re.sub(r"([\\`*_\[\]|#!])", r"\\\1", text)


def _class_rows(info: Mapping[str, Any]) -> str:
    rows = zip(info["labels"], info["phases"], strict=True)
    return "\n".join(
        f"| {k} | {plain(label)} | {plain(', '.join(phases))} | {'yes' if k in info['pore_labels'] else 'no'} |"
        for k, (label, phases) in enumerate(rows)
    )


def _training_rows(info: Mapping[str, Any]) -> str:
    return "\n".join(f"| {title} | {plain(info[key])} |" for key, title in ROWS.items() if key in info)


def _scores(scores: PackedScores) -> str:
    note = {"training": f" {ON_TRAINING}", "held-back slices": f" {HELD_BACK}"}.get(scores.split, "")
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


def _voxel_size(size: Sequence[float] | None) -> str:
    if size is None:
        return f"not known; the test scan says {DEFAULT_VOXEL_SIZE_UM[0]:g} µm"
    return " × ".join(f"{step:g}" for step in size) + " µm (z, y, x)"


def _grey_levels(info: Mapping[str, Any]) -> str:
    ends = value_range(info)
    return "not told" if ends is None else f"{ends[0]:g} to {ends[1]:g} standard deviations about the mean"


def _histogram_told(info: Mapping[str, Any]) -> str:
    if "histogram" not in info:
        return NO_HISTOGRAM
    return HISTOGRAM.format(bins=len(info["histogram"]), width=info["bin_edges"][1] - info["bin_edges"][0])
