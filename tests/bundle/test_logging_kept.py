"""A verb that runs inside somebody's program, be it a notebook or a test, leaves that program's logging alone."""

import contextlib
import io
import logging
import shutil

import pytest

from synfine_monai.bundle import bundles_folder, run_verb

VERB = """# options

run:
- $__import__('logging').getLogger('anybody').warning('said by the verb')
- "$@action()"
action: '$lambda: None'
"""


class ClosesItsStream(logging.StreamHandler):
    """As absl's, which OpenVINO brings with it: made with what stderr is then, and no longer is."""

    def close(self):
        self.stream.close()
        super().close()


@pytest.fixture
def verb(tmp_path):
    shutil.copy(bundles_folder() / "rock_ct_segmentation" / "configs" / "logging.conf", tmp_path)
    (tmp_path / "metadata.json").write_text("{}")
    path = tmp_path / "verb.yaml"
    path.write_text(VERB)
    return path


@pytest.fixture
def stream():
    handler = ClosesItsStream(io.StringIO())
    yield handler.stream
    handler.close()


def test_what_another_handler_writes_to_stays_open(verb, stream):
    for _ in range(2):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            run_verb(verb)
    assert not stream.closed


def fail():
    raise RuntimeError("failed")


@pytest.mark.parametrize("action", [lambda: None, fail])
def test_root_logs_to_the_same_places_as_before(verb, monkeypatch, action):
    root, said = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "handlers", [logging.StreamHandler(said)])
    monkeypatch.setattr(root, "level", logging.INFO)
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(RuntimeError):
        run_verb(verb, action=action)
    assert "said by the verb" in printed.getvalue()
    assert "said by the verb" not in said.getvalue()
    logging.getLogger("anybody").info("said afterwards")
    assert said.getvalue().endswith("said afterwards\n")
