import numpy as np
import pytest

from synfine_monai.baselines import load_baselines
from synfine_monai.baselines.stored import BASELINES, fit_baselines, save_baselines
from synfine_monai.errors import ScanError

NAMES, PHASES, PORES = ("solid", "air", "water"), (("matrix",), ("pore",), ("water",)), (1, 2)


@pytest.fixture
def rock(labelled_slice):
    return labelled_slice((1.0, 0.0, 0.5), patches=[(0, 0), (60, 60)])


def test_all_are_fitted_and_predict_the_same_after_a_round_trip(rock, tmp_path):
    fitted = fit_baselines([rock], NAMES, PHASES, PORES, seed=1)
    assert list(fitted) == list(BASELINES) == ["otsu", "threshold", "lookup", "random_forest"]
    save_baselines(fitted, tmp_path / "baselines")
    loaded = load_baselines(tmp_path / "baselines")
    assert list(loaded) == list(fitted)
    for name, baseline in fitted.items():
        before, after = (b.predict(rock.image, rock.fov) for b in (baseline, loaded[name]))
        assert before.dtype == np.uint8
        assert set(np.unique(before)) <= {0, 1, 2}
        assert np.array_equal(before, after), name


def test_a_run_without_baselines_has_none(tmp_path):
    assert load_baselines(tmp_path / "nowhere") == {}


def test_a_garbled_file_is_named(rock, tmp_path):
    save_baselines(fit_baselines([rock], NAMES, PHASES, PORES), tmp_path)
    file = tmp_path / "lookup.npz"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ScanError, match=r"lookup\.npz is not a stored lookup baseline"):
        load_baselines(tmp_path)


def test_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "otsu.npz", classes=np.array([{"any": "object"}], dtype=object), thresholds=np.zeros(1))
    with pytest.raises(ScanError, match="not a stored otsu baseline"):
        load_baselines(tmp_path)
