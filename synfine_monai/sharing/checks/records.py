"""The JSON files of a bundle: of the kinds and ranges of their schemas, and telling one story."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.card_facts import judge_facts, value_range
from synfine_monai.sharing.checks.model_card import hidden
from synfine_monai.sharing.checks.received import Received

MOST_DEPTH, MOST_ENTRIES = 12, 5_000


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
        if (entries := _entries(read[name])) > MOST_ENTRIES:
            findings.append(f"{name} has {entries:,} entries, more than {MOST_ENTRIES:,}")
            continue
        findings += [f"{name}, {text}" for text in judge_plain(read[name], is_metadata=name == packed_bundle.METADATA)]
        kind = "model" if name.startswith("models/") else "metadata" if name == packed_bundle.METADATA else None
        findings += [f"{name}: {text}" for text in (judge_schema(read[name], kind) if kind else ())]
    infos = {name: info for name, info in read.items() if name.startswith("models/")} if not findings else {}
    findings += [f"{name}: {text}" for name, info in infos.items() for text in judge_model(info, bundle.packed)]
    if packed_bundle.METADATA not in bundle.files:
        findings.append(f"{packed_bundle.METADATA} is missing")
    elif not findings:
        told = judge_metadata(read[packed_bundle.METADATA], read.get(packed_bundle.MODEL_INFO), bundle.packed)
        findings += [f"{packed_bundle.METADATA}: {text}" for text in told]
    if bundle.packed and not findings and {packed_bundle.MODEL_CARD, packed_bundle.MODEL_INFO} <= set(bundle.files):
        card = bundle.read(packed_bundle.MODEL_CARD).decode("utf-8", "replace")
        told = judge_facts(card, read[packed_bundle.MODEL_INFO])
        findings += [f"{packed_bundle.MODEL_CARD}: {text}" for text in told]
    labels = read.get(packed_bundle.MODEL_INFO, {}).get("labels", []) if not findings else []
    return findings, [f"classes {', '.join(labels)}"] if labels else []


def _entries(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_entries, inner))


@lru_cache
def _validator(kind: str) -> Any:
    schema = json.loads((Path(__file__).parents[1] / f"{kind}.schema.json").read_text(encoding="utf-8"))
    whole = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=whole)(schema)


def judge_schema(record: Any, kind: str) -> list[str]:
    """The first things in which a record differs from ``model.schema.json`` or ``metadata.schema.json``."""
    errors = sorted(_validator(kind).iter_errors(record), key=lambda error: list(map(str, error.path)))
    return [f"{'.'.join(map(str, e.path)) or 'it'}: {e.message[:150]}" for e in errors[:5]]


def judge_plain(value: Any, place: str = "", depth: int = 0, is_metadata: bool = False) -> Iterator[str]:
    """Texts that MONAI would take for an expression, a reference or a macro; in metadata it resolves them."""
    if depth > MOST_DEPTH:
        yield f"{place[:80]}: nested more than {MOST_DEPTH} deep"
    elif isinstance(value, dict | list):
        for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
            word = str(key)
            if (is_metadata and (re.match(r"[$@%+_]", word) or re.search("::|#", word))) or hidden(word):
                yield f"{place or 'top'}: the key {word[:60]!a} has a meaning of its own for MONAI"
            yield from judge_plain(entry, f"{place}#{word[:40]}" if place else word[:40], depth + 1, is_metadata)
    elif isinstance(value, str):
        if is_metadata and (value.strip().startswith(("$", "@", "%")) or re.search(r"[@%](#|::)", value)):
            yield f"{place}: {value[:80]!a} would be evaluated by MONAI; metadata is plain text"
        if (found := hidden(value)) is not None:
            yield f"{place}: invisible characters (U+{ord(found):04X}), which make a text look like another"
        if re.search(r"<[A-Za-z/!?]", value):
            yield f"{place}: HTML"


def judge_model(info: Mapping[str, Any], packed: bool) -> Iterator[str]:
    """What a schema cannot say of a ``model.json``: that its entries agree with each other."""
    labels, phases, pores = info["labels"], info["phases"], info["pore_labels"]
    architecture = info["architecture"]
    if packed and not architecture["_target_"].endswith(".RockUNet"):
        yield f"its network {architecture['_target_']} is no segmenter, which alone is packed"
    if (classes := architecture.get("num_classes", len(labels))) != len(labels):
        yield f"it names {len(labels)} classes ({', '.join(labels)}), but its network has {classes}"
    if len(phases) != len(labels):
        yield f"its phases {str(phases)[:60]} are no list of phases for each of {len(labels)} classes"
    for number, covered in enumerate(phases):
        if (covered[0] == "pore") > (number in pores) or (number in pores and set(covered) <= {"matrix", "dense"}):
            yield f"its pore_labels {pores} do not agree with its phases: class {number} is {'+'.join(covered)}"
    if pores and max(pores) >= len(labels):
        yield f"its pore_labels {pores} are not classes"
    if "histogram" in info or "bin_edges" in info:
        shares, edges = np.array(info.get("histogram", []), float), np.array(info.get("bin_edges", []), float)
        if len(edges) != len(shares) + 1 or (np.diff(edges) <= 0).any() or abs(shares.sum() - 1) > 0.02:
            yield "its histogram is no list of shares, adding up to 1, between ascending bin_edges"
    if grey_levels := info.get("grey_levels"):
        edges = np.diff(grey_levels["bin_edges"])
        even = edges.min() > 0 and np.allclose(edges, edges[0], rtol=1e-3)
        if not even or any(len(one) != len(edges) or abs(sum(one) - 1) > 0.02 for one in grey_levels["classes"]):
            yield "its grey_levels are no shares of each class, adding up to 1, between evenly ascending bin_edges"


def judge_metadata(metadata: Mapping[str, Any], info: Mapping[str, Any] | None, packed: bool) -> Iterator[str]:
    """Whether ``metadata.json`` tells the classes, input and grey levels of ``model.json``, of a segmenter."""
    if metadata["version"] not in metadata["changelog"]:
        yield f"its changelog says nothing of version {metadata['version'][:20]}"
    tensors = metadata["network_data_format"]
    image, pred = tensors["inputs"]["image"], tensors["outputs"]["pred"]
    if info is None or (not packed and pred["format"] != "segmentation"):
        return
    labels, channels = info["labels"], pred["channel_def"]
    if (count := pred["num_channels"]) != len(labels) or channels != {str(k): n for k, n in enumerate(labels)}:
        told = f"it says {count} channels ({', '.join(channels.values())})"
        yield f"{told}, but model.json {len(labels)} ({', '.join(labels)})"
    classes = ", ".join(f"{k} {label}" for k, label in enumerate(labels))
    if classes != metadata.get("pred_classes", classes):
        yield f"its pred_classes are {metadata['pred_classes'][:80]!a}, but model.json has {classes!a}"
    if image["num_channels"] != info["architecture"].get("in_channels", 1) or pred["format"] != "segmentation":
        yield "its input or output is of another form than the network of model.json takes and gives"
    if packed and (ends := value_range(info)) is not None and image["value_range"] != ends:
        yield f"its value_range {image['value_range']} is not that of the histogram of model.json, {ends}"
