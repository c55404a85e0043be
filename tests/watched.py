"""Sources that lie in a file, so to say: lazy, and they keep a record of what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

if TYPE_CHECKING:
    import numpy as np


class WatchedFile(BackendArray):
    """An array that can only be read in parts.

    Attributes
    ----------
    reads
        Of each read: its first step and the end.
    broken
        Whether reading fails.
    """

    def __init__(self, values: np.ndarray) -> None:
        self._values = values
        self.shape, self.dtype = values.shape, values.dtype
        self.reads: list[tuple[int, int]] = []
        self.broken = False

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        if self.broken:
            raise OSError("the disk is gone")
        start, stop, _ = key[0].indices(self.shape[0]) if isinstance(key[0], slice) else (key[0], key[0] + 1, 1)
        self.reads.append((start, stop))
        part: np.ndarray = self._values[key].copy()
        return part


def lazy_states(
    values: np.ndarray, documents: list[int] | None = None, chunk: int | None = None, **attrs: str
) -> tuple[xr.DataArray, WatchedFile]:
    """Return a source that is read from a watched file, and the file; it stores ``chunk`` steps together."""
    file = WatchedFile(values)
    encoding = {} if chunk is None else {"chunksizes": (chunk, values.shape[1])}
    variable = xr.Variable(("step", "hidden_state"), indexing.LazilyIndexedArray(file), attrs, encoding)
    coords = {} if documents is None else {"document": ("step", documents)}
    return xr.Dataset({"hidden": variable}, coords)["hidden"], file
