"""A trained segmenter as one file that runs without this package: TorchScript, ONNX, or a bioimage.io model."""

import io
import json
import logging
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from monai.data import save_net_with_metadata
from monai.utils import optional_import
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.inferers import fold_batch_norm
from synfine_monai.networks import RockUNet, load_network, read_model_info
from synfine_monai.sharing.bioimage_model import write_bioimage_model

FILES = {"torchscript": "model.ts", "onnx": "model.onnx", "bioimage": "model.bioimage.zip"}
"""Format -> name of its file."""

NORMALISATION = {
    "zscore": "subtract the mean and divide by the standard deviation",
    "clipped_zscore": "subtract the mean and divide by the standard deviation, both found with grey levels above the "
    "90th percentile held at it",
    "median_mad": "subtract the median and divide by 1.4826 times the median absolute deviation",
}
INPUT = ("image: (batch, 1, height, width) float32, height and width multiples of 4, one slice of a scan after "
         "normalisation: {how}, of the voxels inside the core, over the whole scan; what lies outside the core is "
         "filled with values like those inside")  # fmt: skip
OUTPUT = ("logits: (batch, classes, height, width) float32; a voxel's label is the index of its largest logit, its "
          "probabilities are their softmax")  # fmt: skip

OPSET = 18
LARGEST = 16384  # quarter sides: a slice of 65,536 voxels


def export_model(
    checkpoint: str | Path,
    output_dir: str | Path,
    formats: str | Sequence[str] = "all",
    name: str | None = None,
    authors: str | Sequence[str] | None = None,
    licence: str | None = None,
) -> list[Path]:
    """Write a checkpoint in other formats, with nothing of its ``model.json`` but what ``describe_export`` says.

    Args:
        checkpoint: ``model.pt`` of a segmenter, its ``model.json`` beside it.
        output_dir: existing folder.
        formats: some of ``FILES``, as a list or with commas between, or "all".
        name: of the bioimage.io model, as in ``write_bioimage_model``.
        authors: of the same.
        licence: of the same.

    Returns:
        The files.

    Raises:
        ScanError: if a format is unknown or its library is missing, or the checkpoint is no segmenter.
    """
    chosen, info = _formats(formats), read_model_info(checkpoint)
    network, description = _segmenter(Path(checkpoint)), describe_export(info)
    folder = Path(output_dir)
    with TemporaryDirectory() as scratch:
        places = {kind: (folder if kind in chosen else Path(scratch)) / file for kind, file in FILES.items()}
        if {"torchscript", "bioimage"} & set(chosen):
            write_torchscript(network, description, places["torchscript"])
        if {"onnx", "bioimage"} & set(chosen):
            write_onnx(network, description, places["onnx"])
        if "bioimage" in chosen:
            weights = {kind: places[kind] for kind in ("torchscript", "onnx")}
            write_bioimage_model(network, description, weights, places["bioimage"], name, authors, licence, OPSET)
    written = [places[kind] for kind in chosen]
    for path in written:
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)", flush=True)
    return written


def describe_export(info: Mapping[str, Any]) -> dict[str, Any]:
    """What an exported file says of itself: classes, and what goes in and comes out.

    Args:
        info: content of a ``model.json``. Histogram, settings and names of scans or data sets stay out.
    """
    return {
        "classes": list(info["labels"]),
        "phases": [list(covered) for covered in info["phases"]],
        "pore_labels": list(info["pore_labels"]),
        "normalisation": info["normalisation"],
        "voxel_size_um": info.get("voxel_size_um"),
        "input": INPUT.format(how=NORMALISATION[info["normalisation"]]),
        "output": OUTPUT,
    }


def write_torchscript(network: nn.Module, description: Mapping[str, Any], path: Path) -> None:
    """Script a network; ``description`` is its extra file ``metadata.json``, as MONAI keeps it.

    The same network gives the same bytes. Paths of source files, which torch adds for debugging, are taken out.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*torch.jit.*", DeprecationWarning)
        scripted, content = torch.jit.script(network.eval()), io.BytesIO()
        save_net_with_metadata(scripted, content, include_config_vals=False, meta_values=description)
    with (
        atomic_file(path) as temporary,
        zipfile.ZipFile(content) as whole,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as slim,
    ):
        for entry in whole.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                slim.writestr(zipfile.ZipInfo(entry.filename), whole.read(entry))


def write_onnx(network: nn.Module, description: Mapping[str, Any], path: Path) -> None:
    """Export a network, any batch and any height and width that are multiples of 4; ``description`` is its metadata.

    MONAI's ``onnx_export`` leaves the paths of the source files in every node, and asks for sizes beforehand; this is
    torch's exporter itself.

    Raises:
        ScanError: if onnx or onnxscript is missing.
    """
    onnx, found = optional_import("onnx")
    if not (found and optional_import("onnxscript")[1]):
        raise ScanError("the ONNX export needs onnx and onnxscript: pip install onnx onnxscript.")
    batch, height, width = (torch.export.Dim(axis, min=1, max=LARGEST) for axis in ("batch", "rows", "columns"))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, which nothing here needs
    program = torch.onnx.export(
        network.eval(),
        (torch.zeros(2, 1, 64, 64),),
        dynamo=True,
        verbose=False,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes=({0: batch, 2: 4 * height, 3: 4 * width},),
    )
    model = program.model_proto
    for part in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info,
                 *model.graph.initializer):  # fmt: skip
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.helper.set_model_props(
        model, {key: text if isinstance(text, str) else json.dumps(text) for key, text in description.items()}
    )
    onnx.checker.check_model(model)
    with atomic_file(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))


def _formats(formats: str | Sequence[str]) -> list[str]:
    given = [word.strip() for word in formats.split(",")] if isinstance(formats, str) else list(formats)
    for word in given:
        if word not in FILES and word != "all":
            raise ScanError(f"format '{word}' is unknown: use {', '.join(FILES)} or all.")
    return [kind for kind in FILES if kind in given or "all" in given]


def _segmenter(checkpoint: Path) -> nn.Module:
    """The network that the inference verb runs: batch norm folded into the convolutions."""
    network = load_network(checkpoint)
    if type(network) is not RockUNet:
        raise ScanError(
            f"checkpoint {checkpoint} holds a {type(network).__name__}, which needs more than an image: only "
            "segmenters can be exported."
        )
    return fold_batch_norm(network)
