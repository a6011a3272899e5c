import pytest
import torch
from ignite.engine import Engine
from torch.utils.data import DataLoader

from synfine_monai.data import PatchBatches
from synfine_monai.handlers import Resume, SetEpoch, signature_of
from synfine_monai.transforms import RandAugmentBatchd

IMAGES = torch.rand(12, 1, 4, 4, generator=torch.Generator().manual_seed(0))


class Killed(Exception):
    pass


def train(folder, epochs=6, stop_after=None, signature="same"):
    torch.manual_seed(0)
    network = torch.nn.Linear(16, 1)
    optimizer = torch.optim.Adam(network.parameters(), 0.01)

    def step(engine, batch):
        if stop_after is not None and engine.state.iteration > stop_after:
            raise Killed
        loss = (network(batch["image"].flatten(1)) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    engine = Engine(step)
    batches = PatchBatches({"image": IMAGES}, 4, 5, 1, RandAugmentBatchd(keys="image"))
    SetEpoch(batches).attach(engine)
    Resume(folder, {"network": network, "optimizer": optimizer}, signature).attach(engine)
    engine.run(DataLoader(batches, batch_size=None), max_epochs=epochs)
    return network.weight.detach()


def test_an_interrupted_run_ends_like_an_undisturbed_one(tmp_path):
    undisturbed = train(tmp_path / "a")
    with pytest.raises(Killed):
        train(tmp_path / "b", stop_after=18)
    assert torch.equal(train(tmp_path / "b"), undisturbed)


def test_a_complete_run_does_no_step_again(tmp_path):
    first = train(tmp_path)
    assert torch.equal(train(tmp_path, stop_after=0), first)
    assert len(list(tmp_path.glob("*.pt"))) == 1


def test_other_settings_start_afresh(tmp_path):
    train(tmp_path)
    with pytest.raises(Killed):
        train(tmp_path, stop_after=0, signature="other")


def test_signatures_tell_settings_apart():
    assert signature_of({"a": 1, "b": 2}) == signature_of({"b": 2, "a": 1})
    assert signature_of({"a": 1}) != signature_of({"a": 2})
