"""What a model card says in fixed lines, by which it is held against ``model.json`` at the receiver's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any


def plain(text: Any) -> str:
    """Text of others on one line, with nothing in it that Markdown or HTML would act on."""
    text = " ".join(str(text).replace("&", " and ").split()).replace("<", "‹").replace(">", "›")
    return re.sub(r"([\\`*_\[\]|#!])", r"\\\1", text)


def class_rows(info: Mapping[str, Any]) -> list[str]:
    """A row of the card for each class: value, name, phases, and whether it counts as pore space."""
    rows = zip(info["labels"], info["phases"], strict=True)
    return [
        f"| {k} | {plain(label)} | {plain(', '.join(phases))} | {'yes' if k in info['pore_labels'] else 'no'} |"
        for k, (label, phases) in enumerate(rows)
    ]


def scan_rows(info: Mapping[str, Any], default_um: Sequence[float] = (5.0, 5.0, 5.0)) -> list[str]:
    """Rows of the card for the voxel size of training and for the normalisation."""
    size = info.get("voxel_size_um")
    told = (f"not known; the test scan says {default_um[0]:g} µm" if size is None
            else " × ".join(f"{step:g}" for step in size) + " µm (z, y, x)")  # fmt: skip
    grey = f"any unit; {plain(info['normalisation'])} of the whole scan inside its field of view"
    return [f"| Voxel size of training | {told} |", f"| Grey levels | {grey} |"]


def judge_facts(card: str, info: Mapping[str, Any]) -> list[str]:
    """Findings: each fixed line is there as ``model.json`` has it, and no other line tells the same thing."""
    lines, expected = card.splitlines(), [*class_rows(info), *scan_rows(info)]
    told = [line for line in lines if re.match(r"\|\s*(\d+|Voxel size of training|Grey levels)\s*\|", line)]
    findings = [f"says {line[:80]!a}, where model.json has another class, voxel size or normalisation"
                for line in told if line not in expected]  # fmt: skip
    return findings[:3] + [f"lacks the line {line!a}" for line in expected if line not in told][:1]


def value_range(info: Mapping[str, Any]) -> list[float] | None:
    """Ends of the bins of a ``model.json``'s histogram that hold voxels, in standard deviations; None without one."""
    filled = [k for k, share in enumerate(info.get("histogram") or ()) if share > 0]
    return [info["bin_edges"][filled[0]], info["bin_edges"][filled[-1] + 1]] if filled else None
