import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from synfine_monai.inferers.engine_openvino import OpenVinoNetwork, has_openvino
from synfine_monai.networks import RockUNet

pytestmark = pytest.mark.skipif(not has_openvino(), reason="openvino is not installed")


SIGNAL_AFTER_USE = """
import signal, threading, torch
from synfine_monai.inferers.engine_openvino import OpenVinoNetwork
signal.signal(signal.SIGINT, lambda *_: print("handled"))
made = [OpenVinoNetwork(torch.nn.Conv2d(1, 1, 1))]
made[0](torch.zeros(1, 1, 8, 8))
thread = threading.Thread(target=made.clear)
thread.start()
thread.join()
signal.raise_signal(signal.SIGINT)
"""


@pytest.fixture
def made():
    torch.manual_seed(0)
    return OpenVinoNetwork(RockUNet(channels=(4, 6, 8)).eval())


def test_it_keeps_to_the_threads_of_torch(made):
    before = torch.get_num_threads()
    image = torch.zeros(1, 1, 16, 16)
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            made(image)
    finally:
        torch.set_num_threads(before)
    given = {threads: model.get_property("INFERENCE_NUM_THREADS") for (_, threads), model in made._compiled.items()}
    assert given == {1: 1, 2: 2}


def test_it_is_compiled_once_for_all_sizes(made):
    for side in (16, 20, 30):
        made(torch.zeros(1, 1, side, side))
    assert len(made._compiled) == 1


def test_an_answer_outlives_the_next_call(made):
    first = made(torch.zeros(1, 1, 32, 32))
    kept = first.clone()
    made(torch.randn(1, 1, 32, 32))
    assert torch.equal(first, kept)


def test_threads_may_call_it_at_the_same_time(made):
    images = torch.randn(8, 1, 1, 48, 48)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(made, images))
    for image, one in zip(images, found, strict=True):
        assert torch.equal(one, made(image))


def test_it_stays_where_its_weights_can_be_found(made):
    assert next(made.parameters()).device.type == "cpu"
    with pytest.raises(ValueError, match="CPU only, not on meta"):
        made(torch.zeros(1, 1, 16, 16, device="meta"))


def test_a_signal_is_survived_after_another_thread_dropped_the_network():
    done = subprocess.run([sys.executable, "-c", SIGNAL_AFTER_USE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr
