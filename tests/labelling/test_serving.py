"""How a page is served: on this machine only, told with its address, opened without showing the token to others."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import webbrowser
from pathlib import Path

import httpx2
import pytest
from fake_session import FakeSession
from painted_rock import rock_scan, small_model

from synfine_monai.errors import ScanError
from synfine_monai.labelling import require_app, serve_session, serving
from synfine_monai.labelling.visitors import Visitors

ROOT = Path(__file__).resolve().parents[2]


def test_a_taken_port_is_one_sentence():
    with serving.free_socket(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ScanError, match=rf"port {port} cannot be had .*: leave --port out to take a free one\."):
            serving.free_socket(port)


@pytest.mark.parametrize("port", [70_000, -1])
def test_a_port_that_cannot_be_is_one_sentence(port):
    with pytest.raises(ScanError, match=f"port {port} cannot be had"):
        serving.free_socket(port)


def test_only_this_machine_can_reach_it():
    with serving.free_socket(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_missing_extra_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(
        ScanError, match=r"synfine label needs the library uvicorn, .* pip install 'synfine_monai\[app\]'"
    ):
        require_app()


@pytest.fixture
def remote(monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22")
    monkeypatch.setenv("DISPLAY", ":0")


@pytest.mark.usefixtures("remote")
def test_over_ssh_no_browser_is_opened_and_the_tunnel_is_told():
    assert not serving.has_desktop()
    said = serving.told("http://127.0.0.1:8123/#abc", 8123)
    assert "http://127.0.0.1:8123/#abc" in said
    assert "ssh -L 8123:127.0.0.1:8123 " in said
    assert said.endswith("every stroke is kept.")


def test_the_browser_gets_a_file_that_nobody_else_can_read(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    with serving.opened_browser("http://127.0.0.1:8123/#abc", tmp_path / "new", True):
        (file,) = (tmp_path / "new").iterdir()
        assert opened == [file.as_uri()]
        assert "abc" not in opened[0]
        assert "http://127.0.0.1:8123/#abc" in file.read_text("utf-8")
        assert os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.exists()


def test_the_session_is_closed_when_the_port_cannot_be_had(tmp_path):
    session = FakeSession()
    with serving.free_socket(0) as taken, pytest.raises(ScanError):
        serve_session(session, tmp_path, taken.getsockname()[1], "print")
    assert session.closed


def test_each_start_has_its_own_token():
    tokens = {Visitors().token for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch("[0-9a-f]{64}", token) for token in tokens)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C of another process is another matter there")
def test_the_verb_serves_its_page_and_ends_with_ctrl_c(tmp_path):
    scan, _ = rock_scan(tmp_path)
    options = f"--checkpoint {small_model(tmp_path)} --classes matrix,pore --voxel_size_um 7 --browser print"
    command = [sys.executable, "-m", "synfine_monai.command_line", "label", str(scan), *options.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes) as running:
        lines = iter(running.stdout.readline, "")
        url = next(line.split()[-1] for line in lines if line.startswith("Label at"))
        base, token = url.split("/#")
        with httpx2.Client(base_url=base, headers={"origin": base}) as browser:
            assert "synfine label" in browser.get("/").text
            assert browser.get("/api/state").status_code == 401
            assert browser.post("/api/login", json={"token": token}).status_code == 200
            state = browser.get("/api/state").json()
            assert (state["name"], state["voxel_size_um"]) == ("rock.tif", [7, 7, 7])
        with socket.socket() as elsewhere:
            elsewhere.settimeout(2)
            assert elsewhere.connect_ex((socket.gethostbyname(socket.gethostname()), int(base.split(":")[-1]))) or (
                socket.gethostbyname(socket.gethostname()).startswith("127.")
            )
        running.send_signal(signal.SIGINT)
        rest, errors = running.communicate(timeout=30)
    assert "Closed. The strokes are in results/label_rock" in rest
    assert "Traceback" not in errors
    assert running.returncode == 0
    assert (tmp_path / "results" / "label_rock" / "strokes.jsonl").is_file()
