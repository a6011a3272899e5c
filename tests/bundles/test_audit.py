"""plan and audit: from a segmented scan to an interval, by labels in a volume or in small images; what is refused."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from tiny_core import CONFIGS, refusal, write_tiff

from synfine_monai.bundle import run_verb
from synfine_monai.notices import forget_notices, notices
from synfine_monai.planning import read_plan_files

WINDOWS = 20


@pytest.fixture(scope="module")
def segmented(sample, tuned, tmp_path_factory) -> Path:
    """The labels of the tiny core, by the tuned network."""
    folder = tmp_path_factory.mktemp("segmented")
    run_verb(CONFIGS / "inference.yaml", scan=str(sample.scan), checkpoint=str(tuned), output_dir=str(folder))
    return folder / "core_labels.tif"


@pytest.fixture(scope="module")
def planned(sample, tuned, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("planned")
    plan(sample, tuned, folder)
    return folder


def plan(sample, model, folder, **options):
    options = {"windows": WINDOWS, "window": 16, "for": "audit", **options}
    run_verb(CONFIGS / "plan.yaml", scan=str(sample.scan), checkpoint=str(model), output_dir=str(folder), **options)


def audit(segmented, folder, **options) -> dict:
    forget_notices()
    run_verb(CONFIGS / "audit.yaml", labels=str(segmented), output_dir=str(folder), **options)
    return json.loads((folder / "core_audit.json").read_text("utf-8"))


def refused(segmented, folder, **options) -> str:
    return refusal("audit", labels=str(segmented), output_dir=str(folder), **options)


def fill(planned: Path, truth: np.ndarray, folder: Path, leave: int = 0) -> Path:
    """The volume of windows as a labeller who never errs saves it; the last ``leave`` windows stay empty."""
    volume = tifffile.imread(planned / "core_windows.tif")
    for window in reversed(read_plan_files(planned).windows):
        at = (window.z, *window.within(*truth.shape[1:]))
        volume[at] = 255 if window.id > WINDOWS - leave else truth[at]
    return write_tiff(folder / "filled.tif", volume)


def test_a_plan_is_drawn_and_what_it_takes_to_label_it_is_written(sample, planned, tuned, tmp_path):
    with open(planned / "plan.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["id"]) for row in rows] == list(range(1, WINDOWS + 1))
    assert set(rows[0]) == {"id", "axis", "z", "y", "x", "size", "probability", "purpose"}
    facts = json.loads((planned / "plan.json").read_text("utf-8"))
    assert set(facts["scan"]["slices"]) == {row["z"] for row in rows}
    assert facts["draw"] == "0.75 uniform, 0.25 by uncertainty"
    windows = tifffile.imread(planned / "core_windows.tif")
    assert windows.shape == sample.image.shape
    assert set(np.unique(windows)) == {254, 255}
    assert not any((windows[(w.z, *w.within(96, 96))] == 254).any() for w in read_plan_files(planned).windows)
    images = sorted((planned / "windows").iterdir())
    assert len(images) == WINDOWS + 2  # two are shown twice
    assert tifffile.imread(images[0]).shape == (16, 16)
    assert (planned / "contact_sheet.png").stat().st_size > 10_000
    assert "holds a plan already" in refusal("plan", scan=str(sample.scan), output_dir=str(planned))
    plan(sample, tuned, tmp_path)
    assert (tmp_path / "plan.csv").read_bytes() == (planned / "plan.csv").read_bytes()


def test_a_uniform_draw_of_a_model_keeps_its_hash(sample, tuned, tmp_path):
    plan(sample, tuned, tmp_path, by_uncertainty=0)
    drawn = read_plan_files(tmp_path)
    assert drawn.facts["draw"] == "uniform"
    assert drawn.facts["model"]["weights"]
    assert len({window.probability for window in drawn.windows}) == 1  # a box: as many windows on every slice


def test_only_the_slices_that_are_drawn_are_segmented(sample, tuned, tmp_path, monkeypatch):
    import synfine_monai.planning.predicted_slices as room

    seen = []
    read = room.read_slab
    monkeypatch.setattr(room, "read_slab", lambda *given: (seen.append(given[3]), read(*given))[1])
    plan(sample, tuned, tmp_path, windows=8)
    assert seen == sorted({window.z for window in read_plan_files(tmp_path).windows})


def test_labels_in_a_volume_give_an_interval_around_the_truth(sample, segmented, planned, tmp_path, capsys):
    labels = fill(planned, sample.truth, tmp_path)
    found = audit(segmented, tmp_path, plan=str(planned / "plan.csv"), audit_labels=str(labels))
    truth = sample.truth.mean()
    pores = found["shares"]["pore space"]
    assert pores["low"] < truth < pores["high"]
    assert abs(pores["share"] - truth) < abs(pores["predicted"] - truth)
    assert (found["windows"], found["missing_windows"], found["unlabelled_share"]) == (WINDOWS, [], 0)
    assert found["shares"]["solid"]["share"] == pytest.approx(1 - pores["share"])
    assert pores["windows_still_needed"] > 0
    out = capsys.readouterr().out
    assert "(95 %; this scan, these labels)" in out
    assert "half a voxel further out: +" in out
    page = (tmp_path / "core_audit.html").read_text("utf-8")
    assert "core_audit.png" in page
    assert "this scan, these labels" in page
    assert (tmp_path / "core_audit.png").stat().st_size > 10_000
    with open(tmp_path / "core_audit.csv", encoding="utf-8") as file:
        assert [row["phase"] for row in csv.DictReader(file)][:3] == ["pore space", "solid", "pore"]


def images_of(planned: Path, truth: np.ndarray, folder: Path, shift: int = 0) -> Path:
    """A folder of labelled images; of those shown twice, the second has one wrong voxel."""
    folder.mkdir()
    drawn = read_plan_files(planned)
    for number, window in drawn.images.items():
        image = np.full((16, 16), 255 if shift == 0 else 0, np.uint8)
        image[window.own(96, 96)] = truth[(window.z, *window.within(96, 96))] + shift
        if number in drawn.repeats:
            rows, columns = window.own(96, 96)
            image[rows.start, columns.start] = 1 + shift - (image[rows.start, columns.start] - shift)
        tifffile.imwrite(folder / f"window_{number:03d}.tif", image)
    return folder


def test_small_images_say_the_same_and_tell_of_the_labeller(sample, segmented, planned, tmp_path):
    options = {"plan": str(planned)}
    volume = audit(segmented, tmp_path, audit_labels=str(fill(planned, sample.truth, tmp_path)), **options)
    folder = images_of(planned, sample.truth, tmp_path / "images")
    images = audit(segmented, tmp_path, audit_labels=str(folder), **options)
    assert images["shares"] == volume["shares"]
    assert volume["labeller"] is None
    assert images["labeller"]["windows"] == 2
    assert 0 < images["labeller"]["differing"] < 0.02
    by_hand = images_of(planned, sample.truth, tmp_path / "by_hand", shift=1)
    assert (
        audit(segmented, tmp_path, audit_labels=str(by_hand), unlabelled_value=0, **options)["shares"]
        == volume["shares"]
    )


def test_the_volume_may_be_filled_with_classes_from_one(sample, segmented, planned, tmp_path):
    filled = tifffile.imread(fill(planned, sample.truth, tmp_path))
    from_one = write_tiff(tmp_path / "from_one.tif", np.where(filled < 254, filled + 1, filled).astype(np.uint8))
    options = {"plan": str(planned), "audit_labels": str(from_one), "unlabelled_value": 0}
    found = audit(segmented, tmp_path, **options)
    assert (found["missing_windows"], found["unlabelled_share"]) == ([], 0)
    assert found["shares"]["pore space"]["low"] < sample.truth.mean() < found["shares"]["pore space"]["high"]


def test_windows_follow_a_stored_uncertainty(sample, tmp_path):
    unsure = np.zeros(sample.image.shape, np.uint8)
    unsure[:, :16, :16] = 200
    stored = write_tiff(tmp_path / "core_uncertainty.tif", unsure)
    plan(sample, "none", tmp_path / "plan", uncertainty=str(stored))
    drawn = read_plan_files(tmp_path / "plan")
    assert sum(window.y < 16 and window.x < 16 for window in drawn.windows) >= WINDOWS / 4
    small = write_tiff(tmp_path / "small.tif", unsure[:3])
    said = refusal("plan", scan=str(sample.scan), uncertainty=str(small), output_dir=str(tmp_path / "other"))
    assert "but the scan (6, 96, 96)" in said


def test_missing_windows_widen_the_interval_and_are_told(sample, segmented, planned, tmp_path):
    whole = audit(segmented, tmp_path, plan=str(planned), audit_labels=str(fill(planned, sample.truth, tmp_path)))
    labels = fill(planned, sample.truth, tmp_path, leave=2)
    found = audit(segmented, tmp_path, plan=str(planned), audit_labels=str(labels))
    assert found["missing_windows"] == [WINDOWS - 1, WINDOWS]
    for end, sign in (("low", -1), ("high", 1)):
        assert sign * (found["shares"]["pore space"][end] - whole["shares"]["pore space"][end]) > 0.005
    assert any("2 of 20 windows are not labelled (19, 20)" in one for one in notices())
    first = audit(segmented, tmp_path, plan=str(planned), audit_labels=str(labels), first=18)
    assert (first["windows"], first["missing_windows"]) == (18, [])


def test_an_unreadable_window_counts_as_missing(sample, segmented, planned, tmp_path):
    folder = images_of(planned, sample.truth, tmp_path / "images")
    (folder / "window_003.tif").write_bytes(b"II*\0 no image")
    found = audit(segmented, tmp_path, plan=str(planned), audit_labels=str(folder))
    assert found["missing_windows"] == [3]
    assert any("Window 3 cannot be read and counts as not labelled" in one for one in notices())


def test_too_few_windows_or_no_plan_give_the_number_without_an_interval(sample, segmented, planned, tmp_path, capsys):
    few = audit(segmented, tmp_path, plan=str(planned), audit_labels=str(fill(planned, sample.truth, tmp_path, 13)))
    assert few["shares"]["pore space"]["low"] is None
    assert "7 labelled windows are too few: it takes 8 at least" in few["no_interval_because"]
    none = audit(segmented, tmp_path)
    assert none["shares"]["pore space"]["half_width"] is None
    assert none["porosity"] == pytest.approx((tifffile.imread(segmented) == 1).mean())
    assert "without an interval: no windows were drawn at random and labelled" in capsys.readouterr().out


def test_looks_while_labelling_have_wider_intervals_at_set_numbers(sample, tuned, segmented, tmp_path):
    drawn = tmp_path / "plan"
    plan(sample, tuned, drawn, looks=True)
    labels = fill(drawn, sample.truth, tmp_path, leave=3)
    found = audit(segmented, tmp_path, plan=str(drawn), audit_labels=str(labels))
    assert found["windows"] == 16
    assert found["shares"]["pore space"]["confidence"] == pytest.approx(0.975)
    options = {"plan": str(drawn), "audit_labels": str(labels)}
    assert "--first is one of 16, 20 for this plan, got 17" in refused(segmented, tmp_path, first=17, **options)


def test_bad_input_gets_one_clear_line(sample, tuned, pretrained, segmented, planned, tmp_path):
    filled = str(fill(planned, sample.truth, tmp_path))
    options = {"plan": str(planned), "audit_labels": filled}
    assert "--labels is missing" in refusal("audit", output_dir=str(tmp_path))
    assert "cannot be read" in refused(segmented, tmp_path, plan=str(tmp_path / "no.csv"), audit_labels=filled)
    edited = shutil.copytree(planned, tmp_path / "edited")
    (edited / "plan.csv").write_text((edited / "plan.csv").read_text().replace("audit", "again"))
    assert "was edited since" in refused(segmented, tmp_path, plan=str(edited), audit_labels=filled)
    other = write_tiff(tmp_path / "core.tif", sample.image[::-1].copy())
    assert "is another scan than the one that was planned" in refused(segmented, tmp_path, scan=str(other), **options)
    assert "is another model than the one" in refused(segmented, tmp_path, checkpoint=str(pretrained), **options)
    (tmp_path / "moved").mkdir()
    moved = write_tiff(tmp_path / "moved" / "core_labels.tif", 1 - np.minimum(tifffile.imread(segmented), 1))
    assert "is not what the plan's model says" in refused(moved, tmp_path, **options)
    shifted = write_tiff(tmp_path / "shifted.tif", np.roll(tifffile.imread(filled), 40, axis=2))
    assert "are they the labels of another plan?" in refused(
        segmented, tmp_path, plan=str(planned), audit_labels=str(shifted)
    )
    grey = {"plan": str(planned), "audit_labels": str(planned / "windows")}
    assert "Is it the grey image" in refused(segmented, tmp_path, **grey)
    small = write_tiff(tmp_path / "small.tif", tifffile.imread(filled)[:4])
    assert "the plan's scan is (6, 96, 96)" in refused(segmented, tmp_path, plan=str(planned), audit_labels=str(small))


def test_a_scan_that_has_moved_is_told(sample, tuned, segmented, tmp_path):
    copied = shutil.copy(sample.scan, tmp_path / "core.tif")
    run_verb(
        CONFIGS / "plan.yaml",
        scan=str(copied),
        checkpoint=str(tuned),
        output_dir=str(tmp_path / "plan"),
        windows=8,
        window=16,
    )
    copied.unlink()
    labels = fill(tmp_path / "plan", sample.truth, tmp_path)
    audit(segmented, tmp_path, plan=str(tmp_path / "plan"), audit_labels=str(labels))
    assert any("core.tif cannot be opened where it was planned" in one for one in notices())


def test_a_model_that_learned_from_the_windows_is_told_apart(sample, tuned, segmented, planned, tmp_path):
    learned = shutil.copytree(tuned, tmp_path / "learned")
    import torch

    state = torch.load(learned / "model.pt", weights_only=True)
    torch.save(
        {name: value + 1 if value.is_floating_point() else value for name, value in state.items()}, learned / "model.pt"
    )
    window = read_plan_files(planned).windows[4]
    (learned / "patches.csv").write_text(f"item,z,y,x\ncore.tif,{window.z},{window.y + 10},{window.x - 60}\n")
    options = {"plan": str(planned), "audit_labels": str(fill(planned, sample.truth, tmp_path))}
    said = refused(segmented, tmp_path, checkpoint=str(learned), **options)
    assert "has learned from window" in said
    assert "cross-prediction" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"for": "training"}, "--for takes audit, got 'training'"),
        ({"windows": 99999}, "up to 999 windows"),
        ({"window": 1024}, "4 to 512 voxels"),
        ({"repeats": 2}, "a share from 0 to 1"),
        ({"by_uncertainty": 1.0}, "a share from 0 to 0.9"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(options, words, sample, tmp_path):
    assert words in refusal("plan", scan=str(sample.scan), output_dir=str(tmp_path), **options)


def test_a_segmentation_by_other_means_is_audited_by_uniform_windows(sample, tmp_path):
    plan(sample, "none", tmp_path)
    drawn = read_plan_files(tmp_path)
    assert (drawn.facts["draw"], drawn.facts["model"]) == ("uniform", None)
    threshold = write_tiff(tmp_path / "core_labels.tif", (sample.image < 20_000).astype(np.uint8))
    options = {"plan": str(tmp_path), "audit_labels": str(fill(tmp_path, sample.truth, tmp_path))}
    found = audit(threshold, tmp_path, pore_labels=[1], **options)
    assert found["shares"]["pore space"]["low"] < sample.truth.mean() < found["shares"]["pore space"]["high"]
    mask = write_tiff(tmp_path / "mask.tif", np.where(sample.image < 20_000, 255, 0).astype(np.uint8))
    assert "is a mask, or has 255 as a class" in refused(mask, tmp_path, pore_labels=[255], **options)


def test_scans_are_pooled_and_what_cannot_be_is_refused(sample, segmented, planned, tmp_path):
    options = {"plan": str(planned), "audit_labels": str(fill(planned, sample.truth, tmp_path))}
    alone = audit(segmented, tmp_path / "one", **options)
    other = str(tmp_path / "one" / "core_audit.json")
    audit(segmented, tmp_path / "two", pool=other, **options)
    both = json.loads((tmp_path / "two" / "pooled_audit.json").read_text("utf-8"))
    assert both["voxels"] == 2 * alone["voxels"]
    for name, share in both["shares"].items():
        assert share["share"] == pytest.approx(alone["shares"][name]["share"])
        assert share["half_width"] == pytest.approx(alone["shares"][name]["half_width"] / np.sqrt(2), rel=0.1)
    assert "is no SCAN_audit.json" in refused(segmented, tmp_path / "two", pool=str(planned / "plan.json"), **options)
    assert "is named twice" in refused(segmented, tmp_path / "one", pool=other, **options)
    audit(segmented, tmp_path / "none")
    without = str(tmp_path / "none" / "core_audit.json")
    assert "has no interval to be pooled" in refused(segmented, tmp_path / "two", pool=without, **options)


def test_the_volume_of_windows_can_be_left_out(sample, tuned, tmp_path):
    plan(sample, tuned, tmp_path, windows=8, volume=False)
    assert not (tmp_path / "core_windows.tif").exists()
    assert (tmp_path / "plan.csv").is_file()


@pytest.mark.slow  # two fine-tunings and two segmentations
def test_labels_that_are_trained_on_audit_by_networks_that_have_not_seen_them(sample, tmp_path):
    plan(sample, "none", tmp_path / "plan", windows=24, window=32)
    labels = np.full(sample.truth.shape, 255, np.uint8)
    for window in read_plan_files(tmp_path / "plan").windows:
        at = (window.z, *window.within(96, 96))
        labels[at] = sample.truth[at]
    options = {"scan": str(sample.scan), "plan": str(tmp_path / "plan"), "folds": 2, "min_steps": 2, "min_epochs": 1}
    filled = str(write_tiff(tmp_path / "filled.tif", labels))
    run_verb(CONFIGS / "cross.yaml", audit_labels=filled, output_dir=str(tmp_path), **options)
    found = json.loads((tmp_path / "core_audit.json").read_text("utf-8"))
    assert found["networks"] == 2
    assert found["shares"]["pore space"]["low"] < sample.truth.mean() < found["shares"]["pore space"]["high"]
    assert found["local_numbers"]["s2_1"]["low"] > 0
