"""The page before a real session: what was painted comes back from the saved volume, and the network follows."""

import numpy as np
import pytest
import tifffile
from painted_rock import rock_scan, small_model

from synfine_monai.labelling import Session


@pytest.fixture
def session(tmp_path):
    scan, truth = rock_scan(tmp_path)
    folder, start = tmp_path / "session", small_model(tmp_path)
    with Session.open(scan, folder, ["matrix", "pore"], start, threads=1, budget_s=20) as opened:
        opened.truth = truth
        yield opened


def voxels_along(start, end, radius, shape):
    rows, columns = np.indices(shape)
    along = np.linspace(0, 1, 500)
    places = np.outer(1 - along, start) + np.outer(along, end)
    return np.min([(rows - r) ** 2 + (columns - c) ** 2 for r, c in places], axis=0) <= radius**2


def test_saved_voxels_are_those_that_the_mouse_went_over(session, serve, tmp_path):
    served = serve(session)
    served.wait_for(version=0)
    served.draw([(20, 20), (20, 50)])
    served.page.keyboard.press("2")
    served.page.keyboard.press("-")
    served.draw([(50, 30), (50.0, 60)])
    served.wait_until(lambda: session.state()["version"] >= 1, "a network that follows the strokes")
    served.wait_for(drawn=2)
    session.wait_idle(60)
    served.wait_for(version=session.state()["version"])
    served.page.click("#save")
    served.page.wait_for_selector("#note:not([hidden])")
    saved = tifffile.imread(served.page.inner_text("#note span").removeprefix("Saved: "))
    assert saved.shape == session.opened.scan.shape
    assert (np.delete(saved, 20, axis=0) == 255).all()
    for label, row, columns, radius in ((0, 20, (20, 50), 3), (1, 50, (30, 60), 2)):
        thin, thick = (
            voxels_along((row, columns[0]), (row, columns[1]), radius + more, saved.shape[1:]) for more in (-0.2, 0.2)
        )
        painted = saved[20] == label
        assert not (thin & ~painted).any()
        assert not (painted & ~thick).any()
    assert served.problems == []


def test_what_is_wrong_with_a_stroke_is_told_and_it_is_gone_from_the_picture(session, serve):
    served = serve(session)
    served.wait_for(version=0)
    session.opened.scan.info.path.write_bytes(b"")
    served.draw([(20, 20), (20, 50)])
    served.page.wait_for_selector("#error:not([hidden])")
    assert "has changed on the disk" in served.page.inner_text("#error span")
    assert session.state()["strokes"] == 0
    served.page.wait_for_timeout(100)
    assert served.page.evaluate("import('/page.js').then(({page}) => page.pending.length)") == 0
