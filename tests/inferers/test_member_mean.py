import pytest
import torch
from monai.inferers import SimpleInferer

from synfine_monai.inferers import FlipAverageInferer
from synfine_monai.inferers.member_mean import MemberInferer, MemberSum

SHAPE = (1, 3, 4, 5)


class Fixed(MemberInferer):
    """Members that say what they are told to."""

    def __init__(self, answers, disagreement=False):
        super().__init__(SimpleInferer(), disagreement)
        self.answers = answers

    def members(self, inputs, network):
        yield from self.answers


def logits_of(*probabilities):
    """The same logits at every voxel; their softmax are the probabilities."""
    return torch.tensor(probabilities).log().view(1, -1, 1, 1, 1).expand(1, len(probabilities), *SHAPE[1:]) + 3.0


def test_the_softmax_is_the_mean_of_the_probabilities():
    answers = [torch.randn(1, 4, *SHAPE[1:], generator=torch.Generator().manual_seed(seed)) for seed in range(5)]
    expected = torch.stack([one.softmax(1) for one in answers]).mean(0)
    logits = Fixed(answers)(torch.zeros(1, 1, *SHAPE[1:]), None)
    torch.testing.assert_close(logits.softmax(1), expected)
    assert torch.equal(logits.argmax(1), expected.argmax(1))


def test_a_sure_member_outweighs_two_that_waver_and_disagreement_counts_heads():
    answers = [logits_of(0.02, 0.98), logits_of(0.6, 0.4), logits_of(0.6, 0.4)]
    made = Fixed(answers, disagreement=True)(torch.zeros(1, 1, *SHAPE[1:]), None)
    assert made.shape == (1, 3, *SHAPE[1:])
    assert (made[:, :2].argmax(1) == 1).all()
    torch.testing.assert_close(made[:, 2], torch.full(SHAPE, 2 / 3))


def test_a_compromise_that_nobody_voted_for_is_all_disagreement():
    made = Fixed([logits_of(0.5, 0.0, 0.4), logits_of(0.0, 0.5, 0.4)], disagreement=True)(
        torch.zeros(SHAPE)[None], None
    )
    assert (made[:, :3].argmax(1) == 2).all()
    assert (made[:, 3] == 1).all()


def test_members_that_agree_do_not_disagree():
    made = Fixed([logits_of(0.3, 0.7)] * 4, disagreement=True)(torch.zeros(1, 1, *SHAPE[1:]), None)
    assert (made[:, 2] == 0).all()


def test_a_single_member_comes_as_it_is():
    logits = logits_of(0.2, 0.8)
    assert Fixed([logits])(torch.zeros(1, 1, *SHAPE[1:]), None) is logits


def test_certainty_stays_finite():
    total = MemberSum(SHAPE)
    total.add(torch.tensor([500.0, -500.0]).view(1, 2, 1, 1, 1).expand(1, 2, *SHAPE[1:]))
    made = total.result()
    assert torch.isfinite(made).all()
    assert torch.equal(made.softmax(1)[:, 0], torch.ones(SHAPE))


@pytest.mark.parametrize(("dim", "axis"), [(2, 0), (3, 1), (4, 2)])
def test_parts_along_any_axis_make_up_the_slab(dim, axis):
    logits = torch.randn(1, 3, *SHAPE[1:])
    whole, parts = MemberSum(SHAPE, disagreement=True), MemberSum(SHAPE, disagreement=True)
    for member in (logits, -logits, 2 * logits):
        whole.add(member)
        for start in range(SHAPE[axis + 1]):
            parts.add(member.narrow(dim, start, 1), dim, start)
    torch.testing.assert_close(whole.result(), parts.result())


def test_disagreement_is_measured_outside_only():
    inner = FlipAverageInferer(SimpleInferer(), 4, disagreement=True)
    with pytest.raises(ValueError, match="outermost"):
        FlipAverageInferer(inner, 4)
