"""A run packed once for all tests that look at it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from finished_run_kit import SOURCE, as_owner, make_run

from synfine_monai.sharing import pack_bundle


@pytest.fixture(scope="session")
def confidential(tmp_path_factory):
    """A results folder with secrets, made on a machine and by a user whose names are secrets as well."""
    root = tmp_path_factory.mktemp("owner")
    with as_owner():
        return SimpleNamespace(root=root, results=make_run(root))


@pytest.fixture(scope="session")
def packed(confidential, tmp_path_factory) -> Path:
    """Its bundle, as a folder; the zip lies beside it."""
    output_dir = tmp_path_factory.mktemp("shared")
    with as_owner():
        return pack_bundle(confidential.results, "my_core", output_dir, SOURCE).with_suffix("")
