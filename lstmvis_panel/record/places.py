"""Where a recording is written, and what can be wrong there."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lstmvis_panel.native import FILE_SUFFIXES
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTIAL = "partial"


def partial_path(path: Path) -> Path:
    """Return where a recording lies while it is being written: ``states.partial.h5`` for ``states.h5``."""
    return path.with_name(f"{path.stem}.{PARTIAL}{path.suffix}")


def checked(path: Path) -> Path:
    """Return a path that a recording can be written to.

    Raises
    ------
    RecordingError
        If its suffix, its folder or what is there won't do.
    """
    if path.suffix.lower() not in FILE_SUFFIXES:
        what = f"has no suffix that tells its format; {', '.join(sorted(FILE_SUFFIXES))} was expected"
        raise RecordingError(Problem(str(path), what))
    if not path.parent.is_dir():
        raise RecordingError(Problem(str(path), f"there is no folder {path.parent}", "make the folder first"))
    if path.is_dir():
        raise RecordingError(Problem(str(path), "is a folder; a file was expected", "choose another name"))
    return path


@contextmanager
def told(path: Path, *, is_kept: bool = False) -> Iterator[None]:
    """Turn what goes wrong on the disk into an error that says what to do.

    Parameters
    ----------
    path
        What is written.
    is_kept
        Whether some of it was committed, so that a later run can go on with it.
    """
    try:
        yield
    except BlockingIOError:
        what, remedy = "is being written already, by another recorder", "wait for it, or choose another path"
        raise RecordingError(Problem(str(path), what, remedy)) from None
    except PermissionError as error:
        remedy = "choose a folder that you may write to"
        raise RecordingError(Problem(str(path), f"may not be written ({error.strerror})", remedy)) from error
    except OSError as error:
        what = f"can't be written ({error.strerror or error})"
        remedy = "make room, or mend the disk"
        if error.errno is None:
            # HDF5's own words, about what is in the file.
            what, remedy = f"can't be read ({error})", "it is damaged, or no recording: remove it, and begin anew"
        elif error.errno == errno.EROFS:
            remedy = "choose a folder that you may write to"
        elif is_kept:
            remedy += "; what was committed is kept, and resume=True goes on with it"
        raise RecordingError(Problem(str(path), what, remedy)) from error
