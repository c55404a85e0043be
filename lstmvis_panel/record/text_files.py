"""Reading text files that hold annotations: the text, its lines, and what to say of a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    import os


def read_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a file in UTF-8, with or without a byte-order mark, lines ended by a single newline.

    Raises
    ------
    RecordingError
        If it can't be read, or is no UTF-8.
    """
    path = Path(path)
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RecordingError(Problem(str(path), f"can't be read ({error.strerror or error})")) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        what = f"is no text in UTF-8: byte {error.object[error.start]:#04x} can't be read"
        raise RecordingError(Problem(f"{path.name}, line {line}", what, "convert it to UTF-8")) from None
    return content.replace("\r\n", "\n")


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """Return the lines of a file, without a last empty one; only a newline ends a line.

    Raises
    ------
    RecordingError
        If it can't be read, or is no UTF-8.
    """
    lines = read_text(path).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def line_problem(path: str | os.PathLike[str], number: int, what: str, remedy: str = "") -> RecordingError:
    """Return the error that says what is wrong in a line, counted from 0 here and from 1 in the message."""
    return RecordingError(Problem(f"{Path(path).name}, line {number + 1}", what, remedy))
