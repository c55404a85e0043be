"""Writing a recording to HDF5 (netCDF-4) or Zarr, block by block, and all of it or nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import h5netcdf
import numpy as np
import xarray as xr

from lstmvis_panel.native import (
    FORMAT,
    FORMAT_VERSION,
    LARGE,
    PARTIAL_TITLE,
    STORE_SUFFIX,
    require_zarr,
)
from lstmvis_panel.native_names import encode_attrs, encode_name
from lstmvis_panel.native_place import check_place, replacing
from lstmvis_panel.schema import Kind, RecordingError, block_rows, blocks, kind_of
from lstmvis_panel.validation import says_yes, structural_problems

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

COMPRESSION_LEVEL = 4
# A screen shows some hundred steps: they should lie in one chunk or two.
CHUNK_BYTES, MOST_STEPS = 1 << 20, 1024
# And some hundred images from anywhere among those of all words.
IMAGE_BYTES = 1 << 16


def save_native(recording: xr.Dataset, path: Path, *, compress: bool = True) -> None:
    """Write a recording beside ``path`` and move it there once it is complete; see `store.save_recording`."""
    if problems := [problem for problem in structural_problems(recording) if problem.fatal]:
        raise RecordingError(problems)
    check_place(path, replace=True)
    small, large = _on_disk(recording)
    write = _write_store if path.suffix.lower() == STORE_SUFFIX else _write_file
    with replacing(path) as beside:
        write(small, large, beside, compress=compress)


def _on_disk(recording: xr.Dataset) -> tuple[xr.Dataset, dict[str, xr.Variable]]:
    """Return the small variables and the large ones, with names and attributes as a file can hold them."""
    variables: dict[str, xr.Variable] = {}
    for name, variable in recording.variables.items():
        dims = tuple(encode_name(dim) for dim in variable.dims)
        encoded = variable.copy(deep=False)
        encoded.dims, encoded.attrs = dims, encode_attrs(variable.attrs, str(name))
        variables[encode_name(name)] = encoded
    large = {name: variable for name, variable in variables.items() if kind_of(variable) in LARGE}
    order = [str(name) for name in recording.variables]
    attrs = encode_attrs({**recording.attrs, **_own_title(recording), "variables": order}, "recording")
    attrs |= {"format": FORMAT, "format_version": FORMAT_VERSION}
    small = xr.Dataset({name: variables[name] for name in variables.keys() - large.keys()}, attrs=attrs)
    return small.set_coords([encode_name(name) for name in recording.coords]), large


def _own_title(recording: xr.Dataset) -> dict[str, str]:
    """Return the title without what opening a partial recording adds to it."""
    title = recording.attrs.get("title")
    is_marked = says_yes(recording.attrs.get("partial", 0)) and isinstance(title, str)
    return {"title": str(title).removesuffix(PARTIAL_TITLE)} if is_marked else {}


def _filters(variable: xr.Variable, *, compress: bool) -> dict[str, Any]:
    """Return how a variable's ``encoding`` wants it compressed, else what is usual here."""
    wanted = variable.encoding
    if not wanted.get("zlib", compress):
        return {}
    level = wanted.get("complevel") or COMPRESSION_LEVEL
    return {"compression": "gzip", "compression_opts": level, "shuffle": bool(wanted.get("shuffle", True))}


def _chunks(variable: xr.Variable) -> tuple[int, ...]:
    """Return the shape of a chunk: what ``encoding`` says, else all states of as many steps as make 1 MiB.

    Images are read one here, one there: only some are in a chunk.
    """
    rows = min(block_rows(variable, CHUNK_BYTES), MOST_STEPS)
    if kind_of(variable) is Kind.IMAGE:
        rows = max(IMAGE_BYTES // math.prod(variable.shape[1:]), 1)
    usual = (rows, *variable.shape[1:])
    wanted = variable.encoding.get("chunksizes") or usual
    wanted = wanted if len(wanted) == variable.ndim else usual
    return tuple(max(min(size, length), 1) for size, length in zip(wanted, variable.shape, strict=True))


def _small_encoding(small: xr.Dataset) -> dict[Hashable, dict[str, Any]]:
    """Say that nothing stands for a missing value; xarray would let NaN do so, and note it in the file."""
    return {name: {"_FillValue": None} for name in small.variables}


def _write_file(small: xr.Dataset, large: dict[str, xr.Variable], path: Path, *, compress: bool) -> None:
    encoding = _small_encoding(small)
    for name, variable in small.variables.items():
        if compress and variable.ndim and variable.dtype.kind in "iuf":
            encoding[name] |= {"zlib": True, "complevel": COMPRESSION_LEVEL, "shuffle": True}
    small.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    with h5netcdf.File(path, "a") as file:
        for name, variable in large.items():
            for dim, size in zip(variable.dims, variable.shape, strict=True):
                if dim not in file.dimensions:
                    file.dimensions[dim] = size
            filters = _filters(variable, compress=compress)
            chunks = _chunks(variable)
            stored = file.create_variable(name, variable.dims, variable.dtype, chunks=chunks, **filters)
            stored.attrs.update(variable.attrs)
            for part, values in blocks(variable):
                stored[part] = values


def _write_store(small: xr.Dataset, large: dict[str, xr.Variable], path: Path, *, compress: bool) -> None:
    require_zarr(path)
    import zarr  # noqa: PLC0415 - an optional extra

    small.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding=_small_encoding(small))
    group = zarr.open_group(path, mode="a")
    for name, variable in large.items():
        stored = group.create_array(
            name,
            shape=variable.shape,
            dtype=variable.dtype,
            chunks=_chunks(variable),
            compressors="auto" if _filters(variable, compress=compress) else None,
            attributes={key: np.asarray(value).tolist() for key, value in variable.attrs.items()},
            dimension_names=[str(dim) for dim in variable.dims],
        )
        for part, values in blocks(variable):
            stored[part] = values
