"""The list of names: all of our own verbs keep to it, nothing on it is without use, and nothing on it is dangerous."""

import zipfile
from pathlib import Path

import pytest

from synfine_monai.old_names import by_doors
from synfine_monai.sharing.checks.allowed import load_allowed
from synfine_monai.sharing.checks.configuration import check_configuration
from synfine_monai.sharing.checks.received import Received
from synfine_monai.sharing.packed_bundle import INFERENCE, list_files

BUNDLES = sorted(path for path in (Path(__file__).resolve().parents[3] / "bundles").iterdir() if path.is_dir())
STORED = sorted((Path(__file__).resolve().parents[2] / "bundles" / "stored").glob("*.zip"))


def packed_inference(path: Path) -> str:
    """The configuration in a bundle that an earlier version packed; it stays allowed."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(INFERENCE))
        return by_doors(archive.read(name).decode())


TEXT = "\n".join([
    *(file.read_text() for bundle in BUNDLES for file in (bundle / "configs").glob("*.yaml")),
    *map(packed_inference, STORED),
])  # fmt: skip
WRITERS = (
    "save_config", "write_", "draw_pairs", "draw_style", "make_results_folder", "store_baselines", "Resume",
    "SaveModel", "save_denoiser",
    "TensorBoardStatsHandler", "RunReport", "PorosityReport", "SlabWriter", "ChunkedOutput", "labels_path",
)  # fmt: skip
DANGEROUS = [
    "os.system", "subprocess.run", "builtins.eval", "builtins.exec", "builtins.open", "functools.partial",
    "importlib.import_module", "torch.load", "torch.save", "torch.hub.load", "torch.jit.load", "torch.compile",
    "torch.multiprocessing.spawn", "monai.bundle.run", "monai.bundle.load", "monai.bundle.download",
    "monai.utils.optional_import", "ConfigParser", "ConfigWorkflow", "PythonicWorkflow", "CheckpointLoader",
    "CheckpointSaver", "SaveImage", "SaveImaged", "Lambda", "Lambdad", "LoadImage", "PersistentDataset",
    "synfine_monai.bundle.run_verb", "numpy.load", "numpy.save", "pickle.loads",
    "synfine_monai.networks.save_model", "shutil.rmtree",
    "getattr",
]  # fmt: skip


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_our_own_verbs_keep_to_the_list(bundle):
    """Where this fails, a verb uses a new name: judge it, and add it to ``source_tree`` of allowed.yaml."""
    findings, _ = check_configuration(Received(bundle, tuple(list_files(bundle)), packed=False))
    assert findings == []


def test_our_inference_keeps_to_the_narrow_list():
    bundle = next(path for path in BUNDLES if path.name == "rock_ct_segmentation")
    assert check_configuration(Received(bundle, (INFERENCE,), packed=True))[0] == []


@pytest.mark.parametrize("packed", [True, False])
def test_nothing_on_the_list_is_without_use(packed):
    allowed = load_allowed(packed)
    names = {*allowed.targets, *allowed.calls, *allowed.values, *allowed.guarded, *allowed.callable_targets}
    assert [name for name in sorted(names) if name not in TEXT] == []
    assert [name for name in sorted(allowed.methods | allowed.attributes) if f".{name}" not in TEXT] == []


@pytest.mark.parametrize("packed", [True, False])
def test_nothing_on_the_list_is_dangerous(packed):
    allowed = load_allowed(packed)
    names = {*allowed.targets, *allowed.calls, *allowed.values, *allowed.builtins, *allowed.networks}
    assert names.isdisjoint(DANGEROUS)
    roots = {name.split(".")[0] for name in names if "." in name}
    assert roots <= {"synfine_monai", "torch", "monai", "math", "ignite", "os"}
    assert {name for name in names if name.startswith("os.")} <= {"os.environ"}
    assert not any(name[0] == "_" for name in allowed.methods | allowed.attributes | allowed.builtins)


@pytest.mark.parametrize("packed", [True, False])
def test_everything_that_writes_is_told_where(packed):
    allowed = load_allowed(packed)
    writing = {n for n in (*allowed.targets, *allowed.calls) if n.split(".")[-1].startswith(WRITERS)}
    assert writing <= set(allowed.guarded)
    texts = [text for name in writing for texts in allowed.guarded[name].values() for text in texts]
    assert not any(text.startswith(("/", "$'", "'/", "~")) for text in texts)


def test_the_narrow_list_has_no_verbs_callables_or_keys():
    allowed = load_allowed(packed=True)
    assert not allowed.stages
    assert not allowed.keys
    assert not allowed.callable_targets
    assert not allowed.reference_calls
    assert allowed.modes == {"default"}
    assert list(allowed.networks) == ["synfine_monai.networks.RockUNet"]
