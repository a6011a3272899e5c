"""Plan an audit: draw the windows that somebody labels blind, and write what they need for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.files import named_path
from synfine_monai.networks import weights_hash
from synfine_monai.notices import look_at
from synfine_monai.planning.draw import BY_UNCERTAINTY, SliceLook, draw_windows
from synfine_monai.planning.estimate import FEWEST_WINDOWS, LOOKS
from synfine_monai.planning.plan_files import Plan, write_plan_files
from synfine_monai.planning.predicted_slices import PredictedSlices
from synfine_monai.planning.window_images import write_window_images, write_window_volume

PURPOSES = ("audit",)
MOST_WINDOWS = 999
MOST_BY_UNCERTAINTY = 0.9


def check_plan(
    purpose: str, windows: int, window: int, repeats: float, by_uncertainty: float, output_dir: str | Path
) -> None:
    """Refuse what makes no plan, before anything is read.

    Raises:
        ScanError: for an unknown purpose or numbers out of range, or where a plan is in the folder already.
    """
    if purpose not in PURPOSES:
        raise ScanError(f"--for takes {' or '.join(PURPOSES)}, got {purpose!r}.")
    if windows > MOST_WINDOWS or not 4 <= window <= 512 or not 0 <= repeats <= 1:
        raise ScanError(
            f"a plan has up to {MOST_WINDOWS} windows of 4 to 512 voxels, and --repeats is a share from 0 to 1; got "
            f"--windows {windows}, --window {window}, --repeats {repeats:g}."
        )
    if not 0 <= by_uncertainty <= MOST_BY_UNCERTAINTY:
        raise ScanError(
            f"--by_uncertainty is a share from 0 to {MOST_BY_UNCERTAINTY}, so that every window can be drawn; got "
            f"{by_uncertainty:g}."
        )
    if (Path(output_dir) / "plan.json").is_file():
        raise ScanError(
            f"{output_dir} holds a plan already, and a second draw, made after some windows were seen, would not be a "
            "random one: go on with that plan, or give another --output_dir."
        )
    if windows < FEWEST_WINDOWS:
        look_at(f"{windows} windows are too few for an interval: it takes {FEWEST_WINDOWS} at least.")


def make_plan(
    slices: PredictedSlices, windows: int, window: int, seed: int, repeats: float = 0.1, looks: bool = False,
    model_file: Path | None = None, info: Mapping[str, Any] | None = None, by_uncertainty: float = BY_UNCERTAINTY,
) -> Plan:  # fmt: skip
    """Draw the windows of an audit.

    Args:
        slices: of the scan, and what its model says of them.
        windows: how many.
        window: their side in voxels.
        seed: of the draw.
        repeats: share of the windows whose image is shown twice.
        looks: whether somebody will look at the estimate while labelling, at 16, 32, 64 and 128 windows.
        model_file: the model that is audited, or None.
        info: content of its ``model.json``.
        by_uncertainty: share of the draw that goes where the prediction is unsure, where anything tells.

    Raises:
        ScanError: if nothing of the scan is core.
    """

    def look(z: int) -> SliceLook:
        seen = slices(z)
        if seen.core.any():
            slices.note(z, seen, window)
        return seen

    drawn = draw_windows(slices.depths(), look, windows, window, seed, by_uncertainty)
    count = round(repeats * windows)
    shown = [drawn[int(k * windows / max(count, 1))].id for k in range(count)]
    used = sorted({one.z for one in drawn})
    facts = {
        "format_version": 1, "purpose": "audit", "seed": seed, "window": window,
        "draw": _words(by_uncertainty if slices.is_mixed else 0),
        "looks": [n for n in LOOKS if n < windows] + [windows] if looks else None,
        "repeats": {str(windows + 1 + k): number for k, number in enumerate(shown)},
        "largest": slices.largest(by_uncertainty), "scan": _scan_facts(slices, used),
        "model": _model_facts(slices, model_file, info or {}, used),
    }  # fmt: skip
    return Plan(drawn, facts)


def _words(by_uncertainty: float) -> str:
    uniform = f"{1 - by_uncertainty:.4g}"
    return f"{uniform} uniform, {by_uncertainty:.4g} by uncertainty" if by_uncertainty else "uniform"


def _scan_facts(slices: PredictedSlices, used: list[int]) -> dict[str, Any]:
    described = slices.scan.info
    return {
        "name": named_path(described.path).name, "path": str(named_path(described.path)),
        "shape": list(described.shape), "voxel_size_um": described.voxel_size_um,
        "slices": {str(z): slices.hashes[z] for z in used},
        "core": {str(z): slices.weights[z][1] for z in used},
    }  # fmt: skip


def _model_facts(
    slices: PredictedSlices, model_file: Path | None, info: Mapping[str, Any], used: list[int]
) -> dict[str, Any] | None:
    if model_file is None:
        return None
    return {
        "weights": weights_hash(model_file), "predicted": {str(z): slices.counts[z] for z in used},
        **{name: info[name] for name in ("labels", "phases", "pore_labels")},
    }  # fmt: skip


def write_plan(plan: Plan, slices: PredictedSlices, output_dir: str | Path, volume: bool = True) -> Path:
    """Write the windows for labelling, then plan.csv and plan.json, and say what comes next.

    Args:
        plan: the plan.
        slices: that it was drawn from.
        output_dir: where all of it goes.
        volume: whether SCAN_windows is written, which is as large as the scan.

    Raises:
        ScanError: if they cannot be written.
    """
    folder, scan = Path(output_dir), slices.scan
    images = write_window_images(scan, plan, folder)
    filled = f"in {write_window_volume(scan, plan, folder)}, or as " if volume else ""
    path = write_plan_files(plan, folder)
    classes = plan.facts["model"]["labels"] if plan.facts["model"] else []
    values = ", ".join(f"{value} {name}" for value, name in enumerate(classes))
    print(f"{len(plan.windows)} windows of {plan.size}×{plan.size} voxels were drawn on "
          f"{len({w.z for w in plan.windows})} slices ({path}).\n"
          f"Label them without looking at the segmentation, every voxel of a window that is rock"
          f"{f' ({values})' if values else ''}: {filled}one image each in {images}, saved under its name "
          f"elsewhere. {folder / 'contact_sheet.png'} shows what lies around them.\n"
          "Then: synfine audit LABELS --plan PLAN.CSV --audit_labels WHAT_YOU_SAVED", flush=True)  # fmt: skip
    return path
