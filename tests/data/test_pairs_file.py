import json

import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.data import check_pairs, load_pairs, pairs_hash, write_pairs
from synfine_monai.data.pairs_file import read_pairs_info
from synfine_monai.errors import ScanError

ALL = {phase: index for index, phase in enumerate(PHASES)}


@pytest.fixture
def pairs():
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.randn(6, 1, 64, 64, generator=generator).half(),
        "label": torch.randint(0, 5, (6, 1, 64, 64), generator=generator, dtype=torch.uint8),
    }


@pytest.fixture
def folder(pairs, tmp_path):
    return write_pairs(tmp_path / "new" / "folder", pairs, "zscore", "by hand")


def edit(folder, **changes):
    file = folder / "pairs.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_what_was_written_is_read(folder, pairs):
    loaded = load_pairs(folder, ALL)
    assert torch.equal(loaded["image"], pairs["image"])
    assert torch.equal(loaded["label"], pairs["label"])
    assert (loaded["image"].dtype, loaded["label"].dtype) == (torch.float16, torch.uint8)
    assert read_pairs_info(folder) == {
        "format_version": 1,
        "phases": list(PHASES),
        "normalisation": "zscore",
        "source": "by hand",
        "pairs": 6,
    }
    assert {file.name for file in folder.iterdir()} == {"pairs.pt", "pairs.json"}


def test_phases_become_the_tasks_classes(folder, pairs):
    solid_and_pore = {"matrix": 0, "pore": 1, "water": 1, "clay": 0, "dense": 0}
    label = load_pairs(folder, solid_and_pore)["label"]
    assert torch.equal(label, ((pairs["label"] == 1) | (pairs["label"] == 2)).to(torch.uint8))


def test_phases_are_known_by_name(folder, pairs):
    edit(folder, phases=["pore", "matrix", "water", "clay", "dense"])
    swapped = load_pairs(folder, ALL)["label"]
    assert torch.equal(swapped == 1, pairs["label"] == 0)
    assert torch.equal(swapped == 0, pairs["label"] == 1)


def test_the_first_pairs_are_taken(folder, pairs):
    assert torch.equal(load_pairs(folder, ALL, 2)["image"], pairs["image"][:2])
    with pytest.raises(ScanError, match=r"holds 6 pairs, but 7 are asked for: give --pairs 6"):
        load_pairs(folder, ALL, 7)


def test_too_few_pairs_show_before_they_are_read(folder):
    check_pairs(None, 7)
    check_pairs(folder, 6, "zscore")
    with pytest.raises(ScanError, match="holds 6 pairs, but 7"):
        check_pairs(folder, 7)
    with pytest.raises(ScanError, match="normalised by zscore"):
        check_pairs(folder, 6, "median_mad")


def test_the_hash_tells_pairs_apart(folder, pairs, tmp_path):
    other = write_pairs(tmp_path / "other", {**pairs, "image": pairs["image"] + 1}, "zscore", "by hand")
    assert pairs_hash(folder) == pairs_hash(folder) != pairs_hash(other)
    assert pairs_hash(None) is None


def test_another_normalisation_is_refused(folder):
    assert len(load_pairs(folder, ALL, normalisation="zscore")["image"]) == 6
    with pytest.raises(ScanError, match="normalised by zscore, but the network takes median_mad"):
        load_pairs(folder, ALL, normalisation="median_mad")


@pytest.mark.parametrize("missing", ["pairs.pt", "pairs.json"])
def test_a_folder_without_both_files_is_no_folder_of_pairs(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(ScanError, match=r"must hold pairs\.pt and pairs\.json"):
        load_pairs(folder, ALL)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format_version": 2}, "has format 2; this version reads format 1"),
        ({"phases": ["matrix", "gold"]}, "names the phase 'gold'"),
        ({"normalisation": "percent"}, "normalisation 'percent' is unknown"),
        ({"phases": ["matrix", "pore"]}, "indices of its 2 phases"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(folder, changes, words):
    edit(folder, **changes)
    with pytest.raises(ScanError, match=words):
        load_pairs(folder, ALL)


def test_a_description_that_is_no_description_is_refused(folder):
    for content in ("{", "[]", "{}"):
        (folder / "pairs.json").write_text(content)
        with pytest.raises(ScanError, match="made by another program"):
            read_pairs_info(folder)


class Foreign:
    """An object that a safe loader must not bring to life."""


@pytest.mark.parametrize("content", [Foreign(), None])
def test_only_tensors_are_loaded(folder, content):
    torch.save({"image": content}, folder / "pairs.pt")
    with pytest.raises(ScanError, match=r"more than tensors|must hold the tensors"):
        load_pairs(folder, ALL)


def test_a_damaged_file_is_refused(folder):
    (folder / "pairs.pt").write_bytes((folder / "pairs.pt").read_bytes()[:1000])
    with pytest.raises(ScanError, match="damaged"):
        load_pairs(folder, ALL)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": torch.zeros(6, 1, 32, 32)}, r"both must be \(N, 1, 64, 64\)"),
        ({"image": torch.full((6, 1, 64, 64), torch.nan)}, "not all finite"),
        ({"label": torch.full((6, 1, 64, 64), 255, dtype=torch.uint8)}, "labels from 255 to 255"),
    ],
)
def test_what_is_no_pair_is_not_written(pairs, changes, words, tmp_path):
    with pytest.raises(ScanError, match=words):
        write_pairs(tmp_path / "bad", {**pairs, **changes}, "zscore", "by hand")
    assert not (tmp_path / "bad").exists()
