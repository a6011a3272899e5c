"""Bad input ends a verb with one sentence: what, where, how to mend it; and leaves nothing that looks whole."""

import re
import subprocess
import sys

import numpy as np
import pytest
from bad_input_kit import (
    Kit,
    altered,
    damaged,
    damaged_checkpoint,
    file_in_the_way,
    half_folder,
    labelled,
    mhd_without_data,
    one_slice,
    other_architecture,
    rgb,
    scan,
    task,
    unknown_class,
    whole,
    with_value,
    without_json,
)
from tiny_core import CONFIGS, TINY_TRAINING, make_core, quiet_environment, refusal

SHORT = {"train": TINY_TRAINING, "synfine": {"pairs": 64, "epochs": 1}}
WHOLE = ("**/model.pt", "**/model.json", "**/metrics.json", "**/*_labels*", "**/*_porosity*", "**/*_probabilities*")


@pytest.fixture
def kit(sample, pretrained, tmp_path):
    (tmp_path / "input").mkdir()
    return Kit(sample, pretrained, tmp_path / "input")


CASES = {
    # nothing given
    "synfine without a task": ("synfine", lambda k: {}, "give --datalist, or --scan with --labels"),
    "finetune without a task": ("finetune", lambda k: {"checkpoint": str(k.pretrained)}, "nothing to learn from"),
    "sensitivity without a task": ("sensitivity", lambda k: {"checkpoint": str(k.pretrained)}, "give --datalist"),
    "evaluate without a task": ("evaluate", lambda k: {"checkpoint": str(k.pretrained)}, "give --datalist"),
    "inference without a scan": ("inference", lambda k: {"checkpoint": str(k.pretrained)}, "--scan"),
    "scan without labels": ("finetune", scan, "--scan and --labels go together"),
    "datalist and scan": ("finetune", lambda k: task(k, scan="core.tif", labels="labels.tif"), "not both"),
    # files
    "no datalist": ("finetune", lambda k: task(k, datalist=str(k.folder / "none.json")), "none.json cannot be read"),
    "datalist garbled": ("finetune", lambda k: task(k, datalist=damaged(k, k.sample.datalist, "d.json")), "not JSON"),
    "datalist without classes": ("finetune", lambda k: altered(k, labels={}), "no 'labels'"),
    "datalist with odd classes": ("finetune", lambda k: altered(k, labels={"a": "pore"}), "'a'"),
    "datalist with a list of classes": ("finetune", lambda k: altered(k, labels=["a", "b"]), "at labels"),
    "datalist with odd pore_labels": ("finetune", lambda k: altered(k, pore_labels="pore"), "pore_labels"),
    "datalist without training": ("finetune", lambda k: altered(k, training=[]), "nothing to learn from"),
    "datalist with odd items": ("finetune", lambda k: altered(k, training=["core.tif"]), "at training/0"),
    "datalist with an odd voxel size": ("finetune", lambda k: altered(k, voxel_size_um="six"), "voxel size"),
    "datalist's scan missing": (
        "finetune", lambda k: altered(k, training=[{"image": "no.tif", "label": "labels.tif"}]),
        "no.tif does not exist"),
    "datalist's label missing": (
        "finetune", lambda k: altered(k, training=[{"image": "core.tif", "label": "no.tif"}]),
        "no.tif does not exist"),
    "no scan": ("inference", lambda k: scan(k, k.folder / "no.tif"), "no.tif does not exist"),
    "cut TIFF": ("inference", lambda k: scan(k, damaged(k, k.sample.scan, "cut.tif")), "cut.tif"),
    "cut NIfTI": ("inference", lambda k: scan(k, damaged(k, k.sample.scan_nifti, "cut.nii.gz")), "cut.nii.gz"),
    "garbled gzip": ("inference", lambda k: scan(k, damaged(k, k.sample.scan, "bad.nii.gz")), "bad.nii.gz"),
    "MHD without data": ("inference", lambda k: scan(k, mhd_without_data(k)), "core.zraw|core.mhd"),
    "raw of another size": (
        "inference", lambda k: scan(k, damaged(k, k.sample.scan, "core_96_96_6_uint16.raw")), "bytes"),
    "raw of unknown type": ("inference", lambda k: scan(k, damaged(k, k.sample.scan, "core.raw", 1)), "raw_"),
    "gap in a slice folder": ("inference", lambda k: scan(k, half_folder(k, gap=True)), "core_003|3"),
    "slices of two shapes": ("inference", lambda k: scan(k, half_folder(k, gap=False)), "core_003|shape|90"),
    # voxels
    "RGB": ("inference", lambda k: scan(k, rgb(k)), "RGB|colour"),
    "NaN": ("inference", lambda k: scan(k, k.tiff("nan.tif", with_value(k.sample.image, np.nan))), "NaN|finite"),
    "infinite": ("inference", lambda k: scan(k, k.tiff("inf.tif", with_value(k.sample.image, np.inf))), "inf"),
    "constant": ("inference", lambda k: scan(k, k.tiff("flat.tif", np.full((6, 96, 96), 7, np.uint8))), "constant"),
    "smaller than a window": (
        "inference", lambda k: scan(k, k.tiff("small.tif", make_core((6, 8, 8))[0])), "small.tif"),
    "smaller than a patch": (
        "finetune", lambda k: scan(k, k.tiff("small.tif", k.sample.image[:, :40, :40]),
                                   labels=k.tiff("small_labels.tif", k.sample.truth[:, :40, :40])), "64×64"),
    # labels
    "labels of another shape": ("finetune", lambda k: labelled(k, k.sample.truth[:, :80]), "80.*labels|labels.*80"),
    "unknown class": ("finetune", lambda k: labelled(k, unknown_class(k)), "holds the class 7"),
    "only 255": ("finetune", lambda k: labelled(k, np.full_like(k.sample.truth, 255)), "no labelled voxel"),
    "scan with only 255": (
        "finetune", lambda k: scan(k, labels=k.tiff("l.tif", np.full_like(k.sample.truth, 255))), "--unlabelled_value"),
    "field of view of another shape": (
        "inference", lambda k: scan(k, fov=k.tiff("fov.tif", np.ones((6, 80, 80), np.uint8))), "fov.tif"),
    # budget
    "budget zero": ("finetune", lambda k: task(k, label_budget=0), "label_budget.* 0"),
    "budget not whole": ("finetune", lambda k: task(k, label_budget=2.5), "label_budget.* 2.5"),
    "budget a word": ("sensitivity", lambda k: task(k, label_budget="few"), "label_budget.*'few'"),
    "budget too large": ("finetune", lambda k: task(k, label_budget=99), "99 is larger than the [0-9]+ labelled"),
    "budget too large for synfine": (
        "synfine", lambda k: whole(k, label_budget=99), "larger than the 3 labelled"),
    "one class": (
        "synfine", lambda k: {"scan": str(k.sample.scan), "labels": k.tiff("l.tif", np.maximum(one_slice(k), 1))},
        "at least two are needed"),
    "strokes outside the core": (
        "synfine", lambda k: {"scan": str(k.sample.scan), "labels": k.tiff("l.tif", one_slice(k)),
                              "fov": k.tiff("fov.tif", (np.arange(6) > 2)[:, None, None] * np.ones((6, 96, 96), "u1"))},
        "no voxel inside the field of view"),
    # options
    "misspelt option": ("finetune", lambda k: task(k, label_bugdet=4), "--label_budget"),
    "misspelt option of synfine": ("synfine", lambda k: whole(k, tunes="all"), "--tune"),
    "misspelt tune": ("finetune", lambda k: task(k, tune="hihg"), "did you mean 'high'"),
    "misspelt tune of synfine": ("synfine", lambda k: whole(k, tune="last_lyer"), "'last_layer'"),
    "binary in words": ("finetune", lambda k: task(k, binary="true"), "--binary takes True or False, got 'true'"),
    "half in words": ("train", lambda k: {"half": "False"}, "--half takes True or False"),
    "binary in words at evaluate": ("evaluate", lambda k: task(k, binary="true"), "--binary takes True or False"),
    "binary against the model": ("evaluate", lambda k: task(k, binary=True), "contradicts the model"),
    "unknown rock": ("train", lambda k: {"rock": "sandstoen"}, "sandstone"),
    "unknown rock of synfine": ("synfine", lambda k: whole(k, rock="granite"), "granite"),
    "unknown precision": ("inference", lambda k: scan(k, precision="float61"), "precision"),
    "unknown precision of train": ("train", lambda k: {"precision": "half"}, "precision"),
    "unknown device": ("inference", lambda k: scan(k, device="cudo"), "device"),
    "device that is not there": ("finetune", lambda k: task(k, device="cuda:7"), "device"),
    "unknown split": ("evaluate", lambda k: task(k, split="tset"), "split 'tset'"),
    "empty split": ("evaluate", lambda k: task(k, split="validation"), "no 'validation' items"),
    "unknown normalisation": ("train", lambda k: {"normalisation": "minmax"}, "normalisation|zscore"),
    "normalisation against the model": ("finetune", lambda k: task(k, normalisation="median_mad"), "contradicts"),
    "no pairs": ("train", lambda k: {"pairs": 0}, "pairs"),
    "no epochs": ("train", lambda k: {"epochs": -1}, "epochs"),
    "no slab": ("inference", lambda k: scan(k, slab_voxels=0), "slab_voxels"),
    "no batches": ("sensitivity", lambda k: task(k, batches=0), "--batches takes a whole number from 1"),
    "odd voxel size": ("inference", lambda k: scan(k, voxel_size_um=-3), "voxel"),
    "seed in words": ("train", lambda k: {"seed": "seven"}, "seed"),
    "learning rate below zero": ("train", lambda k: {"learning_rate": -1.0}, "--learning_rate takes a number above 0"),
    # checkpoints
    "no checkpoint": ("inference", lambda k: scan(k, checkpoint=str(k.folder)), "does not exist"),
    "checkpoint none": ("inference", lambda k: scan(k, checkpoint="none"), "checkpoint"),
    "checkpoint none at evaluate": ("evaluate", lambda k: task(k, checkpoint="none"), "checkpoint"),
    "checkpoint none at sensitivity": ("sensitivity", lambda k: task(k, checkpoint="none"), "checkpoint"),
    "another architecture": ("inference", lambda k: scan(k, checkpoint=other_architecture(k)), "another architecture"),
    "another architecture to tune": ("finetune", lambda k: task(k, checkpoint=other_architecture(k)), "head"),
    "no model.json": ("inference", lambda k: scan(k, checkpoint=without_json(k)), "model.json"),
    "damaged": ("evaluate", lambda k: task(k, checkpoint=damaged_checkpoint(k)), "damaged"),
    "unknown network": (
        "inference", lambda k: scan(k, checkpoint=k.checkpoint(architecture={"_target_": "os.system"})), "os.system"),
    "odd network": (
        "inference", lambda k: scan(k, checkpoint=k.checkpoint(architecture={
            "_target_": "synfine_monai.networks.RockUNet", "width": 3})), "model.json"),
    "newer format": ("inference", lambda k: scan(k, checkpoint=k.checkpoint(format_version=9)), "format 9"),
    "other classes": (
        "evaluate", lambda k: task(k, checkpoint=k.checkpoint(phases=[["pore"], ["matrix"]])), "fine-tune on it"),
    # output
    "a file in the way": ("inference", lambda k: scan(k, output_dir=file_in_the_way(k)), "output_dir .*file"),
    "a file in the way of synfine": (
        "synfine", lambda k: whole(k, output_dir=file_in_the_way(k)), "output_dir .*file"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_in_one_sentence(case, kit, tmp_path):
    verb, make, words = CASES[case]
    output = tmp_path / "output"
    message = refusal(verb, **{"output_dir": str(output), **SHORT.get(verb, {}), **make(kit)})
    assert "\n" not in message
    assert message.endswith((".", "?", ")"))
    assert re.search(words, message), message
    assert not [file for pattern in WHOLE for file in output.glob(pattern)]


@pytest.mark.parametrize(
    ("verb", "options", "words"),
    [
        ("inference", ["--scan", "missing.tif"], "missing.tif does not exist"),
        ("finetune", ["--label_bugdet", "4"], "--label_bugdet is not an option .* did you mean --label_budget"),
        ("train", ["--rock", "granite", "--pairs", "8", "--epochs", "1"], "rock 'granite' is neither a preset"),
    ],
)
def test_the_output_of_a_command_ends_with_one_line(verb, options, words, tmp_path):
    command = [sys.executable, "-m", "monai.bundle", "run", "--config_file", str(CONFIGS / f"{verb}.yaml"), *options]
    done = subprocess.run(command, cwd=tmp_path, env=quiet_environment(), check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert re.fullmatch(f"ScanError: .*{words}.*", done.stdout.splitlines()[-1])
    assert done.stdout.count("ScanError: ") == 1
    assert not [file for pattern in WHOLE for file in tmp_path.glob(pattern)]
