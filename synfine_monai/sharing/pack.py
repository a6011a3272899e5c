"""A results folder made into one MONAI bundle to give away: a folder, and a zip of it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from synfine_monai.bundle import require_option
from synfine_monai.errors import ScanError
from synfine_monai.networks import load_network, save_model
from synfine_monai.report import METHOD_WORDS, make_results_folder, provenance, write_json_atomic
from synfine_monai.sharing import packed_bundle as layout
from synfine_monai.sharing.checks.names import shadows_package
from synfine_monai.sharing.finished_run import FinishedRun, public_words, read_run, tellable_recipe, tellable_versions
from synfine_monai.sharing.packed_card import NO_LICENCE, WORDS_OF_EVERY_CARD, packed_card
from synfine_monai.sharing.packed_figures import copy_figures
from synfine_monai.sharing.packed_folder import new_bundle_folder
from synfine_monai.sharing.packed_metadata import TEXTS, packed_metadata
from synfine_monai.sharing.packed_model import packed_model_info
from synfine_monai.sharing.packed_scores import SPLITS, TOLD, PackedScores, packed_scores
from synfine_monai.sharing.packed_test_case import write_expected_labels, write_test_input
from synfine_monai.sharing.readable_parts import readable_parts
from synfine_monai.sharing.redaction import check_nothing_private, private_words

COPIED = (layout.INFERENCE, layout.LOGGING)
STAGES = ("pre-training", "fine-tuning")
RECORDED = ("run", "packed_with", "recipe", "synfine_monai", "python", "commit", "packages", "torch", "true", "false")
"""Keys and words of ``provenance.json``."""

STARTS_CODE = ("$", "@", "%")


def pack_bundle(
    results: str | Path | None,
    name: str | None,
    output_dir: str | Path,
    source_bundle: str | Path,
    licence: str | Path | None = None,
    authors: str = "an unnamed sender",
    description: str | None = None,
    version: str = "1.0.0",
    histogram: bool = True,
    include_figures: bool = False,
) -> Path:
    """Pack a run.

    Args:
        results: the results folder; what it holds of the owner's data stays there.
        name: of the bundle, a slug.
        output_dir: where ``name/`` and ``name.zip`` go.
        source_bundle: folder of the bundle that the run was made with; ``inference.yaml`` is taken from it.
        licence: text file that says what the receiver may do, or None: no licence is granted.
        authors: who gives the bundle away.
        description: in a sentence, or None for a plain one.
        version: of the bundle.
        histogram: whether the coarse histogram of grey levels goes along, see ``packed_model_info``.
        include_figures: whether pictures of the run go along.

    Returns:
        Path of the zip. The same run and options give the same bytes.

    Raises:
        ScanError: if the run cannot be packed, an option cannot be used, another thing lies there already, or a word
            of the owner's would leave.
    """
    run = read_run(require_option("results", results, "the folder that finetune or synfine wrote"))
    name = _slug(require_option("name", name, "what the bundle shall be called"))
    source, folder = Path(source_bundle), make_results_folder(output_dir)
    info = packed_model_info(run.info, name, histogram)
    scores = packed_scores(run.metrics, run.info.get("method", "native"))
    said = {"authors": str(authors), "description": str(description or _description(info)), "version": str(version)}
    metadata = _metadata(source, info, scores, name, said)
    with new_bundle_folder(folder, name) as bundle:
        save_model(load_network(run.model_file), info, bundle / layout.MODEL_WEIGHTS, half=_is_half(run.model_file))
        _copy_texts(source, bundle, licence)
        figures = copy_figures(run.folder / "figures", bundle) if include_figures else []
        _write_records(bundle, metadata, run, packed_card(info, metadata, scores, licence is not None, figures))
        write_test_input(bundle, info.get("voxel_size_um"))
        write_expected_labels(bundle)
        public = [*_public_texts(source, info, metadata), name, *said.values()]
        check_nothing_private(bundle, private_words(run), " ".join(public), skip=(*COPIED, layout.LICENSE))
        layout.write_manifest(bundle)
    return _report(folder, name, scores, licence, figures)


def _metadata(
    source: Path, info: Mapping[str, Any], scores: PackedScores | None, name: str, said: Mapping[str, str]
) -> dict[str, Any]:
    _refuse_code({**said, **{f"class {k}": label for k, label in enumerate(info["labels"])}})
    base = json.loads((source / layout.METADATA).read_text(encoding="utf-8"))
    return packed_metadata(base, info, scores, name, **said)


def _write_records(bundle: Path, metadata: Mapping[str, Any], run: FinishedRun, card: str) -> None:
    told = {"run": tellable_versions(run.provenance), "packed_with": tellable_versions(provenance()),
            "recipe": tellable_recipe(run.config)}  # fmt: skip
    write_json_atomic(_made(bundle / layout.METADATA), metadata)
    write_json_atomic(bundle / layout.PROVENANCE, told)
    _made(bundle / layout.MODEL_CARD).write_text(card, encoding="utf-8", newline="\n")


def _slug(name: Any) -> str:
    if not layout.is_slug(str(name)):
        raise ScanError(
            f"--name {name} cannot name a bundle: use small letters, digits, _ and -, 64 at most ('my_core')."
        )
    if shadows_package(str(name)):
        raise ScanError(f"--name {name} is the name of a Python package: choose another, as '{name}_core'.")
    return str(name)


def _refuse_code(texts: Mapping[str, str]) -> None:
    """MONAI runs or looks up any text of ``metadata.json`` that begins with one of these signs."""
    for what, text in texts.items():
        if str(text).strip().startswith(STARTS_CODE):
            raise ScanError(
                f"{what} '{text}' begins with '{str(text).strip()[0]}', which MONAI takes for code: rename it."
            )


def _description(info: Mapping[str, Any]) -> str:
    budget = info.get("label_budget")
    few = "strokes or areas on one scan or few" if info.get("stage") == "fine-tuning" else "procedural images"
    learned = few if budget is None else f"{budget} labelled patches of 64×64 of one scan or few"
    return f"A network that learned {len(info['labels'])} classes from {learned}."


def _copy_texts(source: Path, bundle: Path, licence: str | Path | None) -> None:
    for name in COPIED:
        _made(bundle / name).write_bytes((source / name).read_bytes())
    apache = (source / layout.LICENSE).read_text(encoding="utf-8")
    own = NO_LICENCE + "\n" if licence is None else _licence_text(Path(licence))
    parts = f"\n\n{'-' * 80}\n{' and '.join(COPIED)} come from synfine_monai, under this licence:\n\n"
    text = own if own.strip() == apache.strip() else own.rstrip("\n") + parts + apache
    (bundle / layout.LICENSE).write_text(text, encoding="utf-8", newline="\n")


def _licence_text(path: Path) -> str:
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScanError(f"--licence {path} cannot be read as text: give a file such as LICENSE.") from error
    if not text.strip():
        raise ScanError(f"--licence {path} is empty: write into it what the receiver may do, or leave out the option.")
    return text


def _is_half(model_file: Path) -> bool:
    state = torch.load(model_file, map_location="cpu", weights_only=True)
    return any(tensor.dtype == torch.float16 for tensor in state.values())


def _public_texts(source: Path, info: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[str]:
    """What every bundle holds, whosever the scan is, and what ``--name`` and the classes say."""
    yield from (WORDS_OF_EVERY_CARD, *TEXTS.values(), *SPLITS, *METHOD_WORDS, *METHOD_WORDS.values())
    yield from (*public_words(), *STAGES, json.dumps(info["architecture"]))
    yield from (str(label) for label in info["labels"])
    grey_levels = info.get("grey_levels", {})
    yield from (*grey_levels, *(word for scan in grey_levels.get("scans", ()) for word in (*scan, scan["dtype"])))
    yield from (*info, *metadata, *TOLD, "split", *RECORDED)
    yield from ((source / layout.METADATA).read_text(encoding="utf-8"), readable_parts(source / layout.MODEL_WEIGHTS))


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _report(
    folder: Path, name: str, scores: PackedScores | None, licence: str | Path | None, figures: list[str]
) -> Path:
    print(f"Packed {folder / name} and {folder / f'{name}.zip'}.")
    notes = {
        "there are no scores in it: run evaluate first, or the receiver must judge": scores is None,
        "no licence is granted: --licence says what the receiver may do": licence is None,
        f"{len(figures)} pictures go along, which show the scan": bool(figures),
    }
    for note in (note for note, holds in notes.items() if holds):
        print(f"Note: {note}.")
    print("Look at its docs/README.md before you send it: it lists what leaves and what does not.", flush=True)
    return folder / f"{name}.zip"
