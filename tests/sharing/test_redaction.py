import gzip

import pytest
import torch
from finished_run_kit import ITEM, MACHINE, SECRETS, SPECIMEN, USER, as_owner

from synfine_monai.errors import ScanError
from synfine_monai.sharing.finished_run import read_run, tellable_recipe, tellable_versions
from synfine_monai.sharing.redaction import check_nothing_private, private_words


def test_private_words_come_from_every_file_the_datalist_and_the_machine(confidential):
    with as_owner():
        words = private_words(read_run(confidential.results))
    for word in (ITEM, SPECIMEN, USER, MACHINE, SECRETS[0], "sorrel_results", str(confidential.results)):
        assert word in words
    assert not {"train", "auto", "all", "tif"} & words


def test_a_missing_datalist_is_no_hindrance(confidential):
    run = read_run(confidential.results)
    config = {"finetune": {"datalist": "/gone/dataset.json"}}
    assert "gone" in private_words(type(run)(run.folder, run.info, None, config, {}))


@pytest.mark.parametrize(
    ("name", "content"),
    [("card.md", b"Made of Kestrel cores."), ("a.json", b'{"KESTREL": 1}'), ("b.md", b"see my_kestrel-7"),
     ("s.nii.gz", gzip.compress(b"kestrel".ljust(400), mtime=0))],
)  # fmt: skip
def test_a_private_word_is_found_in_any_case_beside_any_sign(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScanError, match=f"nothing was packed: {name} would tell 'Kestrel'"):
        check_nothing_private(tmp_path, {"Kestrel"}, said="")


def test_a_private_word_is_found_in_a_pickle(tmp_path):
    torch.save({"Kestrel.weight": torch.zeros(2)}, tmp_path / "model.pt")
    with pytest.raises(ScanError, match=r"model\.pt"):
        check_nothing_private(tmp_path, {"kestrel"}, said="")


def test_words_that_are_said_anyway_inside_others_or_in_skipped_files_are_no_leak(tmp_path):
    (tmp_path / "card.md").write_text("rock, kestrels and a core")
    (tmp_path / "LICENSE").write_text("kestrel")
    check_nothing_private(tmp_path, {"core", "kestrel"}, said="a Core scan", skip=["LICENSE"])


def test_a_recipe_tells_known_options_with_numbers_or_known_words_alone():
    options = {"tune": "high+head", "seed": 3, "mixup": 0.2, "half": True, "datalist": "/vault/x.json",
               "rock": "x.yaml", "style": "acme_style", "reinitialise": "@part", "labels": None}  # fmt: skip
    recipe = tellable_recipe({"finetune": options, "inference": {"seed": 1}, "train": "broken"})
    assert recipe == {"finetune": {"tune": "high+head", "seed": 3, "mixup": 0.2, "half": True}}


def test_versions_are_told_and_command_time_machine_and_data_are_not():
    known = {"synfine_monai": "0.1.0", "python": "3.12.1", "git": {"commit": "ab12", "changed": True}, "time": "2026",
             "command": ["/vault/run"], "machine": {"system": "x"}, "data": {"/vault/a": "1"},
             "packages": {"torch": "2.13.0+cpu", "scipy": None, "odd": "see /vault"}}  # fmt: skip
    told = tellable_versions(known)
    assert told == {"synfine_monai": "0.1.0", "python": "3.12.1", "commit": "ab12", "packages": {"torch": "2.13.0+cpu"}}
    assert tellable_versions({}) == {"packages": {}}
