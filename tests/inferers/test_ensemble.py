import pytest
import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.inferers import (
    EnsembleInferer,
    FlipAverageInferer,
    SliceWindowInferer,
    ensemble_files,
    fold_batch_norm,
    load_ensemble,
)
from synfine_monai.networks import FORMAT_VERSION, RockUNet, architecture_of, save_model

SLAB = torch.randn(1, 1, 2, 20, 24, generator=torch.Generator().manual_seed(0))
INFO = {"format_version": FORMAT_VERSION, "pore_labels": [1], "labels": ["rock", "pore"],
        "phases": [["matrix"], ["pore"]], "normalisation": "zscore"}  # fmt: skip


def network_of(seed, channels=(4, 6, 8)):
    torch.manual_seed(seed)
    return RockUNet(num_classes=2, channels=channels).eval()


@pytest.fixture
def folder(tmp_path):
    """Three models a, b, c of the same classes, and others that do not fit."""
    changes = {
        "a": {},
        "b": {},
        "c": {},
        "other_order": {"labels": ["pore", "rock"]},
        "other_phase": {"phases": [["matrix"], ["water"]]},
        "other_norm": {"normalisation": "median_mad"},
    }
    for seed, (name, change) in enumerate(changes.items()):
        network = network_of(seed, (4, 6, 8 + seed))
        save_model(network, {**INFO, "architecture": architecture_of(network), **change}, tmp_path / name / "model.pt")
    return tmp_path


@torch.inference_mode()
def test_the_mean_of_the_members_probabilities():
    networks = [network_of(seed) for seed in range(3)]
    expected = torch.stack([SliceWindowInferer()(SLAB, one).softmax(1) for one in networks]).mean(0)
    made = EnsembleInferer(SliceWindowInferer())(SLAB, nn.ModuleList(networks))
    torch.testing.assert_close(made.softmax(1), expected)


@torch.inference_mode()
def test_flips_inside_count_one_by_one():
    networks = nn.ModuleList([network_of(0), network_of(1)])
    inferer = EnsembleInferer(FlipAverageInferer(SliceWindowInferer(), 4), disagreement=True)
    votes = torch.stack([one.argmax(1) for one in inferer.members(SLAB, networks)])
    assert len(votes) == 8
    made = inferer(SLAB, networks)
    against = (votes != made[:, :2].argmax(1)).float().mean(0)
    torch.testing.assert_close(made[:, 2], against)
    assert 0 < against.mean() < 0.5


@torch.inference_mode()
def test_a_network_alone_is_an_ensemble_of_one():
    network = network_of(0)
    assert torch.equal(EnsembleInferer(SliceWindowInferer())(SLAB, network), SliceWindowInferer()(SLAB, network))


@torch.inference_mode()
@pytest.mark.parametrize("more", ["{0}/b,{0}/c/model.pt", ["{0}/b", "{0}/c/model.pt"]])
def test_files_of_any_size_are_loaded_and_folded(folder, more):
    more = more.format(folder) if isinstance(more, str) else [one.format(folder) for one in more]
    files = ensemble_files(folder / "a" / "model.pt", more, folder)
    assert [file.parent.name for file in files] == ["a", "b", "c"]
    network = load_ensemble(files)
    folded = fold_batch_norm(network)
    inferer = EnsembleInferer(SliceWindowInferer())
    torch.testing.assert_close(inferer(SLAB, folded), inferer(SLAB, network), rtol=1e-4, atol=1e-5)


def test_without_further_models_the_network_is_loaded_alone(folder):
    files = ensemble_files(folder / "a" / "model.pt", None, folder)
    assert isinstance(load_ensemble(files), RockUNet)


@pytest.mark.parametrize(
    ("name", "words"),
    [("other_order", "classes"), ("other_phase", "phases"), ("other_norm", "normalisation"), ("a", "twice"),
     ("none", "is no model"), ("missing", "does not exist")],
)  # fmt: skip
def test_models_that_do_not_fit_are_refused(folder, name, words):
    more = name if name == "none" else str(folder / name)
    with pytest.raises(ScanError, match=words):
        ensemble_files(folder / "a" / "model.pt", [str(folder / "b"), more], folder)


WIDE = torch.randn(1, 1, 2, 24, 37, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return RockUNet(num_classes=3, channels=(4, 6, 8)).eval()


@torch.inference_mode()
@pytest.mark.parametrize("flips", [4, 8])
def test_the_average_turns_with_the_slice(network, flips):
    """Averaged over a group of symmetries, a network commutes with them; a network alone does not."""
    inferer = FlipAverageInferer(SliceWindowInferer(), flips)
    whole = inferer(WIDE, network)
    assert whole.shape == (1, 3, 2, 24, 37)
    torch.testing.assert_close(inferer(WIDE.flip(-1), network).flip(-1), whole, rtol=1e-4, atol=1e-4)
    turned = inferer(WIDE.transpose(-2, -1), network).transpose(-2, -1)
    assert torch.allclose(turned, whole, rtol=1e-4, atol=1e-4) == (flips == 8)
    alone = SliceWindowInferer()
    assert not torch.allclose(alone(WIDE.flip(-1), network).flip(-1), alone(WIDE, network), atol=1e-3)


@pytest.mark.parametrize("flips", [1, 4, 8])
def test_each_orientation_is_seen_once_and_turned_back(flips):
    seen = []

    def network(windows):
        seen.append(windows.clone())
        return windows

    image = torch.arange(16 * 20.0).reshape(1, 1, 1, 16, 20)
    members = list(FlipAverageInferer(SliceWindowInferer(), flips).members(image, network))
    assert len(members) == len(seen) == flips
    assert all(torch.equal(member, image) for member in members)
    assert len({tuple(one.flatten().tolist()) for one in seen}) == flips


@torch.inference_mode()
def test_one_orientation_changes_nothing(network):
    assert torch.equal(FlipAverageInferer(SliceWindowInferer(), 1)(WIDE, network), SliceWindowInferer()(WIDE, network))


@pytest.mark.parametrize("flips", [0, 2, 16, "all"])
def test_other_numbers_are_refused(flips):
    with pytest.raises(ScanError, match="--flips takes 1"):
        FlipAverageInferer(SliceWindowInferer(), flips)
