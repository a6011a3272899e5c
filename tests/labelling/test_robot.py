"""A robot paints where the result is worst, and its session gets better."""

import numpy as np
import pytest
from painted_rock import rock_scan

from synfine_monai.data import LabelledSlice
from synfine_monai.labelling import Session
from synfine_monai.labelling.robot import Robot


@pytest.mark.slow
def test_its_strokes_are_right_and_make_the_network_better(tmp_path):
    path, truth = rock_scan(tmp_path, shape=(24, 96, 96), share=0.25)
    with Session.open(path, tmp_path / "s", ["matrix", "pore"], threads=1) as session:
        whole = np.ones(truth.shape[1:], bool)
        truths = [LabelledSlice(None, truth[z], whole, "rock", "rock", z) for z in (6, 12)]
        robot = Robot(session, truths)
        session.wait_idle()

        def accuracy():
            return np.mean([session.predicted("xy", z).labels == truth[z] for z in (3, 9, 20)])

        before = accuracy()
        assert robot.play(1) > 0
        session.wait_idle(120)
        robot.play(2)  # paints nothing where all is right already
        session.wait_idle(120)
        drawn = np.stack([session.drawn("xy", z) for z in range(24)])
        assert (drawn == truth)[drawn != 255].all()
        assert set(np.flatnonzero((drawn != 255).any((1, 2)))) <= {6, 12}
        assert accuracy() >= before - 0.005
