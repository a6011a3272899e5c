"""Which values of a label volume are classes, which mean "not labelled", and which the air or mount around the core.

Asked of the data, not of the number: a value that was never drawn covers whole slices, or nearly everything, and its
grey levels are those of the drawn values mixed. Where that leaves a doubt, the run stops and asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data.label_census import Census
from synfine_monai.errors import ScanError

EVERY_VALUE = "none"
"""What ``unlabelled_value`` is where every value is a class."""

NEARLY_ALL = 0.9  # of the core, or of what lies around it
RIM = 0.2  # of what would be in the middle of slices if a value were spread over the core
SPURIOUS = 0.01  # of the core: a smaller share of 255 is no class
AS_MANY = 0.8  # of the other values' voxels that whole slices of one value hold by their grey levels: not labelled
FEW = 0.5  # likewise: less than this, and it is the class that it says
ALIKE, UNLIKE = 0.3, 0.6  # share of a value's grey levels that the others' mixture leaves unexplained
COARSE = 24  # bins of equal counts: strokes are few voxels


@dataclass(frozen=True)
class Roles:
    """What the values of labels are.

    Attributes:
        classes: values that are classes, ascending.
        unlabelled: values that mean "not labelled".
        outside: values around the core.
        remarks: what was guessed, or looks wrong, in sentences.
    """

    classes: tuple[int, ...]
    unlabelled: tuple[int, ...]
    outside: tuple[int, ...]
    remarks: tuple[str, ...] = ()


def find_roles(
    census: Census, file: Path, unlabelled_value: int | str | None = None, outside: Sequence[int] = ()
) -> Roles:
    """Tell the values of a label volume apart.

    Args:
        census: of the volume.
        file: for messages.
        unlabelled_value: the value that means "not labelled", "none" if every value is a class, None to ask the data.
        outside: values that are known to be around the core.

    Raises:
        ScanError: if the data leave it open which value means "not labelled".
    """
    check_unlabelled_value(unlabelled_value)
    said = () if unlabelled_value in (None, EVERY_VALUE) else (int(unlabelled_value),)
    around = tuple(v for v in census.values if v in outside or _surrounds(census, v, said))
    remarks = [
        f"{v} in {file.name} lies around the core, as air or a mount does, and is no class."
        for v in around
        if v not in (*outside, unlabelled_value, census.not_drawn, UNLABELLED)
    ]
    drawn = [v for v in census.values if v not in around and census.inside[v]]
    _refuse_missed_air(census, [v for v in drawn if v != unlabelled_value], file)
    empty = [*said, *(() if census.not_drawn is None else (census.not_drawn,))]
    if unlabelled_value != EVERY_VALUE:
        remarks += _find_unlabelled(census, drawn, empty, bool(said or census.names), file)
    classes = tuple(v for v in drawn if v not in empty)
    return Roles(classes, tuple(empty), around, (*remarks, *_doubts_about(census, said, classes, file)))


def _find_unlabelled(census: Census, drawn: Sequence[int], empty: list[int], known: bool, file: Path) -> list[str]:
    """Append to ``empty`` what means "not labelled" besides; if that is ``known``, only 255 may; returns remarks."""
    remarks = []
    for value in sorted(set(drawn) - set(empty), key=lambda v: -census.whole[v]):  # the clearest case first
        others = [v for v in drawn if v not in (value, *empty)]
        if value != UNLABELLED and known:
            continue
        remark = _why_unlabelled(census, value, others, file)
        if remark is not None:
            empty.append(value)
            remarks += [remark] if remark else []
    empty += [UNLABELLED] if UNLABELLED not in (*drawn, *empty) else []
    return remarks


def check_unlabelled_value(value: object) -> None:
    """Refuse what is neither None, "none" nor a value of labels.

    Raises:
        ScanError: saying what it takes.
    """
    if value is not None and value != EVERY_VALUE and (type(value) is not int or not 0 <= value <= 255):
        raise ScanError(f"--unlabelled_value takes a whole number from 0 to 255, or {EVERY_VALUE}, got {value!r}.")


def is_stretched(values: Sequence[int]) -> bool:
    """Whether values are those of a mask that was stretched to 8 bits: 0 and 255, or 0, 127 or 128, and 255, …"""
    return len(values) > 1 and bool(np.all(np.abs(np.sort(values) - np.linspace(0, 255, len(values))) < 1))


def _surrounds(census: Census, value: int, said: Sequence[int]) -> bool:
    """Whether a value is what lies around the core: nearly all that is drawn there, and in the core some of its rim."""
    drawn = [v for v in census.values if v == value or not (v in said or census.whole[v])]
    around, within = census.outside[drawn].sum(), census.inside[drawn].sum()
    inside = census.inside[value]
    if around > SPURIOUS * within and census.outside[value] > NEARLY_ALL * around:
        at_rim = census.middle[value] <= RIM * census.mixed_share(value) * census.middle.sum()
        return bool(at_rim and inside < (1 - NEARLY_ALL) * min(census.outside[value], within))
    return bool(census.outside[value]) and not inside


def _refuse_missed_air(census: Census, values: Sequence[int], file: Path) -> None:
    """Air or a mount that the labels show and the grey levels do not: the core was not found."""
    for value in values:
        others, share = census.corners.sum() - census.corners[value], census.mixed_share(value)
        lies_around = others <= SPURIOUS * census.corners.sum() < census.corners[value]
        if lies_around and census.middle[value] <= SPURIOUS * census.middle.sum() and share > SPURIOUS:
            raise ScanError(
                f"{value} in {file.name} fills the corners of slices and not their middle, as air or a mount around a "
                f"core does, but covers {share:.0%} of the field of view that was found: give a mask of the core "
                "with --fov."
            )


def _why_unlabelled(census: Census, value: int, others: Sequence[int], file: Path) -> str | None:
    """None for a class; else what to say of a value that means "not labelled", "" for what needs no word."""
    share = f"{value} covers {census.share(value):.0%} of the core in {file.name}"
    question = f"is it a class, or 'not labelled'? Add --unlabelled_value {EVERY_VALUE}, or --unlabelled_value {value}."
    if not others:
        return "" if value == UNLABELLED else None
    if census.whole[value]:
        share += f", {census.whole[value]:.0f} of {census.slices} slices wholly"
        held = _others_in_whole_slices(census, value, others)
        if held <= FEW and (value != UNLABELLED or len(others) == 1 or is_stretched([value, *others])):
            return None
        if held <= FEW:
            raise ScanError(f"{share}, with grey levels unlike those of {_listed(others)}: {question}")
        if value == UNLABELLED:
            return ""
        if AS_MANY < held < 1 / AS_MANY and len(others) > 1:
            return (f"{share}, with the grey levels of {_listed(others)}: it means 'not labelled' (guessed; "
                    f"--unlabelled_value {EVERY_VALUE} says otherwise).")  # fmt: skip
        raise ScanError(f"{share}, and their grey levels are not those of one class: {question}")
    if len(others) == 1 or (value != UNLABELLED and census.share(value) < NEARLY_ALL):
        return None
    unlike = _unexplained(census, value, others)
    if value != UNLABELLED and unlike <= UNLIKE:
        raise ScanError(f"{share}, and its grey levels are those of {_listed(others)}: {question}")
    if value == UNLABELLED and (unlike < ALIKE or census.share(value) < SPURIOUS):
        return ""
    if value == UNLABELLED and not is_stretched([value, *others]):
        raise ScanError(f"{share}, between {_listed(others)}: {question}")
    return None


def _doubts_about(census: Census, said: Sequence[int], classes: Sequence[int], file: Path) -> list[str]:
    """What to say if the value that is "not labelled" by the user's word looks like a class."""
    return [
        f"{value} in {file.name} is 'not labelled' as you say, but covers {census.share(value):.0%} of the core with "
        f"grey levels unlike those of {_listed(classes)}: if it is a class, porosity is wrong."
        for value in said
        if census.share(value) > SPURIOUS
        and not census.whole[value]
        and len(classes) > 1
        and _unexplained(census, value, classes) > UNLIKE
    ]


def _others_in_whole_slices(census: Census, value: int, others: Sequence[int]) -> float:
    """How many voxels of whole slices look like other values, over how many are others in mixed slices; 0 to 1."""
    mixed, whole = census.mixed_grey, census.whole_grey[value]
    drawn, all_of = mixed[others].sum(0), mixed[[value, *others]].sum(0)
    if not drawn.sum() or not whole.sum():
        return 1.0
    chance = np.divide(drawn, all_of, out=np.full(len(drawn), drawn.sum() / all_of.sum()), where=all_of > 0)
    return float((chance * whole).sum() / whole.sum() / (drawn.sum() / all_of.sum()))


def _unexplained(census: Census, value: int, others: Sequence[int]) -> float:
    """Share of a value's grey levels that no mixture of the others' gives, 0 to 1."""
    counts = (census.mixed_grey + census.whole_grey)[[value, *others]]
    cumulative = np.cumsum(counts.sum(0)) / max(1.0, counts.sum())
    groups = np.minimum((cumulative * COARSE).astype(int), COARSE - 1)
    coarse = np.stack([np.bincount(groups, weights=row, minlength=COARSE) for row in counts])
    shares = coarse / np.maximum(coarse.sum(1, keepdims=True), 1)
    weights, _ = nnls(np.vstack([shares[1:].T, np.full(len(others), 10.0)]), np.append(shares[0], 10.0))
    return float(np.maximum(shares[0] - weights @ shares[1:], 0).sum())


def _listed(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))
