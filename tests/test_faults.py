"""No failure of a command shows a trace, and what ends it leaves nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from lstmvis_panel import cli, faults, save_recording, store
from lstmvis_panel.faults import Command, Service
from lstmvis_panel.record import from_arrays
from tests.drawn import recording_of
from tests.recordings import small_project


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def failing(kind: type[Command | Service]) -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command(cls=kind)
    def fail() -> None:
        raise KeyError("an index\nof many lines")

    return app


@pytest.mark.parametrize("kind", [Command, Service])
def test_an_unexpected_failure_is_told_in_a_line_that_names_its_details(logs: Path, kind: type[Command]) -> None:
    done = CliRunner().invoke(failing(kind), [])
    assert done.exit_code == 1
    (file,) = logs.iterdir()
    assert done.output == (
        "lstmvis: fail failed unexpectedly (KeyError: 'an index\\nof many lines') - this is a fault of lstmvis: please "
        f"report it with the details in {file}\n"
    )
    assert "Traceback" in file.read_text(encoding="utf-8")
    assert "KeyError" in file.read_text(encoding="utf-8")


def test_details_that_can_not_be_kept(logs: Path) -> None:
    logs.rmdir()
    done = CliRunner().invoke(failing(Command), [])
    assert done.exit_code == 1
    assert done.output.endswith("please report it with what you did; its details could not be kept\n")


def test_every_command_is_guarded() -> None:
    kinds = {each.callback.__name__: each.cls for each in cli.app.registered_commands if each.callback}
    assert kinds.pop("serve") is Service
    assert set(kinds.values()) == {Command}


@pytest.mark.parametrize("name", ["validate", "info"])
def test_what_is_logged_of_a_file_does_not_reach_the_screen(
    tmp_path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    small_project().write(tmp_path / "small")

    def fail(_: Path) -> None:
        raise StopIteration("in a library")

    monkeypatch.setattr(store, "open_project", fail)
    result = CliRunner().invoke(cli.app, [name, str(tmp_path / "small")])
    assert result.exit_code == 1
    done = result.output
    (file,) = logs.iterdir()
    assert "can't be read (StopIteration: in a library) - the log says more" in done
    assert done.endswith(f"lstmvis: the details are in {file}\n")
    assert "Traceback" not in done
    assert "Traceback" in file.read_text(encoding="utf-8")


def test_nothing_is_kept_where_nothing_is_logged(tmp_path: Path, logs: Path) -> None:
    save_recording(recording_of("abc", "##."), tmp_path / "drawn.h5")
    assert CliRunner().invoke(cli.app, ["validate", str(tmp_path / "drawn.h5")]).exit_code == 0
    assert CliRunner().invoke(cli.app, ["validate", str(tmp_path / "nowhere.h5")]).exit_code == 1
    assert list(logs.iterdir()) == []


ENDED = """
import signal, sys
from lstmvis_panel import cli, native_place
ending = int(sys.argv.pop())
native_place._move = lambda *_: signal.raise_signal(ending)
cli.main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals end processes at once there")
@pytest.mark.parametrize(("ending", "code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, 130)])
def test_nothing_half_written_stays_of_a_command_that_is_ended(tmp_path: Path, ending: int, code: int) -> None:
    path = tmp_path / "a.h5"
    from_arrays(["a"] * 4, {"h": np.zeros((4, 2))}, path=path)
    before = path.read_bytes()
    (tmp_path / "labels.txt").write_text("x\n" * 4)
    options = ["annotate", str(path), "--list", str(tmp_path / "labels.txt"), "--name", "n", str(int(ending))]
    environment = os.environ | {"PYTHONPATH": str(Path(faults.__file__).parents[1])}
    command = [sys.executable, "-c", ENDED, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"a.h5", "labels.txt"}
