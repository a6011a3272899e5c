"""A folder of synthetic pairs made elsewhere: ``pairs.pt`` (images, phase maps) and ``pairs.json`` (what they are)."""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from synfine_monai.conventions import PATCH_SIZE, PHASES
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.survey import METHODS

FORMAT_VERSION = 1


def write_pairs(folder: str | Path, pairs: Mapping[str, torch.Tensor], normalisation: str, source: str) -> Path:
    """Write pairs for ``--pairs_from``, each file whole or not at all.

    Args:
        folder: made if it is not there.
        pairs: "image" (N, 1, 64, 64) float, normalised; "label" (N, 1, 64, 64), indices into ``PHASES``.
        normalisation: method of ``synfine_monai.survey.intensity`` whose scale the images are on.
        source: what made them, in words.

    Raises:
        ScanError: if the pairs are not as above, or the folder cannot be written.
    """
    folder = Path(folder)
    content = {"image": pairs["image"].detach().cpu().half(), "label": pairs["label"].detach().cpu().to(torch.uint8)}
    _check_tensors(content, len(PHASES), folder)
    info = {
        "format_version": FORMAT_VERSION,
        "phases": list(PHASES),
        "normalisation": _known(normalisation, folder),
        "source": source,
        "pairs": len(content["image"]),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScanError(f"{folder} cannot be made a folder: {error.strerror}.") from error
    packed = io.BytesIO()  # a full disk is an OSError then, and not an error of torch's own
    torch.save({name: values.contiguous().clone() for name, values in content.items()}, packed)
    with atomic_file(folder / "pairs.pt") as temporary:
        temporary.write_bytes(packed.getvalue())
    with atomic_file(folder / "pairs.json") as temporary:
        temporary.write_text(json.dumps(info, indent=1), encoding="utf-8")
    return folder


def load_pairs(
    folder: str | Path, class_of_phase: Mapping[str, int], count: int | None = None, normalisation: str | None = None
) -> dict[str, torch.Tensor]:
    """The first ``count`` pairs of a folder, their labels in a task's classes.

    Args:
        folder: from ``write_pairs``.
        class_of_phase: class of every phase of the generator.
        count: how many; None for all.
        normalisation: the scale that the images must be on; None for any.

    Returns:
        "image" (count, 1, 64, 64) float16 and "label" (count, 1, 64, 64) uint8, as ``make_synthetic_bank`` does.

    Raises:
        ScanError: if a file is missing, damaged, of another kind or normalised otherwise, or if there are fewer pairs.
    """
    file, info = Path(folder) / "pairs.pt", read_pairs_info(folder, normalisation)
    try:
        pairs = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ScanError(
            f"{file} cannot be loaded: it is damaged, or holds more than tensors ({type(error).__name__})."
        ) from error
    _check_tensors(pairs, len(info["phases"]), file)
    _check_count(len(pairs["image"]), count, folder)
    classes = torch.tensor([class_of_phase[phase] for phase in info["phases"]], dtype=torch.uint8)
    return {"image": pairs["image"][:count].half(), "label": classes[pairs["label"][:count].long()]}


def read_pairs_info(folder: str | Path, normalisation: str | None = None) -> dict[str, Any]:
    """Content of a folder's ``pairs.json``: format_version, phases, normalisation, source.

    Args:
        folder: of the pairs.
        normalisation: the scale that the images must be on; None for any.

    Raises:
        ScanError: if one of the two files is missing, or ``pairs.json`` is not as ``write_pairs`` writes it.
    """
    file = Path(folder) / "pairs.json"
    if not file.is_file() or not file.with_suffix(".pt").is_file():
        raise ScanError(f"{folder} is no folder of synthetic pairs: it must hold pairs.pt and pairs.json.")
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
        version, phases, scale = info["format_version"], info["phases"], info["normalisation"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ScanError(f"{file} cannot be read ({error!r}): was it made by another program?") from error
    if version != FORMAT_VERSION:
        raise ScanError(f"{file} has format {version}; this version reads format {FORMAT_VERSION}.")
    unknown = [phase for phase in phases if phase not in PHASES]
    if unknown:
        raise ScanError(f"{file} names the phase '{unknown[0]}'; the phases are {', '.join(PHASES)}.")
    if normalisation not in (None, _known(scale, file)):
        raise ScanError(
            f"{file} says that its images are normalised by {scale}, but the network takes {normalisation}: make the "
            f"pairs with {normalisation}."
        )
    return info


def check_pairs(folder: str | Path | None, count: int | None = None, normalisation: str | None = None) -> None:
    """Read what a folder says of its pairs, so that what is wrong with it shows before any work; None is no folder.

    Raises:
        ScanError: as ``read_pairs_info``, or if there are fewer than ``count`` pairs.
    """
    if folder is not None:
        info = read_pairs_info(folder, normalisation)
        _check_count(info.get("pairs"), count, folder)


def pairs_hash(folder: str | Path | None) -> str | None:
    """Short hash of a folder's ``pairs.pt``, to tell pairs apart; None for None.

    Raises:
        ScanError: as ``read_pairs_info``.
    """
    if folder is None:
        return None
    read_pairs_info(folder)
    return hashlib.sha256((Path(folder) / "pairs.pt").read_bytes()).hexdigest()[:16]


def _check_count(held: int | None, count: int | None, folder: str | Path) -> None:
    if None not in (held, count) and count > held:
        raise ScanError(f"{folder} holds {held} pairs, but {count} are asked for: give --pairs {held}, or make more.")


def _known(normalisation: str, where: Path) -> str:
    if normalisation not in METHODS:
        raise ScanError(f"{where}: normalisation {normalisation!r} is unknown: choose {', '.join(METHODS)}.")
    return normalisation


def _check_tensors(pairs: Any, phases: int, where: Path) -> None:
    """Refuse anything but images (N, 1, 64, 64) and phase maps of the same shape, finite and within the phases."""
    tensors = [pairs.get(name) if isinstance(pairs, Mapping) else None for name in ("image", "label")]
    if not all(isinstance(values, torch.Tensor) for values in tensors):
        raise ScanError(f"{where} must hold the tensors 'image' and 'label'.")
    image, label = tensors
    if image.shape != label.shape or image.shape[1:] != (1, PATCH_SIZE, PATCH_SIZE) or not len(image):
        raise ScanError(
            f"{where} holds images {tuple(image.shape)} and labels {tuple(label.shape)}; both must be "
            f"(N, 1, {PATCH_SIZE}, {PATCH_SIZE})."
        )
    if not image.is_floating_point() or not image.isfinite().all():
        raise ScanError(f"{where} holds images of {image.dtype} that are not all finite numbers: normalise them first.")
    if label.is_floating_point() or label.min() < 0 or label.max() >= phases:
        raise ScanError(
            f"{where} holds labels from {label.min().item()} to {label.max().item()} ({label.dtype}); they must be "
            f"indices of its {phases} phases, 0 to {phases - 1}."
        )
