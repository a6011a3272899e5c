"""Exported files give the labels of the network that they came from, without this package, and tell nothing else."""

import json
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml
from monai.bundle import ckpt_export, onnx_export
from tiny_core import BUNDLE, CONFIGS, quiet_environment, refusal

from synfine_monai.bundle import run_verb
from synfine_monai.conventions import CLASS_OF_PHASE
from synfine_monai.data import SyntheticPatches
from synfine_monai.errors import ScanError
from synfine_monai.inferers import fold_batch_norm
from synfine_monai.networks import RockUNet, load_network, read_model_info
from synfine_monai.sharing.bioimage_model import write_bioimage_model
from synfine_monai.sharing.export import FILES, describe_export, write_onnx, write_torchscript

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*dynamic_axes"),
    pytest.mark.filterwarnings("ignore:Found mapping with:UserWarning:bioimageio"),
]

REPOSITORY = BUNDLE.parents[1]
SHAPES = [(1, 64, 64), (3, 4, 8), (2, 100, 68), (5, 96, 96)]

# a program of somebody who has torch or onnxruntime, and neither MONAI nor this package
ELSEWHERE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("synfine_monai", "monai"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import numpy as np

file, images, labels = sys.argv[1:]
if file.endswith(".ts"):
    import torch
    network = torch.jit.load(file)
    run = lambda image: network(torch.from_numpy(image)).detach().numpy()
else:
    import onnxruntime
    network = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    run = lambda image: network.run(["logits"], {"image": image})[0]
with np.load(images) as stored:
    np.savez(labels, **{name: run(stored[name]).argmax(1) for name in stored})
"""


@pytest.fixture(scope="module")
def checkpoints(pretrained):
    """Trained for a moment; shipped; and the hybrid bundle's, which is the tiny one as long as its card says so."""
    tiny, hybrid = pretrained / "model.pt", HYBRID / "models" / "model.pt"
    if not hybrid.is_file():
        assert "No weights are shipped" in (HYBRID / "docs" / "README.md").read_text(encoding="utf-8")
    return {"tiny": tiny, "shipped": BUNDLE / "models" / "model.pt", "hybrid": hybrid if hybrid.is_file() else tiny}


@pytest.fixture(scope="module")
def exported(checkpoints, tmp_path_factory):
    """Folders with model.ts and model.onnx of both checkpoints."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("tiny", "shipped")}
    for name, folder in folders.items():
        options = {"checkpoint": str(checkpoints[name]), "output_dir": str(folder), "format": "torchscript,onnx"}
        run_verb(CONFIGS / "export.yaml", **options)
    return folders


@pytest.fixture(scope="module")
def images():
    """Slices of procedural rock of many shapes, (B, 1, H, W) float32."""
    rocks = SyntheticPatches("carbonate", CLASS_OF_PHASE, num_volumes=1, patches_per_volume=5, patch_size=100, seed=1)
    stack = torch.stack([patch["image"] for patch in rocks[0]])
    return [stack[:count, :, :height, :width].contiguous() for count, height, width in SHAPES]


def labels_of(checkpoint, images):
    network = load_network(checkpoint)
    with torch.no_grad():
        return [network(image).argmax(1).numpy() for image in images]


def share_of_differences(first, second):
    differing = sum(int((a != b).sum()) for a, b in zip(first, second, strict=True))
    return differing / sum(a.size for a in first)


@pytest.mark.parametrize("name", ["tiny", "shipped"])
@pytest.mark.parametrize("file", ["model.ts", "model.onnx"])
def test_a_machine_without_this_package_gets_the_same_labels(file, name, exported, checkpoints, images, tmp_path):
    np.savez(tmp_path / "images.npz", **{f"i{n}": image.numpy() for n, image in enumerate(images)})
    command = [
        sys.executable,
        "-I",
        "-W",
        "ignore",
        "-c",
        ELSEWHERE,
        str(exported[name] / file),
        "images.npz",
        "labels.npz",
    ]
    subprocess.run(command, check=True, cwd=tmp_path, env=quiet_environment())
    with np.load(tmp_path / "labels.npz") as stored:
        theirs = [stored[f"i{n}"] for n in range(len(images))]
    ours = labels_of(checkpoints[name], images)
    assert [a.shape for a in theirs] == SHAPES
    assert name == "tiny" or len(np.unique(ours[-1])) > 1
    assert share_of_differences(ours, theirs) <= 1e-4


def test_torchscript_takes_sizes_that_4_does_not_divide(exported, checkpoints, images):
    odd = [images[-1][..., :95, :93]]
    with torch.no_grad():
        theirs = [torch.jit.load(exported["shipped"] / "model.ts")(image).argmax(1).numpy() for image in odd]
    assert share_of_differences(labels_of(checkpoints["shipped"], odd), theirs) <= 1e-4


def test_classes_and_normalisation_can_be_read_from_the_files(exported):
    extra = {"metadata.json": ""}
    torch.jit.load(exported["shipped"] / "model.ts", _extra_files=extra)
    described = json.loads(extra["metadata.json"])
    session = onnxruntime.InferenceSession(exported["shipped"] / "model.onnx", providers=["CPUExecutionProvider"])
    properties = session.get_modelmeta().custom_metadata_map
    assert described["classes"] == json.loads(properties["classes"]) == ["matrix", "pore", "water", "clay", "dense"]
    assert described["normalisation"] == properties["normalisation"] == "zscore"
    assert "mean" in properties["input"]


def test_the_files_tell_nothing_of_the_machine_and_the_scan(exported, sample):
    secrets = [str(REPOSITORY), str(sample.folder), str(Path.home()), "site-packages", "core.tif"]
    for kind in ("torchscript", "onnx"):
        content = (exported["tiny"] / FILES[kind]).read_bytes()
        assert [text for text in secrets if text.encode() in content] == []


def test_only_what_the_network_means_is_taken_from_model_json(checkpoints):
    described = describe_export({**read_model_info(checkpoints["tiny"]), "histogram": [0.5, 0.5]})
    told = {"classes", "phases", "pore_labels", "normalisation", "voxel_size_um", "input", "output"}
    assert set(described) == told
    assert described["voxel_size_um"] == [5.0, 5.0, 5.0]


def test_the_same_network_gives_the_same_bytes(exported, checkpoints, tmp_path):
    description = describe_export(read_model_info(checkpoints["tiny"]))
    network = fold_batch_norm(load_network(checkpoints["tiny"]))
    for write, file in ((write_torchscript, "model.ts"), (write_onnx, "model.onnx")):
        write(network, description, tmp_path / file)
        assert (tmp_path / file).read_bytes() == (exported["tiny"] / file).read_bytes()


def test_only_the_formats_that_were_asked_for_are_written(exported):
    assert {path.name for path in exported["tiny"].iterdir()} == {"model.ts", "model.onnx"}


def test_onnx_is_a_format_that_older_runtimes_read(exported):
    model = onnx.load(exported["shipped"] / "model.onnx")
    assert model.opset_import[0].version == 18
    assert not any(node.metadata_props for node in model.graph.node)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "tensorrt"}, "format 'tensorrt' is unknown: use torchscript, onnx, bioimage or all"),
        ({"checkpoint": "none"}, "this verb needs a model"),
        ({"checkpoint": str(BUNDLE.parent / "rock_ct_generation" / "models")}, "holds a StyledDenoiser"),
        ({"formats": "onnx"}, "did you mean --format"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_sentence(options, words, tmp_path):
    assert words in refusal("export", output_dir=str(tmp_path), **options)


@pytest.mark.parametrize(
    ("given", "words"), [({"name": "Rock: best/worst"}, "name"), ({"licence": "Apache 2"}, "license")]
)
def test_what_bioimage_io_does_not_take_is_refused_in_one_sentence(given, words, exported, tmp_path):
    pytest.importorskip("bioimageio.spec")
    description = {**describe_export(read_model_info(BUNDLE / "models" / "model.pt")), "classes": ["solid", "pore"]}
    weights = {kind: exported["tiny"] / FILES[kind] for kind in ("torchscript", "onnx")}
    with pytest.raises(ScanError, match=f"bioimage.io's format refuses the model: {words}"):
        write_bioimage_model(RockUNet(1, 2).eval(), description, weights, tmp_path / "model.zip", **given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_bioimage_io_tests_the_model_and_finds_no_fault_without_a_network(checkpoints, sample, tmp_path, monkeypatch):
    core = pytest.importorskip("bioimageio.core")
    options = {"checkpoint": str(checkpoints["tiny"]), "output_dir": str(tmp_path), "format": "bioimage"}
    run_verb(CONFIGS / "export.yaml", **options, authors="Ada Lovelace,Grace Hopper", licence="CC-BY-4.0")
    assert [path.name for path in tmp_path.iterdir()] == ["model.bioimage.zip"]

    def refuse(*_: object) -> None:
        raise OSError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    summary = core.test_model(tmp_path / "model.bioimage.zip")
    assert summary.status == "passed", summary.format()
    tested = {detail.name for detail in summary.details if "Reproduce" in detail.name}
    assert len(tested) == 2
    _check_package(tmp_path / "model.bioimage.zip", [str(REPOSITORY), str(sample.folder), str(tmp_path), "core.tif"])


def _check_package(path, secrets):
    with zipfile.ZipFile(path) as package:
        described = yaml.safe_load(package.read("rdf.yaml"))
        for name in package.namelist():
            assert [text for text in secrets if text.encode() in package.read(name)] == []
    assert described["format_version"].startswith("0.5.")
    assert [author["name"] for author in described["authors"]] == ["Ada Lovelace", "Grace Hopper"]
    assert described["license"] == "CC-BY-4.0"
    channel = next(axis for axis in described["outputs"][0]["axes"] if axis["type"] == "channel")
    assert channel["channel_names"] == ["solid", "pore"]
    side = next(axis for axis in described["inputs"][0]["axes"] if axis.get("id") == "x")
    assert (side["unit"], side["scale"], side["size"]["step"]) == ("micrometer", 5.0, 4)


HYBRID = BUNDLE.parent / "rock_ct_hybrid_segmentation"
MONAI_EXPORTS = [
    pytest.param(BUNDLE, "tiny", id="segmentation-tiny"),
    pytest.param(BUNDLE, "shipped", id="segmentation-shipped"),
    pytest.param(HYBRID, "hybrid", id="hybrid"),
]


@pytest.mark.parametrize(("bundle", "name"), MONAI_EXPORTS)
@pytest.mark.parametrize("kind", ["torchscript", pytest.param("onnx", marks=pytest.mark.slow)])
def test_monais_own_exports_give_the_same_labels(kind, bundle, name, checkpoints, images, tmp_path):
    """Any bundle that segments; the network of the generator gives no labels."""
    checkpoint = checkpoints[name]
    configs, file = bundle / "configs", tmp_path / FILES[kind]
    files = {"ckpt_file": str(checkpoint), "meta_file": str(configs / "metadata.json"), "filepath": str(file),
             "config_file": str(configs / "inference.yaml"), "checkpoint": str(checkpoint)}  # fmt: skip
    if kind == "torchscript":
        ckpt_export("network_def", **files)
        network = torch.jit.load(file).eval()
        with torch.no_grad():
            theirs = [network(image).argmax(1).numpy() for image in images]
    else:
        names = {"input_names": ["image"], "output_names": ["logits"]}
        axes = {"dynamic_axes": {key: {0: "batch", 2: "height", 3: "width"} for key in ("image", "logits")}}
        onnx_export("network_def", input_shape=[2, 1, 64, 64], converter_kwargs={**names, **axes}, **files)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        theirs = [session.run(None, {"image": image.numpy()})[0].argmax(1) for image in images]
    assert share_of_differences(labels_of(checkpoint, images), theirs) <= 1e-4
