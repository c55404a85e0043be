"""What tells the values of a source from all others, on disk too: an index is used only for those it was made of."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends.h5netcdf_ import H5NetCDFArrayWrapper
from xarray.backends.zarr import ZarrArrayWrapper

from lstmvis_panel.hdf5 import LazyDataset
from lstmvis_panel.identity import whole_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    import h5py
    import xarray as xr

PROBES, PROBE_STEPS = 8, 4
"""Places of a source that are read, spread evenly from the first to the last, and the steps at each."""

ORDINARY_FILES = ("sec2", "stdio", "windows")
"""Drivers of HDF5 that read the file that is named."""


@dataclass(frozen=True)
class Origin:
    """Where values come from.

    Attributes
    ----------
    place
        The file or store, and the name in it.
    stamp
        What changes when they do: of each file the device, number, size, and when it and its entry were last changed.
        The last of these nobody can put back.
    """

    place: str
    stamp: str


def origin_of(variable: xr.Variable) -> Origin | None:
    """Return where a source comes from, as its files are now; None if it is no whole array of a file or store.

    Of an HDF5 file this is the one that is open, whatever has taken its name since.
    """
    array = whole_array(variable)
    if variable.dtype.kind not in "biuf" or not variable.dtype.isnative:
        return None
    if isinstance(array, LazyDataset):
        return _in_hdf5(array.manager.acquire()[array.name], pickle.dumps(array.convert))
    if isinstance(array, H5NetCDFArrayWrapper):
        variable_in_file: Any = array.get_array()  # type: ignore[no-untyped-call]
        return _in_hdf5(variable_in_file._h5ds)  # noqa: SLF001 - the dataset behind it has no public name
    if isinstance(array, ZarrArrayWrapper):
        return _in_store(array.get_array())  # type: ignore[no-untyped-call]
    return None


def key_of(origin: Origin, variable: xr.Variable) -> str:
    """Return what an index of these values goes by; reads a few of them.

    The beginning, up to the ``-``, is the same for whatever is at that place.
    """
    parts = json.dumps([origin.place, origin.stamp, variable.shape, variable.dtype.str]).encode()
    return f"{place_key(origin)}-{_digest(parts, *_sample(variable))}"


def place_key(origin: Origin) -> str:
    """Return the beginning of the keys of all that ever was at a place."""
    return _digest(origin.place.encode())[:16]


def sample_of(variable: xr.Variable) -> str:
    """Return a digest of a source's shape and of a few of its values."""
    return _digest(json.dumps([variable.shape, variable.dtype.str]).encode(), *_sample(variable))


def _in_hdf5(dataset: h5py.Dataset, *more: bytes) -> Origin | None:
    file = dataset.file
    if file.driver not in ORDINARY_FILES:
        return None  # one that is still being written
    status = os.fstat(file.id.get_vfd_handle()) if file.driver == "sec2" else Path(file.filename).stat()
    inside = [dataset.id.get_offset(), dataset.id.get_storage_size(), dataset.chunks, dataset.dtype.str]
    stamp = json.dumps([_stamp(status), inside]).encode()
    return Origin(f"{os.path.realpath(file.filename)}\n{dataset.name}", _digest(stamp, *more))


def _in_store(array: Any) -> Origin | None:
    root = getattr(array.store, "root", None)  # a store in memory, or behind a network, has none
    if not isinstance(root, Path):
        return None
    folder = root.resolve() / array.path
    return Origin(str(folder), _digest(json.dumps(sorted(_files_below(str(folder)))).encode()))


def _files_below(folder: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Go through the files of a folder; there is one for each chunk, so as quickly as the system lets one."""
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from _files_below(entry.path)
        else:
            yield entry.path, _stamp(entry.stat())


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _sample(variable: xr.Variable) -> Iterator[bytes]:
    for start in np.unique(np.linspace(0, max(variable.shape[0] - PROBE_STEPS, 0), PROBES, dtype=np.int64)).tolist():
        yield variable[start : start + PROBE_STEPS].to_numpy().tobytes()


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:32]
