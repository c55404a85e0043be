from __future__ import annotations

import socket
import subprocess
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import lstmvis_panel as lv
from lstmvis_panel.cli import app
from tests.drawn import recording_of
from tests.tools.serving import COMMAND, serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lv.save_recording(recording_of("abc", "##."), tmp_path / "drawn.h5")
    return tmp_path


def test_validate_finds_nothing_wrong(folder: Path) -> None:
    done = CliRunner().invoke(app, ["validate", str(folder / "drawn.h5")])
    assert done.exit_code == 0
    assert "no problems found" in done.output


def test_validate_counts_states_that_are_no_numbers(tmp_path: Path) -> None:
    recording = recording_of("abc", "##.")
    recording["cell"][1, 0] = float("nan")
    lv.save_recording(recording, tmp_path / "drawn.h5")
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "drawn.h5")])
    assert done.exit_code == 0
    assert done.output.startswith("warning: ")
    assert "NaN" in done.output


def test_validate_reports_all_that_is_wrong_and_fails(tmp_path: Path) -> None:
    project = tmp_path / "broken"
    project.mkdir()
    (project / "lstm.yml").write_text("name: Broken\nfiles: {states: lost.h5}\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["validate", str(project)])
    assert done.exit_code == 1
    assert done.output.count("error: ") == 2
    assert "Traceback" not in done.output


def test_validate_of_a_path_that_is_not_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "nowhere.h5")])
    assert done.exit_code == 1
    assert "nowhere.h5" in done.output
    assert "Traceback" not in done.output


def test_serve_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = subprocess.run([COMMAND, "serve", tmp_path / "nowhere"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("lstmvis: ")
    assert "there is no such folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_says_that_a_port_is_taken(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [COMMAND, "serve", folder, "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert f"Can't listen on localhost:{port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_processes_share_the_visitors_and_end_together(folder: Path, tmp_path: Path) -> None:
    log_file = tmp_path / "server.log"
    with serving(folder, "--processes", "2", log_file=log_file) as server:
        port = int(server.url.rpartition(":")[2])
        for _ in range(4):
            line = HTTPConnection("localhost", port, timeout=60)
            line.request("GET", "/lstmvis?project=drawn")
            assert "LSTMVis" in line.getresponse().read().decode()
            line.close()
        assert server.log.count("LSTMVis serves") == 1
    ended = time.monotonic() + 30
    while time.monotonic() < ended and listens(port):
        pass
    assert not listens(port)
    assert "Traceback" not in server.log


def listens(port: int) -> bool:
    """Whether anybody answers there; a process that is ending may still, for a moment."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
