"""The verbs of the bundles that come with the package, by their names: each YAML with an options block is one."""

import difflib
from functools import lru_cache
from pathlib import Path

from synfine_monai.bundle.verb_options import HEADER
from synfine_monai.errors import ScanError

PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = PACKAGE / "_shipped"
"""Only a wheel has it; pyproject.toml says what goes there."""
BUNDLES = {"rock_ct_segmentation": "", "rock_ct_generation": "generation-", "rock_ct_hybrid_segmentation": "hybrid-"}
"""Bundle -> what stands before a verb's name where a bundle before it has that verb as well."""

FRIENDLY = {"synfine": "learn", "inference": "segment", "bridged": "bridge", "invert": "style", "generate": "pairs",
            "rock_ct_generation/inference": "patches"}  # fmt: skip
"""File, or bundle and file -> name that says more."""

MERGED = {"inference": ("finer_inference", "dask_inference")}
"""File -> files that are merged over it where one of their options is given."""


def bundles_folder() -> Path:
    """Folder that holds ``rock_ct_segmentation`` and the other bundles of the project."""
    return (SHIPPED if SHIPPED.is_dir() else PACKAGE.parent) / "bundles"


@lru_cache(maxsize=1)
def verbs() -> dict[str, Path]:
    """Name -> YAML of every verb, friendly names first."""
    found: dict[str, Path] = {}
    own = {name for names in MERGED.values() for name in names}
    for bundle, prefix in BUNDLES.items():
        for file in sorted((bundles_folder() / bundle / "configs").glob("*.yaml")):
            if file.stem in own or f"\n{HEADER}\n" not in file.read_text(encoding="utf-8"):
                continue
            name = FRIENDLY.get(f"{bundle}/{file.stem}", FRIENDLY.get(file.stem, file.stem))
            found[f"{prefix}{name}" if name in found else name] = file
    return found


def find_verb(name: str) -> Path:
    """The YAML of a verb, by its name or its file's.

    Raises:
        ScanError: if there is none; the nearest is named.
    """
    files = {file.stem: file for file in reversed(verbs().values())}
    known = {**files, **verbs()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1) or list(verbs())
        raise ScanError(f"'{name}' is not a verb of synfine; did you mean {' or '.join(near)}?")
    return known[name]


def merged_files(file: Path) -> list[Path]:
    """Files that some options of a verb merge over it."""
    return [file.with_stem(stem) for stem in MERGED.get(file.stem, ()) if file.with_stem(stem).is_file()]
