"""A source that other processes open for themselves: they are told where it lies, and no value of it."""

from __future__ import annotations

import pickle
import platform
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xarray.backends.h5netcdf_ import H5NetCDFArrayWrapper
from xarray.backends.zarr import ZarrArrayWrapper

from lstmvis_panel.hdf5 import LazyDataset
from lstmvis_panel.identity import array_of, identity_of
from lstmvis_panel.index_key import sample_of
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Hashable

    import xarray as xr

MOST_KNOWN = 64
REMEDY = "save the recording to HDF5 or Zarr, and match what open_recording returns; or match without a scheduler"


@dataclass(frozen=True)
class SharedSource:
    """What another process needs to open a source.

    Attributes
    ----------
    name
        What the source is called, for errors.
    lazy
        The lazy variable, pickled: the paths of its files and the names in them.
    sample
        A digest of a few of its values, so that nobody takes another file of the same name for it.
    """

    name: str
    lazy: bytes
    sample: str


_known: OrderedDict[Hashable, tuple[SharedSource, Any]] = OrderedDict()


def share(states: xr.DataArray) -> SharedSource:
    """Return what others need to open a source; reads a few of its values the first time.

    Raises
    ------
    RecordingError
        If the values lie in memory, or in a file that others can't open.
    """
    name, identity = str(states.name or "states"), identity_of(states.variable)
    if identity is None or not _lies_in_files(array_of(states.variable)):
        what = "lies in no file that the workers of a Dask scheduler could open"
        raise RecordingError(Problem(name, what, REMEDY))
    key, array = identity
    known = _known.get(key)
    if known is None:
        # The array is held, so that its id stays its own.
        shared = SharedSource(name, _pickled(states.variable, name), sample_of(states.variable))
        known = _known[key] = shared, array
        while len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return known[0]


def can_be_shared(states: xr.DataArray) -> bool:
    """Tell whether others can open a source."""
    try:
        share(states)
    except RecordingError:
        return False
    return True


@lru_cache(maxsize=MOST_KNOWN)
def open_shared(source: SharedSource) -> xr.Variable:
    """Open a source in this process, once.

    Raises
    ------
    RecordingError
        If it can't be opened here, or holds other values than where it was shared.
    """
    where, remedy = f"worker on {platform.node()}", "put the file where all workers find it under the same path"
    try:
        variable = cast("xr.Variable", pickle.loads(source.lazy))  # noqa: S301 - the scheduler runs any code anyway
        sample = sample_of(variable)
    except (OSError, KeyError, ValueError) as error:
        raise RecordingError(Problem(where, f"{source.name} can't be read ({error})", remedy)) from None
    if sample != source.sample:
        what = f"{source.name} holds other values than on the machine that asks"
        raise RecordingError(Problem(where, what, remedy))
    return variable


def _lies_in_files(array: Any) -> bool:
    if isinstance(array, ZarrArrayWrapper):
        stored: Any = array.get_array()  # type: ignore[no-untyped-call]
        return isinstance(getattr(stored.store, "root", None), Path)
    return isinstance(array, LazyDataset | H5NetCDFArrayWrapper)


def _pickled(variable: xr.Variable, name: str) -> bytes:
    try:
        return pickle.dumps(variable)
    except (TypeError, AttributeError, NotImplementedError) as error:
        what = f"can't be opened by the workers of a Dask scheduler ({error})"
        raise RecordingError(Problem(name, what, "if it is still being recorded, wait for its end")) from None
