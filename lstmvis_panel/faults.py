"""What the command does where it is ended, or fails in a way that nobody foresaw: a line for the user, no trace."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = __name__.partition(".")[0]
log = logging.getLogger(__name__)


class Command(TyperCommand):
    """A command of which no failure reaches the user as a trace, and whose log goes to a file."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        details = DetailsFile()
        with told_in_a_line(ctx.command_path, details), details.instead_of_the_screen(), ended_properly():
            return super().invoke(ctx)


class Service(TyperCommand):
    """A command that runs until it is ended, and shows its log."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with told_in_a_line(ctx.command_path, DetailsFile()):
            return super().invoke(ctx)


class DetailsFile(logging.Handler):
    """Writes what the package logs to a file among the temporary ones, made when there is something to write.

    Attributes
    ----------
    path : pathlib.Path or None
        The file; None as long as there is none, or where none can be made.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self.path: Path | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            self.path = self.path or _new_file()
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{self.format(record)}\n")
        except OSError:
            # A full disk may well be what the record is about.
            self.path = None

    @contextmanager
    def instead_of_the_screen(self) -> Iterator[None]:
        """Take all that the package logs."""
        package = logging.getLogger(PACKAGE)
        propagated, package.propagate = package.propagate, False
        package.addHandler(self)
        try:
            yield
        finally:
            package.removeHandler(self)
            package.propagate = propagated


@contextmanager
def told_in_a_line(command: str, details: DetailsFile) -> Iterator[None]:
    """Print a line for an exception that nobody foresaw, with its details in a file, and exit with 1."""
    try:
        yield
    except (SystemExit, typer.Exit):
        if details.path is not None:
            typer.echo(f"lstmvis: the details are in {details.path}", err=True)
        raise
    except (typer.Abort, BrokenPipeError):
        raise
    except Exception as error:
        with details.instead_of_the_screen():
            log.exception("%s", " ".join(sys.argv))
        said = ": ".join(filter(None, [type(error).__name__, str(error).partition("\n")[0]]))
        kept = f"the details in {details.path}" if details.path else "what you did; its details could not be kept"
        remedy = f"this is a fault of lstmvis: please report it with {kept}"
        typer.echo(f"lstmvis: {command} failed unexpectedly ({said}) - {remedy}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def ended_properly() -> Iterator[None]:
    """Let SIGTERM end the process as an exception does, so that nothing half-written stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _new_file() -> Path:
    number, name = tempfile.mkstemp(prefix="lstmvis-", suffix=".log")
    os.close(number)
    return Path(name)


def _end(number: int, _: object) -> None:
    sys.exit(128 + number)
