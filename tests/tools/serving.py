"""The real command ``lstmvis serve``, or another, as a process of its own: for tests, screenshots, measurements."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COMMAND = Path(sys.executable).with_name("lstmvis")
EXAMPLES = Path(__file__).parents[2] / "data"


class ServerError(RuntimeError):
    """The server ended, or its port stayed closed. The message carries what it printed."""


@dataclass(frozen=True)
class Server:
    """A running server: where it answers and what it has printed so far."""

    url: str
    log_file: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """Everything that the server has printed."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, *options: str, log_file: Path, patience: float = 120) -> Iterator[Server]:
    """Serve a folder of recordings by the real command until the block ends.

    Parameters
    ----------
    folder
        What to serve.
    *options
        Further options of ``lstmvis serve``.
    log_file
        Takes all that the server prints.
    patience
        Seconds until the port must answer.

    Raises
    ------
    ServerError
        If the server ends or its port stays closed.
    """
    port = free_port()
    with running([COMMAND, "serve", folder, "--port", str(port), *options], port, log_file, patience) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    log_file: Path,
    patience: float = 120,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Server]:
    """Run a command that listens on a port of this machine, until the block ends.

    Parameters
    ----------
    command
        The program and its arguments.
    port
        Where it will listen.
    log_file
        Takes all that it prints.
    patience
        Seconds until the port must answer.
    environment
        Variables that it sees.

    Raises
    ------
    ServerError
        If it ends or its port stays closed.
    """
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Were the command to open a browser window, the program "true" would take the address instead.
            env={**environment, "PYTHONUNBUFFERED": "1", "BROWSER": "true"},
        )
    server = Server(f"http://localhost:{port}", log_file, process)
    try:
        _wait_until_it_answers(server, Path(command[0]).name, port, patience)
        yield server
    finally:
        _stop(process)


def _wait_until_it_answers(server: Server, name: str, port: int, patience: float) -> None:
    end = time.monotonic() + patience
    while not _answers(port):
        ended = _ended_within(server.process, seconds=0.05)
        if ended or time.monotonic() > end:
            what = f"code {server.process.returncode}" if ended else f"no answer within {patience:g} s"
            raise ServerError(f"{name}: {what}; it printed:\n{server.log}")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    if not _ended_within(process, seconds=15):
        process.kill()
        process.wait()
