"""One table for all methods: what the end of a run prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from synfine_monai.data import labels_in_words
from synfine_monai.metrics import SCORES, Score

METHOD_WORDS = {
    "surgical": "surgical fine-tuning",
    "all": "all layers fine-tuned",
    "last_layer": "last layer fine-tuned",
    "last_layer_paper": "last layer at the paper's rate",
    "scratch": "from scratch",
    "native": "no fine-tuning",
    "random_forest": "random forest",
    "lookup": "grey-value lookup",
    "threshold": "best single threshold",
    "otsu": "Otsu",
}
"""Methods in words, in the order in which tables and figures show them; others follow under their own name."""


def method_words(methods: Sequence[str], more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Names of ``metrics.json`` -> words, in the order of ``METHOD_WORDS``, then of ``more``."""
    known = {name: words for name, words in {**METHOD_WORDS, **(more or {})}.items() if name in methods}
    return {**known, **{name: f"tuned: {name}" for name in methods if name not in known}}


def best_methods(methods: Mapping[str, Mapping[str, Any]], column: Score) -> set[str]:
    """The methods whose number in ``column`` reads best; several if they read the same."""
    values = {name: scores.get(column.key) for name, scores in methods.items()}
    known = {name: round(column.scale * value, column.decimals) for name, value in values.items() if value is not None}
    if column.best is None or not known:
        return set()
    best = max(known.values()) if column.best == "max" else min(known.values())
    return {name for name, value in known.items() if value == best}


def true_porosity(methods: Mapping[str, Mapping[str, Any]]) -> float | None:
    """True pore fraction of the split's labelled voxels, from the items of any method; None if it is not recorded."""
    items = next(iter(methods.values()))["per_item"]
    known = [(item["true_porosity"], item["voxels"]) for item in items if item.get("true_porosity") is not None]
    voxels = sum(count for _, count in known)
    return sum(share * count for share, count in known) / voxels if voxels else None


def results_table(metrics: Mapping[str, Any]) -> str:
    """Methods × scores as aligned plain text, the best of each column marked by ``*``.

    Args:
        metrics: content of ``metrics.json``.
    """
    methods = metrics["methods"]
    best = {column.key: best_methods(methods, column) for column in SCORES}
    head = ["method", *(column.title + " " for column in SCORES)]
    body = [
        [words, *(c.text(methods[name].get(c.key)) + ("*" if name in best[c.key] else " ") for c in SCORES)]
        for name, words in method_words(list(methods)).items()
    ]
    lines = _align([head, *body])
    first = [*metrics.get("notes", []), table_caption(metrics)]
    return "\n".join([*first, "", lines[0], "-" * len(lines[0]), *lines[1:], "", table_footnote(methods)])


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def table_caption(metrics: Mapping[str, Any]) -> str:
    """Task, items and labels in words, for the content of ``metrics.json``."""
    split = metrics["split"] if metrics["split"].startswith("held-back") else f"{metrics['split']} items"
    tuned = metrics["selected"]
    tuned = ", ".join(tuned) if isinstance(tuned, list) else tuned
    return f"{metrics['task']}, {split}, {_learned(metrics)}" + (f", tuned: {tuned}" if tuned else "")


def _learned(metrics: Mapping[str, Any]) -> str:
    budget, labelled = metrics["label_budget"], metrics.get("labelled")
    if budget is not None:
        return f"{budget} labelled patch{'es' if budget != 1 else ''}"
    return "all labelled patches" if labelled is None else labels_in_words(labelled)


def table_footnote(methods: Mapping[str, Mapping[str, Any]]) -> str:
    """What the marks and the error mean, and the true porosity if it is known; one or two lines."""
    note = "* best of its column. Scores over labelled voxels in the core; error: mean over items, percentage points."
    truth = true_porosity(methods)
    return note if truth is None else f"{note}\nTrue porosity of the same voxels: {100 * truth:.2f} %."
