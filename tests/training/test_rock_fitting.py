import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.metrics import distances
from synfine_monai.training import fit_rock, rock_images
from synfine_monai.transforms.generate import turn_knobs

CLASSES = {name: index for index, name in enumerate(PHASES)}
ROCK = {
    "structure": [{"part": "RandGrains", "cell": 24, "porosity": 0.25}],
    "appearance": [
        {"part": "RandPaint", "grey": {"matrix": 1.0, "pore": 0.0, "water": 0.3, "clay": 0.6, "dense": 2.0}},
        {"corrupt": "PartialVolume", "ranges": {"width": [0.5, 4.0]}, "prob": 1.0},
        {"corrupt": "CorrelatedNoise", "ranges": {"strength": [0.02, 0.3], "length": [0.5, 0.5]}, "prob": 1.0},
        {"part": "RandLabelBoundary", "at": [0.4, 0.6], "prob": 0.5},
    ],
    "normalisation_jitter": {"gain": 1.0, "offset": 0.0},
}
TRUE = (0.8, 0.3)  # of blur and noise


@pytest.fixture(scope="module", autouse=True)
def _few_rocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synfine_monai.training.rock_fitting.ROCKS", 5)
        yield


@pytest.fixture(scope="module")
def scan() -> torch.Tensor:
    return rock_images(turn_knobs(ROCK, TRUE, spread=0), CLASSES, 12, 4, seed=77)


@pytest.fixture(scope="module")
def fitted(scan):
    return fit_rock(ROCK, scan, CLASSES, evaluations=14)


def test_blur_and_noise_of_a_known_rock_are_found(fitted):
    _, blur, noise, boundary = fitted[0]["appearance"]
    truth = turn_knobs(ROCK, TRUE, spread=0)["appearance"]
    low, high = blur["ranges"]["width"]
    assert (low * high) ** 0.5 == pytest.approx(truth[1]["ranges"]["width"][0], rel=0.2)
    low, high = noise["ranges"]["strength"]
    assert (low * high) ** 0.5 == pytest.approx(truth[2]["ranges"]["strength"][0], rel=0.3)
    assert boundary == ROCK["appearance"][-1]
    assert fitted[0]["structure"] == ROCK["structure"]


def test_the_fitted_rock_is_nearer_than_the_preset_on_rocks_that_it_was_not_fitted_with(fitted, scan):
    before, after = (distances(scan, rock_images(rock, CLASSES, 12, 4, seed=5)) for rock in (ROCK, fitted[0]))
    assert after["spectrum"] < 0.5 * before["spectrum"]
    assert after["histogram"] < before["histogram"]


def test_history_tells_every_evaluation(fitted):
    history = fitted[1]
    assert len(history) == 14
    assert set(history[0]) == {"objective", "histogram", "spectrum", "correlation"}
    assert min(step["objective"] for step in history) < 0.7 * history[0]["objective"]


def test_the_same_seed_gives_the_same_rock(scan):
    first, again = (fit_rock(ROCK, scan, CLASSES, evaluations=2, seed=1) for _ in range(2))
    assert first == again


def test_geometry_is_left_unless_asked_for(scan):
    rock = {**ROCK, "structure": [{"part": "RandGrains", "cell": [16, 40], "porosity": 0.25}]}
    low, high = fit_rock(rock, scan, CLASSES, evaluations=1, geometry=True)[0]["structure"][0]["cell"]
    assert high - low == pytest.approx(0.15 * 24)


def test_too_little_to_fit_is_refused(scan):
    with pytest.raises(ScanError, match="got 4 and 10"):
        fit_rock(ROCK, scan[:4], CLASSES, evaluations=10)
