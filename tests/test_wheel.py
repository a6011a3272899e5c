"""The wheel holds all that the package needs, and works in an environment that knows nothing of the clone."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from synfine_monai.bundle import run_verb

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = "synfine_monai/_shipped"
SCRIPTS, ENDING = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
EXACT = {"engine": "eager", "precision": "float32", "device": "cpu"}
TINY = {"pairs": 64, "epochs": 1, "label_budget": 1, "tune": "last_layer", "device": "cpu"}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def as_words(options):
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]


def done(*command, cwd, **environment):
    """What a command printed; it sees nothing of this process's ``PYTHONPATH``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SYNFINE"))}
    found = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**kept, "PYTHONUTF8": "1", "MPLBACKEND": "agg", "OMP_WAIT_POLICY": "passive", **environment},
    )
    assert found.returncode == 0, f"{command}\n{found.stdout[-2000:]}\n{found.stderr[-4000:]}"
    return found.stdout + found.stderr


def build(*arguments):
    printed = done(sys.executable, "-m", "build", "--no-isolation", *arguments, cwd=ROOT)
    assert "warning" not in printed.lower(), printed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that the sdist builds."""
    folder = tmp_path_factory.mktemp("dist")
    build("--outdir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder to work in, with a small scan and its labels: 0 not labelled, 1 pore, 2 solid."""
    folder = tmp_path_factory.mktemp("elsewhere")
    rng = np.random.default_rng(0)
    pores = np.kron(rng.random((6, 12, 12)) < 0.3, np.ones((1, 8, 8), bool))
    grey = (30_000 - 18_000 * pores + rng.normal(0, 1_500, pores.shape)).astype(np.uint16)
    labels = np.zeros(pores.shape, np.uint8)
    labels[::2] = 2 - pores[::2]
    size = {"imagej": True, "resolution": (0.2, 0.2), "metadata": {"axes": "ZYX", "spacing": 5.0, "unit": "um"}}
    tifffile.imwrite(folder / "core.tif", grey, **size)
    tifffile.imwrite(folder / "labels.tif", labels, **size)
    return folder


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Folder of the programs of a new environment: the wheel in it, and the libraries of this one to be seen.

    A line of a .pth file is searched for packages, but not for .pth files: an editable install stays unseen.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / SCRIPTS / f"python{ENDING}"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps"]
    done(*pip, "--disable-pip-version-check", wheel, cwd=folder)
    libraries = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(done(python, "-c", ask, cwd=folder).strip())
    (site / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return folder / SCRIPTS


@pytest.fixture(scope="module")
def labels_of_the_clone(elsewhere):
    verb = ROOT / "bundles" / "rock_ct_segmentation" / "configs" / "inference.yaml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", sys.excepthook)
        run_verb(verb, scan=str(elsewhere / "core.tif"), output_dir=str(elsewhere / "clone"), **EXACT)
    return tifffile.imread(elsewhere / "clone" / "core_labels.tif")


def test_holds_every_file_of_the_package_and_its_bundles(wheel):
    folders = {"synfine_monai": "synfine_monai", "bundles": f"{SHIPPED}/bundles", "configs": f"{SHIPPED}/configs"}
    expected = {
        f"{there}/{file.relative_to(ROOT / here).as_posix()}": file.read_bytes()
        for here, there in folders.items()
        for file in (ROOT / here).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(wheel) as packed:
        found = {name: packed.read(name) for name in packed.namelist() if ".dist-info/" not in name}
    assert sorted(found) == sorted(expected)
    assert found == expected
    assert {"synfine_monai/py.typed", "synfine_monai/scans/__init__.pyi"} < set(found)


def test_clone_and_sdist_build_the_same_wheel(wheel, tmp_path):
    build("--wheel", "--outdir", tmp_path, ROOT)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_nothing_is_taken_from_the_clone(installed, elsewhere):
    ask = (
        "import synfine_monai.bundle as b, synfine_monai.report as r, sys;"
        "print(b.__file__, b.bundles_folder(), r.provenance()['git'], sys.path)"
    )
    printed = done(installed / f"python{ENDING}", "-c", ask, cwd=elsewhere)
    package, bundles, git = printed.split(maxsplit=3)[:3]
    assert Path(package).is_relative_to(installed.parent)
    assert Path(bundles).is_relative_to(installed.parent)
    assert git == "None"
    assert f"'{ROOT}'" not in printed


@pytest.fixture(scope="module")
def root(installed, elsewhere):
    """The bundle in the new environment, as ``synfine`` says it."""
    return Path(done(installed / "synfine", "path", "rock_ct_segmentation", cwd=elsewhere).strip())


def test_help_and_path(installed, elsewhere, root):
    assert "usage: synfine VERB" in done(installed / "synfine", "--help", cwd=elsewhere)
    assert "--pairs" in done(installed / "synfine", "pairs", "--help", cwd=elsewhere)
    assert root.is_relative_to(installed.parent)
    assert (root / "models" / "model.pt").is_file()


def test_segments_as_the_clone_does(installed, elsewhere, labels_of_the_clone):
    done(installed / "synfine", "segment", "core.tif", "--output_dir", "wheel", *as_words(EXACT), cwd=elsewhere)
    found = tifffile.imread(elsewhere / "wheel" / "core_labels.tif")
    assert found.shape == (6, 96, 96)
    assert np.array_equal(found, labels_of_the_clone)


def test_monai_runs_a_verb_by_its_path(installed, elsewhere, root, labels_of_the_clone):
    command = [installed / f"python{ENDING}", "-m", "monai.bundle", "run"]
    options = {"config_file": f"{root}/configs/inference.yaml", "scan": "core.tif", "output_dir": "monai", **EXACT}
    done(*command, *as_words(options), cwd=elsewhere)
    assert np.array_equal(tifffile.imread(elsewhere / "monai" / "core_labels.tif"), labels_of_the_clone)


def test_learns_and_segments(installed, elsewhere):
    options = {"labels": "labels.tif", "unlabelled_value": 0, "output_dir": "learnt", **TINY}
    done(installed / "synfine", "learn", "core.tif", *as_words(options), cwd=elsewhere)
    assert (elsewhere / "learnt" / "model.pt").is_file()
    assert tifffile.imread(elsewhere / "learnt" / "predictions" / "core_labels.tif").shape == (6, 96, 96)
