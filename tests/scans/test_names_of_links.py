"""A link (git-annex, DVC, a shared disk) is a scan of the link's name, in every file that is written for it."""

import numpy as np
import pytest
import tifffile
from written_scans import saved

from synfine_monai.data import load_task
from synfine_monai.files import named_path
from synfine_monai.handlers import PorosityReport
from synfine_monai.report import measure_connected_porosity, write_connected_porosity
from synfine_monai.scans import labels_path, open_scan, stem_of

VOLUME = np.tile(np.arange(128, dtype=np.uint16), (4, 128, 1))


@pytest.fixture
def link(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    saved(store / "SHA256E-s1--0a1b.tif", VOLUME)
    (tmp_path / "core7.tif").symlink_to("store/SHA256E-s1--0a1b.tif")
    return tmp_path / "core7.tif"


def test_labels_and_porosity_are_named_after_the_link(link, tmp_path):
    with open_scan(link) as scan:
        assert stem_of(scan.info) == "core7"
        assert labels_path(scan.info, tmp_path).name == "core7_labels.tif"
        report = PorosityReport(tmp_path / "out", scan.info, [1])
    report.start()
    report.add((VOLUME > 60).astype(np.uint8))
    report.write()
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "core7_porosity.csv", "core7_porosity.json", "core7_porosity.png"}  # fmt: skip


def test_connected_porosity_is_named_after_the_link_to_labels(link, tmp_path):
    tifffile.imwrite(tmp_path / "store" / "0b2c.tif", (VOLUME > 60).astype(np.uint8), photometric="minisblack")
    (tmp_path / "core7_labels.tif").symlink_to("store/0b2c.tif")
    with open_scan(tmp_path / "core7_labels.tif") as labels:
        (tmp_path / "out").mkdir()
        write_connected_porosity(measure_connected_porosity(labels, [1]), labels.info, tmp_path / "out")
    assert {file.stem for file in (tmp_path / "out").iterdir()} == {"core7_connected_porosity"}


def test_a_task_keeps_the_links_name(link, tmp_path):
    labels = (VOLUME > 60).astype(np.uint8)
    saved(tmp_path / "drawn.tif", labels)
    item = load_task(scan=link, labels=tmp_path / "drawn.tif").training[0]
    assert item.image == link
    assert item.image.name == "core7.tif"


def test_a_folder_that_is_reached_by_dots_or_links_has_its_own_name(tmp_path, monkeypatch):
    (tmp_path / "core").mkdir()
    tifffile.imwrite(tmp_path / "core" / "s1.tif", VOLUME[0])
    (tmp_path / "core8").symlink_to("core")
    monkeypatch.chdir(tmp_path / "core")
    for given, name in ((".", "core"), ("../core", "core"), ("../core8", "core8"), ("../core8/.", "core8")):
        with open_scan(given) as scan:
            assert stem_of(scan.info) == name


def test_only_the_users_own_home_is_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert named_path("~/core.tif") == tmp_path.resolve() / "core.tif"
    assert named_path("~core.tif") == tmp_path.resolve() / "~core.tif"
