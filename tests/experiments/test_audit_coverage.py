import numpy as np
import pytest
from monai.bundle import ConfigParser

from synfine_monai.experiments import audit_report, audit_runs, labelled_by

TRUTH = np.zeros((4, 60, 60), bool)
TRUTH[:, 10:50, 10:50] = True
CORE = np.ones_like(TRUTH)


def test_an_exact_labeller_says_the_truth():
    assert labelled_by("exact", TRUTH, CORE) is TRUTH


def test_a_noisy_labeller_errs_at_boundaries_alone_and_on_both_sides():
    wrong = labelled_by("noisy", TRUTH, CORE, seed=1) ^ TRUTH
    edge = 4 * (160 + 156)  # around the square of 40 voxels, and within it
    assert wrong.sum() == pytest.approx(0.05 * edge, abs=25)
    assert not wrong[:, 12:48, 12:48].any()
    assert not wrong[:, :9].any()
    assert (wrong & TRUTH).any()
    assert (wrong & ~TRUTH).any()


def test_a_wide_labeller_draws_half_a_voxel_too_far():
    said = labelled_by("wide", TRUTH, CORE, seed=1)
    assert (said | TRUTH == said).all()
    assert said.sum() - TRUTH.sum() == pytest.approx(0.5 * 4 * 160, rel=0.15)
    assert not labelled_by("wide", TRUTH, TRUTH)[~TRUTH].any()  # nothing outside the core


def test_labellers_err_with_the_good_network_alone():
    runs = audit_runs({"task": ["a"], "network": ["good", "one_patch"], "labeller": ["exact", "wide"]})
    assert [(run["network"], run["labeller"]) for run in runs] == [
        ("good", "exact"),
        ("good", "wide"),
        ("one_patch", "exact"),
    ]


def test_tables_say_how_often_and_how_wide(tmp_path):
    row = {"task": "a", "seed": "0", "network": "good", "labeller": "exact", "window": "32", "porosity": "0.2",
           "predicted": "0.21", "labels_say": "0.2"}  # fmt: skip
    for design, covered in {
        "uniform": 0.95,
        "mixed": 0.94,
        "half": 0.9,
        "soft": 0.96,
        "inside": 0.7,
        "alone": 0.95,
    }.items():
        row |= {f"{design}_16": str(covered), f"{design}_16_half": "0.002", "mixed_16_truth": "0.94"}
    audit_report(tmp_path, "Audits", [row, {**row, "seed": "1", "inside_16": "0.8"}])
    text = (tmp_path / "tables.md").read_text("utf-8")
    assert "| wrong: inside the image only | 75.0 (70.0 to 80.0) |" in text
    assert "| good, 32 | +1.00 | 0.20 / 0.20 / 0.20 / 0.61 |" in text  # 1.96 * sqrt(0.16 / 16384)
    assert (tmp_path / "coverage.png").stat().st_size > 5000


def test_the_experiment_runs_what_its_page_says(request):
    file = request.config.rootpath / "configs" / "experiments" / "audit_coverage.yaml"
    parser = ConfigParser(ConfigParser.load_config_file(file))
    runs = parser.get_parsed_content("experiment::runs")
    assert len(runs) == 3 * 3 * 3 * (3 + 2)
    assert parser.get("draws") == [8, 16, 32, 64]
