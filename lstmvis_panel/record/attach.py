"""Adding annotations to a recording: in memory, or to a file, safely."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5netcdf
import h5py
import xarray as xr
from xarray.backends import H5NetCDFStore

from lstmvis_panel.native import ALL_SUFFIXES, STORE_SUFFIX, open_native, require_zarr
from lstmvis_panel.native_file import JournaledFile
from lstmvis_panel.native_names import encode_attrs, encode_name
from lstmvis_panel.native_place import check_place, replacing
from lstmvis_panel.record.annotations import categorical, scalar
from lstmvis_panel.record.name_owners import RESERVED, Names
from lstmvis_panel.record.signals import undisturbed
from lstmvis_panel.schema import ANNOTATIONS, Problem, RecordingError, kind_of
from lstmvis_panel.validation import structural_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

REPLACES = "choose another name, or replace it (--replace)"
COMPRESSION = {"zlib": True, "complevel": 4, "shuffle": True}


def annotate(
    recording: xr.Dataset,
    annotations: Mapping[str, xr.Variable | Sequence[str | None] | Sequence[float] | NDArray[Any]],
    *,
    replace: bool = False,
) -> xr.Dataset:
    """Add annotations to a recording in memory.

    Parameters
    ----------
    recording
        The recording; it stays as it is.
    annotations
        By name: what a function of this package returned, or a list of a label or number for each step.
    replace
        Whether to replace annotations of these names.

    Returns
    -------
    xarray.Dataset
        A new recording, which shares the other's arrays.

    Raises
    ------
    RecordingError
        If the recording has such an annotation and ``replace`` is not set, or the result would not be valid.
    """
    variables = _as_variables(annotations)
    gone = replaced_by(recording, variables, replace=replace)
    kept = recording.drop_vars(gone)
    for name, variable in variables.items():
        sizes = {dim: size for dim, size in kept.sizes.items() if dim in variable.dims}
        if any(variable.sizes[dim] != size for dim, size in sizes.items()):
            what = f"has {dict(variable.sizes)}; {sizes} was expected"
            raise RecordingError(Problem(name, what, "an annotation has a value for each step"))
    annotated = kept.assign(variables)
    if problems := [problem for problem in structural_problems(annotated) if problem.fatal]:
        raise RecordingError(problems)
    # assign keeps the order of what was there: what is replaced should keep its place too.
    order = [name for name in recording.variables if name in annotated.variables]
    order += [name for name in annotated.variables if name not in order]
    return xr.Dataset({name: annotated.variables[name] for name in order}, attrs=recording.attrs).set_coords(
        list(annotated.coords)
    )


def annotate_file(
    path: str | os.PathLike[str],
    annotations: Mapping[str, xr.Variable | Sequence[str | None] | Sequence[float] | NDArray[Any]],
    *,
    replace: bool = False,
    out: str | os.PathLike[str] | None = None,
) -> Path:
    """Add annotations to a recording's file or store: to a copy beside it, which takes its place once it is complete.

    Parameters
    ----------
    path
        A native file or store. Its hidden states are copied as they are stored, not read.
    annotations
        As for `annotate`.
    replace
        Whether to replace annotations of these names, and a recording that is at ``out``. The space that annotations
        took in an HDF5 file is not given back.
    out
        Where to write instead, with the same suffix.

    Returns
    -------
    pathlib.Path
        The file or store with the annotations.

    Raises
    ------
    RecordingError
        As for `annotate`; if the file is no native recording, or can't be written; if something is at ``out`` that is
        no recording, or is one and ``replace`` is not set. All files are as they were then.
    """
    path = Path(path)
    target = path if out is None else Path(out)
    check_paths(path, target, replace=replace)
    recording = open_native(path)
    annotated = annotate(recording, annotations, replace=replace)
    variables = _as_variables(annotations)
    gone = replaced_by(recording, variables, replace=replace)
    with replacing(target, like=path) as beside:
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, beside)
        write = _write_store if path.suffix.lower() == STORE_SUFFIX else _write_file
        write(beside, variables, [encode_name(name) for name in gone], [str(name) for name in annotated.variables])
    return target


def check_paths(path: Path, target: Path, *, replace: bool) -> None:
    """Check that a path is a native recording, and that another can take it with further annotations.

    Parameters
    ----------
    path
        The recording.
    target
        Where it is to be written: the same path, or another.
    replace
        Whether a recording that is at another path is replaced.

    Raises
    ------
    RecordingError
        If that is not so.
    """
    if path.suffix.lower() not in ALL_SUFFIXES or not path.exists():
        found = "is no native recording" if path.exists() else "there is no such file"
        what = f"{found}; {', '.join(sorted(ALL_SUFFIXES))} was expected"
        raise RecordingError(Problem(str(path), what, "a project folder is written to a new file: name it (--out)"))
    is_store = path.suffix.lower() == STORE_SUFFIX
    if target.suffix.lower() not in ALL_SUFFIXES or is_store != (target.suffix.lower() == STORE_SUFFIX):
        raise RecordingError(Problem(str(target), f"is of another format; {path.suffix} was expected"))
    is_same = os.path.realpath(path) == os.path.realpath(target)
    check_place(target, replace=replace or is_same, remedy=REPLACES)
    if is_store:
        require_zarr(path)


def _as_variables(annotations: Mapping[str, Any]) -> dict[str, xr.Variable]:
    variables: dict[str, xr.Variable] = {}
    names, problems = Names(()), []
    for name, given in annotations.items():
        made = _as_annotation(name, given)
        problems += names.take(f"annotation {name!r}", made, called=name)
        variables |= made
    if problems:
        raise RecordingError(problems)
    return variables


def _as_annotation(name: str, given: Any) -> dict[str, xr.Variable]:
    if isinstance(given, xr.Variable | xr.DataArray):
        return {name: given.variable if isinstance(given, xr.DataArray) else given}
    if any(isinstance(value, str) for value in given):
        return categorical(name, list(given))
    return scalar(name, given)


def replaced_by(recording: xr.Dataset, names: Collection[str], *, replace: bool) -> list[str]:
    """Return the variables that make room for annotations of these names, with the labels that only they have.

    Raises
    ------
    RecordingError
        If there are annotations of these names and ``replace`` is not set; or if anything else has such a name:
        variables that are no annotations, dimensions, what a recording may come to have.
    """
    there = [name for name in names if name in recording.variables]
    annotations = [name for name in there if kind_of(recording.variables[name]) in ANNOTATIONS]
    labels = {str(recording.variables[name].attrs.get("labels")) for name in annotations}
    others = {
        str(variable.attrs.get("labels")) for name, variable in recording.variables.items() if name not in annotations
    }
    gone = [*annotations, *sorted(labels - others - set(annotations))]
    gone = [name for name in gone if name in recording.variables]
    if taken := {name: owner for name in names if (owner := _taken_by(recording, name, gone))}:
        told = ", ".join(f"{name} ({owner})" for name, owner in taken.items())
        what = f"has variables or dimensions of these names that are no annotations: {told}"
        raise RecordingError(Problem("recording", what, "choose another name"))
    if annotations and not replace:
        what = f"has annotations of these names: {', '.join(annotations)}"
        raise RecordingError(Problem("recording", what, "choose another name, or replace them (--replace)"))
    return gone


def _taken_by(recording: xr.Dataset, name: str, gone: Collection[str]) -> str:
    """Return what of a recording, save for what goes, has a name; nothing where it is free."""
    if any(name in variable.dims for other, variable in recording.variables.items() if other not in {*gone, name}):
        # In a file, a dimension's name is not free even for a variable that xarray would let have it.
        return "a dimension"
    if name in recording.variables and name not in gone:
        return kind_of(recording.variables[name]) or "a coordinate"
    return "the recording's own" if name in RESERVED else ""


def _to_add(variables: Mapping[str, xr.Variable], order: Sequence[str]) -> xr.Dataset:
    """Return the variables as a file holds them, and the new order of all."""
    encoded = {}
    for name, variable in variables.items():
        stored = variable.copy(deep=False)
        stored.dims = tuple(encode_name(dim) for dim in variable.dims)
        stored.attrs, stored.encoding = encode_attrs(variable.attrs, name), {}
        encoded[encode_name(name)] = stored
    return xr.Dataset(encoded, attrs=encode_attrs({"variables": list(order)}, "recording"))


def _write_file(path: Path, variables: Mapping[str, xr.Variable], gone: Sequence[str], order: Sequence[str]) -> None:
    added = _to_add(variables, order)
    encoding = {
        name: {"_FillValue": None} | (COMPRESSION if variable.dtype.kind in "iuf" else {})
        for name, variable in added.variables.items()
    }
    with _changing(path) as file:
        for name in gone:
            _delete(file, name)
        with h5netcdf.File(file, "a") as store:
            added.dump_to_store(H5NetCDFStore(store), encoding=encoding)


@contextmanager
def _changing(path: Path) -> Iterator[h5py.File]:
    """Open a file to change it: not by HDF5 itself, which crashes where the disk has no room for what it closes."""
    file = JournaledFile(path, is_new=False)
    try:
        with undisturbed(), h5py.File(file, "r+") as opened:
            yield opened
        file.commit()
    finally:
        file.close()


def _delete(file: h5py.File, name: str) -> None:
    """Delete a variable, and what it and its dimensions know of each other."""
    dataset = file[name]
    for dimension in dataset.dims:
        for scale in list(dimension.values()):
            dimension.detach_scale(scale)
    del file[name]


def _write_store(path: Path, variables: Mapping[str, xr.Variable], gone: Sequence[str], order: Sequence[str]) -> None:
    for name in gone:
        shutil.rmtree(path / name)
    import zarr  # noqa: PLC0415 - an optional extra

    added = _to_add(variables, order)
    # xarray puts these in place of all that are there.
    added.attrs = dict(zarr.open_group(path, mode="r").attrs) | added.attrs
    encoding = {name: {"_FillValue": None} for name in added.variables}
    added.to_zarr(path, mode="a", consolidated=False, encoding=encoding)
