import json

import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.metrics import DISTANCES
from synfine_monai.networks import RockUNet
from synfine_monai.report import write_rock_fit
from synfine_monai.transforms.generate import knobs, load_rock, turn_knobs

CLASSES = {name: index for index, name in enumerate(PHASES)}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    real = torch.randn(16, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    after = turn_knobs("concrete", [1 / 3] * len(knobs("concrete")))
    network = RockUNet(channels=(4, 8, 16)).eval()
    write_rock_fit(folder, load_rock("concrete"), after, [{"objective": 1.0}], real, CLASSES, "noise", network=network)
    return folder, after


def test_the_rock_on_disk_is_the_fitted_one_in_short_numbers(written):
    folder, after = written
    stored = load_rock(folder / "rock.yaml")
    assert stored["structure"] == load_rock("concrete")["structure"]
    for path in (("appearance", 3, "ranges", "shift"), ("normalisation_jitter", "gain")):
        there, here = stored, after
        for key in path:
            there, here = there[key], here[key]
        assert there == pytest.approx(here, rel=1e-3)
    assert "0.3333333" not in (folder / "rock.yaml").read_text()


def test_distances_before_and_after_stand_beside_what_real_patches_reach(written):
    content = json.loads((written[0] / "fit.json").read_text())
    for words in ("real", "before", "after"):
        assert tuple(content[words]) == tuple(DISTANCES)
    assert content["real"]["histogram"] < content["after"]["histogram"]
    assert content["history"] == [{"objective": 1.0}]
    assert (written[0] / "figures" / "fit.png").is_file()
