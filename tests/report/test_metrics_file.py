import pytest

from synfine_monai.errors import ScanError
from synfine_monai.report import read_metrics
from synfine_monai.report.metrics_file import write_metrics


def test_comes_back_as_it_was_written(metrics, tmp_path):
    assert read_metrics(write_metrics(tmp_path / "metrics.json", metrics)) == metrics


@pytest.mark.parametrize("key", ["task", "methods", "selected", "patch_seed"])
def test_refuses_a_missing_key(metrics, tmp_path, key):
    del metrics[key]
    with pytest.raises(ScanError, match=f"at the top level, '{key}' is a required property"):
        write_metrics(tmp_path / "metrics.json", metrics)
    assert not (tmp_path / "metrics.json").exists()


def test_refuses_an_impossible_number(metrics, tmp_path):
    metrics["methods"]["otsu"]["pore_dice"] = 1.2
    with pytest.raises(ScanError, match=r"at methods/otsu/pore_dice, 1\.2 is greater than the maximum of 1"):
        write_metrics(tmp_path / "metrics.json", metrics)


def test_refuses_a_method_without_a_score(metrics, tmp_path):
    del metrics["methods"]["otsu"]["porosity_error"]
    with pytest.raises(ScanError, match="'porosity_error' is a required property"):
        write_metrics(tmp_path / "metrics.json", metrics)


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(ScanError, match="run evaluate first"):
        read_metrics(tmp_path / "metrics.json")


def test_a_garbled_file_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text('{"task": ')
    with pytest.raises(ScanError, match=r"metrics\.json is not JSON"):
        read_metrics(tmp_path / "metrics.json")
