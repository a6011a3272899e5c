import numpy as np
import pytest
import torch

from synfine_monai.data import PatchBatches
from synfine_monai.errors import ScanError
from synfine_monai.transforms import RandAugmentBatchd, RandMixUpBatchd, soft_labels, then_mix_up


def patches():
    image = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return {"image": image, "label": (image > 0.5).to(torch.uint8)}


def test_image_and_label_are_turned_alike():
    data = patches()
    out = RandAugmentBatchd(scale=0, shift=0).set_random_state(seed=1)(data)
    assert torch.equal(out["label"], (out["image"] > 0.5).to(torch.uint8))
    assert not torch.equal(out["image"], data["image"])


def test_all_eight_turns_occur():
    corner = torch.zeros(200, 1, 4, 4)
    corner[:, 0, 0, 1] = 1
    out = RandAugmentBatchd(keys="image", scale=0, shift=0).set_random_state(seed=1)({"image": corner})["image"]
    assert len({tuple(p.flatten().tolist()) for p in out}) == 8


def test_jitter_has_the_spread_that_was_asked_for():
    jitter = RandAugmentBatchd(keys="image", scale=0.0, shift=0.3).set_random_state(seed=1)
    out = jitter({"image": torch.zeros(2000, 1, 2, 2)})
    assert abs(out["image"][:, 0, 0, 0].std() - 0.3) < 0.02


def test_same_seed_same_batch():
    first = RandAugmentBatchd().set_random_state(seed=2)(patches())["image"]
    assert torch.equal(first, RandAugmentBatchd().set_random_state(seed=2)(patches())["image"])
    assert not torch.equal(first, RandAugmentBatchd().set_random_state(seed=3)(patches())["image"])


def batch(size=8):
    """Patch k holds the grey level k and the class k mod 3 everywhere."""
    image = torch.arange(float(size)).view(-1, 1, 1, 1).expand(-1, 1, 4, 4).clone()
    return {"image": image, "label": (image % 3).to(torch.uint8)}


def mixed(data, seed=0, alpha=1.0):
    return RandMixUpBatchd(alpha, 3).set_random_state(seed=seed)(data)


def test_soft_labels_are_one_hot_and_zero_without_a_label():
    label = torch.tensor([2, 255, 0], dtype=torch.uint8).view(1, 1, 1, 3)
    assert soft_labels(label, 3)[0, :, 0].T.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_images_and_labels_are_mixed_by_the_same_shares():
    data = batch()
    data["image"] = soft_labels(data["label"], 3)  # an image that is its own label
    out = mixed(data)
    torch.testing.assert_close(out["image"], out["label"])
    assert not torch.equal(out["image"], data["image"])


def test_shares_add_up_to_one_where_both_patches_are_labelled():
    label = mixed(batch())["label"]
    assert label.shape == (8, 3, 4, 4)
    torch.testing.assert_close(label.sum(1), torch.ones(8, 4, 4))


def test_a_pixel_that_one_patch_labels_holds_that_patchs_share():
    data = batch(2)
    data["label"][1] = 255
    data["image"][:] = torch.tensor([1.0, 0.0]).view(2, 1, 1, 1)  # the first patch's share of each mixture
    out = mixed(data)
    torch.testing.assert_close(out["label"][:, 0], out["image"][:, 0])
    assert not out["label"][:, 1:].any()


def test_shares_follow_the_beta_distribution():
    data = {"image": torch.eye(4000)[:, :1].view(-1, 1, 1, 1), "label": torch.zeros(4000, 1, 1, 1, dtype=torch.uint8)}
    transform = RandMixUpBatchd(0.2, 3).set_random_state(seed=1)
    transform(data)
    shares = transform.mix_up._params[0]
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert shares.std() == pytest.approx(np.sqrt(1 / (4 * (2 * 0.2 + 1))), abs=0.02)


def test_same_seed_same_mixture():
    assert torch.equal(mixed(batch(), 3)["image"], mixed(batch(), 3)["image"])
    assert not torch.equal(mixed(batch(), 3)["image"], mixed(batch(), 4)["image"])


def test_after_augmentation_a_batch_still_depends_on_seed_epoch_and_index_only():
    def batches():
        return PatchBatches(batch(), 4, 5, seed=0, transform=then_mix_up(RandAugmentBatchd(), 0.4, 3))

    first = batches()
    first[0]
    assert torch.equal(first[3]["image"], batches()[3]["image"])
    assert not torch.equal(first[3]["image"], first[4]["image"])
    assert first[3]["label"].shape == (4, 3, 4, 4)


@pytest.mark.parametrize("off", [None, 0, 0.0])
def test_without_mixup_the_augmentation_is_left_alone(off):
    augment = RandAugmentBatchd()
    assert then_mix_up(augment, off, 3) is augment


@pytest.mark.parametrize("alpha", [-1, "much", True, float("nan")])
def test_refuses_what_is_no_alpha(alpha):
    with pytest.raises(ScanError, match="--mixup takes"):
        then_mix_up(RandAugmentBatchd(), alpha, 3)


def test_the_transform_needs_a_positive_alpha():
    with pytest.raises(ValueError, match="positive"):
        RandMixUpBatchd(0, 3)
