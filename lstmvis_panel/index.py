"""Where matching reads states: memory as it is, a copy laid out for it, or the file.

The copy keeps the steps in tiles, and in each tile a state's values next to each other: the selected states are read
without touching the others, and all states of a few steps without touching the rest of the recording. Tiles are
filled from the file as they are first needed, once for all sessions; they can be dropped at any time.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.core import indexing

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import xarray as xr

TILE = 256
"""Steps of a tile: a state's values fill a few cache lines, all states' values the second-level cache."""

CACHED_BYTES = 512 << 10
READ_BYTES = 16 << 20
SHARE_OF_MEMORY = 0.25
CONTAINER_LIMITS = tuple(map(Path, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")))


class Steps(ABC):
    """The stored values of a source, to be gone through in blocks of steps.

    Attributes
    ----------
    shape
        Steps and states.
    skip
        Least gap between steps in question that is worth leaving out.
    """

    skip: int = 64

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    @abstractmethod
    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Go through the steps start to stop (exclusive).

        Yields
        ------
        tuple of int and numpy.ndarray
            First step of the block, and its values, dimensions (step, state), in either memory order. Not to be
            written to.
        """


class InMemory(Steps):
    """Values that are in memory already."""

    def __init__(self, values: np.ndarray) -> None:
        super().__init__(values.shape)
        self._values = values
        self._rows = max(1, CACHED_BYTES // max(1, values[:1].nbytes))

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Go through the steps without copying them."""
        for at in range(start, stop, self._rows):
            yield at, self._values[at : min(at + self._rows, stop)]


class Streamed(Steps):
    """Values that are read from the file each time."""

    def __init__(self, variable: xr.Variable) -> None:
        super().__init__(variable.shape)
        self._variable = variable
        self._rows, self.skip = _rows_to_read(variable)

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Go through the steps, a few MiB of them in memory at a time."""
        for at in range(start, stop, self._rows):
            yield at, self._variable[at : min(at + self._rows, stop)].to_numpy()


class Index(Steps):
    """The copy in tiles of a source, filled as it is needed; for any number of threads.

    Parameters
    ----------
    variable
        The source; of the dimensions (step, state).
    """

    def __init__(self, variable: xr.Variable) -> None:
        super().__init__(variable.shape)
        self._variable = variable
        self._rows, _ = _rows_to_read(variable)
        self._parts: list[np.ndarray | None] = [None] * -(-self.shape[0] // self._rows)
        self._filling = threading.Lock()

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Go through the steps, reading from the file those that nobody needed before."""
        at = start
        while at < stop:
            part, inside = divmod(at, self._rows)
            tile, offset = divmod(inside, TILE)
            end = min(stop, (part + 1) * self._rows, at - offset + TILE)
            yield at, self._part(part)[tile, :, offset : offset + end - at].T
            at = end

    def _part(self, number: int) -> np.ndarray:
        part = self._parts[number]
        if part is None:
            with self._filling:
                part = self._parts[number]
                if part is None:
                    part = self._parts[number] = self._tiles(number * self._rows)
        return part

    def _tiles(self, first: int) -> np.ndarray:
        rows = self._variable[first : first + self._rows].to_numpy()
        tiles = np.empty((-(-len(rows) // TILE), self.shape[1], TILE), rows.dtype)
        for tile, at in zip(tiles, range(0, len(rows), TILE), strict=True):
            chunk = rows[at : at + TILE]
            tile[:, : len(chunk)] = chunk.T
        return tiles


_indexes: OrderedDict[Hashable, tuple[Index, int, Any]] = OrderedDict()
_changing = threading.Lock()
_budget: int | None = None


def steps_of(states: xr.DataArray) -> Steps:
    """Return the quickest way there is to go through a source.

    Parameters
    ----------
    states
        A source. What is in memory is used as it is; what lies in a file gets one copy laid out for matching,
        shared by the process, if the budget has room for it.

    Returns
    -------
    Steps
    """
    variable = states.variable
    if variable._in_memory:  # noqa: SLF001 - xarray has no public way to ask
        return InMemory(variable.to_numpy())
    identity = identity_of(variable)
    return Streamed(variable) if identity is None else _index_of(variable, *identity) or Streamed(variable)


def set_budget(size: int | None) -> None:
    """Set how many bytes all copies together may take; copies past it are dropped, the longest unused first.

    Parameters
    ----------
    size
        Bytes. 0 always reads from the files; None is a quarter of the memory that this process may use.
    """
    global _budget  # noqa: PLW0603
    with _changing:
        _budget = size
        _make_room(0)


def budget() -> int:
    """Return how many bytes all copies together may take."""
    return int(_memory() * SHARE_OF_MEMORY) if _budget is None else _budget


def _index_of(variable: xr.Variable, key: Hashable, owner: Any) -> Index | None:
    with _changing:
        known = _indexes.get(key)
        if known is not None:
            _indexes.move_to_end(key)
            return known[0]
        size = variable.size * variable.dtype.itemsize
        if size > budget():
            return None
        _make_room(size)
        # A copy of its own: if the source is loaded into memory later, that memory is not held here.
        index = Index(variable.copy(deep=False))
        # The owner stays alive with its entry, so that its id is nobody else's.
        _indexes[key] = index, size, owner
        return index


def _make_room(size: int) -> None:
    while _indexes and sum(taken for _, taken, _ in _indexes.values()) + size > budget():
        _indexes.popitem(last=False)


def identity_of(variable: xr.Variable) -> tuple[Hashable, Any] | None:
    """Tell which values these are, without reading them: whose they are, and the part that was selected.

    None if they may change. Two variables over one array in a file have one identity, however often the recording
    was copied; a file that was replaced is opened as another array.
    """
    data, selected = variable._data, []  # noqa: SLF001
    while isinstance(data, indexing.MemoryCachedArray | indexing.CopyOnWriteArray | indexing.LazilyIndexedArray):
        if isinstance(data, indexing.LazilyIndexedArray):
            selected.append(tuple(_frozen(key) for key in data.key.tuple))
        data = data.array
    if isinstance(data, np.ndarray | indexing.NumpyIndexingAdapter):
        return None
    return (id(data), tuple(selected)), data


def _frozen(key: Any) -> Hashable:
    if isinstance(key, np.ndarray):
        return key.dtype.str, key.shape, key.tobytes()
    return repr(key)


def _rows_to_read(variable: xr.Variable) -> tuple[int, int]:
    """Steps to read at once, and steps of a chunk of the file; whole chunks are read, so that each is read once."""
    chunks = variable.encoding.get("chunksizes") or ()
    chunk = int(chunks[0]) if chunks and chunks[0] else 1
    row = max(1, variable.shape[1] * variable.dtype.itemsize)
    return max(1, READ_BYTES // row // chunk) * chunk, max(chunk, Steps.skip)


def _memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its container's."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else [8 << 30]
    for file in CONTAINER_LIMITS:
        try:
            sizes.append(int(file.read_text()))
        except (OSError, ValueError):  # no such file, or no limit
            continue
    return min(sizes)
