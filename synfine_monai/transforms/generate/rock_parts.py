"""From the entries of a preset to the transforms that they name, alone or in groups that happen together."""

from collections.abc import Mapping, Sequence
from pydoc import locate
from typing import Any

import numpy as np
import torch
from monai.transforms import Compose, Randomizable, Transform

from synfine_monai.errors import ScanError
from synfine_monai.transforms.corrupt import (
    BeamHardening,
    BrightInclusions,
    BrightnessDrift,
    CoarserVoxels,
    CorrelatedNoise,
    EdgeEnhancement,
    ElectronicNoise,
    LowContrast,
    Motion,
    PartialRings,
    PartialVolume,
    PhaseContrast,
    PhotonNoise,
    RandCorruptd,
    Rings,
    Saturation,
    Scatter,
    Streaks,
    Zingers,
)
from synfine_monai.transforms.generate.appearance import RandLabelBoundary, RandPaint, RandSeams
from synfine_monai.transforms.generate.grains import RandGrains
from synfine_monai.transforms.generate.structure import RandCoating, RandFractures, RandInclusions, RandNoiseMask

PARTS = {
    part.__name__: part
    for part in (
        RandGrains,
        RandNoiseMask,
        RandInclusions,
        RandCoating,
        RandFractures,
        RandPaint,
        RandSeams,
        RandLabelBoundary,
    )
}
CORRUPTIONS = {
    corruption.__name__: corruption
    for corruption in (
        PartialVolume,
        CoarserVoxels,
        Scatter,
        Motion,
        PhotonNoise,
        ElectronicNoise,
        CorrelatedNoise,
        EdgeEnhancement,
        PhaseContrast,
        Rings,
        PartialRings,
        BeamHardening,
        Streaks,
        Zingers,
        LowContrast,
        BrightnessDrift,
        BrightInclusions,
        Saturation,
    )
}


def build_parts(entries: Sequence[Mapping[str, Any]]) -> list[Transform]:
    """Build the parts of a rock.

    Args:
        entries: ``{"part": name in PARTS, **its arguments}``; or ``{"corrupt": name in CORRUPTIONS, "ranges": …,
            "prob": …}``, which corrupts the image; or ``{"together": [entries], "prob": …}``. A name with dots is
            imported: anyone can bring parts of their own.

    Raises:
        ScanError: if a name is unknown or its arguments do not fit.
    """
    return [_build(dict(entry)) for entry in entries]


def _build(entry: dict[str, Any]) -> Transform:
    if "together" in entry:
        return RandTogether(build_parts(entry["together"]), prob=float(entry.get("prob", 1.0)))
    kind = "corrupt" if "corrupt" in entry else "part"
    name = str(entry.pop(kind, None))
    known = CORRUPTIONS if kind == "corrupt" else PARTS
    found = known.get(name) or (locate(name) if "." in name else None)
    if found is None:
        raise ScanError(f"a rock names the {kind} '{name}', which is none of {', '.join(known)}.")
    try:
        return RandCorruptd("image", found, **entry) if kind == "corrupt" else found(**entry)
    except (TypeError, ValueError) as error:
        raise ScanError(f"the {kind} {name} of a rock does not take what it is given: {error}") from error


class RandTogether(Randomizable, Transform):
    """Apply all of ``parts`` with probability ``prob``, else none.

    Args:
        parts: transforms of a sample, random or not; within the group they keep their own chances.
        prob: chance of the group.
    """

    def __init__(self, parts: Sequence[Transform], prob: float) -> None:
        self.parts, self.prob = Compose(list(parts), map_items=False), prob

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> "RandTogether":
        """Seed the group; its parts draw in turn from the same state."""
        super().set_random_state(seed, state)
        for part in self.parts.transforms:
            if isinstance(part, Randomizable):
                part.set_random_state(state=self.R)
        return self

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return self.parts(dict(sample)) if self.R.uniform() < self.prob else dict(sample)
