"""The steps of the check that run in a limited process: reading a bundle, and trying its data with our inference."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.configuration import check_configuration
from synfine_monai.sharing.checks.figures import check_figures
from synfine_monai.sharing.checks.manifest import check_manifest, check_signature
from synfine_monai.sharing.checks.model_card import check_model_card
from synfine_monai.sharing.checks.received import Received
from synfine_monai.sharing.checks.records import check_records
from synfine_monai.sharing.checks.shipped_case import check_shipped_case
from synfine_monai.sharing.checks.weights import check_weights
from synfine_monai.sharing.checks.zip_entries import unpack
from synfine_monai.sharing.limited import limit_myself

MOST_UNLIKE = 1e-4
"""Share of voxels that may differ from the sender's labels: other machines round otherwise."""

LAST = "weights"
"""Judged only where nothing was found before: it alone needs torch."""

Answer = dict[str, Any]


def read(path: str, into: str, packed: bool, public_key: str | None = None) -> Answer:
    """Unpack a zip and look at its files; nothing of it is imported, evaluated or unpickled.

    Args:
        path: of the zip.
        into: where its files go, an empty folder.
        packed: whether it is to be a packed bundle; else the files of a source tree are known as well.
        public_key: file with the key that must have signed it.

    Returns:
        "folder" of its files or None, "files", and "outcomes": [check, findings, notes] of each check.
    """
    bundle, findings = unpack(Path(path), Path(into), packed)
    if bundle is None:
        return {"folder": None, "files": [], "outcomes": [["files", findings, []]]}
    outcomes = [["files", [], [f"{len(bundle.files)} files, all in their place"]]]
    for name, check in _checks(bundle, public_key).items():
        if name != LAST or not any(found for _, found, _ in outcomes):
            outcomes.append([name, *_guarded(check)])
    return {"folder": str(bundle.folder), "files": list(bundle.files), "outcomes": outcomes}


def _checks(bundle: Received, public_key: str | None) -> dict[str, Callable[[], tuple[list[str], list[str]]]]:
    return {
        "manifest": partial(check_manifest, bundle),
        "signature": partial(check_signature, bundle, public_key),
        "configuration": partial(check_configuration, bundle),
        "records": partial(check_records, bundle),
        "model card": partial(check_model_card, bundle),
        "figures": partial(check_figures, bundle),
        "test case": partial(check_shipped_case, bundle),
        LAST: partial(check_weights, bundle),
    }


def _guarded(check: Callable[[], tuple[list[str], list[str]]]) -> tuple[list[str], list[str]]:
    """A check whose own failure is a finding: what cannot be judged is not accepted."""
    try:
        return check()
    except Exception as error:  # whatever a hostile file makes a parser do
        return [f"cannot be judged: {type(error).__name__}: {str(error)[:150]}"], []


def attempt(folder: str, output: str) -> Answer:
    """Segment the test input with the bundle's weights, by our own inference, and compare with the sender's labels.

    Returns:
        "outcomes", as ``read``.
    """
    from synfine_monai.bundle import bundles_folder, run_verb

    bundle, ours = Path(folder), bundles_folder() / "rock_ct_segmentation" / packed_bundle.INFERENCE
    try:
        run_verb(ours, scan=bundle / packed_bundle.TEST_INPUT, checkpoint=bundle / packed_bundle.MODEL_WEIGHTS,
                 output_dir=output, device="cpu", precision="float32", engine="eager")  # fmt: skip
        made = next(Path(output).glob("*labels*.nii.gz"))
        found = compare_labels(made, bundle / packed_bundle.EXPECTED_LABELS)
    except Exception as error:
        found = [f"its test input cannot be segmented: {str(error.__cause__ or error)[:200]}"], []
    return {"outcomes": [["trial run", *found]]}


def compare_labels(found_file: Path, expected_file: Path) -> tuple[list[str], list[str]]:
    """Findings and notes about labels that a run made, against those that the sender's machine made."""
    import nibabel
    import numpy as np

    found, expected = (np.asarray(nibabel.load(file).dataobj) for file in (found_file, expected_file))
    if found.shape != expected.shape:
        return [f"its labels of the test input are {found.shape}, expected {expected.shape}"], []
    unlike = float((found != expected).mean())
    told = f"{unlike:.4%} of {expected.size:,} voxels of the test input differ from the sender's labels"
    return ([f"{told}, more than {MOST_UNLIKE:.2%}"], []) if unlike > MOST_UNLIKE else ([], [told])


STEPS: dict[str, Callable[..., Any]] = {"read": read, "attempt": attempt}


def main(step: str, request: str, report: str) -> None:
    """Run a step under the limits, and leave what it returned in the file ``report``."""
    limit_myself()
    Path(report).write_text(json.dumps(STEPS[step](**json.loads(request))), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
