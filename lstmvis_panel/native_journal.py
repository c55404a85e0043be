"""A file that a crash of the process writing it leaves as it was at the last commit.

What is new goes straight to the end of the file, where nothing that was committed refers to it. What would change
committed bytes is kept in memory, page by page. A commit writes those pages to a journal beside the file, then to the
file, then empties the journal. A process that dies before the journal is whole has changed nothing; where one died
later, the next reader or writer carries the journal out. The journal is also the lock of whoever writes.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import sys
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PAGE = 1 << 12
HEADER = struct.Struct("<8sIQ")
"""What a journal begins with: a mark; check sum and number of bytes of what follows."""

PLACE = struct.Struct("<Q")
MARK = b"lstmvis1"
UNLOCKABLE = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What file systems say that know no locks: there, nobody keeps a second writer away."""

LOCKED_BYTE = 1 << 30
"""Where Windows, which locks bytes and not files, locks one: far behind all that is read."""

LONGEST_WAIT, PAUSE = 1.0, 0.005
"""Seconds that a reader waits for a writer to carry out a commit, and between two looks."""


class Journal:
    """The journal beside a file, held by one writer at a time.

    Parameters
    ----------
    path
        The file that it belongs to.

    Raises
    ------
    BlockingIOError
        If another writer holds it.
    OSError
        If it can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = journal_of(path)
        self._file = open_binary(self.path)
        try:
            lock(self._file)
            _check_in_place(self._file, self.path)
        except BaseException:
            self._file.close()
            raise

    def write(self, pages: Mapping[int, bytearray]) -> None:
        """Note what is to be written to which pages of the file."""
        content = b"".join(part for place, page in sorted(pages.items()) for part in (PLACE.pack(place), page))
        write_at(self._file, 0, HEADER.pack(MARK, zlib.crc32(content), len(content)) + content)

    def carry_out(self, file: io.FileIO) -> None:
        """Write what is noted to the file, if it was noted as a whole, and forget it."""
        for place, page in _noted(self._file):
            write_at(file, place * PAGE, page)
        self._file.truncate(0)

    def close(self) -> None:
        """Let others write; remove the journal unless something is still noted in it."""
        is_done = os.fstat(self._file.fileno()).st_size == 0
        if is_done and sys.platform != "win32":
            self.path.unlink(missing_ok=True)
        self._file.close()
        if is_done and sys.platform == "win32":
            # There no file can be removed that is open; by now another writer may have opened it.
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def journal_of(path: Path) -> Path:
    """Return where the journal of a file lies."""
    return path.with_name(f".{path.name}.journal")


def recover(path: Path) -> None:
    """Carry out a commit that a crash broke off, or wait for one that is under way; never raises.

    Parameters
    ----------
    path
        A file that is about to be read.
    """
    journal, patience = journal_of(path), time.monotonic() + LONGEST_WAIT
    with suppress(OSError):
        while journal.stat().st_size:
            try:
                held = Journal(path)
            except BlockingIOError:
                if time.monotonic() > patience:
                    return
                time.sleep(PAUSE)
                continue
            try:
                with open_binary(path) as file:
                    held.carry_out(file)
            finally:
                held.close()


def _noted(journal: io.FileIO) -> Iterator[tuple[int, bytes]]:
    """Return the pages that a journal notes, and their places; none if it is not whole."""
    journal.seek(0)
    written = journal.readall()
    if len(written) < HEADER.size:
        return
    mark, check, size = HEADER.unpack_from(written)
    content = memoryview(written)[HEADER.size : HEADER.size + size]
    if mark != MARK or len(content) != size or zlib.crc32(content) != check:
        return
    entry = PLACE.size + PAGE
    for start in range(0, size, entry):
        (place,) = PLACE.unpack_from(content, start)
        yield place, bytes(content[start + PLACE.size : start + entry])


def open_binary(path: Path) -> io.FileIO:
    """Open a file for reading and writing; make it if there is none."""
    return io.FileIO(path, "r+", opener=lambda name, flags: os.open(name, flags | os.O_CREAT, 0o666))


def write_at(file: io.FileIO, place: int, content: bytes | memoryview) -> None:
    """Write all of this at a place."""
    file.seek(place)
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def fill(file: io.FileIO, buffer: memoryview) -> int:
    """Read until the buffer is full or the file ends; return how much was read."""
    rest = memoryview(buffer).cast("B")
    while rest and (count := file.readinto(rest)):
        rest = rest[count:]
    return len(buffer) - len(rest)


def _check_in_place(journal: io.FileIO, path: Path) -> None:
    """Raise BlockingIOError if whoever held the journal till now has removed it since it was opened here."""
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(journal.fileno()), path.stat()):
            return
    raise BlockingIOError(errno.EAGAIN, "another writer has only just finished")


def lock(file: io.FileIO) -> None:
    """Lock a file until it is closed, by whatever end of the process.

    Raises
    ------
    BlockingIOError
        If it is locked.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - only there

        file.seek(LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(errno.EAGAIN, "another process writes it") from error
    else:
        import fcntl  # noqa: PLC0415 - not everywhere

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in UNLOCKABLE:
                raise
