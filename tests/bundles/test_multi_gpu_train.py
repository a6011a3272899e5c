"""``multi_gpu_train.yaml`` merges over ``train.yaml``; one process under torchrun trains what ``train`` alone does."""

import subprocess
import sys

import pytest
import torch
from monai.bundle import ConfigParser
from tiny_core import CONFIGS, TINY_TRAINING, quiet_environment

from synfine_monai.networks.model_file import load_network

FILES = [str(CONFIGS / "train.yaml"), str(CONFIGS / "multi_gpu_train.yaml")]


def test_the_merged_handlers_write_on_the_first_process_only():
    parser = ConfigParser()
    parser.read_config(FILES)
    writers = {h["_target_"].rsplit(".", 1)[-1] for h in parser["train"]["handlers"] if "_disabled_" in h}
    assert writers == {"TrainingProgress", "TensorBoardStatsHandler", "SaveModel"}
    assert parser["train"]["trainer"]["network"] == "@distributed_network"
    assert parser["train"]["dataset"]["_target_"].endswith("PatchBatches")


@pytest.mark.slow
def test_one_process_under_torchrun_trains_the_same_network(sample, pretrained, tmp_path):
    options = {"datalist": sample.datalist, "output_dir": tmp_path, **TINY_TRAINING}
    given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "1"]
    run = ["-m", "monai.bundle", "run", "--config_file", str(FILES), *given]
    subprocess.run([*launch, *run], env=quiet_environment(), check=True)
    image = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():  # Adam makes much of rounding where gradients vanish, so weights would not do
        expected, found = (load_network(folder / "model.pt")(image) for folder in (pretrained, tmp_path))
    torch.testing.assert_close(found, expected, rtol=0, atol=0.01 * expected.std().item())
