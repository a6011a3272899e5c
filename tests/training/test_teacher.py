import copy

import torch
from torch import nn

from synfine_monai.training import TeacherPrepareBatch

BATCH = {"image": torch.randn(2, 1, 4, 4), "label": torch.zeros(2, 1, 4, 4, dtype=torch.uint8)}


def infer(images, network):
    return network(images)


def test_the_teacher_stays_while_the_network_learns():
    network = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2))
    network.eval()
    before = network(BATCH["image"]).detach()
    teacher = copy.deepcopy(network).requires_grad_(False)
    network.train()
    with torch.no_grad():
        network[0].weight.add_(1)
    image, target = TeacherPrepareBatch(teacher, infer)(BATCH)
    assert torch.equal(image, BATCH["image"])
    assert torch.equal(target["label"], BATCH["label"])
    torch.testing.assert_close(target["teacher"], before)
    assert not target["teacher"].requires_grad


def test_without_a_teacher_the_label_is_the_target():
    image, label = TeacherPrepareBatch(None, infer)(BATCH)
    assert torch.equal(image, BATCH["image"])
    assert torch.equal(label, BATCH["label"])
