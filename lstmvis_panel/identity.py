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
    data, keys = _unwrapped(variable)
    if isinstance(data, np.ndarray | indexing.NumpyIndexingAdapter):
        return None
    return (id(data), tuple(tuple(map(_frozen, key)) for key in keys)), data


def whole_array(variable: xr.Variable) -> Any:
    """Return the array in a file all of whose values a variable has; None if it has only part of them."""
    data, keys = _unwrapped(variable)
    return data if all(isinstance(part, slice) and part == slice(None) for key in keys for part in key) else None


def array_of(variable: xr.Variable) -> Any:
    """Return the array in a file of whose values a variable has all, or some."""
    return _unwrapped(variable)[0]


def _unwrapped(variable: xr.Variable) -> tuple[Any, list[tuple[Any, ...]]]:
    """Return the innermost array of a variable, and what was selected of it."""
    data, keys = variable._data, []  # noqa: SLF001 - xarray has no public way to ask
    while isinstance(data, indexing.MemoryCachedArray | indexing.CopyOnWriteArray | indexing.LazilyIndexedArray):
        if isinstance(data, indexing.LazilyIndexedArray):
            keys.append(data.key.tuple)
        data = data.array
    return data, keys


def _frozen(key: Any) -> Hashable:
    if isinstance(key, np.ndarray):
        return key.dtype.str, key.shape, key.tobytes()
    return repr(key)
