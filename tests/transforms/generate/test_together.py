import numpy as np
import pytest
import torch

from synfine_monai.transforms.generate import RandNoiseMask, RandTogether


def test_all_or_none():
    group = RandTogether([RandNoiseMask("pore", 0.3, 1.5), RandNoiseMask("clay", 0.3, 1.5)], prob=0.4)
    group.set_random_state(seed=0)
    found = [set(group({"phase": torch.zeros(1, 32, 32, dtype=torch.uint8)})["phase"].unique().tolist())
             for _ in range(300)]  # fmt: skip
    assert {frozenset(phases) for phases in found} == {frozenset({0}), frozenset({0, 1, 3})}
    assert np.mean([len(phases) > 1 for phases in found]) == pytest.approx(0.4, abs=0.1)
