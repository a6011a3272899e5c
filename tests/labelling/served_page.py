"""A session's page as a user meets it: served on a free port, in a browser, driven by mouse and keys."""

import threading
import time

from synfine_monai.labelling.serving import free_socket, page_server
from synfine_monai.labelling.visitors import Visitors

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 320, "height": 700}
LONGEST_MS = 60_000


class Served:
    """A server in a thread, and a browser's page on it.

    Attributes:
        page: of playwright.
        requests: (method, path) of what the page has asked for.
        problems: what it wrote to its console as an error.
    """

    def __init__(self, session, chromium, folder, viewport=WIDE, **context):
        self.session, self.chromium, self.visitors = session, chromium, Visitors()
        self.socket = free_socket(0)
        port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/#{self.visitors.token}"
        self.server = page_server(session, self.visitors, folder, port)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self.thread.start()
        self.contexts, self.requests, self.problems = [], [], []
        self.page = self.open(viewport=viewport, **context)

    def open(self, **context):
        """The page in another browser context: other cookies."""
        self.contexts.append(self.chromium.new_context(**context))
        page = self.contexts[-1].new_page()
        page.set_default_timeout(LONGEST_MS)
        page.on("request", lambda request: self.requests.append((request.method, request.url)))
        page.on("console", lambda said: said.type == "error" and self.problems.append(said.text))
        page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        page.goto(self.url)
        page.wait_for_selector("body.ready")
        return page

    def canvas(self, view="xy"):
        return self.page.locator(f".view[data-view={view}] .picture")

    def data(self, view="xy"):
        return self.canvas(view).evaluate("canvas => ({...canvas.dataset})")

    def place(self, row, column, view="xy"):
        """Where the centre of a voxel is on the screen."""
        data, box = self.data(view), self.canvas(view).bounding_box()
        zoom = float(data["zoom"])
        x = (column + 0.5 - float(data["left"])) * zoom
        y = (row + 0.5 - float(data["top"])) * zoom * float(data["aspect"])
        return box["x"] + x, box["y"] + y

    def draw(self, points, view="xy", steps=8, lift=True):
        """Paint a line through voxels with the mouse."""
        places = [self.place(*point, view) for point in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for x, y in places[1:]:
            self.page.mouse.move(x, y, steps=steps)
        if lift:
            self.page.mouse.up()

    def wait_for(self, view="xy", **data):
        """Until the picture tells this of itself."""
        wanted = {name: str(value) for name, value in data.items()}
        self.page.wait_for_function(
            "([view, wanted]) => { const has = document.querySelector(`.view[data-view=${view}] .picture`).dataset;"
            " return Object.entries(wanted).every(([name, value]) => has[name] === value); }",
            arg=[view, wanted],
        )

    def wait_until(self, holds, what):
        """Until something holds of the session."""
        until = time.monotonic() + LONGEST_MS / 1000
        while not holds():
            assert time.monotonic() < until, f"never: {what}"
            self.page.wait_for_timeout(20)

    def color(self, row, column, view="xy"):
        """(red, green, blue) that is seen at a voxel."""
        place = "([canvas, x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)"
        x, y = self.place(row, column, view)
        box = self.canvas(view).bounding_box()
        return tuple(self.page.evaluate(place, [self.canvas(view).element_handle(), x - box["x"], y - box["y"]]))

    def close(self):
        for context in self.contexts:
            context.close()
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()
