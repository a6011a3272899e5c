"""A random rock with its labels, or a given mask painted, by a preset: a shipped name, a YAML file, or a mapping."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate.rock_parts import RandTogether, build_parts

NEED_GRAINS = ("RandSeams",)
"""Parts that draw contacts of grains, of which a mask knows nothing."""
FOLDER = resources.files("synfine_monai.transforms.generate") / "rocks"
SECTIONS = ("structure", "appearance", "normalisation_jitter")


class RandRock(Randomizable, Transform):
    """Generate a rock as a scanner would show it, and the class of every voxel.

    The parts hand on one sample: ``structure`` changes its ``phase`` (D, H, W) uint8, which indexes ``PHASES`` and
    starts as matrix everywhere; ``appearance`` paints ``image`` from it and degrades that (1, D, H, W) as a scanner
    does. All shapes and parameters come from numpy, so a seed gives the same structure on every device; pixel noise is
    torch's.

    Args:
        rock: preset name, YAML file or mapping; see ``load_rock``.
        class_of_phase: class index of each of ``PHASES``.
        size: (D, H, W) voxels, or (H, W) for a plane section made directly.
        device: where fields are computed.

    Returns of a call (its argument is not used, so that the rock can stand in a ``Compose``):
        ``image`` (1, [D,] H, W) float32, relative attenuation: matrix about 1, air about 0.
        ``label`` (1, [D,] H, W) uint8 class, exact before the blur by partial volume unless the preset moves it.
    """

    def __init__(
        self,
        rock: str | Path | Mapping[str, Any],
        class_of_phase: Mapping[str, int],
        size: Sequence[int] = (16, 64, 64),
        device: torch.device | str = "cpu",
    ) -> None:
        if len(size) not in (2, 3) or min(size) < 1 or min(size[-2:]) < 8:
            raise ScanError(f"a rock of size {tuple(size)} cannot be made: give (D, H, W) or (H, W), H and W >= 8.")
        self.size = tuple(int(count) for count in size)
        self.device = torch.device(device)
        self.table = class_table(class_of_phase).to(self.device)
        preset = load_rock(rock)
        self.normalisation_jitter = preset["normalisation_jitter"]
        self.parts = RandTogether(build_parts(preset["structure"] + preset["appearance"]), prob=1.0)

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> "RandRock":
        """Seed all parts, which draw in turn from one state (seeding a state for each would cost more than they do)."""
        super().set_random_state(seed, state)
        self.parts.set_random_state(state=self.R)
        return self

    def __call__(self, data: Any = None) -> dict[str, torch.Tensor]:
        shape = self.size if len(self.size) == 3 else (1, *self.size)
        sample = {"phase": torch.zeros(shape, dtype=torch.uint8, device=self.device)}
        sample = self.parts(sample)
        label = self.table.index_select(0, sample["phase"].flatten().int())
        return {"image": sample["image"].view(1, *self.size), "label": label.view(1, *self.size)}


def paint_masks(rock: str | Path | Mapping[str, Any], masks: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Paint and degrade masks by the appearance of a rock; what has no label is painted as matrix.

    Args:
        rock: preset name, YAML file or mapping.
        masks: (N, 1, H, W) uint8 indices of ``PHASES``, 255 where there is none.
        seed: of every draw.

    Returns:
        (N, 1, H, W) float32, z-scored over all images together.
    """
    entries = [entry for entry in load_rock(rock)["appearance"] if entry.get("part") not in NEED_GRAINS]
    parts = RandTogether(build_parts(entries), prob=1.0).set_random_state(seed=seed)
    phases = masks.masked_fill(masks == 255, 0)
    images = torch.stack([parts({"phase": phase})["image"][0] for phase in phases])
    return (images - images.mean()) / images.std()


def rock_names() -> tuple[str, ...]:
    """Names of the shipped presets."""
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in FOLDER.iterdir() if entry.name.endswith(".yaml")))


def load_rock(rock: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """Read a preset: the lists of parts ``structure`` and ``appearance``, and the mapping ``normalisation_jitter``.

    Args:
        rock: "sandstone", "carbonate", "concrete" …, the path of a YAML file, or a mapping.

    Raises:
        ScanError: if there is no such preset, the file is not YAML, or a section is missing or unknown.
    """
    if isinstance(rock, Mapping):
        return _checked(dict(rock), "the rock given as a mapping")
    if str(rock) in rock_names():
        return _checked(yaml.safe_load((FOLDER / f"{rock}.yaml").read_text(encoding="utf-8")), f"{rock}.yaml")
    path = Path(rock)
    if not path.is_file():
        raise ScanError(f"rock '{rock}' is neither a preset ({', '.join(rock_names())}) nor a YAML file that exists.")
    try:
        return _checked(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScanError(f"{path.name} is not readable as YAML: {' '.join(str(error).split())}") from error


def _checked(preset: Any, name: str) -> dict[str, Any]:
    if not isinstance(preset, dict) or set(preset) != set(SECTIONS):
        found = sorted(map(str, preset)) if isinstance(preset, dict) else type(preset).__name__
        raise ScanError(f"{name} holds {found}, but a rock needs exactly the sections {list(SECTIONS)}.")
    return preset


def class_table(class_of_phase: Mapping[str, int]) -> torch.Tensor:
    """Lookup table from phase index to class index.

    Args:
        class_of_phase: class index, 0 to 254, of every phase in ``PHASES``.

    Returns:
        (phases,) uint8; ``table[phase.long()]`` is the class.

    Raises:
        ScanError: if a phase is missing or unknown, or a class does not fit a uint8 label beside 255.
    """
    if set(class_of_phase) != set(PHASES):
        raise ScanError(
            f"class_of_phase names the phases {sorted(class_of_phase)}, but needs exactly these: {sorted(PHASES)}."
        )
    classes = [int(class_of_phase[name]) for name in PHASES]
    if min(classes) < 0 or max(classes) > 254:
        raise ScanError(f"class_of_phase holds the classes {classes}, but a class must lie between 0 and 254.")
    return torch.tensor(classes, dtype=torch.uint8)
