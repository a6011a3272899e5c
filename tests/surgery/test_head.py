import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.networks import RockUNet
from synfine_monai.surgery import adapt_head

FIVE = (("matrix",), ("pore",), ("water",), ("clay",), ("dense",))


@pytest.fixture
def source() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return RockUNet(num_classes=5).state_dict()


def test_rows_follow_their_phases_into_another_order(source):
    adapted, undecided = adapt_head(source, FIVE, (("pore",), ("clay",), ("matrix",)))
    assert torch.equal(adapted["head.weight"], source["head.weight"][[1, 3, 0]])
    assert torch.equal(adapted["head.bias"], source["head.bias"][[1, 3, 0]])
    assert undecided == []
    RockUNet(num_classes=3).load_state_dict(adapted)


def test_a_merged_class_gets_the_mean_of_its_rows(source):
    adapted, undecided = adapt_head(source, FIVE, (("matrix", "clay", "dense"), ("pore", "water")))
    torch.testing.assert_close(adapted["head.weight"][1], (source["head.weight"][1] + source["head.weight"][2]) / 2)
    torch.testing.assert_close(adapted["head.bias"][0], source["head.bias"][[0, 3, 4]].mean())
    assert undecided == []


def test_a_class_without_a_source_gets_the_mean_row_and_is_listed(source):
    adapted, undecided = adapt_head(source, FIVE, (("matrix",), ("pore",), ("organic",), ()))
    assert undecided == [2, 3]
    torch.testing.assert_close(adapted["head.weight"][2], source["head.weight"].mean(0))


def test_classes_that_share_one_row_are_listed():
    source = {"head.weight": torch.arange(4.0).reshape(2, 2), "head.bias": torch.tensor([1.0, 2.0])}
    _, undecided = adapt_head(source, (("matrix", "dense"), ("pore",)), (("matrix",), ("pore",), ("dense",)))
    assert undecided == [0, 2]


def test_all_else_stays_and_the_source_is_not_changed(source):
    before = source["head.weight"].clone()
    adapted, _ = adapt_head(source, FIVE, (("pore",), ("matrix",)))
    assert torch.equal(source["head.weight"], before)
    assert all(adapted[name] is value for name, value in source.items() if not name.startswith("head."))


def test_refuses_a_description_of_another_head(source):
    with pytest.raises(ScanError, match="'head' has 5 classes, but its description names phases for 2"):
        adapt_head(source, FIVE[:2], FIVE)
    with pytest.raises(ScanError, match="'tail' has 0 classes"):
        adapt_head(source, FIVE, FIVE, head="tail")
    with pytest.raises(ScanError, match="no classes"):
        adapt_head(source, FIVE, ())
