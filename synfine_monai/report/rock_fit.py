"""A fitted rock on disk: the preset, what was measured before and after, and a picture of both."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from synfine_monai.conventions import NORMALISATION
from synfine_monai.files import atomic_file
from synfine_monai.metrics import DISTANCES, distances, image_set, radial_power_spectrum
from synfine_monai.networks import RockUNet
from synfine_monai.report.results_folder import write_json_atomic
from synfine_monai.training import rock_images
from synfine_monai.visualize import looks_figure

FRESH = 10_000  # added to the seed: rocks that were not fitted with
PATCHES_OF_ONE = 4


def write_rock_fit(
    output_dir: str | Path,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    history: Sequence[Mapping[str, float]],
    real: torch.Tensor,
    class_of_phase: Mapping[str, int],
    name: str,
    normalisation: str = NORMALISATION,
    network: RockUNet | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Write ``rock.yaml``, ``fit.json`` and ``figures/fit.png``, and print what was gained.

    Both presets are judged on rocks that the fit did not see, as many patches as there are real ones.

    Args:
        output_dir: an existing folder.
        before: preset that the fit began with.
        after: preset that ``fit_rock`` returned; ``rock.yaml`` holds it, for ``--rock``.
        history: as ``fit_rock`` returned it.
        real: (N, 1, 64, 64) normalised patches.
        class_of_phase: class of every phase of the generator.
        name: of the task, in words.
        normalisation: method that ``real`` was normalised by.
        network: for distances of features; None leaves them out.
        seed: that the fit had.

    Returns:
        What ``fit.json`` holds: "real" (two halves of the real patches: below it all is chance), "before",
        "after", and "history".
    """
    folder, count = Path(output_dir), -(-len(real) // PATCHES_OF_ONE)
    made = {
        word: rock_images(preset, class_of_phase, count, PATCHES_OF_ONE, seed + FRESH, normalisation)
        for word, preset in (("before", before), ("after", after))
    }
    content: dict[str, Any] = {
        "real": distances(real[::2], real[1::2], network),
        **{word: distances(real, images, network) for word, images in made.items()},
        "history": list(history),
    }
    with atomic_file(folder / "rock.yaml") as temporary:
        header = f"# The look of {name}, fitted to {len(real)} unlabelled patches. Use it as --rock.\n"
        temporary.write_text(header + yaml.safe_dump(_rounded(after), sort_keys=False), encoding="utf-8")
    write_json_atomic(folder / "fit.json", content)
    _write_figure(folder / "figures" / "fit.png", {"real": real, "preset": made["before"], "fitted": made["after"]},
                  f"{name}: real patches, the preset, and the preset fitted to them")  # fmt: skip
    _print_table(content, folder)
    return content


def _rounded(entry: Any) -> Any:
    """Plain lists and mappings with four significant digits, as a person would write them."""
    if isinstance(entry, Mapping):
        return {key: _rounded(value) for key, value in entry.items()}
    if isinstance(entry, list | tuple):
        return [_rounded(value) for value in entry]
    return float(f"{entry:.4g}") if isinstance(entry, float) else entry


def _write_figure(path: Path, images: Mapping[str, torch.Tensor], title: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # one patch a rock, where a rock has several
    patches = {name: image_set(part)[:: 1 if name == "real" else PATCHES_OF_ONE] for name, part in images.items()}
    spectra = {name: radial_power_spectrum(part) for name, part in images.items()}
    with atomic_file(path) as temporary:
        looks_figure(patches, spectra, title).savefig(temporary, dpi=110)


def _print_table(content: Mapping[str, Any], folder: Path) -> None:
    print(f"{'distance to the real patches':48}{'preset':>9}{'fitted':>9}{'real itself':>13}")
    for key in content["after"]:
        before, after, real = (content[word][key] for word in ("before", "after", "real"))
        print(f"{DISTANCES[key]:48}{before:9.3f}{after:9.3f}{real:13.3f}")
    print(f"The fitted rock is {folder / 'rock.yaml'}; use it as --rock.")
