import torch
from torch import nn

from synfine_monai.data import synthetic_task
from synfine_monai.networks import RockUNet, describe_model, save_model
from synfine_monai.surgery import MergedClasses, start_network, teacher_network

PHASES = [["matrix"], ["pore"], ["water"]]
IMAGE = torch.randn(1, 1, 16, 16)


def saved(tmp_path):
    torch.manual_seed(0)
    network = RockUNet(num_classes=3).eval()
    info = describe_model(synthetic_task(), network, "zscore") | {"phases": PHASES, "labels": ["a", "b", "c"]}
    save_model(network, info, tmp_path / "model.pt")
    return network, tmp_path / "model.pt"


def start(path, phases):
    network = RockUNet(num_classes=len(phases))
    return start_network(network, path, phases, {"image": IMAGE, "label": IMAGE[:] * 0}, nn.CrossEntropyLoss())


def test_merged_probabilities_are_the_sum_of_those_of_the_parts(tmp_path):
    network, path = saved(tmp_path)
    phases = [("matrix",), ("pore", "water")]
    teacher = teacher_network(start(path, phases), path, phases)
    apart, together = network(IMAGE).softmax(1), teacher(IMAGE).softmax(1)
    torch.testing.assert_close(together[:, 0], apart[:, 0])
    torch.testing.assert_close(together[:, 1], apart[:, 1:].sum(1))
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_without_merging_the_teacher_is_where_tuning_starts(tmp_path):
    _, path = saved(tmp_path)
    phases = [("pore",), ("matrix",)]
    network = start(path, phases).eval()
    torch.testing.assert_close(teacher_network(network, path, phases)(IMAGE).softmax(1), network(IMAGE).softmax(1))


def test_a_class_that_the_checkpoint_does_not_know_is_as_probed(tmp_path):
    _, path = saved(tmp_path)
    network = RockUNet(num_classes=2).eval()
    teacher = teacher_network(network, path, [("matrix",), ("dense",)])
    assert not isinstance(teacher, MergedClasses)
    torch.testing.assert_close(teacher(IMAGE), network(IMAGE))
