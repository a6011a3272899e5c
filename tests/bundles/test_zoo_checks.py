"""What MONAI's model zoo checks of a bundle before it takes it in, on each of our bundles.

Source: the description of its checks in Project-MONAI/model-zoo, CONTRIBUTING.md ("Preferred Files and Keys",
"Verifying a bundle"), and MONAI's Bundle Specification. The zoo itself leaves generative bundles out where a check
expects one image in and one prediction out; what is left out here is said where it is.
"""

import json
import re
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow, ckpt_export, verify_metadata, verify_net_in_out
from monai.bundle.properties import InferProperties
from monai.utils import BundleProperty, BundlePropertyConfig
from test_verify_bundle import SCHEMA
from tiny_core import BUNDLE

from synfine_monai.bundle import run_verb
from synfine_monai.networks import load_denoiser, load_network, load_weights, read_model_info, scripted_denoiser

pytestmark = [
    pytest.mark.filterwarnings("ignore:No hash value provided"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]

BUNDLES = {path.name: path for path in sorted(BUNDLE.parent.iterdir()) if (path / "configs").is_dir()}
HYBRID, GENERATION = BUNDLES["rock_ct_hybrid_segmentation"], BUNDLES["rock_ct_generation"]
INFERENCE = {BUNDLE.name: "inference.yaml", HYBRID.name: "inference.yaml", GENERATION.name: "inference.yaml"}
LARGEST_FILE = 25e6

each_bundle = pytest.mark.parametrize("bundle", BUNDLES.values(), ids=BUNDLES)
each_segmenter = pytest.mark.parametrize("bundle", [BUNDLE, HYBRID], ids=[BUNDLE.name, HYBRID.name])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Bundle -> its shipped model.pt, or one that has trained for a moment where none is shipped."""
    found = {path: path / "models" / "model.pt" for path in BUNDLES.values()}
    if not found[HYBRID].is_file():
        folder = tmp_path_factory.mktemp("hybrid")
        tiny = {"pairs": 8, "epochs": 1, "steps_per_epoch": 1, "batch_size": 4}
        run_verb(HYBRID / "configs" / "train.yaml", output_dir=str(folder), **tiny)
        found[HYBRID] = folder / "model.pt"
    return found


def metadata(bundle: Path) -> dict:
    return json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))


def card(bundle: Path) -> str:
    return (bundle / "docs" / "README.md").read_text(encoding="utf-8")


def start(bundle: Path, verb: str, kind: str, **options: object) -> ConfigWorkflow:
    configs = bundle / "configs"
    return ConfigWorkflow(config_file=str(configs / verb), meta_file=str(configs / "metadata.json"),
                          logging_file=str(configs / "logging.conf"), workflow_type=kind, **options)  # fmt: skip


@each_bundle
def test_necessary_and_preferred_files_are_there(bundle):
    needed = {
        "LICENSE",
        "configs/metadata.json",
        "configs/logging.conf",
        "docs/README.md",
        f"configs/{INFERENCE[bundle.name]}",
    }
    assert [name for name in sorted(needed) if not (bundle / name).is_file()] == []
    assert "Apache License" in (bundle / "LICENSE").read_text(encoding="utf-8")


@each_bundle
def test_the_weights_are_there_or_the_card_says_that_they_are_not(bundle):
    shipped = (bundle / "models" / "model.pt").is_file()
    assert shipped != ("No weights are shipped" in card(bundle))
    assert shipped == (bundle / "models" / "model.json").is_file()


@each_bundle
def test_no_file_is_larger_than_the_zoo_takes_and_none_is_code(bundle):
    files = [path for path in bundle.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) <= LARGEST_FILE
    assert {path.suffix for path in files} <= {"", ".yaml", ".json", ".conf", ".md", ".pt", ".png"}


@each_bundle
def test_metadata_fits_the_schema(bundle, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    verify_metadata(meta_file=str(bundle / "configs" / "metadata.json"), filepath=str(schema))


@each_bundle
def test_the_version_is_in_the_changelog_and_the_browser_gets_a_name(bundle):
    content = metadata(bundle)
    assert re.fullmatch(r"\d+\.\d+\.\d+", content["version"])
    assert content["changelog"][content["version"]]
    assert content["name"]
    assert re.fullmatch(r"[a-z0-9_]+", bundle.name)


@each_bundle
def test_channels_are_named_one_by_one(bundle):
    data = metadata(bundle)["network_data_format"]
    for tensor in (*data["inputs"].values(), *data["outputs"].values()):
        assert sorted(tensor["channel_def"]) == [str(i) for i in range(tensor["num_channels"])]


@each_bundle
def test_no_path_of_a_machine_is_written_down_and_the_card_names_files_that_exist(bundle):
    for config in (bundle / "configs").iterdir():
        assert not re.search(
            r"(?<![\w.:/])/(home|root|work|workspace|Users|data|tmp)/", config.read_text(encoding="utf-8")
        )
    named = set(re.findall(r"configs/\w+\.(?:yaml|json)", card(bundle)))
    assert named
    assert [name for name in sorted(named) if not (bundle / name).is_file()] == []


@each_bundle
def test_train_has_the_ids_that_the_zoo_and_monai_ask_for(bundle, tmp_path):
    workflow = start(bundle, "train.yaml", "train", output_dir=str(tmp_path))
    workflow.initialize()
    assert workflow.check_properties() == []
    asked = ["bundle_root", "device", "dataset_dir", "output_dir", "network_def"]
    asked += [f"train#{part}" for part in ("trainer", "trainer#max_epochs", "dataset", "dataset#data", "handlers")]
    assert [name for name in asked if name not in workflow.parser] == []


@each_segmenter
def test_inference_has_the_ids_that_the_zoo_and_monai_ask_for(bundle, sample, weights, tmp_path):
    options = {"scan": str(sample.scan), "checkpoint": str(weights[bundle]), "output_dir": str(tmp_path)}
    workflow = start(bundle, "inference.yaml", "infer", **options)
    workflow.initialize()
    assert workflow.check_properties() == []
    asked = ("bundle_root", "device", "network_def", "inferer", "output_dir")
    assert [name for name in asked if name not in workflow.parser] == []
    workflow.finalize()


def test_sampling_lacks_only_what_a_generator_has_no_use_for(tmp_path):
    """The zoo checks no properties of its generative bundles: there is no engine for a sampler."""
    workflow = start(GENERATION, "inference.yaml", "infer", output_dir=str(tmp_path))
    workflow.initialize()
    required = {name for name, p in InferProperties.items() if p[BundleProperty.REQUIRED]}
    missing = {name for name in required if InferProperties[name][BundlePropertyConfig.ID] not in workflow.parser}
    assert missing == {"evaluator"}
    asked = ("bundle_root", "device", "dataset_dir", "network", "inferer", "output_dir")
    assert [name for name in asked if name not in workflow.parser] == []


@each_bundle
def test_the_network_takes_and_gives_what_the_metadata_says(bundle, weights):
    configs = bundle / "configs"
    verify_net_in_out("network_def", meta_file=str(configs / "metadata.json"), device="cpu", n=8,
                      config_file=str(configs / "inference.yaml"), checkpoint=str(weights[bundle]))  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "network"), [("train.yaml", "network_def"), ("generate.yaml", "network"), ("inference.yaml", "network")]
)
def test_the_generator_takes_and_gives_what_the_metadata_says_at_a_noise_level(verb, network):
    """The zoo leaves this out for generative bundles."""
    configs = GENERATION / "configs"
    verify_net_in_out(network, meta_file=str(configs / "metadata.json"), config_file=str(configs / verb), device="cpu",
                      n=4, extra_forward_args={"timesteps": torch.tensor([500])})  # fmt: skip


@each_bundle
def test_ckpt_export_gives_a_network_that_torch_loads(bundle, weights, tmp_path):
    """The zoo does this of every bundle; the generator's network_def is one noise level of it."""
    configs, file = bundle / "configs", tmp_path / "model.ts"
    ckpt_export("network_def", filepath=str(file), ckpt_file=str(weights[bundle]),
                meta_file=str(configs / "metadata.json"), config_file=str(configs / "inference.yaml"))  # fmt: skip
    assert torch.jit.load(file)(torch.zeros(3, 1, 40, 24)).shape[2:] == (40, 24)


def test_the_generators_script_is_the_generator_at_one_noise_level():
    file = GENERATION / "models" / "model.pt"
    generator, script = load_denoiser(file), scripted_denoiser(read_model_info(file)["architecture"])
    script.load_state_dict(load_weights(file))
    image = torch.randn(3, 1, 40, 24, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(script(image), generator(image, torch.full((3,), 500)), atol=1e-5)


@each_segmenter
def test_ckpt_export_gives_a_network_that_torch_loads_and_that_gives_the_same_labels(bundle, weights, tmp_path):
    configs, file = bundle / "configs", tmp_path / "model.ts"
    ckpt_export("network_def", filepath=str(file), ckpt_file=str(weights[bundle]),
                meta_file=str(configs / "metadata.json"), config_file=str(configs / "inference.yaml"),
                checkpoint=str(weights[bundle]))  # fmt: skip
    image = torch.randn(2, 1, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours, theirs = load_network(weights[bundle])(image).argmax(1), torch.jit.load(file).eval()(image).argmax(1)
    assert (ours != theirs).double().mean() <= 1e-4


def test_a_bundle_that_torchscript_does_not_know_says_so_in_its_card():
    """As the zoo asks; it has a list of bundles that it does not export, most of them generative."""
    with pytest.raises(RuntimeError):
        torch.jit.script(load_network(GENERATION / "models" / "model.pt"))
    assert "TorchScript" in card(GENERATION)


def test_the_generators_inference_draws_what_generate_draws(tmp_path):
    few = {"pairs": 2, "sampling_steps": 2, "device": "cpu", "precision": "float32"}
    for verb in ("inference", "generate"):
        run_verb(GENERATION / "configs" / f"{verb}.yaml", output_dir=str(tmp_path / verb), **few)
    drawn, generated = (torch.load(tmp_path / verb / "pairs.pt") for verb in ("inference", "generate"))
    assert torch.equal(drawn["image"], generated["image"])
    assert torch.equal(drawn["label"], generated["label"])
