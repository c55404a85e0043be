"""A copy of a source in memory, laid out for matching, for sources that are small or have no index on disk.

The copy keeps the steps in tiles, and in each tile a state's values next to each other: the selected states are read
without touching the others, and all states of a few steps without touching the rest of the recording. Tiles are
filled from the file as they are first needed, once for all sessions; they can be dropped at any time.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.blocks import Steps, rows_to_read
from lstmvis_panel.identity import identity_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import xarray as xr

TILE = 256
"""Steps of a tile: a state's values fill a few cache lines, all states' values the second-level cache."""

SHARE_OF_MEMORY = 0.25
CONTAINER_LIMITS = tuple(map(Path, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")))


class Tiles(Steps):
    """The copy in tiles of a source, filled as it is needed; for any number of threads.

    Parameters
    ----------
    variable
        The source; of the dimensions (step, state).
    """

    def __init__(self, variable: xr.Variable) -> None:
        super().__init__(variable.shape, variable.dtype)
        self._variable = variable
        self._rows, _ = rows_to_read(variable)
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


_copies: OrderedDict[Hashable, tuple[Tiles, int, Any]] = OrderedDict()
_changing = threading.Lock()
_budget: int | None = None


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


def tiles_of(variable: xr.Variable) -> Tiles | None:
    """Return the process's one copy of a source; None if its values may change, or the budget has no room for it."""
    identity = identity_of(variable)
    if identity is None:
        return None
    key, owner = identity
    with _changing:
        known = _copies.get(key)
        if known is not None:
            _copies.move_to_end(key)
            return known[0]
        size = variable.size * variable.dtype.itemsize
        if size > budget():
            return None
        _make_room(size)
        # A copy of its own: if the source is loaded into memory later, that memory is not held here.
        tiles = Tiles(variable.copy(deep=False))
        # The owner stays alive with its entry, so that its id is nobody else's.
        _copies[key] = tiles, size, owner
        return tiles


def _make_room(size: int) -> None:
    while _copies and sum(taken for _, taken, _ in _copies.values()) + size > budget():
        _copies.popitem(last=False)


def _memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its container's."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else [8 << 30]
    for file in CONTAINER_LIMITS:
        try:
            sizes.append(int(file.read_text()))
        except (OSError, ValueError):  # no such file, or no limit
            continue
    return min(sizes)
