import numpy as np
import pytest
import torch
from monai.data import DataLoader, list_data_collate

from synfine_monai.conventions import PHASES
from synfine_monai.data import SyntheticPatches, make_synthetic_bank, synthetic_pairs, write_pairs
from synfine_monai.errors import ScanError

ALL = {name: index for index, name in enumerate(PHASES)}


def patches(**changes):
    options = {"rock": "sandstone", "class_of_phase": ALL, "num_volumes": 4, "patches_per_volume": 3, "seed": 1}
    return SyntheticPatches(**{**options, **changes})


def images(dataset):
    return torch.cat([patch["image"] for index in range(len(dataset)) for patch in dataset[index]])


def test_items_are_lists_of_pairs_that_collate():
    loader = DataLoader(patches(), batch_size=2, collate_fn=list_data_collate)
    batch = next(iter(loader))
    assert batch["image"].shape == batch["label"].shape == (6, 1, 64, 64)
    assert batch["image"].dtype == torch.float32
    assert batch["label"].dtype == torch.uint8
    assert type(batch["image"]) is torch.Tensor


def test_an_item_depends_on_seed_epoch_and_index_only():
    dataset = patches()
    first = images(dataset)
    assert torch.equal(dataset[2][1]["image"][0], first[7])
    assert torch.equal(images(patches()), first)
    assert not torch.equal(images(patches(seed=2)), first)
    dataset.set_epoch(1)
    assert not torch.equal(images(dataset), first)
    dataset.set_epoch(0)
    assert torch.equal(images(dataset), first)


def test_workers_change_nothing():
    loaders = [DataLoader(patches(), batch_size=2, collate_fn=list_data_collate, num_workers=n) for n in (0, 2)]
    alone, shared = (torch.cat([batch["image"] for batch in loader]) for loader in loaders)
    assert torch.equal(alone, shared)


@pytest.mark.parametrize("size", [(64, 64), (130, 200), (6, 70, 70), (64, 64, 64)])
def test_patches_are_cut_from_any_size(size):
    for patch in patches(volume_size=size, patches_per_volume=8)[0]:
        assert patch["image"].shape == patch["label"].shape == (1, 64, 64)


def test_volumes_are_sliced_along_every_axis_that_leaves_room():
    assert patches(volume_size=(64, 64, 64)).planes == [0, 1, 2]
    assert patches(volume_size=(16, 64, 64)).planes == [0]
    assert patches(volume_size=(16, 64, 64), patch_size=16).planes == [0, 1, 2]


def test_patches_of_a_plane_do_not_overlap():
    dataset = patches(patches_per_volume=9, volume_size=(200, 200))
    covered = np.zeros((200, 200), int)
    for _, _, row, column in dataset._corners((1, 200, 200), np.random.RandomState(0)):
        covered[row : row + 64, column : column + 64] += 1
    assert covered.max() == 1
    assert covered.sum() == 9 * 64 * 64


def test_images_are_normalised_up_to_the_jitter():
    cut = images(patches(num_volumes=12, patches_per_volume=9))
    assert cut.mean().abs() < 0.3
    assert 0.6 < cut.std() < 1.5


def test_several_rocks_take_turns():
    mixed = images(patches(rock=["sandstone", "concrete"], num_volumes=8, patches_per_volume=1))
    assert torch.isfinite(mixed).all()
    with pytest.raises(ScanError, match="granite"):
        patches(rock=["sandstone", "granite"])


def test_refuses_a_rock_smaller_than_a_patch():
    with pytest.raises(ScanError, match=r"64×64 .* 1×60×90"):
        patches(volume_size=(60, 90))


def test_index_beyond_the_end():
    with pytest.raises(IndexError):
        patches()[4]


def test_without_a_folder_pairs_are_those_of_the_generator():
    wanted = make_synthetic_bank("sandstone", ALL, 3, seed=5, num_workers=0)
    made = synthetic_pairs(None, "sandstone", ALL, 3, seed=5)
    assert all(torch.equal(made[name], wanted[name]) for name in ("image", "label"))


def test_a_folder_wins_over_the_rock(tmp_path):
    pairs = {"image": torch.ones(4, 1, 64, 64), "label": torch.full((4, 1, 64, 64), 3)}
    folder = write_pairs(tmp_path, pairs, "zscore", "by hand")
    made = synthetic_pairs(folder, "no such rock", {**ALL, "clay": 0}, 2)
    assert made["image"].shape == (2, 1, 64, 64)
    assert not made["label"].any()
