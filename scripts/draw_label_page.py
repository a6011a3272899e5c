"""Draw docs/figures/label_page.png and label_audit.png: the page of ``synfine label`` on the sample core, in Chromium.

    python scripts/draw_label_page.py results/sample

The folder is that of ``synfine sample``. Strokes are painted with the mouse, where the true labels say what is what.
"""

import shutil
import sys
import tempfile
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from scipy.ndimage import distance_transform_edt
from tifffile import imread

from synfine_monai.labelling import Session
from synfine_monai.labelling.serving import free_socket, page_server
from synfine_monai.labelling.visitors import Visitors

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"
SIZE = {"width": 1180, "height": 760}
STROKES, LENGTH = 4, 5  # of each class; voxels
SLICE = 20
COLOURS = 96  # of a picture: small files


def main(folder: str) -> None:
    """Serve a session of the sample core, label, and take two pictures."""
    scan, truth = Path(folder) / "sample.tif", imread(Path(folder) / "truth.tif")
    with tempfile.TemporaryDirectory() as place, Session.open(scan, place, ["matrix", "pore"]) as session:
        visitors, listening = Visitors(), free_socket(0)
        port = listening.getsockname()[1]
        server = page_server(session, visitors, Path(place), port)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        with sync_playwright() as running:
            browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE)
            page.goto(f"http://127.0.0.1:{port}/#{visitors.token}")
            page.wait_for_selector("body.ready")
            label(page, session, truth[SLICE])
            keep(page, "label_page.png")
            page.keyboard.press("a")
            page.wait_for_selector("#audit-on:not([hidden])")
            page.keyboard.press("2")
            page.wait_for_timeout(1000)
            keep(page, "label_audit.png")
            browser.close()
        server.should_exit = True
        thread.join(10)


def label(page: Page, session: Session, truth: np.ndarray) -> None:
    """Paint short strokes in the middle of what is thickest of each class, and wait for the network."""
    wait_for_version(page, 0)
    for key, inside in (("1", truth == 0), ("2", truth == 1)):
        page.keyboard.press(key)
        for row, column in thickest(inside):
            paint(page, row, column)
    session.wait_idle(120)
    page.wait_for_timeout(3000)  # it looks around now: shares and suggestions
    wait_for_version(page, session.state()["version"])
    page.mouse.move(5, 5)


def thickest(inside: np.ndarray) -> list[tuple[int, int]]:
    """Places far from what is outside, and from each other."""
    room, found = distance_transform_edt(inside), []
    rows, columns = np.indices(inside.shape)
    for _ in range(STROKES):
        row, column = np.unravel_index(int(room.argmax()), room.shape)
        found.append((int(row), int(column)))
        room[np.hypot(rows - row, columns - column) < 25] = 0
    return found


def paint(page: Page, row: int, column: int) -> None:
    """A short horizontal stroke with the mouse."""
    canvas = page.locator(".view[data-view=xy] .picture")
    data, box = canvas.evaluate("canvas => ({...canvas.dataset})"), canvas.bounding_box()
    zoom = float(data["zoom"])
    x, y = (column + 0.5 - float(data["left"])) * zoom, (row + 0.5 - float(data["top"])) * zoom
    page.mouse.move(box["x"] + x - LENGTH * zoom / 2, box["y"] + y)
    page.mouse.down()
    page.mouse.move(box["x"] + x + LENGTH * zoom / 2, box["y"] + y, steps=6)
    page.mouse.up()


def wait_for_version(page: Page, version: int) -> None:
    """Until all that is seen of xy is predicted by this network."""
    page.wait_for_function(
        "version => document.querySelector('.view[data-view=xy] .picture').dataset.version === version",
        arg=str(version),
    )


def keep(page: Page, name: str) -> None:
    """Store a picture of the page with few colours."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(FIGURES / name, optimize=True)
    print(f"{FIGURES / name}: {(FIGURES / name).stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
