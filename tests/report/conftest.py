import numpy as np
import pytest

from synfine_monai.metrics import segmentation_scores


@pytest.fixture
def metrics():
    """Content of a metrics.json with three methods over two items; the surgical one is best."""
    names, pores = ("solid", "pore"), (1,)
    confusions = {
        "otsu": [[[80, 5], [5, 10]], [[70, 5], [5, 20]]],
        "surgical": [[[84, 1], [1, 14]], [[74, 1], [1, 24]]],
        "high+head": [[[83, 2], [1, 14]], [[74, 1], [2, 23]]],
    }
    methods = {m: segmentation_scores(np.array(c), names, pores, ["a", "b"]) for m, c in confusions.items()}
    run = {"selected": "high", "tune": "auto", "label_budget": 16, "seed": 0, "patch_seed": None}
    return {"task": "concrete <1>", "split": "test", "methods": methods, **run}
