"""Finishing runs what a user would type, tells how far it is, and gives the same model as the command line."""

import sys

import numpy as np
import pytest
import torch
from painted_rock import paint_some, rock_scan, small_model

from synfine_monai.command_line import command_for
from synfine_monai.errors import ScanError
from synfine_monai.labelling import Session, finishing
from synfine_monai.labelling.finishing import finishing_commands, run_commands
from synfine_monai.labelling.opening import Given, open_folder
from synfine_monai.networks import load_weights
from synfine_monai.scans import open_scan


@pytest.fixture
def spoken(monkeypatch, tmp_path):
    """Whatever python code as a command, in place of ``synfine``."""

    def run(code, progress=lambda *of: None, stopped=lambda: False):
        script = tmp_path / "said.py"
        script.write_text(code)
        monkeypatch.setattr(finishing, "COMMAND", [sys.executable, str(script)])
        run_commands([["learn"]], progress, stopped)

    return run


def test_progress_is_that_of_the_stages_and_of_their_bars(spoken):
    told = []
    spoken(
        "import sys\nsys.stderr.write('Reading:  50%|#| 1/2\\r')\nprint('\\n[1/2] finetune', flush=True)\n"
        "sys.stderr.write('Fine-tuning:  50%|#####| 1/2\\r')\nprint('\\n[2/2] inference', flush=True)\n"
        "sys.stderr.write('Segmenting: 100%|##########| 2/2\\r')\n",
        lambda share, what: told.append((share, what)),
    )
    assert told == [(0.0, "learn"), (0.0, "finetune"), (0.25, "finetune"), (0.5, "inference"), (0.99, "inference"),
                    (1.0, "")]  # fmt: skip


def test_an_error_is_told_in_its_own_words(spoken):
    with pytest.raises(ScanError, match=r"^rock.tif is gone\.$"):
        spoken("import sys\nprint('ScanError: rock.tif is gone.', file=sys.stderr)\nsys.exit(1)")
    with pytest.raises(ScanError, match="ended early: MemoryError"):
        spoken("import sys\nprint('MemoryError', file=sys.stderr)\nsys.exit(1)")


def test_it_ends_when_the_session_does(spoken):
    spoken("import time\nprint('[1/2] finetune', flush=True)\ntime.sleep(60)", stopped=lambda: True)


def test_commands_are_some_that_synfine_takes(tmp_path):
    path, _ = rock_scan(tmp_path)
    for model, verbs in ((None, ["learn"]), (small_model(tmp_path), ["finetune", "evaluate", "segment"])):
        given = Given(["matrix", "pore"], model, voxel_size_um=2.5)
        opened = open_folder(path, tmp_path / f"session {len(verbs)}", given)
        commands = finishing_commands(opened, tmp_path / "a b" / "dataset.json", tmp_path / "out")
        opened.close()
        assert [command[0] for command in commands] == verbs
        for command in commands:
            command_for(command)


@pytest.mark.slow
def test_the_command_line_gives_the_same_model_from_the_saved_labels(tmp_path):
    path, truth = rock_scan(tmp_path, shape=(24, 96, 96))
    told = []
    with Session.open(path, tmp_path / "s", ["matrix", "pore"], threads=1) as session:
        paint_some(session, truth, [(k, z) for z in (4, 9, 14, 19) for k in (0, 1)])
        session.wait_idle(300)
        out = session.finish(tmp_path / "out", lambda share, what: told.append(share))
        assert session.state()["status"] == "idle"
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert (out / "report.html").is_file()
    with open_scan(out / "predictions" / "rock_labels.tif") as labels:
        assert (labels.read() == truth).mean() > 0.85
    by_datalist = ["--datalist", str(out / "labels" / "dataset.json")]
    by_labels = ["--scan", str(path), "--labels", str(out / "labels" / "rock_labels.tif"), "--unlabelled_value", "255",
                 "--phases", "matrix,pore"]  # fmt: skip
    ours = load_weights(out / "model.pt")
    for name, given in (("datalist", by_datalist), ("labels", by_labels)):
        again = tmp_path / name
        rest = ["--pretrain", "False", "--segment", "False", "--output_dir", str(again)]
        run_commands([["learn", *given, *rest]], lambda *of: None, lambda: False)
        theirs = load_weights(again / "model.pt")
        assert all(torch.equal(ours[key], theirs[key]) for key in ours), name
    assert np.isfinite(torch.cat([value.flatten().float() for value in ours.values()]).numpy()).all()
