"""Dictionary files of a project: a line ``word id`` for each entry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = re.compile(r"(?P<word>.*?)[ \t]+(?P<id>[0-9]{1,18})[ \t]*")
WHITESPACE_ENTRY = re.compile(r"(?P<word>[ \t])[ \t]*(?P<id>[0-9]{1,18})[ \t]*")
SHOWN = 5
SPARSE = 16


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Words and their ids, by ascending id; a word's position is its code in a recording.

    Parameters
    ----------
    ids
        Shape (words,), int64, ascending and each but once; any start, holes allowed.
    words
        Shape (words,), dtype object, each a str.
    """

    ids: np.ndarray
    words: np.ndarray

    def codes(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions of ids, int32, -1 where an id has no word."""
        if self._table is None:
            positions = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            return np.where(self.ids[positions] == ids, positions, -1).astype(np.int32)
        # The last entry belongs to no id, and so to all that are too high or negative.
        last = len(self._table) - 1
        inside = (ids >= 0) & (ids < last)
        return self._table[np.where(inside, ids, last).astype(np.int64)]

    @cached_property
    def _table(self) -> np.ndarray | None:
        """Positions by id, ten times as fast to ask as a search; none where ids are too far apart for one."""
        size = int(self.ids[-1]) + 2
        if size > SPARSE * len(self.ids):
            return None
        table = np.full(size, -1, dtype=np.int32)
        table[self.ids] = np.arange(len(self.ids))
        return table


def read_dictionary(path: Path, where: str) -> Dictionary:
    """Read a dictionary file.

    A line that begins with a space is the token ``' '`` itself (likewise a tab). The word may hold spaces; blank lines
    are passed over.

    Parameters
    ----------
    path
        The file, UTF-8.
    where
        The key that names it, for the error.

    Raises
    ------
    RecordingError
        With the lines that are no ``word id``, and the ids that occur twice.
    """
    entries: list[tuple[int, str]] = []
    broken: list[str] = []
    for number, line in enumerate(_read_text(path, where).split("\n"), 1):
        line = line.removesuffix("\r")  # noqa: PLW2901 - files from Windows
        pattern = WHITESPACE_ENTRY if line[:1] in {" ", "\t"} else ENTRY
        if entry := pattern.fullmatch(line):
            entries.append((int(entry["id"]), entry["word"]))
        elif line.strip(" \t"):
            broken.append(f"line {number} is {line[:60]!r}")
    problems = [Problem(where, f"{path.name}, {_some(broken)}; 'word id' was expected")] if broken else []
    by_id: dict[int, list[str]] = {}
    for number, word in entries:
        by_id.setdefault(number, []).append(word)
    repeated = [f"{number} ({', '.join(map(repr, same[:SHOWN]))})" for number, same in by_id.items() if len(same) > 1]
    if repeated:
        problems.append(
            Problem(where, f"{path.name} has ids of more than one word: {_some(repeated)}", "give each its own")
        )
    if not entries and not broken:
        problems.append(Problem(where, f"{path.name} is empty; a line 'word id' per word was expected"))
    if problems:
        raise RecordingError(problems)
    entries.sort(key=lambda entry: entry[0])
    words = np.empty(len(entries), dtype=object)
    words[:] = [word for _, word in entries]
    return Dictionary(np.array([number for number, _ in entries], dtype=np.int64), words)


def _read_text(path: Path, where: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        what = f"{path.name}, line {line} is not UTF-8 (byte 0x{error.object[error.start]:02x})"
        raise RecordingError(Problem(where, what, "save the file as UTF-8")) from None
    except FileNotFoundError:
        raise RecordingError(Problem(where, f"there is no file {path.name}")) from None
    except OSError as error:
        raise RecordingError(Problem(where, f"{path.name} can't be read ({error.strerror})")) from None


def _some(findings: list[str]) -> str:
    """Return the first few findings, and how many more there are."""
    more = len(findings) - SHOWN
    return ", ".join(findings[:SHOWN]) + (f" and {more} more" if more > 0 else "")
