import pytest
from ignite.engine import Engine

from synfine_monai.handlers.progress import on_failure


def fail(engine, batch):
    raise RuntimeError("the disk is full")


def test_all_clean_up_and_then_the_error_goes_on():
    engine, calls = Engine(fail), []
    for name in ("first", "second", "third"):
        on_failure(engine, lambda name=name: calls.append(name))
    with pytest.raises(RuntimeError, match="the disk is full"):
        engine.run([1])
    assert calls[:3] == ["first", "second", "third"]


def test_nothing_is_cleaned_up_after_a_good_run():
    engine = Engine(lambda engine, batch: None)
    on_failure(engine, lambda: pytest.fail("cleaned up"))
    engine.run([1, 2])
