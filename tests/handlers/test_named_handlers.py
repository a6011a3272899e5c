from ignite.engine import Engine, Events
from monai.bundle import ConfigParser

from synfine_monai.handlers import NamedHandlers


class Note:
    """Writes down its name when an epoch is done."""

    def __init__(self, name, seen):
        self.name, self.seen = name, seen

    def attach(self, engine):
        engine.add_event_handler(Events.EPOCH_COMPLETED, lambda: self.seen.append(self.name))


def test_all_are_attached_in_order_but_the_disabled_one():
    seen = []
    engine = Engine(lambda *_: None)
    NamedHandlers({"first": Note("first", seen), "second": None, "third": Note("third", seen)}).attach(engine)
    engine.run([0], max_epochs=1)
    assert seen == ["first", "third"]


def test_a_configuration_can_disable_one_by_name():
    named = {name: {"_target_": "ignite.handlers.ProgressBar"} for name in ("a", "b")}
    config = {"named": named, "all": {"_target_": "synfine_monai.handlers.NamedHandlers", "handlers": "@named"}}
    parser = ConfigParser(config)
    parser["named#a#_disabled_"] = True
    assert list(parser.get_parsed_content("all").handlers) == ["b"]
