import torch
from monai.networks.schedulers import DDIMScheduler

from synfine_monai.conventions import UNLABELLED
from synfine_monai.training import DenoisingPrepareBatch, TeacherPrepareBatch

SCHEDULER = DDIMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)


def batch():
    label = torch.full((3, 1, 4, 4), UNLABELLED, dtype=torch.uint8)
    label[1, 0, 2, 2] = 1
    image, noise = torch.randn(2, 3, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    return {"image": image, "label": label, "noise": noise, "timesteps": torch.tensor([0, 300, 999])}


def test_windows_without_any_label_are_made_noisy_and_the_others_stay_as_they_are():
    given = batch()
    image, target = DenoisingPrepareBatch(TeacherPrepareBatch(None, None), SCHEDULER)(given)
    assert torch.equal(image, given["image"])
    assert torch.equal(target["label"], given["label"])
    assert target["timesteps"].tolist() == [0, 999]
    share = SCHEDULER.alphas_cumprod[target["timesteps"]].view(-1, 1, 1, 1)
    clean, noise = given["image"][[0, 2]], given["noise"][[0, 2]]
    torch.testing.assert_close(target["noisy"], share.sqrt() * clean + (1 - share).sqrt() * noise)
    torch.testing.assert_close(target["answer"], share.sqrt() * noise - (1 - share).sqrt() * clean)


def test_what_the_teacher_says_stays():
    given = batch()
    teacher = TeacherPrepareBatch(torch.nn.Conv2d(1, 2, 1), lambda images, network: network(images))
    _, target = DenoisingPrepareBatch(teacher, SCHEDULER)(given)
    assert set(target) == {"label", "teacher", "noisy", "timesteps", "answer"}


def test_a_batch_whose_windows_all_carry_labels_has_nothing_to_denoise():
    given = batch()
    given["label"][:, 0, 0, 0] = 0
    _, target = DenoisingPrepareBatch(TeacherPrepareBatch(None, None), SCHEDULER)(given)
    assert target["noisy"].shape == (0, 1, 4, 4)
