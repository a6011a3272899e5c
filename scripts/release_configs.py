"""Write the digests of the shipped configurations into the table that received bundles are compared with.

Run it when a version is released, and whenever a file of ``bundles/*/configs`` changed since:

    python scripts/release_configs.py

The entry of the current version is written anew; those of versions before are kept as they are.
"""

import json
from pathlib import Path

import synfine_monai
from synfine_monai.bundle import bundles_folder
from synfine_monai.files import atomic_file
from synfine_monai.sharing.checks.configuration import RELEASED, digests


def main(bundles: Path | None = None, version: str = synfine_monai.__version__) -> None:
    """Write the entry of ``version`` from the bundles in a folder."""
    table = json.loads(RELEASED.read_text(encoding="utf-8")) if RELEASED.is_file() else {}
    table[version] = digests(bundles or bundles_folder())
    with atomic_file(RELEASED) as temporary:
        temporary.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"{RELEASED}: {len(table[version])} files of {version}.")


if __name__ == "__main__":
    main()
