"""The JSON files of a bundle: nothing that MONAI would evaluate, and classes that agree with each other."""

import re
from collections.abc import Iterator
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.networks import FORMAT_VERSION, REQUIRED
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.network import judge_architecture
from synfine_monai.sharing.checks.received import Received
from synfine_monai.survey import METHODS

__all__ = ["check_records", "judge_metadata", "judge_model_info", "judge_plain"]

MOST_DEPTH, MOST_CLASSES = 12, 64
LABEL = re.compile(r"[A-Za-z0-9][\w .,/()µ-]{0,59}")
NEEDED = ("version", "changelog", "monai_version", "pytorch_version", "network_data_format")


def check_records(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about all JSON files but the manifest."""
    findings: list[str] = []
    read: dict[str, Any] = {}
    for name in bundle.having(".json"):
        if name == packed_bundle.MANIFEST:
            continue
        try:
            read[name] = packed_bundle.parse_json(bundle.read(name), name)
        except ScanError as error:
            findings.append(str(error).rstrip("."))
            continue
        findings += [f"{name}, {text}" for text in judge_plain(read[name], is_metadata=name == packed_bundle.METADATA)]
        if name.startswith("models/"):
            findings += [f"{name}: {text}" for text in judge_model_info(read[name], bundle.packed)]
    if packed_bundle.METADATA not in bundle.files:
        findings.append(f"{packed_bundle.METADATA} is missing")
    elif not findings:
        info = read.get(packed_bundle.MODEL_INFO)
        findings += [f"{packed_bundle.METADATA}: {text}" for text in judge_metadata(read[packed_bundle.METADATA], info)]
    labels = read.get(packed_bundle.MODEL_INFO, {}).get("labels", []) if not findings else []
    return findings, [f"classes {', '.join(labels)}"] if labels else []


def judge_plain(value: Any, place: str = "", depth: int = 0, is_metadata: bool = False) -> Iterator[str]:
    """Texts that MONAI would take for an expression, a reference or a macro; in metadata it resolves them."""
    if depth > MOST_DEPTH:
        yield f"{place[:80]}: nested more than {MOST_DEPTH} deep"
    elif isinstance(value, dict):
        for key, entry in value.items():
            if is_metadata and (re.match(r"[$@%+_]", key) or "::" in key or "#" in key or not key.isprintable()):
                yield f"{place or 'top'}: the key {key[:60]!r} has a meaning of its own for MONAI"
            yield from judge_plain(entry, f"{place}#{key[:40]}" if place else key[:40], depth + 1, is_metadata)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from judge_plain(entry, f"{place}#{number}", depth + 1, is_metadata)
    elif isinstance(value, str):
        if is_metadata and (value.startswith(("$", "@", "%")) or re.search(r"[@%](#|::)", value)):
            yield f"{place}: {value[:80]!r} would be evaluated by MONAI; metadata is plain text"
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", value):
            yield f"{place}: invisible characters, which can make a text look like another"
        if re.search(r"<\s*[A-Za-z/!]", value):
            yield f"{place}: HTML"


def judge_model_info(info: Any, packed: bool) -> Iterator[str]:
    """A ``model.json`` whose classes agree with the network that it names."""
    if not isinstance(info, dict) or (missing := [key for key in REQUIRED if key not in info]):
        yield f"lacks '{missing[0]}'" if isinstance(info, dict) else "is no record"
        return
    if type(info["format_version"]) is not int or not 1 <= info["format_version"] <= FORMAT_VERSION:
        yield f"has format {str(info['format_version'])[:20]}; this version reads {FORMAT_VERSION}"
    try:
        judge_architecture(info["architecture"], packed)
    except ScanError as error:
        yield str(error)
        return
    labels, phases, pores = info["labels"], info["phases"], info["pore_labels"]
    if not _are_labels(labels):
        yield f"its labels are no list of at most {MOST_CLASSES} different names"
        return
    classes = info["architecture"].get("num_classes", len(labels))
    if classes != len(labels):
        yield f"it names {len(labels)} classes ({', '.join(labels)}), but its network has {classes}"
    if not isinstance(phases, list) or len(phases) != len(labels) or not all(_are_labels(p, 1) for p in phases):
        yield f"its phases {str(phases)[:60]} are no list of phases for each of {len(labels)} classes"
    if info["normalisation"] not in list(METHODS):
        yield f"its normalisation {str(info['normalisation'])[:40]!r} is none of {', '.join(METHODS)}"
    if not isinstance(pores, list) or not all(type(p) is int and 0 <= p < len(labels) for p in pores):
        yield f"its pore_labels {str(pores)[:40]} are not classes"


def judge_metadata(metadata: Any, info: Any) -> Iterator[str]:
    """A ``metadata.json`` with what MONAI needs, and with the classes of ``model.json`` if it is a segmentation's."""
    if not isinstance(metadata, dict) or (missing := [key for key in NEEDED if key not in metadata]):
        yield f"lacks '{missing[0]}'" if isinstance(metadata, dict) else "is no record"
        return
    if not isinstance(metadata["changelog"], dict) or metadata["version"] not in metadata["changelog"]:
        yield f"its changelog says nothing of version {str(metadata['version'])[:20]}"
    try:
        output = metadata["network_data_format"]["outputs"]["pred"]
        shown = [output["channel_def"][str(number)] for number in range(len(output["channel_def"]))]
        if output["format"] != "segmentation" or info is None:
            return
        count = output["num_channels"]
    except (KeyError, TypeError, AttributeError) as error:
        yield f"its network_data_format does not describe the output 'pred' ({error})"
        return
    if count != len(info["labels"]) or shown != info["labels"]:
        yield (f"it says {count} channels ({', '.join(map(str, shown))}), but model.json {len(info['labels'])} "
               f"({', '.join(info['labels'])})")  # fmt: skip


def _are_labels(labels: Any, least: int = 2) -> bool:
    words = isinstance(labels, list) and all(isinstance(label, str) and LABEL.fullmatch(label) for label in labels)
    return words and least <= len(set(labels)) == len(labels) <= MOST_CLASSES
