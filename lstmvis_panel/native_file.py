"""An HDF5 file behind Python: one that is written in commits, and a view that sees it as it is now."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from lstmvis_panel.native_journal import PAGE, Journal, fill, open_binary, write_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class JournaledFile:
    """A binary file as h5py takes a Python object for one, with commits.

    HDF5 can't pass on an exception from here: what goes wrong is kept in ``failure``. From then on nothing reaches the
    disk, and whoever writes finds everything as if it had.

    Parameters
    ----------
    path
        The file.
    is_new
        Whether to begin a new file. It lies beside ``path``, hidden, and takes its place at the first commit.

    Attributes
    ----------
    failure : Exception or None

    Raises
    ------
    BlockingIOError
        If it is being written already.
    OSError
        If it can't be written.
    """

    def __init__(self, path: Path, *, is_new: bool) -> None:
        self.path = path
        self.failure: Exception | None = None
        self._beside = path.with_name(f".{path.name}.new")
        self._has_commit = not is_new
        self._journal = Journal(path)
        try:
            if path.exists():
                with open_binary(path) as old:
                    self._journal.carry_out(old)
            self._file = open_binary(self._beside if is_new else path)
            if is_new:
                self._file.truncate(0)
        except BaseException:
            self._journal.close()
            raise
        self._at = 0
        self._end = self._committed = _size(self._file)
        # Below this, nothing is written before a commit.
        self._kept_below = _pages(self._committed) * PAGE
        self._kept: dict[int, bytearray] = {}

    def commit(self) -> None:
        """Make what was written so far what a crash leaves.

        Raises
        ------
        OSError
            If it can't be: then the file stays as it was at the commit before.
        """
        if self.failure is not None:
            raise self.failure
        try:
            self._commit()
        except OSError as error:
            self.give_up(error)
            raise

    def _commit(self) -> None:
        # HDF5 takes a file for damaged that is shorter than it says.
        if _size(self._file) < self._end:
            self._file.truncate(self._end)
        if self._kept:
            self._journal.write(self._kept)
            self._journal.carry_out(self._file)
            self._kept.clear()
        if not self._has_commit:
            # Windows renames no file that is open.
            self._file.close()
            self._beside.replace(self.path)
            self._has_commit = True
            self._file = open_binary(self.path)
        self._committed = self._end
        self._kept_below = _pages(self._committed) * PAGE

    def give_up(self, failure: Exception | None = None) -> None:
        """Let nothing more reach the disk."""
        self.failure = self.failure or failure
        self._kept_below = sys.maxsize

    def close(self, move_to: Path | None = None) -> None:
        """Drop what was not committed, the whole file if nothing was; then rename it, if asked to.

        Raises
        ------
        OSError
            If it can't be renamed.
        """
        try:
            if not self._file.closed:
                with suppress(OSError):
                    self._file.truncate(self._committed)
                self._file.close()
            if not self._has_commit:
                self._beside.unlink(missing_ok=True)
            elif move_to is not None:
                self.path.replace(move_to)
        finally:
            self._journal.close()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read from the place on."""
        content = self._read(self._at, max(self._end - self._at, 0) if size < 0 else size)
        self._at += len(content)
        return bytes(content)

    def readinto(self, buffer: memoryview) -> int:
        """Read from the place on, zeros behind the end."""
        try:
            buffer[:] = self._read(self._at, len(buffer))
        except Exception as error:  # noqa: BLE001 - HDF5 can't pass it on
            self.give_up(error)
        self._at += len(buffer)
        return len(buffer)

    def write(self, content: memoryview) -> int:
        """Write at the place: to the disk what lies behind the last commit, else to memory."""
        content = memoryview(content).cast("B")
        start, self._at = self._at, self._at + len(content)
        self._end = max(self._end, self._at)
        try:
            behind = max(self._kept_below - start, 0)
            self._keep(start, content[:behind])
            if len(content) > behind:
                write_at(self._file, start + behind, content[behind:])
        except Exception as error:  # noqa: BLE001 - HDF5 can't pass it on
            self.give_up(error)
            self._keep(start, content)
        return len(content)

    def truncate(self, size: int | None = None) -> int:
        """Note where the file ends; on the disk it does so from the next commit on."""
        self._end = self._at if size is None else size
        return self._end

    def flush(self) -> None:
        """Do nothing: what HDF5 flushes counts only once it is committed."""

    def _read(self, start: int, size: int) -> bytearray:
        content = bytearray(size)
        # A file that could not be opened again after it was renamed is closed; its failure has been noted.
        if not self._file.closed:
            self._file.seek(start)
            fill(self._file, memoryview(content))
        if self._kept:
            for place, inside, outside in _parts(start, size):
                if place in self._kept:
                    content[outside] = self._kept[place][inside]
        return content

    def _keep(self, start: int, content: memoryview) -> None:
        """Keep those pages in memory that this changes."""
        if not len(content):
            return
        first, stop = start // PAGE, _pages(start + len(content))
        before = self._read(first * PAGE, (stop - first) * PAGE)
        for place, inside, outside in _parts(start, len(content)):
            page = before[(place - first) * PAGE : (place - first + 1) * PAGE]
            if page[inside] != content[outside]:
                page[inside] = content[outside]
                self._kept[place] = page


class OwnView:
    """A file to read, as h5py takes a Python object for one, that HDF5 shares with nobody else.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._file = io.FileIO(path)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Read from the place on."""
        return self._file.read(size)

    def readinto(self, buffer: memoryview) -> int:
        """Read from the place on."""
        return fill(self._file, buffer)


def _parts(start: int, size: int) -> Iterator[tuple[int, slice, slice]]:
    """Yield the pages that a range of a file lies in: place, which part of the page, which part of the range."""
    for place in range(start // PAGE, _pages(start + size)):
        low, high = max(start, place * PAGE), min(start + size, (place + 1) * PAGE)
        yield place, slice(low - place * PAGE, high - place * PAGE), slice(low - start, high - start)


def _pages(size: int) -> int:
    return -(-size // PAGE)


def _size(file: io.FileIO) -> int:
    return os.fstat(file.fileno()).st_size
