"""A session's folder on a small rock; a real browser before a real server, skipped loudly without a Chromium."""

import os
import shutil

import pytest
from painted_rock import rock_scan, small_model
from served_page import Served

from synfine_monai.labelling.opening import Given, open_folder

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ENVIRONMENT = "SYNFINE_CHROMIUM"


def found_chromium():
    given = os.environ.get(ENVIRONMENT)
    return given or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium, one a module."""
    playwright = pytest.importorskip("playwright.sync_api")
    if (path := found_chromium()) is None:
        pytest.skip(f"no Chromium here (apt-get install chromium, or {ENVIRONMENT}=PATH): this test did NOT run")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def serve(chromium, tmp_path):
    """Call with a session: its page in a new browser context, at the address that was printed."""
    open_ones = []

    def start(session, **context):
        open_ones.append(Served(session, chromium, tmp_path, **context))
        return open_ones[-1]

    yield start
    for one in open_ones:
        one.close()


@pytest.fixture(scope="module")
def rock_folder(tmp_path_factory):
    """(opened scan of 30×150×170 voxels, truth)."""
    folder = tmp_path_factory.mktemp("rock")
    path, truth = rock_scan(folder, shape=(30, 150, 170))
    opened = open_folder(path, folder / "session", Given(["matrix", "pore"], small_model(folder)))
    yield opened, truth
    opened.close()
