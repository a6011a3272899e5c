"""The configuration of a bundle, which is never judged: each file is one that this project released, or it is not."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.received import Received

RELEASED = Path(__file__).parents[1] / "released.json"
FOREIGN = "contains programs of its own; it runs only if you trust the sender"


@lru_cache
def released() -> dict[str, dict[str, str]]:
    """Release -> path below ``bundles`` -> SHA-256; ``python scripts/release_configs.py`` writes the newest entry."""
    return json.loads(RELEASED.read_text(encoding="utf-8"))


def digests(bundles: Path) -> dict[str, str]:
    """Path below ``bundles`` -> SHA-256 of all configurations of a folder with bundles."""
    files = [file for ending in ("yaml", "conf") for file in sorted(bundles.glob(f"*/configs/*.{ending}"))]
    return {f.relative_to(bundles).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def check_configuration(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes: all files of ``configs`` but the metadata are those of one bundle of one release."""
    names = [name for name in bundle.having(".yaml", ".conf") if name.startswith("configs/")]
    found = {name: hashlib.sha256(bundle.read(name)).hexdigest() for name in names}
    findings = [f"{name} is missing" for name in (packed_bundle.INFERENCE, packed_bundle.LOGGING)
                if bundle.packed and name not in found]  # fmt: skip
    for release, table in reversed(released().items()):
        for ours in sorted({path.split("/")[0] for path in table}):
            if all(table.get(f"{ours}/{name}") == digest for name, digest in found.items()):
                return findings, [f"{len(names)} files, as released in {release}"]
    known = {digest for table in released().values() for digest in table.values()}
    strange = [name for name in names if found[name] not in known]
    which = ", ".join(strange) or "configurations of several releases"
    return [*findings, f"{which}: not what this project released; the bundle {FOREIGN}"], []
