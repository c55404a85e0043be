"""The place that a recording is written to: what may be there, and how what is finished gets there, all or nothing."""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lstmvis_panel.native import ALL_SUFFIXES, ATTRS_FILES, STORE_SUFFIX, holds_recording
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP_FILES = (*ATTRS_FILES, ".zgroup")
"""Of which a Zarr store has one at least."""

NO_ROOM = "make room, or write to another disk; what was there is as it was"
NO_RIGHT = "choose a folder that you may write to; what was there is as it was"
REMEDIES = {
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EFBIG: NO_ROOM,
    errno.EACCES: NO_RIGHT,
    errno.EPERM: NO_RIGHT,
    errno.EROFS: NO_RIGHT,
}
NUMBER = re.compile(r"errno = (\d+)")
"""Where HDF5 says what the system said."""


def check_place(path: Path, *, replace: bool, remedy: str = "choose another name") -> None:
    """Check that a recording can be written to a path.

    Parameters
    ----------
    path
        The path.
    replace
        Whether a recording that is there already may be replaced. Anything else that is there never is.
    remedy
        What to do where it may not.

    Raises
    ------
    RecordingError
        If its suffix, its folder or what is there won't do.
    """
    if path.suffix.lower() not in ALL_SUFFIXES:
        what = f"has no suffix that tells its format; {', '.join(sorted(ALL_SUFFIXES))} was expected"
        raise RecordingError(Problem(str(path), what))
    if not path.parent.is_dir():
        raise RecordingError(Problem(str(path), f"there is no folder {path.parent}", "make the folder first"))
    if not path.exists():
        return
    _check_replaceable(path)
    if not replace:
        raise RecordingError(Problem(str(path), "is there already, and stays as it is", remedy))


@contextmanager
def replacing(path: Path, *, like: Path | None = None) -> Iterator[Path]:
    """Give a place to write to; what is written there takes the path's place once the block has ended well.

    Parameters
    ----------
    path
        Where to: a link is followed. What is there is replaced, and its mode kept.
    like
        Whose mode the recording takes on where nothing is at ``path``.

    Yields
    ------
    pathlib.Path
        A hidden name in the same folder, with nothing there yet. Whatever happens, nothing is left there.

    Raises
    ------
    RecordingError
        If something is there that is no recording of this format, or the disk can't be written.
    """
    target = Path(os.path.realpath(path))
    # Hidden, so that nobody who lists the folder meanwhile takes it for a recording.
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        with _told(path):
            yield beside
            if (model := target if target.exists() else like) is not None:
                shutil.copymode(model, beside)
            _move(beside, target)
    finally:
        remove(beside)


def remove(path: Path) -> None:
    """Remove a file, or a store with all in it, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        # Where nothing may be written, asking to remove what is not there fails too.
        path.unlink()


def unwritable(path: Path, error: Exception) -> RecordingError:
    """Return the error that says why a path can't be written, and what to do about it."""
    number = getattr(error, "errno", None)
    if number is None and (said := NUMBER.search(str(error))):
        number = int(said[1])
    reason = os.strerror(number) if number else str(error) or type(error).__name__
    return RecordingError(Problem(str(path), f"can't be written ({reason})", REMEDIES.get(number or 0, "")))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except RecordingError:
        raise
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, NotImplementedError) as error:
        raise unwritable(path, error) from error


def _check_replaceable(path: Path) -> None:
    """Check that what is at a path is a recording of the path's format, so that nothing else is ever deleted."""
    is_store = path.suffix.lower() == STORE_SUFFIX
    remedy = "choose another name, or move it away"
    if path.is_dir() != is_store:
        what = (
            "is a folder; a file was expected" if path.is_dir() else "is a file; a folder, a Zarr store, was expected"
        )
        raise RecordingError(Problem(str(path), what, remedy))
    is_empty_of_zarr = is_store and not any((path / name).is_file() for name in GROUP_FILES)
    if is_empty_of_zarr or not holds_recording(path):
        what = "is there already and holds no recording; only recordings are replaced"
        raise RecordingError(Problem(str(path), what, remedy))


def _move(beside: Path, path: Path) -> None:
    """Put a finished file or store in its place; what was there goes only once it is."""
    if not path.exists():
        beside.rename(path)
        return
    _check_replaceable(path)
    if not path.is_dir():
        beside.replace(path)
        return
    old = path.with_name(f"{beside.name}.old")
    try:
        path.rename(old)
        beside.rename(path)
    except BaseException:
        # An interrupt too: what was there must not stay under a hidden name.
        if old.exists() and not path.exists():
            old.rename(path)
        raise
    remove(old)
