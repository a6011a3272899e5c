"""What ``--style`` means: which verbs of the generation bundle make a bridge's pairs look like the scan, and how."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError

AUTO = "procedural"
"""What ``auto`` stands for: the source that won (docs/results/bridged_transfer.md)."""

STYLES = ("auto", "procedural", "matched", "fitted", "inverted")


@dataclass(frozen=True)
class StyleSource:
    """Stages that make the pairs, and the options of ``train`` that use them.

    Attributes:
        stages: for a ``Pipeline``, verbs of ``rock_ct_generation``; none where there is nothing to make.
        pairs_from: folder of the pairs, or None for the procedural generator.
        rock: its preset, or None for the task's.
    """

    stages: Sequence[Mapping[str, Mapping[str, Any]]] = ()
    pairs_from: str | None = None
    rock: str | None = None


def style_source(style: str, output_dir: str, rock: str, pairs: int, pairs_from: str | None = None) -> StyleSource:
    """Understand ``--style``.

    Args:
        style: one of ``STYLES``, or a style.json (or its folder) for the shipped generator.
        output_dir: of the bridge's results; pairs go to its folder ``pairs``, a style or preset to ``style``.
        rock: preset of the masks.
        pairs: how many.
        pairs_from: a folder of pairs made already, which leaves nothing to make.

    Raises:
        ScanError: if the word is unknown, or pairs are given beside a style.
    """
    chosen = AUTO if style == "auto" else str(style)
    if pairs_from is not None and style not in ("auto", "procedural"):
        raise ScanError(f"--pairs_from {pairs_from} says already what the pairs look like: leave out --style {style}.")
    if pairs_from is not None or chosen == "procedural":
        return StyleSource(pairs_from=pairs_from)
    found, made = f"{output_dir}/style", f"{output_dir}/pairs"
    generate = {"rock": rock, "pairs": pairs, "output_dir": made, "checkpoint": "shipped"}
    if chosen == "fitted":
        return StyleSource(
            ({"rock_ct_generation/fit": {"output_dir": found, "rock": rock}},), rock=f"{found}/rock.yaml"
        )
    if chosen == "matched":
        return StyleSource(({"rock_ct_generation/match": {"output_dir": made, "rock": rock, "pairs": pairs}},), made)
    if chosen == "inverted":
        invert = {"output_dir": found, "checkpoint": "shipped", "rock": rock}
        stages = ({"rock_ct_generation/invert": invert}, {"rock_ct_generation/generate": {**generate, "style": found}})
        return StyleSource(stages, made)
    if not Path(chosen).exists():
        near = difflib.get_close_matches(chosen, STYLES, n=1, cutoff=0.0)[0]
        raise ScanError(
            f"--style {style} is neither a file nor one of {', '.join(STYLES)}: did you mean '{near}'? "
            "A style.json comes from `invert`."
        )
    return StyleSource(({"rock_ct_generation/generate": {**generate, "style": chosen}},), made)
