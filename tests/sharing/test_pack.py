"""A packed bundle holds what it should, none of its owner's words, and the same bytes each time."""

import gzip
import io
import json
import re
import zipfile

import nibabel
import numpy as np
import pytest
import torch
from finished_run_kit import LABELS, SECRETS, SOURCE, as_owner, make_run, secrets_in
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from synfine_monai.errors import ScanError
from synfine_monai.networks import load_network, load_weights
from synfine_monai.sharing import pack as module, pack_bundle, packed_bundle as layout


@pytest.fixture(autouse=True)
def _as_owner():
    with as_owner():
        yield


@pytest.fixture
def quick(monkeypatch):
    """No inference: the expected labels are the test scan itself."""
    copy = lambda bundle: (bundle / layout.EXPECTED_LABELS).write_bytes((bundle / layout.TEST_INPUT).read_bytes())  # noqa: E731
    monkeypatch.setattr(module, "write_expected_labels", copy)


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def test_folder_and_zip_hold_the_layout_and_its_manifest_is_true(packed):
    names = layout.list_files(packed)
    assert sorted({*layout.REQUIRED_FILES, layout.MANIFEST}) == names
    files = layout.read_manifest(packed).files
    assert {name: layout.hash_file(packed / name) for name in files} == dict(files)
    zipped = contents(packed.with_suffix(".zip"))
    assert zipped == {f"my_core/{name}": (packed / name).read_bytes() for name in names}


def test_the_zip_holds_regular_files_of_no_time(packed):
    with zipfile.ZipFile(packed.with_suffix(".zip")) as archive:
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.external_attr >> 16 == 0o100644
            assert entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def test_no_byte_of_the_zip_tells_a_secret(packed, confidential):
    assert secrets_in(packed.with_suffix(".zip"), confidential.root) == []


def test_the_search_finds_secrets_wherever_they_hide(tmp_path):
    said = PngInfo()
    said.add_text("Source", SECRETS[0], zip=True)
    picture, weights = io.BytesIO(), io.BytesIO()
    Image.new("L", (2, 2)).save(picture, "PNG", pnginfo=said)
    torch.save({SECRETS[1]: torch.zeros(1)}, weights)
    hidden = {"a.png": picture.getvalue(), "m.pt": weights.getvalue(), "t.gz": gzip.compress(SECRETS[2].encode())}
    for name, content in hidden.items():
        with zipfile.ZipFile(tmp_path / "hidden.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        assert secrets_in(tmp_path / "hidden.zip", tmp_path), name


def test_the_results_folder_is_full_of_them(confidential):
    found = {word for file in confidential.results.rglob("*.*") for _, word in secrets_in(file, confidential.root)}
    assert {*SECRETS[:2], SECRETS[7]} <= found


def test_figures_are_all_that_include_figures_adds(packed, confidential, tmp_path):
    archive = pack_bundle(confidential.results, "my_core", tmp_path, SOURCE, include_figures=True)
    plain, with_figures = contents(packed.with_suffix(".zip")), contents(archive)
    added = set(with_figures) - set(plain)
    assert added == {"my_core/figures/methods.png", "my_core/figures/picture_1.png"}
    changed = {name for name in plain if plain[name] != with_figures[name]}
    assert changed == {f"my_core/{layout.MANIFEST}", f"my_core/{layout.MODEL_CARD}"}
    assert secrets_in(archive, confidential.root) == []
    with Image.open(io.BytesIO(with_figures["my_core/figures/picture_1.png"])) as picture:
        assert np.array_equal(np.asarray(picture.convert("L")), np.arange(64).reshape(8, 8))
        assert picture.info == {}
    card = with_figures[f"my_core/{layout.MODEL_CARD}"].decode()
    assert "- pictures of the owner's scans, with their titles, in the folder figures: methods.png" in card


def test_the_same_run_gives_the_same_bytes(packed, confidential, tmp_path):
    again = pack_bundle(confidential.results, "my_core", tmp_path / "elsewhere", SOURCE)
    assert again.read_bytes() == packed.with_suffix(".zip").read_bytes()


def test_weights_are_those_of_the_run_and_load_without_its_code(packed, confidential):
    state = torch.load(packed / layout.MODEL_WEIGHTS, weights_only=True)
    assert state["head.weight"].dtype == torch.float16  # as in the run
    before = load_weights(confidential.results / "model.pt")
    assert all(torch.equal(before[name], value.float()) for name, value in state.items() if value.is_floating_point())
    assert load_network(packed / layout.MODEL_WEIGHTS).head.out_channels == len(LABELS)


def test_the_test_scan_says_the_voxel_size_of_training_and_nothing_else(packed):
    scan = nibabel.load(packed / layout.TEST_INPUT)
    assert scan.shape == (64, 64, 8)
    assert scan.get_data_dtype() == np.uint16
    assert scan.header.get_zooms() == (2.5, 2.5, 2.5)
    assert [bytes(scan.header[field]).strip(b"\0") for field in ("descrip", "aux_file", "db_name")] == [b""] * 3
    labels = np.asarray(nibabel.load(packed / layout.EXPECTED_LABELS).dataobj)
    assert labels.shape == scan.shape
    assert set(np.unique(labels)) <= {0, 1, 255}


def test_a_run_without_scores_is_packed_with_a_note(tmp_path, quick, capsys):
    archive = pack_bundle(make_run(tmp_path, evaluated=False), "unjudged", tmp_path / "shared", SOURCE)
    files = contents(archive)
    assert "Not evaluated" in files[f"unjudged/{layout.MODEL_CARD}"].decode()
    assert json.loads(files[f"unjudged/{layout.METADATA}"])["eval_metrics"] == {}
    assert "Note: there are no scores in it" in capsys.readouterr().out


def test_the_licence_given_goes_along_with_that_of_our_configuration(confidential, tmp_path, quick):
    licence = tmp_path / "acme_terms.txt"
    licence.write_text("Use it on Tuesdays.\n")
    files = contents(pack_bundle(confidential.results, "my_core", tmp_path, SOURCE, licence=licence))
    text = files[f"my_core/{layout.LICENSE}"].decode()
    assert text.startswith("Use it on Tuesdays.")
    assert "Apache License" in text
    assert not any(b"acme_terms" in content for content in files.values())


def test_an_earlier_bundle_is_replaced(confidential, tmp_path, quick):
    pack_bundle(confidential.results, "my_core", tmp_path, SOURCE, version="1.0.0")
    pack_bundle(confidential.results, "my_core", tmp_path, SOURCE, version="1.1.0")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["my_core", "my_core.zip"]
    assert json.loads((tmp_path / "my_core" / layout.METADATA).read_text())["changelog"].keys() == {"1.1.0"}


@pytest.mark.parametrize("other", ["my_core/thesis.docx", "my_core.zip"])
def test_another_thing_of_that_name_is_left_alone(other, confidential, tmp_path, quick):
    (tmp_path / other).parent.mkdir(exist_ok=True)
    (tmp_path / other).write_text("years of work")
    with pytest.raises(ScanError, match="exists already and is no packed bundle"):
        pack_bundle(confidential.results, "my_core", tmp_path, SOURCE)
    assert (tmp_path / other).read_text() == "years of work"


def test_a_bundle_to_which_something_was_added_is_left_alone(confidential, tmp_path, quick):
    pack_bundle(confidential.results, "my_core", tmp_path, SOURCE)
    (tmp_path / "my_core" / "notes.txt").write_text("years of work")
    with pytest.raises(ScanError, match="no packed bundle"):
        pack_bundle(confidential.results, "my_core", tmp_path, SOURCE)


def test_a_run_that_fails_half_way_leaves_nothing(confidential, tmp_path, monkeypatch):
    def fail(bundle):
        raise ScanError("no inference today.")

    monkeypatch.setattr(module, "write_expected_labels", fail)
    with pytest.raises(ScanError, match="no inference today"):
        pack_bundle(confidential.results, "my_core", tmp_path, SOURCE)
    assert list(tmp_path.iterdir()) == []


def test_a_leak_stops_the_packing(confidential, tmp_path, quick, monkeypatch):
    monkeypatch.setattr(module, "packed_card", lambda *_: f"trained on {SECRETS[0]}")
    with pytest.raises(ScanError, match=f"docs/README.md would tell '{SECRETS[0]}'"):
        pack_bundle(confidential.results, "my_core", tmp_path, SOURCE)
    assert list(tmp_path.iterdir()) == []


def test_what_the_sender_says_is_no_leak(confidential, tmp_path, quick):
    sent = pack_bundle(confidential.results, "zephyrfield", tmp_path, SOURCE, description="From Borehole-Kestrel")
    assert "From Borehole-Kestrel" in contents(sent)[f"zephyrfield/{layout.MODEL_CARD}"].decode()


def test_folders_with_everyday_names_do_not_stop_the_packing(tmp_path, quick):
    """Each word of a bundle that holds nothing of its run's names, as the name of a folder above the scan."""
    results = make_run(tmp_path)
    first = pack_bundle(results, "neutral", tmp_path / "first", SOURCE)
    texts = [c.decode() for n, c in contents(first).items() if n.endswith((".json", ".md")) and "manifest" not in n]
    words = sorted(set(re.findall(r"[a-z]{4,}", " ".join(texts).lower())))
    known = json.loads((results / "provenance.json").read_text())
    (results / "provenance.json").write_text(json.dumps({**known, "data": {f"/{'/'.join(words)}/scan.tif": "0"}}))
    assert pack_bundle(results, "neutral", tmp_path / "second", SOURCE).read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"results": None}, "--results is missing"),
        ({"name": None}, "--name is missing"),
        ({"name": "My core"}, "--name My core cannot name a bundle"),
        ({"name": "../core"}, "cannot name a bundle"),
        ({"results": "."}, "--results . has no model.pt"),
        ({"licence": "no_such_file"}, "--licence no_such_file cannot be read as text"),
        ({"authors": "$print('hello')"}, "authors '.*' begins with '\\$', which MONAI takes for code"),
        ({"description": "@network"}, "begins with '@'"),
    ],
)
def test_what_cannot_be_packed_is_refused_in_one_line(options, words, confidential, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = {"results": confidential.results, "name": "my_core", **options}
    with pytest.raises(ScanError, match=words) as caught:
        pack_bundle(output_dir=tmp_path, source_bundle=SOURCE, **chosen)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*core*"))


def test_an_empty_licence_is_refused(confidential, tmp_path):
    (tmp_path / "LICENSE").write_text(" \n")
    with pytest.raises(ScanError, match="is empty"):
        pack_bundle(confidential.results, "my_core", tmp_path, SOURCE, licence=tmp_path / "LICENSE")


def test_scores_of_another_model_are_refused(tmp_path):
    results = make_run(tmp_path)
    metrics = json.loads((results / "metrics.json").read_text())
    (results / "metrics.json").write_text(json.dumps({**metrics, "label_budget": 4}))
    with pytest.raises(ScanError, match=r"scores a model with label_budget 4, but .* says 16"):
        pack_bundle(results, "my_core", tmp_path, SOURCE)
