"""The file of an index: a page that says what follows, and the values in tiles of steps, a state's side by side.

So a match reads, of each tile, the pages of the selected states only. The file is mapped into memory: what several
processes read of it is there once, and the system lets go of it when it needs the room.
"""

from __future__ import annotations

import json
import mmap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.blocks import Steps, Streamed
from lstmvis_panel.threads import over_ranges

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import xarray as xr

FORMAT, FORMAT_VERSION = "lstmvis-index", 2
PAGE = 1 << 12
TILE = 1 << 14
"""Steps of a tile: a state's float32 are sixteen pages, which disks and memory give away faster than one by one."""

FETCHERS, STATES_AT_ONCE = 8, 128
"""Threads for each core that wait for the disk, and pages that each of them waits for before it asks whether to end."""

STRIP = 64
TILE_BYTES = 64 << 20
"""Most bytes of a tile; it has fewer steps where there are very many states."""


@dataclass(frozen=True)
class Header:
    """What the first page of an index says, as JSON.

    Attributes
    ----------
    key
        Of the values that it holds.
    place
        Where they come from, for people who wonder.
    steps, states, dtype
        Their shape, and how they are stored: exactly as in the source.
    tile
        Steps of a tile; the last one may have fewer.
    """

    key: str
    place: str
    steps: int
    states: int
    dtype: str
    tile: int
    format: str = FORMAT
    format_version: int = FORMAT_VERSION

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return PAGE + self.steps * self.states * np.dtype(self.dtype).itemsize

    def as_page(self) -> bytes:
        """Return the page."""
        page = json.dumps(asdict(self)).encode()
        # Only a path can be so long.
        return page.ljust(PAGE) if len(page) <= PAGE else Header(**(asdict(self) | {"place": ""})).as_page()


def header_for(key: str, place: str, variable: xr.Variable) -> Header:
    """Return the header of the index of a source."""
    steps, states = variable.shape
    tile, row = TILE, states * variable.dtype.itemsize
    while tile > 1 and tile * row > TILE_BYTES:
        tile //= 2
    return Header(key, place, steps, states, variable.dtype.str, tile)


class Index(Steps):
    """An index on disk.

    Parameters
    ----------
    path
        The file.
    header
        What it has to say of itself.

    Raises
    ------
    OSError
        If the file can't be read.
    ValueError
        If it says something else, or was cut off.
    """

    def __init__(self, path: Path, header: Header) -> None:
        super().__init__((header.steps, header.states), np.dtype(header.dtype))
        self.path = path
        self._tile = header.tile
        self._fetched_states = np.zeros(header.states, np.bool_)
        self._page_steps = max(1, PAGE // self.dtype.itemsize)
        self._fetched_pages = np.zeros(header.steps // self._page_steps + 1, np.bool_)
        with path.open("rb") as file:
            if file.read(PAGE) != header.as_page():
                raise ValueError(f"{path} is the index of something else")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._map) != header.size:
            raise ValueError(f"{path} was cut off")
        if hasattr(mmap, "MADV_RANDOM"):
            # Else the system reads the pages of other states along with those that are asked for.
            self._map.madvise(mmap.MADV_RANDOM)

    def fetch_states(self, states: np.ndarray, poll: Callable[[], None]) -> None:
        """Tell the system what will be read, once in a process: page by page the disk takes ten times as long."""
        new = states[~self._fetched_states[states]]
        if not (new.size and hasattr(mmap, "MADV_WILLNEED")):
            return
        steps, size = self.shape[0], self.dtype.itemsize
        # Together what lies less than a page apart.
        ends = np.flatnonzero(np.diff(new) > 1 + PAGE // (self._tile * size))
        runs = list(zip(new[np.append(0, ends + 1)].tolist(), new[np.append(ends, -1)].tolist(), strict=True))
        for first in range(0, steps, self._tile):
            poll()
            column = min(self._tile, steps - first) * size
            for lowest, highest in runs:
                begin, end = self._place(first) + lowest * column, self._place(first) + (highest + 1) * column
                page = begin // mmap.PAGESIZE * mmap.PAGESIZE
                self._map.madvise(mmap.MADV_WILLNEED, page, end - page)
        self._fetched_states[new] = True

    def fetch_steps(self, stretches: list[tuple[int, int]], poll: Callable[[], None]) -> None:
        """Read a value of each page, once in a process, in so many threads that the disk is never without work."""
        wanted = np.zeros_like(self._fetched_pages)
        for begin, end in stretches:
            wanted[begin // self._page_steps : (end - 1) // self._page_steps + 1] = True
        new = np.flatnonzero(wanted & ~self._fetched_pages).tolist()

        def fetch(first: int, last: int, check: Callable[[], None]) -> None:
            for page in new[first:last]:
                at = page * self._page_steps
                for _, values in self.blocks(at, min(at + self._page_steps, self.shape[0])):
                    for state in range(0, self.shape[1], STATES_AT_ONCE):
                        check()
                        values[0, state : state + STATES_AT_ONCE].max()

        over_ranges(len(new), 1, fetch, poll, FETCHERS)
        self._fetched_pages |= wanted

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Go through the steps tile by tile, without copying them."""
        at = start
        while at < stop:
            number, offset = divmod(at, self._tile)
            end = min(stop, (number + 1) * self._tile)
            yield at, self._values(number)[:, offset : offset + end - at].T
            at = end

    def _values(self, number: int) -> np.ndarray:
        (steps, states), first = self.shape, number * self._tile
        count = min(self._tile, steps - first)
        return np.frombuffer(self._map, self.dtype, states * count, self._place(first)).reshape(states, count)

    def _place(self, first: int) -> int:
        """Where the tile begins that begins with a step."""
        return PAGE + first * self.shape[1] * self.dtype.itemsize


def write(file: io.FileIO, header: Header, variable: xr.Variable, progress: Callable[[int], None]) -> None:
    """Write an index, going once through the source.

    Parameters
    ----------
    file
        Where to.
    header
        What it says of itself.
    variable
        The source.
    progress
        Called with the number of steps that were read, again and again; what it raises ends the writing.
    """
    with ThreadPoolExecutor(1, "lstmvis-index") as pool:
        written = pool.submit(_write_all, file, memoryview(header.as_page()))
        for tile in _tiles(header, variable, progress):
            written.result()
            written = pool.submit(_write_all, file, tile.data)
        written.result()


def _tiles(header: Header, variable: xr.Variable, progress: Callable[[int], None]) -> Iterator[np.ndarray]:
    """Yield tile by tile, dimensions (state, step), each in one of two places: there is time to write one meanwhile."""
    places = cycle(np.empty((2, header.states * min(header.tile, header.steps)), variable.dtype))
    tile, first = np.empty((0, 0)), 0
    for at, values in Streamed(variable).blocks(0, header.steps):
        done = 0
        while done < len(values):
            offset = at + done - first
            if offset == 0:
                steps = min(header.tile, header.steps - first)
                tile = next(places)[: header.states * steps].reshape(header.states, steps)
            count = min(tile.shape[1] - offset, len(values) - done)
            _turn(values[done : done + count], tile[:, offset : offset + count])
            done += count
            if offset + count == tile.shape[1]:
                yield tile
                first += tile.shape[1]
        progress(len(values))


def _turn(rows: np.ndarray, columns: np.ndarray) -> None:
    # In strips, of which the cache holds all rows: six times as fast as all at once.
    for start in range(0, len(rows), STRIP):
        columns[:, start : start + STRIP] = rows[start : start + STRIP].T


def _write_all(file: io.FileIO, content: memoryview) -> None:
    rest = content.cast("B")
    while rest:
        rest = rest[file.write(rest) or 0 :]
