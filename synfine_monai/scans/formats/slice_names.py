"""Which files of a folder are the slices of its scan, and their order, by their names."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from synfine_monai.errors import ScanError

TIFF = (".tif", ".tiff")
KINDS = (TIFF, (".png",), (".bmp",), (".jpg", ".jpeg"))
"""Extensions of slices, of each kind of image."""
EXTENSIONS = tuple(extension for kind in KINDS for extension in kind)
PREVIEW = re.compile(r"_spr$|preview|thumb", re.IGNORECASE)
"""Names of pictures that programs put beside the slices."""


def pick_slices(folder: Path, shape_of: Callable[[Path], tuple[int, ...]]) -> tuple[list[Path], list[Path]]:
    """The slices of a folder in the order of the one number that differs between their names, and what is left out.

    Left out are previews (named as such, or of another name and another size than the slices) and images of other kinds
    than most.

    Args:
        folder: holds them.
        shape_of: shape of an image, asked of those that have another name than most.

    Raises:
        ScanError: if there are none, or as many of another kind, if names differ in more than a number, or a number is
            missing.
    """
    images = sorted(file for file in folder.iterdir() if is_slice(file))
    named = [file for file in images if PREVIEW.search(file.stem)]
    others = [file for file in images if file not in named]
    slices = _most_frequent_kind(folder, others or (images if len(images) > 1 else []))
    slices = _in_order(folder, _of_one_name(folder, slices, shape_of))
    kept = set(slices)
    return slices, [file for file in images if file not in kept]


def is_slice(file: Path, extensions: tuple[str, ...] = EXTENSIONS) -> bool:
    """Whether a file may be a slice, by its extension."""
    return file.suffix.lower() in extensions and not file.name.startswith(".") and file.is_file()


def _most_frequent_kind(folder: Path, images: list[Path]) -> list[Path]:
    if not images:
        raise ScanError(f"{folder} holds no slices ({', '.join(EXTENSIONS)}).")
    kinds = [[file for file in images if file.suffix.lower() in extensions] for extensions in KINDS]
    most, second = sorted(kinds, key=len, reverse=True)[:2]
    if len(second) > 1 and len(second) > len(most) / 2:
        raise ScanError(
            f"{folder} holds {len(most)} slices {most[0].suffix} and {len(second)} slices {second[0].suffix}; keep "
            "those of the scan in a folder of their own."
        )
    return most


def _of_one_name(folder: Path, files: list[Path], shape_of: Callable[[Path], tuple[int, ...]]) -> list[Path]:
    texts = {file: tuple(re.split(r"\d+", file.stem)) for file in files}
    usual, _ = Counter(texts.values()).most_common(1)[0]
    alike = [file for file in files if texts[file] == usual]
    for odd in files:
        if texts[odd] != usual and (len(alike) == 1 or shape_of(odd) == shape_of(alike[0])):
            raise ScanError(
                f"{folder.name}: {odd.name} and {alike[0].name} differ in more than a number; keep the slices of "
                "one scan in a folder."
            )
    return alike


def _in_order(folder: Path, files: list[Path]) -> list[Path]:
    if len(files) == 1:
        return files
    numbers = {file: tuple(int(digits) for digits in re.findall(r"\d+", file.stem)) for file in files}
    varying = [place for place, values in enumerate(zip(*numbers.values(), strict=True)) if len(set(values)) > 1]
    if len(varying) != 1:
        raise ScanError(
            f"{folder.name}: {files[0].name} and {files[-1].name} differ in {len(varying)} numbers; the "
            "slices of one scan differ in one."
        )
    place = varying[0]
    files.sort(key=lambda file: numbers[file][place])
    _refuse_gaps(folder, files, [numbers[file][place] for file in files])
    return files


def _refuse_gaps(folder: Path, files: list[Path], numbers: list[int]) -> None:
    for before, after, low, high in zip(files, files[1:], numbers, numbers[1:], strict=False):
        if high == low:
            raise ScanError(f"{folder.name}: {before.name} and {after.name} have the same number; keep one of them.")
        if high > low + 1:
            missing = f"slice {low + 1} is" if high == low + 2 else f"slices {low + 1} to {high - 1} are"
            raise ScanError(
                f"{folder.name}: {missing} missing between {before.name} and {after.name}; add or renumber slices."
            )
