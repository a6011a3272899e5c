"""A session's folder on a small rock, opened once a file of tests."""

import pytest
from painted_rock import rock_scan, small_model

from synfine_monai.labelling.opening import Given, open_folder


@pytest.fixture(scope="module")
def rock_folder(tmp_path_factory):
    """(opened scan of 30×150×170 voxels, truth)."""
    folder = tmp_path_factory.mktemp("rock")
    path, truth = rock_scan(folder, shape=(30, 150, 170))
    opened = open_folder(path, folder / "session", Given(["matrix", "pore"], small_model(folder)))
    yield opened, truth
    opened.close()
