"""HDF5 datasets as lazy xarray variables: nothing is read before it is looked at."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import xarray as xr
from xarray.backends import BackendArray, CachingFileManager
from xarray.backends.locks import SerializableLock
from xarray.core import indexing

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

# One for all: HDF5 lets in one thread at a time anyway.
_LOCK = SerializableLock()
SHOWN = 10


def stamp(path: Path) -> tuple[int, ...] | None:
    """Return what changes when a file is replaced or its rights are: time, size, inode, mode; None if out of reach."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode


class LazyDataset(BackendArray):
    """One HDF5 dataset, read where it is indexed; for threads and processes alike.

    Parameters
    ----------
    path
        The HDF5 file.
    dataset
        The dataset as it is now; only its name and shape are kept.
    dtype
        What its values are returned as.
    convert
        What to do with the values that were read; elementwise, and a function that can be pickled.
    """

    def __init__(
        self,
        path: Path,
        dataset: h5py.Dataset,
        dtype: np.dtype[Any],
        convert: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        # By one id, all datasets of a file share one open file.
        self.manager = CachingFileManager(_open_unchanged, str(path), stamp, mode="r", lock=_LOCK, manager_id=str(path))
        self.name = dataset.name
        self.shape = dataset.shape
        self.dtype = dtype
        self.convert = convert

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        support = indexing.IndexingSupport.OUTER_1VECTOR
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        values = self.manager.acquire()[self.name][key]
        return np.asarray(values if self.convert is None else self.convert(values), dtype=self.dtype)


def lazy_variable(
    dims: tuple[Hashable, ...],
    path: Path,
    dataset: h5py.Dataset,
    attrs: dict[str, Any],
    *,
    dtype: np.dtype[Any] | None = None,
    convert: Callable[[np.ndarray], np.ndarray] | None = None,
) -> xr.Variable:
    """Return a dataset as a variable that reads only what is looked at, in the machine's byte order."""
    dtype = dataset.dtype.newbyteorder("=") if dtype is None else dtype
    data = indexing.LazilyIndexedArray(LazyDataset(path, dataset, dtype, convert))
    # Who reads all of it reads whole chunks, so that none is decompressed twice.
    return xr.Variable(dims, data, attrs, {"chunksizes": dataset.chunks} if dataset.chunks else None)


@contextmanager
def as_recording_error(where: str, what: str) -> Iterator[None]:
    """Turn what the libraries below raise into an error that says where."""
    try:
        yield
    except RecordingError:
        raise
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, NotImplementedError) as error:
        raise RecordingError(Problem(where, f"{what} ({error or type(error).__name__})")) from error


@contextmanager
def open_file(path: Path, where: str) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises
    ------
    RecordingError
        If it is not there, can't be read, or is not HDF5.
    """
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError:
        raise RecordingError(Problem(where, f"there is no file {path.name}")) from None
    except PermissionError:
        problem = Problem(where, f"{path.name} may not be read", "change its permissions")
        raise RecordingError(problem) from None
    except OSError as error:
        what = f"{path.name} is not an HDF5 file, or is damaged ({error})"
        raise RecordingError(Problem(where, what, "write the file again")) from None
    with file:
        yield file


def find_dataset(file: h5py.File, path: str, where: str) -> h5py.Dataset:
    """Return a dataset whose values all lie in this file.

    Raises
    ------
    RecordingError
        If it is not there, or is stored in another file: HDF5's links would reach any file of the machine.
    """
    name = str(file.filename).replace("\\", "/").rsplit("/", 1)[-1]
    try:
        dataset = file.get(path)
    except (KeyError, OSError, RuntimeError, ValueError) as error:
        raise RecordingError(Problem(where, f"{path!r} in {name} can't be read ({error})")) from None
    if not isinstance(dataset, h5py.Dataset):
        raise RecordingError(Problem(where, f"there is no dataset {path!r} in {name}", f"it has {_datasets(file)}"))
    if lies_elsewhere(file, dataset):
        what = f"{path!r} in {name} is stored in another file, which is refused"
        raise RecordingError(Problem(where, what, "copy the values into the file"))
    return dataset


def lies_elsewhere(file: h5py.File, dataset: h5py.Dataset) -> bool:
    """Tell whether a dataset's values come from another file (external link, external or virtual storage)."""
    virtual = dataset.is_virtual and any(source.file_name != "." for source in dataset.virtual_sources())
    return bool(virtual or dataset.external or dataset.file.filename != file.filename)


def _datasets(file: h5py.File) -> str:
    """Return the paths of the first datasets of a file."""
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (", ".join(names[:SHOWN]) or "no dataset") + more


def _open_unchanged(path: str, stamp: tuple[int, int], mode: str) -> h5py.File:
    """Open the file that the recording was made from; never one that has since taken its place."""
    try:
        status = Path(path).stat()
        if (status.st_mtime_ns, status.st_size) == stamp:
            return h5py.File(path, mode)
        what = "was replaced while it was in use"
    except OSError as error:
        what = f"can no longer be read ({error})"
    raise RecordingError(Problem(path, what, "open the recording again"))
