"""The table of released configurations: the current entry is that of the files, and older ones stay."""

import json
from pathlib import Path

import synfine_monai
from synfine_monai.sharing.checks.configuration import RELEASED, digests, released

BUNDLES = Path(__file__).resolve().parents[2] / "bundles"
OLDER = {"0.1.0.dev1": 2, "0.1.0.dev2": 28}
"""Release -> how many configurations it had; tests/bundles/stored has a bundle of each."""


def test_the_current_entry_is_that_of_the_shipped_configurations():
    told = released().get(synfine_monai.__version__)
    assert told == digests(BUNDLES), "a configuration changed: run `python scripts/release_configs.py`, and commit"


def test_entries_of_older_releases_are_kept():
    assert {name: len(table) for name, table in released().items() if name in OLDER} == OLDER


def test_the_table_is_written_by_the_script_alone():
    assert RELEASED.read_text(encoding="utf-8") == json.dumps(released(), indent=1) + "\n"
