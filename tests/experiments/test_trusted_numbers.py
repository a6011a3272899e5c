"""The experiment on trust compares blocks of segmentations with the same blocks of the truth."""

import numpy as np
import pytest
from monai.bundle import ConfigParser

from synfine_monai.experiments import trust_report, trust_runs
from synfine_monai.experiments.block_numbers import flow_by_level, flow_numbers, local_numbers


def duct() -> np.ndarray:
    pores = np.zeros((12, 12, 12), bool)
    pores[:, 4:8, 4:8] = True
    return pores


def test_numbers_of_a_duct():
    found = local_numbers(duct()) | flow_numbers(duct())
    assert found["porosity"] == pytest.approx(1 / 9)
    assert found["diameter"] == pytest.approx(4, abs=0.5)
    assert found["conductivity_z"] == pytest.approx(1 / 9, rel=1e-4)
    assert (found["conductivity_x"], found["stokes_x"], found["cheap_x"]) == (0, 0, 0)
    assert found["stokes_z"] == pytest.approx(0.0351443 * 4**4 / 12**2, rel=0.25)


def test_lower_levels_let_more_through():
    chances = np.where(duct(), 0.6, 0.3)
    found = flow_by_level(chances, [0.2, 0.5, 0.7])
    assert found["conductivity_at_0.2"] == pytest.approx(1, rel=1e-4)
    assert found["conductivity_at_0.5"] == pytest.approx(1 / 9, rel=1e-4)
    assert found["conductivity_at_0.7"] == found["cheap_at_0.7"] == 0


def test_the_truth_has_one_seed():
    runs = trust_runs({"segmenter": ["truth", "network"], "seed": [3, 4], "block": [0, 1]})
    assert [(run["segmenter"], run["seed"]) for run in runs if run["block"] == 1] == [
        ("truth", 3), ("network", 3), ("network", 4)]  # fmt: skip


def row(segmenter: str, block: int, factor: float) -> dict[str, str]:
    """A block whose numbers are a factor too large; its flow falls tenfold with each tenth of the level."""
    size = 1 + block
    numbers = dict.fromkeys(("porosity", "surface", "s2", "s2_length", "chord", "diameter", "euler"), size * factor)
    flow = {f"{name}_{axis}": size * factor for name in ("conductivity", "stokes", "cheap") for axis in "zyx"}
    levels = {f"{name}_at_{0.5 + step:g}": size * factor * 10 ** (-10 * step) for name in ("conductivity", "cheap")
              for step in (-0.4, -0.1, 0.1, 0.4)}  # fmt: skip
    shifts = {"shifts_32_19": " ".join(["0.0500"] * 10 + ["0.2000"] * 30)} if segmenter != "truth" else {}
    cells = {**numbers, **flow, **(levels if shifts else {}), "dice": 0.9, **shifts}
    return {"segmenter": segmenter, "seed": "0", "block": str(block), **{k: str(v) for k, v in cells.items()}}


def test_tables_say_how_far_off_and_how_often_a_band_holds_the_truth(tmp_path):
    rows = [row("truth", k, 1.0) for k in range(3)] + [row("network", k, 10**0.9) for k in range(3)]
    text = trust_report(tmp_path, "Trust", rows).read_text("utf-8")
    assert "| porosity | 50 | +694.3 ± 0.0 |" in text
    assert "| formation factor | 49 | -87.4 ± 0.0 |" in text
    assert "| network, 19 of 32² | 0.20 | 75 |" in text  # a shift of 0.09 is needed, which 30 of 40 audits grant
    assert (tmp_path / "errors.png").stat().st_size > 5000


def test_the_experiment_runs_what_its_page_says(request):
    file = request.config.rootpath / "configs" / "experiments" / "trusted_numbers.yaml"
    parser = ConfigParser(ConfigParser.load_config_file(file))
    assert len(parser.get_parsed_content("experiment::runs")) == 6 * 10
    assert parser.get_parsed_content("segmenters")["one_patch"]["finetune"]["label_budget"] == 1
