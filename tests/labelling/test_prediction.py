"""Parts of slices: the same as whole slices give, the newest first, given up when nobody can still want them."""

import threading
import time

import numpy as np
import pytest
import torch
from painted_rock import Threshold, rock_scan, small_model

from synfine_monai.errors import ScanError
from synfine_monai.inferers import SliceWindowInferer
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.prediction import MOST_WAITING, Predictor, Superseded, predict_part
from synfine_monai.labelling.views import Box
from synfine_monai.labelling.working_copy import make_working_copy
from synfine_monai.networks import load_network
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view, measure_scan_intensity


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rock")


@pytest.fixture(scope="module")
def planes(folder):
    path, _ = rock_scan(folder, shape=(30, 150, 170))
    scan = open_scan(path)
    fov = find_scan_field_of_view(scan)
    statistics = measure_scan_intensity(scan, fov)
    return Planes(scan, fov, statistics, make_working_copy(scan, fov, statistics, folder))


@pytest.fixture
def predictor(planes):
    made = Predictor(planes, 1, lambda network, version: False)
    yield made
    made.close()


@pytest.mark.parametrize("box", [(0, 0, 40, 50), (33, 61, 64, 70), (101, 99, 49, 71)])
def test_a_part_is_what_the_whole_slice_gives_there(planes, folder, box):
    network, inferer = load_network(small_model(folder)), SliceWindowInferer()
    whole = predict_part(planes, network, inferer, ("xy", 7, planes.whole("xy")), 0)
    part = predict_part(planes, network, inferer, ("xy", 7, Box(*box)), 0)
    assert (part.labels == whole.labels[Box(*box).cut]).mean() > 0.999
    apart = part.uncertainty.astype(int) - whole.uncertainty[Box(*box).cut]
    assert np.abs(apart).max() <= 1


def test_labels_and_uncertainty_are_those_of_the_probabilities(planes):
    box = Box(20, 20, 30, 40)
    image = planes.seen("xy", 3, box).image
    part = predict_part(planes, Threshold(), SliceWindowInferer(), ("xy", 3, box), 5)
    np.testing.assert_array_equal(part.labels, image < -0.5)
    chance = 1 / (1 + np.exp(-8 * (image + 0.5)))
    np.testing.assert_allclose(part.uncertainty, 255 * 4 * chance * (1 - chance), atol=1)
    assert part.version == 5


def test_other_views_are_predicted_from_the_working_copy(planes):
    box = Box(0, 10, 30, 100)
    part = predict_part(planes, Threshold(), SliceWindowInferer(), ("xz", 40, box), 0)
    volume = planes.statistics.normalise(planes.scan.read())
    assert (part.labels == (volume[:, 40, 10:110] < -0.5)).mean() > 0.99


class Slow(Threshold):
    """Answers when it is told to, and remembers how many slices it was asked for."""

    def __init__(self):
        super().__init__()
        self.go, self.asked = threading.Event(), []

    def forward(self, image):
        self.asked.append(image.shape[-1])
        self.go.wait(10)
        return super().forward(image)


def test_what_was_asked_last_comes_first_and_the_oldest_are_given_up(predictor):
    network, done = Slow(), []
    predictor.publish(network, 1)

    def ask(width):
        try:
            done.append(predictor.ask(("xy", 3, Box(0, 0, 8, width))).labels.shape[1])
        except Superseded:
            done.append(-width)

    threads = [threading.Thread(target=ask, args=(8 + 8 * k,)) for k in range(MOST_WAITING + 3)]
    threads[0].start()
    _until(lambda: network.asked)
    for thread in threads[1:]:
        thread.start()
        time.sleep(0.02)
    network.go.set()
    for thread in threads:
        thread.join(10)
    assert sorted(done) == [-24, -16, 8, 32, 40, 48, 56]
    assert network.asked == [8 + 24, 56 + 24, 48 + 24, 40 + 24, 32 + 24]  # with the reach of a network on one side


def test_a_new_network_answers_anew_and_the_same_one_at_once(predictor):
    key = ("xy", 3, Box(0, 0, 40, 40))
    predictor.publish(Threshold(), 1)
    first = predictor.ask(key)
    assert predictor.ask(key) is first
    predictor.publish(Threshold(cut=0.5), 2)
    second = predictor.ask(key)
    assert second.version == 2
    assert second.labels.sum() > first.labels.sum()


def test_an_error_is_told_to_whoever_asked_and_others_go_on(predictor):
    predictor.publish(Threshold(), 1)
    with pytest.raises(IndexError):
        predictor.ask(("xy", 99, Box(0, 0, 8, 8)))
    assert predictor.ask(("xy", 0, Box(0, 0, 8, 8))).labels.shape == (8, 8)


def test_whoever_waits_when_it_ends_is_told(planes):
    predictor, network, told = Predictor(planes, 1, lambda *of: False), Slow(), []
    predictor.publish(network, 1)

    def ask():
        try:
            predictor.ask(("xy", 0, Box(0, 0, 8, 8)))
        except Superseded:
            told.append(True)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    _until(lambda: network.asked)
    threading.Timer(0.1, network.go.set).start()
    predictor.close()
    for thread in threads:
        thread.join(5)
    with pytest.raises(Superseded):
        predictor.ask(("xy", 1, Box(0, 0, 8, 8)))


def test_whoever_asks_for_a_network_that_cannot_come_is_told(predictor):
    threading.Timer(0.2, predictor.refuse, (ScanError("network.pt is damaged."),)).start()
    for _ in range(2):  # who waits, and who asks later
        with pytest.raises(ScanError, match="damaged"):
            predictor.ask(("xy", 0, Box(0, 0, 8, 8)))


def test_what_fails_in_spare_time_keeps_nobody_waiting(planes, caplog):
    def fails(network, version):
        raise ValueError("no luck")

    predictor = Predictor(planes, 1, fails)
    predictor.publish(Threshold(), 1)
    _until(lambda: "no luck" in caplog.text)
    assert predictor.ask(("xy", 0, Box(0, 0, 8, 8))).version == 1
    predictor.close()


def test_spare_time_is_used_once_for_each_network_and_waits_for_wishes(planes):
    seen = []
    predictor = Predictor(planes, 1, lambda network, version: seen.append(version) or len(seen) % 3 != 0)
    for version in (1, 2):
        predictor.publish(Threshold(), version)
        _until(lambda version=version: len(seen) == 3 * version)
    time.sleep(0.1)
    assert seen == [1, 1, 1, 2, 2, 2]
    predictor.close()


def test_prediction_leaves_torch_of_the_caller_alone(predictor):
    before = torch.get_num_threads()
    predictor.publish(Threshold(), 1)
    predictor.ask(("xy", 0, Box(0, 0, 8, 8)))
    assert torch.get_num_threads() == before


def _until(holds, seconds=10.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
