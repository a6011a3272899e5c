"""What a page's server refuses, by status and in one sentence, and that nothing has changed then."""

import json

import pytest
from fake_session import FakeSession
from starlette.testclient import TestClient

from synfine_monai.labelling.server import STATIC, label_app
from synfine_monai.labelling.visitors import Visitors

PORT = 8123
ORIGIN = f"http://127.0.0.1:{PORT}"
GOOD = {"label": 1, "radius": 2, "view": "xy", "index": 3, "points": [[4, 5], [6, 9.5]]}
TILE = "/api/tile?kind=grey&view=xy&index=3&box=0,0,64,64"
MANY = [[1, 1]] * 100_001


class Kit:
    """A server with a fake session, and a browser that holds its token."""

    def __init__(self, folder):
        self.session, self.visitors = FakeSession(delay=0.0), Visitors()
        self.app = label_app(self.session, self.visitors, folder, PORT)
        self.browser = self.another()
        assert self.login(self.browser).status_code == 200

    def another(self):
        return TestClient(self.app, base_url=ORIGIN, headers={"origin": ORIGIN}, raise_server_exceptions=False)

    def login(self, browser, token=None):
        return browser.post("/api/login", json={"token": token or self.visitors.token})

    def changed(self):
        return self.session.count, self.session.answers, self.session.saved, self.visitors.may_write(self.cookie)

    @property
    def cookie(self):
        return self.browser.cookies[f"synfine_{PORT}"]


@pytest.fixture
def kit(tmp_path):
    return Kit(tmp_path)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    return Kit(tmp_path_factory.mktemp("attacked"))


def stroke(**changes):
    return {"json": {**GOOD, **changes}}


def raw(text, kind="application/json"):
    return {"content": text, "headers": {"content-type": kind}}


def long_as(length):
    return {"content": b"{}", "headers": {"content-type": "application/json", "content-length": length}}


def asked(**changes):
    return {"json": GOOD, "headers": changes}


HOSTILE = {
    "no token": ("POST", "/api/login", {"json": {}}, 422),
    "wrong token": ("POST", "/api/login", {"json": {"token": "0" * 64}}, 401),
    "token that is no text": ("POST", "/api/login", {"json": {"token": 5}}, 422),
    "token of another alphabet": ("POST", "/api/login", {"json": {"token": "ключ"}}, 401),
    "endless token": ("POST", "/api/login", {"json": {"token": "0" * 500}}, 422),
    "no cookie, stroke": ("POST", "/api/stroke", {**stroke(), "cookies": {}}, 401),
    "no cookie, tile": ("GET", TILE, {"cookies": {}}, 401),
    "no cookie, state": ("GET", "/api/state", {"cookies": {}}, 401),
    "no cookie, no such page": ("GET", "/etc/passwd", {"cookies": {}}, 401),
    "old cookie": ("POST", "/api/stroke", {**stroke(), "cookies": {f"synfine_{PORT}": "a" * 64}}, 401),
    "token as a cookie": ("GET", TILE, {"cookies": {f"synfine_{PORT}": "TOKEN"}}, 401),
    "token in the query": ("GET", f"{TILE}&token=TOKEN", {"cookies": {}}, 401),
    "cookie of another port": ("GET", TILE, {"cookies": {"synfine_1": "COOKIE"}}, 401),
    "foreign host": ("GET", TILE, {"headers": {"host": f"evil.example:{PORT}"}}, 421),
    "foreign host, page itself": ("GET", "/", {"headers": {"host": f"evil.example:{PORT}"}}, 421),
    "rebound name": ("POST", "/api/stroke", asked(host=f"127.0.0.1.evil.example:{PORT}"), 421),
    "host without port": ("GET", TILE, {"headers": {"host": "127.0.0.1"}}, 421),
    "host of another port": ("GET", TILE, {"headers": {"host": f"127.0.0.1:{PORT + 1}"}}, 421),
    "any address": ("GET", TILE, {"headers": {"host": f"0.0.0.0:{PORT}"}}, 421),
    "foreign origin": ("POST", "/api/stroke", asked(origin="http://evil.example"), 403),
    "origin of another port": ("POST", "/api/stroke", asked(origin=f"http://127.0.0.1:{PORT + 1}"), 403),
    "origin null": ("POST", "/api/undo", {"json": {}, "headers": {"origin": "null"}}, 403),
    "origin by https": ("POST", "/api/undo", {"json": {}, "headers": {"origin": f"https://127.0.0.1:{PORT}"}}, 403),
    "no origin": ("POST", "/api/undo", {"json": {}, "headers": {"origin": ""}}, 403),
    "image of another site": ("GET", TILE, {"headers": {"sec-fetch-site": "cross-site"}}, 403),
    "image of another port": ("GET", TILE, {"headers": {"sec-fetch-site": "same-site"}}, 403),
    "dots": ("GET", "/../pyproject.toml", {}, 404),
    "dots in the middle": ("GET", "/app.js/../../gate.py", {}, 404),
    "encoded dots": ("GET", "/%2e%2e/%2e%2e/etc/passwd", {}, 404),
    "encoded slash": ("GET", "/..%2fgate.py", {}, 404),
    "backslashes": ("GET", "/..%5c..%5cgate.py", {}, 404),
    "absolute path": ("GET", "//etc/passwd", {}, 404),
    "null byte": ("GET", "/app.js%00.html", {}, 404),
    "python file": ("GET", "/server.py", {}, 404),
    "folder of the page": ("GET", "/web/index.html", {}, 404),
    "a path in the query": ("GET", "/api/tile?kind=../grey&view=xy&index=3&box=0,0,64,64", {}, 422),
    "a path to save to": ("POST", "/api/save", {"json": {"path": "/etc/passwd"}}, 422),
    "NaN": ("POST", "/api/stroke", raw(json.dumps({**GOOD, "points": [[float("nan"), 1]]})), 422),
    "infinity": ("POST", "/api/stroke", raw(json.dumps(GOOD).replace("9.5", "1e999")), 422),
    "radius NaN": ("POST", "/api/stroke", raw(json.dumps({**GOOD, "radius": float("nan")})), 422),
    "radius 0": ("POST", "/api/stroke", stroke(radius=0), 422),
    "radius 1e9": ("POST", "/api/stroke", stroke(radius=1e9), 422),
    "1e5 + 1 points": ("POST", "/api/stroke", raw(json.dumps({**GOOD, "points": MANY}, separators=(",", ":"))), 422),
    "1e9 points said": ("POST", "/api/stroke", long_as("12000000000"), 413),
    "length that is no number": ("POST", "/api/stroke", long_as("-5"), 413),
    "2 MB": ("POST", "/api/stroke", raw(b" " * 2_000_000), 413),
    "2 MB in pieces": ("POST", "/api/stroke", raw(iter([b" " * 500_000] * 4)), 413),
    "no points": ("POST", "/api/stroke", stroke(points=[]), 422),
    "points of three": ("POST", "/api/stroke", stroke(points=[[1, 2, 3]]), 422),
    "points as text": ("POST", "/api/stroke", stroke(points=[["1", "2"]]), 422),
    "points true": ("POST", "/api/stroke", stroke(points=[[True, 2.0]]), 422),
    "points huge": ("POST", "/api/stroke", raw(json.dumps(GOOD).replace("9.5", "9" * 4000)), 422),
    "outside the scan": ("POST", "/api/stroke", stroke(points=[[4, 5], [4, 5000]]), 422),
    "before the scan": ("POST", "/api/stroke", stroke(points=[[-3, 5]]), 422),
    "slice beyond": ("POST", "/api/stroke", stroke(index=4000), 422),
    "slice before": ("POST", "/api/stroke", stroke(index=-1), 422),
    "no such view": ("POST", "/api/stroke", stroke(view="zz"), 422),
    "no such class": ("POST", "/api/stroke", stroke(label=77), 422),
    "class as text": ("POST", "/api/stroke", stroke(label="1"), 422),
    "more than asked": ("POST", "/api/stroke", stroke(file="/tmp/x"), 422),
    "a list": ("POST", "/api/stroke", {"json": [GOOD]}, 422),
    "no JSON": ("POST", "/api/stroke", raw("label=1"), 422),
    "deep JSON": ("POST", "/api/stroke", raw("[" * 400_000), 422),
    "no UTF-8": ("POST", "/api/stroke", raw(b'{"label": "\xff\xfe\xff"}'), 422),
    "form": ("POST", "/api/undo", raw("{}", "application/x-www-form-urlencoded"), 415),
    "plain text": ("POST", "/api/undo", raw("{}", "text/plain"), 415),
    "no type": ("POST", "/api/undo", {"content": b"{}"}, 415),
    "stroke by GET": ("GET", "/api/stroke", {}, 405),
    "stroke by PUT": ("PUT", "/api/stroke", stroke(), 405),
    "stroke by DELETE": ("DELETE", "/api/stroke", {"headers": {"content-type": "application/json"}}, 405),
    "preflight": ("OPTIONS", "/api/stroke", {"headers": {"content-type": "application/json"}}, 405),
    "tile by POST": ("POST", TILE, {"json": {}}, 405),
    "tile of 1e9 voxels": ("GET", "/api/tile?kind=grey&view=xy&index=3&box=0,0,100000,10000", {}, 422),
    "tile beyond": ("GET", "/api/tile?kind=grey&view=xy&index=3&box=9000,0,10,10", {}, 422),
    "tile before": ("GET", "/api/tile?kind=grey&view=xy&index=3&box=-5,0,10,10", {}, 422),
    "tile of nothing": ("GET", "/api/tile?kind=grey&view=xy&index=3&box=0,0,0,0", {}, 422),
    "tile in other digits": ("GET", "/api/tile?kind=grey&view=xy&index=٣&box=0,0,10,10", {}, 422),
    "private name as a kind": ("GET", "/api/tile?kind=__class__&view=xy&index=3&box=0,0,10,10", {}, 422),
    "revision of words": ("GET", "/api/state?revision=x", {}, 422),
    "window of no audit": ("POST", "/api/audit_answer", {"json": {"id": 1, "labels": [[1], [1, 2]]}}, 422),
    "window of text": ("POST", "/api/audit_answer", {"json": {"id": 1, "labels": ["abc"]}}, 422),
    "window of 256": ("POST", "/api/audit_answer", {"json": {"id": 1, "labels": [[256]]}}, 422),
}  # fmt: skip


def filled(value, kit):
    return {k: v.replace("TOKEN", kit.visitors.token).replace("COOKIE", kit.cookie) for k, v in value.items()}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_are_refused_in_one_sentence_and_change_nothing(attacked, name):
    kit = attacked
    method, path, options, status = HOSTILE[name]
    options = dict(options)
    before, browser = kit.changed(), kit.browser
    if "cookies" in options:
        browser = kit.another()
        browser.cookies.update(filled(options.pop("cookies"), kit))
    answer = browser.request(method, path.replace("TOKEN", kit.visitors.token), **options)
    assert answer.status_code == status, answer.text
    said = answer.json()["error"]
    assert said
    assert "\n" not in said
    assert "Traceback" not in said
    assert kit.changed() == before
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


def test_there_are_fifty_of_them():
    assert len(HOSTILE) >= 50


def test_the_same_stroke_passes_from_the_page_itself(kit):
    assert kit.browser.post("/api/stroke", json=GOOD).json() == {"strokes": 1}
    assert kit.session.events[0].points == ((4, 5), (6, 9.5))
    tile = kit.browser.get(TILE)
    assert tile.content == kit.session.volume[3, :64, :64].tobytes()
    assert tile.headers["x-shape"] == "64,64"
    assert kit.browser.post("/api/undo", json={}).json() == {"strokes": 0}


def test_cookie_is_for_this_page_alone(kit):
    said = kit.login(kit.another()).headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert "domain" not in said.lower()
    assert kit.visitors.token not in said
    assert len(kit.visitors.token) * 4 == 256


def test_page_without_data_is_public_and_holds_no_token(kit):
    for path in STATIC:
        answer = kit.another().get(path)
        assert answer.status_code == 200
        assert kit.visitors.token not in answer.text


def test_token_of_an_earlier_start_is_refused(kit):
    answer = kit.login(kit.another(), Visitors().token)
    assert answer.status_code == 401
    assert "earlier start" in answer.json()["error"]


def test_a_websocket_is_refused(kit):
    with pytest.raises(Exception), kit.browser.websocket_connect("/api/state"):  # noqa: B017, PT011
        pass


def test_a_second_browser_only_looks_until_the_first_is_gone(tmp_path):
    kit = Kit(tmp_path)
    now = [0.0]
    kit.visitors.clock = lambda: now[0]
    second = kit.another()
    assert kit.login(second).json() == {"you_write": False}
    assert kit.browser.get(TILE).status_code == second.get(TILE).status_code == 200
    refused = second.post("/api/stroke", json=GOOD)
    assert refused.status_code == 409
    assert refused.json()["error"] == "another browser paints; this one only looks."
    assert second.post("/api/take_over", json={}).status_code == 409
    now[0] = 31.0
    assert second.get("/api/state").json()["writer_is_gone"] is True
    assert second.post("/api/take_over", json={}).status_code == 200
    assert second.post("/api/stroke", json=GOOD).status_code == 200
    assert kit.browser.post("/api/stroke", json=GOOD).status_code == 409


def test_state_waits_for_news_and_tells_everything(kit):
    state = kit.browser.get("/api/state").json()
    assert state["you_write"]
    assert state["shares"]["shares"]["pore"]["share"] == 0.25
    kit.session.delay = 0.05
    kit.browser.post("/api/stroke", json=GOOD)
    news = kit.browser.get(f"/api/state?revision={state['revision']}").json()
    assert news["revision"] > state["revision"]
    assert news["strokes"] == 1


def test_a_failure_is_one_line_and_the_server_goes_on(kit, monkeypatch):
    monkeypatch.setattr(kit.session, "undo", lambda: 1 / 0)
    answer = kit.browser.post("/api/undo", json={})
    assert answer.status_code == 500
    assert "division by zero" in answer.json()["error"]
    assert kit.browser.get(TILE).status_code == 200


def test_saving_needs_strokes_and_goes_to_a_folder_of_the_server(kit, tmp_path):
    refused = kit.browser.post("/api/save", json={})
    assert (refused.status_code, refused.json()["error"]) == (
        422,
        "no stroke is painted yet: paint some of each class first.",
    )
    for label in (0, 1):
        kit.browser.post("/api/stroke", json={**GOOD, "label": label})
    assert kit.browser.post("/api/save", json={}).json() == {"path": str(tmp_path / "saved" / "labels.tif")}


def test_finishing_tells_how_far_it_is_and_what_went_wrong(kit):
    kit.browser.post("/api/finish", json={})
    for _ in range(100):
        if not (state := kit.browser.get("/api/state").json()["finish"])["running"]:
            break
    assert state["error"] == "no stroke is painted yet: paint some of each class first."
