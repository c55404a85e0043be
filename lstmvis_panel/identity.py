"""Which values a variable has, told without reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.core import indexing

if TYPE_CHECKING:
    from collections.abc import Hashable

    import xarray as xr


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
