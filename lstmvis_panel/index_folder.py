"""The folder of indexes: where it is, how large it may grow, and how a file gets into it, whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from lstmvis_panel.native_journal import lock
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

FOLDER_VARIABLE = "LSTMVIS_INDEX_FOLDER"
"""Names the folder, for this process and those that it starts."""

SUFFIX, PART_SUFFIX = ".index", ".part"
SHARE_OF_DISK = 0.1
"""How much of its disk the folder may take; beyond, indexes go that were not used for longest."""

REMEDY = f"make room or name another folder: --index-folder, or {FOLDER_VARIABLE}; matching goes on without an index"


def index_folder() -> Path:
    """Return the folder, which may not be there yet."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("lstmvis-panel") / "indexes"


@contextmanager
def new_file(name: str, size: int) -> Iterator[io.FileIO]:
    """Give a file to write an index to; it gets its name once the block has ended well.

    Parameters
    ----------
    name
        Its name in the folder. What has that name is replaced.
    size
        Its size in bytes, for which room is made.

    Raises
    ------
    RecordingError
        If the disk has no room, or the folder can't be written to.
    """
    folder = index_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_parts(folder)
        _make_room(folder, size)
        with _part(folder / f".{name}.{uuid.uuid4().hex[:8]}{PART_SUFFIX}", folder / name) as file:
            yield file
    except OSError as error:
        what = f"the index can't be built ({error.strerror or error})"
        raise RecordingError(Problem(str(folder), what, REMEDY)) from error


def mark_as_used(path: Path) -> None:
    """Note that an index is used now; where nothing may be written, others do without knowing."""
    with suppress(OSError):
        os.utime(path)


def remove_others(name: str, like: str) -> None:
    """Remove the indexes whose names begin like one, save that one: those of what the file held before."""
    for path in index_folder().glob(f"{like}*{SUFFIX}"):
        if path.name != name:
            _remove(path)


@contextmanager
def _part(part: Path, path: Path) -> Iterator[io.FileIO]:
    try:
        with _locked(part) as file:
            yield file
            os.fsync(file.fileno())
            if os.name != "nt":  # renames no file that is open
                part.replace(path)
        if os.name == "nt":
            part.replace(path)
    finally:
        _remove(part)


def _locked(part: Path) -> io.FileIO:
    """Make a file and lock it, again if another builder took it for one that was left before it was locked."""
    while True:
        file = part.open("xb", buffering=0)
        with suppress(BlockingIOError):
            lock(file)
            if part.exists():
                return file
        file.close()
        _remove(part)


def _clear_parts(folder: Path) -> None:
    """Remove what builders have left that died: nobody holds the lock."""
    for part in folder.glob(f".*{PART_SUFFIX}"):
        with suppress(OSError), part.open("r+b", buffering=0) as file:
            lock(file)
            _remove(part)


def _make_room(folder: Path, size: int) -> None:
    """Remove the longest unused indexes until the new one fits."""
    disk, kept = shutil.disk_usage(folder), sorted(_sizes(folder))
    if size > disk.free + sum(held for _, held, _ in kept):
        what = f"the index takes {size / 1e9:,.1f} GB, and {disk.free / 1e9:,.1f} GB are free"
        raise RecordingError(Problem(str(folder), what, REMEDY))
    taken, free = sum(held for _, held, _ in kept), disk.free
    for _, held, path in kept:
        if taken + size <= disk.total * SHARE_OF_DISK and size <= free:
            break
        _remove(path)
        taken, free = taken - held, free + held


def _sizes(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Yield of each index when it was last used, its size, and its path."""
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(FileNotFoundError):  # another builder makes room, too
            status = path.stat()
            yield status.st_mtime_ns, status.st_size, path


def _remove(path: Path) -> None:
    # Windows removes no file that someone has open.
    with suppress(OSError):
        path.unlink(missing_ok=True)
