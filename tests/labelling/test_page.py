"""The page in a real browser, before a session that answers at once: what is painted, shown, hidden and told."""

import re
from itertools import pairwise

import numpy as np
import pytest
from fake_session import FakeSession, fake_scan
from scipy.spatial import KDTree
from served_page import NARROW, WIDE

GREY_ENOUGH = 3
"""Of 255: how far the channels of a grey pixel may lie apart."""


def disc_along(points, radius, shape):
    """Voxels within ``radius`` of a line: distances to 400 places on each of its pieces."""
    along = np.linspace(0, 1, 400)
    places = np.concatenate([np.outer(1 - along, a) + np.outer(along, b) for a, b in pairwise(points)])
    return KDTree(places).query(np.moveaxis(np.indices(shape), 0, -1))[0] <= radius


def is_sandwiched(painted, points, radius, slack=0.1):
    """Whether a mask lies between lines a little thinner and a little thicker: a mouse moves by whole pixels."""
    thin, thick = (disc_along(points, radius + more, painted.shape) for more in (-slack, slack))
    return not (thin & ~painted).any() and not (painted & ~thick).any()


def is_grey(color):
    return max(color) - min(color) <= GREY_ENOUGH


@pytest.fixture
def served(serve):
    one = serve(FakeSession())
    one.wait_for(version=0, drawn=0)
    return one


def strokes(served):
    return served.session.events


def test_a_line_is_seen_at_once_sent_when_the_brush_is_lifted_and_stands_on_its_voxels(served):
    served.page.keyboard.press("2")
    before = served.color(40, 85)
    served.draw([(40, 50), (40, 120), (70, 120)], lift=False)
    served.wait_until(lambda: served.color(40, 85) != before, "seen")
    assert not [url for method, url in served.requests if method == "POST" and "login" not in url]
    served.page.mouse.up()
    served.wait_for(drawn=1, version=1)
    (stroke,) = strokes(served)
    assert (stroke.label, stroke.radius, stroke.view, stroke.index) == (1, 3, "xy", 20)
    painted = served.session.drawn("xy", 20, None) == 1
    assert np.array_equal(painted, disc_along(stroke.points, 3, painted.shape))
    assert is_sandwiched(painted, [(40, 50), (40, 120), (70, 120)], 3)
    blue = served.color(40, 85)
    assert blue[2] > blue[0] + 100
    assert served.problems == []


def test_what_is_predicted_is_the_newest_network_over_the_slice(served):
    dark = np.argwhere(fake_scan()[20] < 60)[0]
    seen = served.color(*dark)
    assert seen[2] > seen[0]
    served.page.locator("#overlay input[value=none]").check(force=True)
    grey = int(fake_scan()[20][tuple(dark)])
    served.wait_until(lambda: served.color(*dark) == (grey, grey, grey), "the slice alone")


def test_what_an_older_network_said_is_dimmed_until_the_newer_one_has_spoken(served):
    dark = np.argwhere(fake_scan()[20] < 60)[0]

    def blue():
        red, _, blue = served.color(*dark)
        return blue - red

    before = blue()
    served.session.answers_now.clear()
    served.draw([(100, 150), (100, 180)])
    served.page.wait_for_function("() => import('/page.js').then(({page}) => page.state.version === 1)")
    served.wait_until(lambda: blue() == pytest.approx(0.4 * before, abs=3), "dimmed")
    served.session.answers_now.set()
    served.wait_for(version=1)
    assert blue() == pytest.approx(before, abs=3)


def test_the_network_is_asked_about_the_place_of_the_last_stroke_first(serve):
    served = serve(FakeSession(np.full((4, 700, 700), 90, np.uint8)))
    served.wait_for(version=0)
    before = len(served.requests)
    served.draw([(650, 600), (650, 660)])
    served.wait_for(version=1)
    asked = [url for _, url in served.requests[before:] if "predicted" in url]
    assert "view=xy&index=2&box=512%2C512%2C188%2C188" in asked[0]
    assert len([url for url in asked if "view=xy" in url]) == 9


def test_undo_redo_and_eraser(served):
    served.draw([(40, 50), (40, 120)])
    served.wait_for(drawn=1)
    served.page.keyboard.press("Control+z")
    served.wait_until(lambda: not strokes(served), "undone")
    served.wait_for(drawn=0)
    served.page.click("#redo")
    served.wait_until(lambda: len(strokes(served)) == 1, "redone")
    served.page.keyboard.press("e")
    served.draw([(20, 85), (60, 85)])
    served.wait_until(lambda: len(strokes(served)) == 2, "erased")
    assert strokes(served)[1].label == 255
    assert served.session.drawn("xy", 20, None)[40, 85] == 255
    assert served.session.drawn("xy", 20, None)[40, 60] == 0


def test_a_line_that_leaves_the_slice_and_comes_back_is_two(served):
    left, right = served.place(50, 150)
    served.draw([(50, 150), (-15, 150), (-15, 170), (50, 170)])
    served.wait_until(lambda: len(strokes(served)) == 2, "two lines")
    rows = [row for stroke in strokes(served) for row, _ in stroke.points]
    assert min(rows) >= -0.5
    assert served.page.inner_text("#error span") == ""
    assert (left, right) == served.place(50, 150)


def test_wheel_slider_and_strip_go_through_the_slices(served):
    served.page.mouse.move(*served.place(80, 100))
    served.page.mouse.wheel(0, 120)
    served.wait_for(index=22)
    served.page.mouse.wheel(0, -60)
    served.wait_for(index=21)
    served.draw([(30, 30), (30, 60)])
    served.wait_for(drawn=1)
    assert "with strokes" in served.page.inner_text(".view[data-view=xy] h2")
    served.page.locator(".view[data-view=xy] .slider").fill("5")
    served.wait_for(index=5)
    served.page.locator(".view[data-view=xy] .strip").click()
    served.wait_for(index=21)
    served.draw([(20, 40), (20, 60)], view="xz")
    served.wait_until(lambda: len(strokes(served)) == 2, "a stroke on xz")
    assert (strokes(served)[1].view, strokes(served)[1].index) == ("xz", 80)


def test_an_audit_is_blind_and_its_labels_are_those_that_were_painted(served):
    served.draw([(40, 85), (60, 85)])
    served.wait_for(drawn=1, version=1)
    asked = len(served.requests)
    served.page.click("#audit-begin")
    served.wait_for(index=7, version="")
    served.page.wait_for_timeout(300)
    window = [(row, column) for row in range(42, 72, 5) for column in range(62, 92, 5)]
    assert all(is_grey(served.color(*place)) for place in window)
    later = [url for _, url in served.requests[asked:]]
    assert not [url for url in later if "predicted" in url or "drawn" in url or "suggestions" in url]
    for hidden in ("#numbers", "#next", "#overlay"):
        assert not served.page.is_visible(hidden)
    served.page.keyboard.press("2")
    served.draw([(50, 55), (50, 80)])
    served.page.click("#audit-done")
    served.page.wait_for_selector("#error:not([hidden])")
    assert re.fullmatch(r"\d+ voxels of window 1 have no class\.", served.page.inner_text("#error span"))
    served.page.keyboard.press("1")
    served.page.keyboard.press("f")
    served.page.keyboard.press("d")
    served.wait_until(lambda: served.session.answers, "answered")
    assert is_sandwiched(served.session.answers[1] == 1, [(10, -5), (10, 20)], 3)
    assert set(np.unique(served.session.answers[1])) == {0, 1}
    served.page.wait_for_function("() => document.querySelector('#audit-told').textContent.startsWith('Window 2')")
    served.page.keyboard.press("Escape")
    served.wait_for(index=20, version=1)
    assert len(strokes(served)) == 1
    served.page.wait_for_function("() => document.querySelector('#numbers').textContent.includes('±')")
    told = served.page.inner_text("#numbers")
    assert "± 2.0" in told
    assert "n = 1 windows" in told
    assert "± 0.2 points: 70 in all" in told


def test_it_works_by_the_keyboard_alone(served):
    page = served.page
    page.mouse.move(2, 2)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "picture":
            break
    page.keyboard.press("ArrowUp")
    served.wait_for(index=21)
    for key in ("End", "Home", "PageUp"):
        page.keyboard.press(key)
    served.wait_for(index=10)
    for key in ("3", "+", "Shift+ArrowUp", "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    served.wait_until(lambda: strokes(served), "painted")
    (stroke,) = strokes(served)
    assert (stroke.label, stroke.radius, stroke.index) == (2, 4, 10)
    steps = np.diff(np.array(stroke.points), axis=0).tolist()
    assert steps == [[0, 4], [0, 4], [4, 0]]
    page.keyboard.press("Enter")
    page.mouse.move(*served.place(30, 30))
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    served.wait_until(lambda: len(strokes(served)) == 2, "painted, and the mouse that passes is no brush")
    assert np.diff(np.array(strokes(served)[1].points), axis=0).tolist() == [[0, -4]]
    page.keyboard.press("z")
    served.wait_until(lambda: len(strokes(served)) == 1, "undone")
    for key in ("Enter", "Shift+ArrowRight", "Escape", "z"):
        page.keyboard.press(key)
    served.wait_until(lambda: not strokes(served), "given up, and undone")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert not page.is_visible("#help")
    page.keyboard.press("n")
    served.wait_for(index=31)
    assert "Here: the network is unsure here" in page.inner_text("#reason")


def test_nothing_is_lost_on_a_narrow_screen(serve):
    served = serve(FakeSession(), viewport=NARROW, has_touch=True)
    served.wait_for(version=0)
    page = served.page
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    controls = page.locator("button, input, canvas, table, output, h2, #name, #status, #reason, #known")
    shown = [one for one in controls.all() if one.is_visible()]
    for one in shown:
        box = one.bounding_box()
        assert box["x"] >= 0, one
        assert box["x"] + box["width"] <= NARROW["width"] + 0.5, one
    zoom = served.data()["zoom"]
    page.set_viewport_size(WIDE)
    assert len(shown) == len([one for one in controls.all() if one.is_visible()]) > 40
    page.set_viewport_size(NARROW)
    served.canvas().scroll_into_view_if_needed()
    served.wait_for(zoom=zoom)
    served.draw([(80, 60), (80, 140)])
    served.wait_for(drawn=1)
    assert strokes(served)[0].points[-1] == pytest.approx((80, 140), abs=1)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_moves_under_the_brush_when_something_is_told(serve, viewport):
    served = serve(FakeSession(delay=4.0), viewport=viewport)
    served.wait_for(version=0)

    def place():
        return served.canvas().evaluate("canvas => { const {x, y, width, height} = canvas.getBoundingClientRect();"
                                        " return [x + scrollX, y + scrollY, width, height]; }")  # fmt: skip

    before = place()
    served.draw([(40, 50), (40, 120)])
    served.page.wait_for_selector("#progress:not([hidden])")
    assert place() == before
    served.wait_for(version=1)
    assert "paint a second class" in served.page.inner_text("#status")
    assert place() == before
    served.page.click("#save")
    served.page.wait_for_selector("#error:not([hidden])")
    assert place() == before


def luminance(color):
    levels = [int(v) / 255 for v in re.findall(r"\d+", color)[:3]]
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in levels]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(serve, scheme):
    served = serve(FakeSession(), color_scheme=scheme)
    color = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
    back = luminance(served.page.evaluate(color, ["body", "backgroundColor"]))
    card = luminance(served.page.evaluate(color, ["main > section", "backgroundColor"]))
    assert (back < 0.1) == (scheme == "dark")
    for selector, behind in (("body", back), ("#status", back), ("#reason", card), ("#known", card), ("#undo", card)):
        ink = luminance(served.page.evaluate(color, [selector, "color"]))
        low, high = sorted((ink, behind))
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector


def test_every_control_has_a_name(served):
    unnamed = served.page.evaluate(
        """() => [...document.querySelectorAll('button, input, canvas.picture, progress, dialog')].filter(one =>
            !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.labels?.length
              || one.textContent.trim())).map(one => one.outerHTML)"""
    )
    assert unnamed == []


def test_a_second_browser_looks_only(served):
    other = served.open()
    other.wait_for_selector("#looking:not([hidden])")
    assert other.is_disabled("#save")
    served.draw([(40, 50), (40, 120)])
    place = "() => document.querySelector('.view[data-view=xy] .picture').dataset.drawn === '1'"
    other.wait_for_function(place)
    other.keyboard.press("z")
    other.wait_for_selector("#error:not([hidden])")
    assert other.inner_text("#error span") == "another browser paints; this one only looks."
    assert len(strokes(served)) == 1


def test_the_token_leaves_the_address_and_the_page_can_be_loaded_again(served):
    assert "#" not in served.page.url
    served.draw([(40, 50), (40, 120)])
    served.wait_for(drawn=1)
    served.page.reload()
    served.wait_for(drawn=1)
    assert served.page.is_enabled("#undo")


def test_results_are_told_with_their_path_and_errors_in_one_line(served):
    served.page.click("#save")
    served.page.wait_for_selector("#error:not([hidden])")
    assert served.page.inner_text("#error span") == "no stroke is painted yet: paint some of each class first."
    for label in "12":
        served.page.keyboard.press(label)
        served.draw([(40 + 20 * int(label), 50), (40 + 20 * int(label), 120)])
    served.wait_for(drawn=2)
    served.page.click("#save")
    served.page.wait_for_selector("#note:not([hidden])")
    assert served.page.inner_text("#note span").startswith("Saved: ")
    assert not served.page.is_visible("#error")
    served.page.click("#finish")
    served.page.wait_for_selector("#progress:not([hidden])")
    served.page.wait_for_function("() => document.querySelector('#note span').textContent.startsWith('Finished')")
    assert "finished" in served.page.inner_text("#note span")


def test_a_server_that_has_ended_is_told(served):
    served.server.should_exit = True
    served.page.wait_for_selector("#error:not([hidden])")
    assert "Every stroke that was painted is kept" in served.page.inner_text("#error span")


def test_scale_bar_says_micrometres_or_voxels_and_flat_voxels_are_drawn_flat(serve):
    served = serve(FakeSession(size=(10.0, 5.0, 5.0)))
    served.wait_for("xz", version=0)
    assert served.data("xz")["aspect"] == "2"
    assert served.data()["scale"] == "200 µm"
    unknown = serve(FakeSession(size=None))
    unknown.wait_for(version=0)
    assert unknown.data()["scale"] == "50 voxels"
