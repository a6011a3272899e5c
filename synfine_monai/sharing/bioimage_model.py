"""A trained segmenter in the model format of the BioImage Model Zoo (bioimage.io), specification 0.5."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np
import torch
from monai.utils import optional_import
from torch import nn

from synfine_monai.conventions import CLASS_OF_PHASE
from synfine_monai.data import SyntheticPatches
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file

NAME = "Phases of rock in micro-CT slices"
AUTHORS = ("synfine_monai contributors",)
TAGS = ("unet", "pytorch", "segmentation", "semantic-segmentation", "2d", "micro-ct", "rock")
CITE = {
    "text": "Mounsif, M., Motie, Y., Benabdelkrim, M., Brondolo, F. SynFine: Boosting Image Segmentation Accuracy "
    "Through Synthetic Data Generation and Surgical Fine-Tuning. ICPRAM 2023.",
    "doi": "10.5220/0011848300003411",
}
HALO = 24
"""Reach of the network in pixels: labels closer to a cut edge than this depend on what was cut away."""

CARD = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")


def write_bioimage_model(
    network: nn.Module,
    description: Mapping[str, Any],
    weights: Mapping[str, Path],
    path: Path,
    name: str | None = None,
    authors: str | Sequence[str] | None = None,
    licence: str | None = None,
    opset: int = 18,
) -> None:
    """Write a zip with description, weights, test image and its logits.

    Args:
        network: the segmenter, in eval mode.
        description: of ``describe_export``.
        weights: "torchscript" and "onnx" -> their files.
        path: of the zip.
        name: letters, digits, spaces and ``_+-()``, 5 to 128 of them; default ``NAME``.
        authors: as a list or with commas between; default: the project's contributors.
        licence: SPDX identifier; default none.
        opset: of the ONNX file.

    Raises:
        ScanError: if bioimageio.core is missing, or the format refuses name, authors or licence.
    """
    spec, found = optional_import("bioimageio.spec")
    if not found:
        raise ScanError("the bioimage.io export needs bioimageio.core: pip install bioimageio.core.")
    form, _ = optional_import("bioimageio.spec.model.v0_5")
    given = [a.strip() for a in authors.split(",")] if isinstance(authors, str) else list(authors or AUTHORS)
    with TemporaryDirectory() as scratch, spec.ValidationContext(log_warnings=False):
        folder = Path(scratch)
        _write_parts(folder, network, description, name or NAME)
        try:
            said = {"name": name or NAME, "authors": [form.Author(name=author) for author in given], "license": licence}
            model = _model(form, folder, description, _weights(form, weights, opset), said)
        except ValueError as error:
            raise ScanError(f"bioimage.io's format refuses the model: {_reason(error)}.") from error
        with atomic_file(path) as temporary:
            spec.save_bioimageio_package(model, output_path=temporary)


def _model(form: ModuleType, folder: Path, description: Mapping[str, Any], weights: Any, said: dict[str, Any]) -> Any:
    return form.ModelDescr(
        **said,
        description="Names the phases of rock in slices of an X-ray micro-CT scan: normalised image to logits.",
        cite=[form.CiteEntry(**CITE)],
        tags=list(TAGS),
        documentation=form.FileDescr(source=folder / "README.md"),
        inputs=[_input(form, description, folder / "test_image.npy")],
        outputs=[_output(form, description, folder / "test_logits.npy")],
        weights=weights,
    )


def _write_parts(folder: Path, network: nn.Module, description: Mapping[str, Any], name: str) -> None:
    """Card, test image and its logits."""
    image = _test_image(description["normalisation"])
    with torch.no_grad():
        np.save(folder / "test_logits.npy", network(image).numpy())
    np.save(folder / "test_image.npy", image.numpy())
    (folder / "README.md").write_text(_card(name, description), encoding="utf-8")


def _test_image(normalisation: str) -> torch.Tensor:
    """One patch of procedural rock, (1, 1, 64, 64), always the same."""
    rock = SyntheticPatches(
        "sandstone", CLASS_OF_PHASE, num_volumes=1, patches_per_volume=1, normalisation=normalisation
    )
    return rock[0][0]["image"][None]


def _input(form: ModuleType, description: Mapping[str, Any], test: Path) -> Any:
    size = form.ParameterizedSize(min=64, step=4)
    lengths = _voxel_lengths(description)
    sides = [form.SpaceInputAxis(id=side, size=size, **lengths[side]) for side in "yx"]
    return form.InputTensorDescr(
        id="image",
        description="one slice, normalised by the core of the whole scan, see the documentation",
        axes=[form.BatchAxis(), form.ChannelAxis(channel_names=["attenuation"]), *sides],
        data=form.IntervalOrRatioDataDescr(type="float32"),
        test_tensor=form.FileDescr(source=test),
    )


def _output(form: ModuleType, description: Mapping[str, Any], test: Path) -> Any:
    lengths = _voxel_lengths(description)
    sides = [
        form.SpaceOutputAxisWithHalo(
            id=side, size=form.SizeReference(tensor_id="image", axis_id=side), halo=HALO, **lengths[side]
        )
        for side in "yx"
    ]
    return form.OutputTensorDescr(
        id="logits",
        description="logits of the classes; a voxel's label is the index of its largest logit",
        axes=[form.BatchAxis(), form.ChannelAxis(channel_names=description["classes"]), *sides],
        data=form.IntervalOrRatioDataDescr(type="float32"),
        test_tensor=form.FileDescr(source=test),
    )


def _voxel_lengths(description: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Scale and unit of the axes y and x; none where the voxel size is not known."""
    if description["voxel_size_um"] is None:
        return {"y": {}, "x": {}}
    _, height, width = description["voxel_size_um"]
    return {side: {"unit": "micrometer", "scale": length} for side, length in (("y", height), ("x", width))}


def _weights(form: ModuleType, files: Mapping[str, Path], opset: int) -> Any:
    return form.WeightsDescr(
        torchscript=form.TorchscriptWeightsDescr(
            source=files["torchscript"], pytorch_version=form.Version(torch.__version__.split("+")[0])
        ),
        onnx=form.OnnxWeightsDescr(source=files["onnx"], opset_version=opset, parent="torchscript"),
    )


def _card(name: str, description: Mapping[str, Any]) -> str:
    classes = ", ".join(f"{index} {label}" for index, label in enumerate(description["classes"]))
    lengths = description["voxel_size_um"]
    voxel_size = "not known" if lengths is None else " × ".join(f"{v:g}" for v in lengths) + " µm (z, y, x)"
    told = {"name": name, "classes": classes, "voxel_size": voxel_size}
    return CARD.format(input=description["input"], output=description["output"], **told)


def _reason(error: ValueError) -> str:
    """The first of pydantic's findings, in a line."""
    found = error.errors()[0] if hasattr(error, "errors") else {"loc": (), "msg": str(error)}
    return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}".rstrip(".")
