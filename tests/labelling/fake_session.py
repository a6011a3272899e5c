"""A session without a network: it predicts by a threshold that moves with every stroke, and answers at once."""

import threading
from functools import cache

import numpy as np
from scipy.ndimage import gaussian_filter

from synfine_monai.errors import ScanError
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.strokes import Stroke
from synfine_monai.labelling.views import AXES, clipped_box

NAMES, COLORS = ("matrix", "pore", "clay"), ("#999999", "#0072b2", "#e69f00")
SHARES = dict(zip(NAMES, (0.7, 0.25, 0.05), strict=True))
SHAPE = (40, 160, 200)


@cache
def fake_scan(shape=SHAPE, seed=0):
    """Smooth grey levels, 0 to 255."""
    texture = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 4)
    return np.clip(128 + 60 * texture / texture.std(), 0, 255).astype(np.uint8)


class FakeSession:
    """What the server asks of a session; ``delay`` seconds pass from a stroke to the next version.

    Predictions wait while ``answers_now`` is not set.
    """

    def __init__(self, grey=None, delay=0.2, size=(5.0, 5.0, 5.0)):
        self.volume, self.delay, self.size = fake_scan() if grey is None else grey, delay, size
        self.events, self.undone, self.version, self.revision, self.count = [], [], 0, 0, 0
        self.status, self.answers, self.saved, self.closed = "idle", {}, [], False
        self.turned, self.answers_now = threading.Condition(), threading.Event()
        self.answers_now.set()

    def state(self):
        drawn = [s.label for s in self.events if s.label != 255]
        classes = zip(NAMES, COLORS, strict=True)
        return {
            "name": "fake.tif",
            "shape": list(self.volume.shape),
            "voxel_size_um": self.size and list(self.size),
            "classes": [{"index": k, "name": name, "color": color} for k, (name, color) in enumerate(classes)],
            "strokes_per_class": {name: drawn.count(k) for k, name in enumerate(NAMES)},
            "slices_with_strokes": {v: sorted({s.index for s in self.events if s.view == v}) for v in AXES},
            "strokes": len(self.events),
            "can_redo": bool(self.undone),
            "events": self.count,
            "version": self.version,
            "status": self.status,
            "progress": 0.5 if self.status == "training" else None,
            "message": "paint a second class" if len(set(drawn)) == 1 else "",
            "revision": self.revision,
        }

    def wait(self, revision, timeout=30.0):
        with self.turned:
            self.turned.wait_for(lambda: self.revision != revision, timeout)
        return self.state()

    def turn(self, **changes):
        with self.turned:
            for name, value in changes.items():
                setattr(self, name, value)
            self.revision += 1
            self.turned.notify_all()

    def stroke(self, label, radius, view, index, points):
        if not (label == 255 or 0 <= label < len(NAMES)):
            raise ScanError(f"{label} is no class: classes are 0 to 2, and 255 erases.")
        rows, columns = clipped_box(self.volume.shape, view, index, None).shape
        if not all(-0.5 <= r <= rows - 0.5 and -0.5 <= c <= columns - 0.5 for r, c in points):
            raise ScanError("the stroke runs outside the scan.")
        self.events.append(Stroke(self.count + 1, label, radius, view, index, tuple(map(tuple, points))))
        self.undone = []
        return self.learn()

    def undo(self):
        if not self.events:
            return None
        self.undone.append(self.events.pop())
        return self.learn()

    def redo(self):
        if not self.undone:
            return None
        self.events.append(self.undone.pop())
        return self.learn()

    def learn(self):
        self.turn(status="training", count=self.count + 1)
        threading.Timer(self.delay, lambda: self.turn(status="idle", version=self.version + 1)).start()
        return len(self.events)

    def grey(self, view, index, box):
        return np.take(self.volume, index, AXES[view][0])[clipped_box(self.volume.shape, view, index, box).cut]

    def drawn(self, view, index, box):
        box = clipped_box(self.volume.shape, view, index, box)
        return Drawing(self.events, self.volume.shape).labels(view, index, box)

    def predicted(self, view, index, box):
        self.answers_now.wait()
        grey, level = self.grey(view, index, box).astype(int), 100 + 5 * (self.version % 5)
        unsure = np.clip(255 - 8 * np.abs(grey - level), 0, 255).astype(np.uint8)
        return (grey < level).astype(np.uint8), unsure, self.version

    def suggestions(self, n):
        drawn = {"view": "xy", "index": 3, "row": 20, "col": 150, "reason": "drawn at random", "drawn_at_random": True}
        reason = "the network is unsure here (81% of the most there can be), between matrix and pore"
        unsure = {"view": "xy", "index": 31, "row": 60, "col": 50, "reason": reason, "drawn_at_random": False}
        return [unsure, drawn][:n]

    def shares(self):
        shares = {name: {"share": share, "error": 0.01} for name, share in SHARES.items()}
        return {"shares": shares, "regions": 12, "version": self.version}

    def audit(self):
        if not self.answers:
            return None
        told = {name: {"share": s, "low": s - 0.02, "high": s + 0.02, "needed": 70} for name, s in SHARES.items()}
        return {"windows": len(self.answers), "used": len(self.answers), "phases": told}

    def audit_window(self):
        return {"id": len(self.answers) + 1, "view": "xy", "index": 7, "box": [40, 60, 32, 32]}

    def audit_answer(self, number, labels):
        if (labels == 255).any():
            raise ScanError(f"{(labels == 255).sum()} voxels of window {number} have no class.")
        self.answers[number] = labels
        self.turn()

    def save(self, path):
        if len({s.label for s in self.events}) < 2:
            raise ScanError("no stroke is painted yet: paint some of each class first.")
        self.saved.append(path)
        return path / "labels.tif"

    def finish(self, output_dir, progress):
        if not self.events:
            raise ScanError("no stroke is painted yet: paint some of each class first.")
        for share in (0.25, 0.5, 0.75):
            progress(share, "segmenting")
            self.turn(status="finishing")
            threading.Event().wait(0.1)
        self.turn(status="idle")
        return output_dir

    def close(self):
        self.closed = True
