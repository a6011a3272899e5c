"""MONAI's own checks of the segmentation bundle pass, from any working directory and without a network."""

import json

import pytest
from monai.bundle import verify_metadata, verify_net_in_out
from tiny_core import BUNDLE, CONFIGS

pytestmark = pytest.mark.filterwarnings("ignore:No hash value provided")

META = str(CONFIGS / "metadata.json")
INFERENCE = str(CONFIGS / "inference.yaml")

# what MONAI's published "Bundle Specification" says that metadata.json must hold
TENSORS = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "required": ["type", "format", "num_channels", "spatial_shape", "dtype", "value_range", "is_patch_data"],
        "properties": {
            "modality": {"type": "string"},
            "num_channels": {"type": "integer", "minimum": 1},
            "spatial_shape": {"type": "array", "items": {"type": ["string", "integer"]}},
            "is_patch_data": {"type": "boolean"},
            "channel_def": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    },
}
TEXT = ("version", "monai_version", "pytorch_version", "numpy_version", "task", "description", "authors", "copyright")
SCHEMA = {
    "type": "object",
    "required": [*TEXT, "required_packages_version", "network_data_format"],
    "properties": {
        **{key: {"type": "string", "minLength": 1} for key in TEXT},
        "required_packages_version": {"type": "object", "additionalProperties": {"type": "string"}},
        "network_data_format": {
            "type": "object",
            "required": ["inputs", "outputs"],
            "properties": {"inputs": TENSORS, "outputs": TENSORS},
        },
    },
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("network", ["network_def", "network"])
def test_the_shipped_network_takes_and_gives_what_the_metadata_says(network):
    verify_net_in_out(network, meta_file=META, config_file=INFERENCE, device="cpu", n=16)


def test_metadata_without_authors_would_be_refused(tmp_path):
    schema, meta = tmp_path / "schema.json", tmp_path / "metadata.json"
    schema.write_text(json.dumps(SCHEMA))
    content = json.loads((CONFIGS / "metadata.json").read_text())
    del content["authors"]
    meta.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="'authors' is a required property"):
        verify_metadata(meta_file=str(meta), filepath=str(schema))


def test_the_model_card_tells_how_the_shipped_weights_were_made():
    settings = json.loads((BUNDLE / "models" / "model.json").read_text())["settings"]
    card = (BUNDLE / "docs" / "README.md").read_text(encoding="utf-8")
    assert f"--pairs {settings['pairs']} --epochs {settings['epochs']} --seed {settings['seed']}" in card
