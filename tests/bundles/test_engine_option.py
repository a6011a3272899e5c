"""``--engine`` of the inference verb: labels as those of eager torch, and one engine for all labels of a scan."""

import numpy as np
import pytest
import tifffile
from monai.bundle import run
from tiny_core import CONFIGS, make_core, refusal, write_tiff

from synfine_monai.inferers.engine_openvino import OpenVinoNetwork, has_openvino
from synfine_monai.scans import LabelStore

pytestmark = [
    pytest.mark.filterwarnings("ignore:parsing config_file"),
    pytest.mark.skipif(not has_openvino(), reason="openvino is not installed"),
]
FILES = {name: str(CONFIGS / f"{name}.yaml") for name in ("inference", "finer_inference", "dask_inference")}


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    return write_tiff(tmp_path_factory.mktemp("scan") / "core.tif", make_core((10, 64, 72))[0])


@pytest.fixture
def segment(scan, tmp_path):
    """Segments the tiny core four slices at a time, and gives its labels back."""

    def labels(name, *files, **options):
        given = {"checkpoint": "shipped", "scan": str(scan), "slab_voxels": 4 * 64 * 72, "precision": "float32"}
        run(config_file=[FILES[file] for file in files or ("inference",)], output_dir=str(tmp_path / name),
            **{**given, **options})  # fmt: skip
        return tifffile.imread(tmp_path / name / "core_labels.tif")

    return labels


def test_openvino_gives_the_labels_of_eager(segment):
    eager, openvino = (segment(engine, engine=engine) for engine in ("eager", "openvino"))
    assert len(np.unique(eager)) > 1
    assert (eager != openvino).mean() <= 1e-3


def test_it_runs_views_and_flips_too(segment, monkeypatch):
    called = []
    forward = OpenVinoNetwork.forward
    monkeypatch.setattr(OpenVinoNetwork, "forward", lambda self, image: called.append(1) or forward(self, image))
    files = ("inference", "finer_inference")
    eager, openvino = (segment(engine, *files, engine=engine) for engine in ("eager", "openvino"))
    assert called
    assert (eager != openvino).mean() <= 1e-3


def test_an_interrupted_run_goes_on_with_its_engine(segment, monkeypatch, capsys):
    whole, write = segment("whole", engine="openvino"), LabelStore.write

    def write_and_stop(store, index, slab):
        write(store, index, slab)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LabelStore, "write", write_and_stop)
        with pytest.raises(KeyboardInterrupt):
            segment("stopped", engine="openvino")
    capsys.readouterr()
    assert np.array_equal(segment("stopped"), whole)  # a scan this small would be eager's
    said = capsys.readouterr().out
    assert "Engine: openvino in float32, by which this scan was begun." in said
    assert "going on after 1 of 3 chunks" in said


def test_bad_engines_are_refused_in_one_sentence(scan, tmp_path):
    words = refusal("inference", scan=scan, output_dir=tmp_path, engine="tensorrt")
    assert words == "--engine takes auto, eager, openvino, compile, got 'tensorrt'."


@pytest.mark.slow
def test_workers_use_the_engine_that_was_chosen(segment):
    one = segment("one", engine="openvino")
    many = segment("many", "inference", "dask_inference", engine="openvino", workers=2, threads=1)
    assert np.array_equal(one, many)
