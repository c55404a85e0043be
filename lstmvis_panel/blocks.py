"""Going through a source's stored values in blocks of steps: as they lie in memory, or as a file gives them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import xarray as xr

CACHED_BYTES = 512 << 10
READ_BYTES = 16 << 20
MOST_READ_BYTES = 16 * READ_BYTES


class Steps(ABC):
    """The stored values of a source, to be gone through in blocks of steps.

    Attributes
    ----------
    shape
        Steps and states.
    dtype
        Of the stored values.
    parallel
        Whether several threads go through it faster than one.
    skip
        Least gap between steps in question that is worth leaving out.
    """

    parallel: bool = True
    skip: int = 64

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype

    def fetch_states(self, states: np.ndarray, poll: Callable[[], None]) -> None:  # noqa: B027 - what is in memory is there
        """Have fetched what is about to be read of some states, int64 and ascending, at all steps."""

    def fetch_steps(self, stretches: list[tuple[int, int]], poll: Callable[[], None]) -> None:  # noqa: B027 - as above
        """Have fetched what is about to be read of all states in stretches of steps, each with its end (exclusive)."""

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
        super().__init__(values.shape, values.dtype)
        self._values = values
        self._rows = max(1, CACHED_BYTES // max(1, values[:1].nbytes))

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Go through the steps without copying them."""
        for at in range(start, stop, self._rows):
            yield at, self._values[at : min(at + self._rows, stop)]


class Streamed(Steps):
    """Values that are read from the file each time; HDF5 lets in one thread at a time."""

    parallel = False

    def __init__(self, variable: xr.Variable) -> None:
        super().__init__(variable.shape, variable.dtype)
        self._variable = variable
        self._rows, self.skip = rows_to_read(variable)

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Go through the steps, a few MiB of them in memory at a time."""
        for at in range(start, stop, self._rows):
            yield at, self._variable[at : min(at + self._rows, stop)].to_numpy()


def rows_to_read(variable: xr.Variable) -> tuple[int, int]:
    """Return how many steps to read at once, and how many to leave out at least.

    Whole chunks of the file are read, so that each is read once, if all that lie beside one another fit in memory.
    """
    chunks = variable.encoding.get("chunksizes") or variable.encoding.get("chunks") or ()
    chunk = int(chunks[0]) if chunks and chunks[0] else 1
    row = max(1, variable.shape[1] * variable.dtype.itemsize)
    whole = max(1, READ_BYTES // row // chunk) * chunk
    return min(whole, max(1, MOST_READ_BYTES // row)), max(chunk, Steps.skip)
