"""The recording's own formats, HDF5 (netCDF-4) and Zarr: what they look like, and how they are read, lazily."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import h5netcdf
import h5py
import numpy as np
import xarray as xr
from xarray.backends import H5NetCDFStore

from lstmvis_panel.hdf5 import as_recording_error, lies_elsewhere, open_file, stamp
from lstmvis_panel.native_file import OwnView
from lstmvis_panel.native_journal import recover
from lstmvis_panel.native_names import decode_attrs, decode_name
from lstmvis_panel.schema import Kind, Problem, RecordingError, kind_of
from lstmvis_panel.validation import says_yes, structural_problems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT, FORMAT_VERSION = "lstmvis-recording", 1
FILE_SUFFIXES = frozenset({".h5", ".hdf5", ".nc"})
STORE_SUFFIX = ".zarr"
ALL_SUFFIXES = FILE_SUFFIXES | {STORE_SUFFIX}
ATTRS_FILES = ("zarr.json", ".zattrs")  # of the formats 3 and 2 of Zarr
# Those that may not fit in memory: written block by block, and read only where they are looked at.
LARGE = frozenset({Kind.STATES, Kind.SCALAR, Kind.PREDICTION, Kind.WEIGHTS, Kind.EMBEDDING, Kind.VECTOR, Kind.IMAGE})
PARTIAL_TITLE = " (partial)"

_answers: dict[Path, tuple[tuple[tuple[int, ...] | None, ...], bool]] = {}


def open_native(path: Path) -> xr.Dataset:
    """Open a native file or store; tokens, labels and documents are read, all others when they are looked at.

    The title of one that was cut off while it was recorded says so.

    Raises
    ------
    RecordingError
        If it is damaged, no recording, of a later format, or not valid.
    """
    recording = read_native(path)
    if problems := [problem for problem in structural_problems(recording) if problem.fatal]:
        raise RecordingError(Problem(f"{path.name}, {each.where}", each.what, each.remedy) for each in problems)
    return recording


def read_native(path: Path) -> xr.Dataset:
    """Open a native file or store as `open_native` does, whether or not what is in it is valid.

    Raises
    ------
    RecordingError
        If it is damaged, no recording, or of a later format.
    """
    recover(path)
    all_attrs = _all_attrs(path)
    if not is_recording(all_attrs):
        what = "is no recording: neither it nor a variable in it has the attributes of one"
        remedy = "write it with save_recording, or give each variable its attribute kind"
        raise RecordingError(Problem(path.name, what, remedy))
    version = all_attrs[""].get("format_version")
    # One number as a list is what h5py makes of an array of one.
    version = version.tolist() if isinstance(version, np.ndarray | np.generic) else version
    if version not in (FORMAT_VERSION, [FORMAT_VERSION], None):
        what = f"has version {version} of the format; {FORMAT_VERSION} was expected"
        raise RecordingError(Problem(path.name, what, "update lstmvis-panel"))
    # Only coordinates may be times: a scalar in "seconds since the start" stays a number.
    times = {name: "kind" not in attrs for name, attrs in all_attrs.items()}
    # Not cached, so that looking at a part never leaves a whole source in memory.
    options = {"mask_and_scale": False, "decode_times": times, "decode_timedelta": times, "cache": False}
    with as_recording_error(path.name, "can't be read"):
        if path.suffix.lower() == STORE_SUFFIX:
            stored = _open_store(path, **options)
        else:
            is_partial = bool(np.any(np.asarray(all_attrs[""].get("partial", 0)) == 1))
            stored = _open_file(path, is_partial=is_partial, **options)
        recording = _from_disk(stored)
    recording.encoding["source"] = str(path)
    return recording


def holds_recording(path: Path) -> bool:
    """Tell whether a file or store is one of ours, or so damaged that nobody can tell; never raises.

    The answer is kept until the file changes: a folder is looked through for each visitor.
    """
    stamps = tuple(stamp(file) for file in _attrs_files(path))
    known = _answers.get(path)
    if known is not None and known[0] == stamps:
        return known[1]
    try:
        answer = is_recording(_all_attrs(path))
    except Exception:  # noqa: BLE001 - whatever it is, it is said where the recording is opened
        # The older netCDF, which we never write.
        return path.suffix.lower() == STORE_SUFFIX or _first_bytes(path) != b"CDF"
    _answers[path] = stamps, answer
    return answer


def forget_gone() -> None:
    """Drop what is known of files that are there no more, so that a long-lived server's memory does not grow."""
    for path in [path for path in list(_answers) if stamp(path) is None]:
        _answers.pop(path, None)


def is_recording(all_attrs: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell by the attributes of a file and of its variables whether it is a recording."""
    kinds = [attrs.get("kind") for attrs in all_attrs.values()]
    ours = all_attrs[""].get("format")
    return (isinstance(ours, str) and ours == FORMAT) or any(
        isinstance(kind, str) and kind in list(Kind) for kind in kinds
    )


def require_zarr(path: Path) -> None:
    """Check that Zarr stores can be used.

    Raises
    ------
    RecordingError
        If the package zarr is not installed.
    """
    if find_spec("zarr") is None:
        remedy = "pip install 'lstmvis-panel[zarr]', or use .h5"
        raise RecordingError(Problem(path.name, "a Zarr store needs the package zarr", remedy))


def _all_attrs(path: Path) -> dict[str, dict[str, Any]]:
    """Return the attributes of a file or store under ``""``, and those of each variable at its top."""
    if path.suffix.lower() == STORE_SUFFIX:
        parts = {part.name: _zarr_attrs(part) for part in path.iterdir() if part.is_dir()}
        return {"": _zarr_attrs(path)} | parts
    with as_recording_error(path.name, "can't be read"), open_file(path, path.name) as file:
        # External links are not followed: only what lies in this file is looked at.
        inside = [name for name in file if isinstance(file.get(name, getlink=True), h5py.HardLink)]
        return {"": dict(file.attrs)} | {name: dict(file[name].attrs) for name in inside}


def _attrs_files(path: Path) -> list[Path]:
    """Return the files that hold what `_all_attrs` reads."""
    if path.suffix.lower() != STORE_SUFFIX:
        return [path]
    try:
        groups = [path, *sorted(part for part in path.iterdir() if part.is_dir())]
    except OSError:
        groups = [path]
    return [path, *(group / name for group in groups for name in ATTRS_FILES)]


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(3)
    except OSError:
        return b""


def _zarr_attrs(group: Path) -> dict[str, Any]:
    for name in ATTRS_FILES:
        try:
            content = json.loads((group / name).read_text(encoding="utf-8"))
            return dict(content.get("attributes", {}) if name == "zarr.json" else content)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise RecordingError(Problem(f"{group.name}/{name}", f"can't be read ({error})")) from None
    return {}


def _open_file(path: Path, *, is_partial: bool, **options: Any) -> xr.Dataset:
    with open_file(path, path.name) as file:
        for name in file:
            item = file[name]
            if isinstance(item, h5py.Dataset) and lies_elsewhere(file, item):
                what = f"{name} is stored in another file, which is refused"
                raise RecordingError(Problem(path.name, what, "copy the values into the file"))
    if is_partial:
        # It may still grow. By its path, all of the process would share what was read of it first, for as long as
        # anyone holds it, and so would those who open the finished file that it becomes.
        return xr.open_dataset(H5NetCDFStore(h5netcdf.File(OwnView(path), "r", decode_vlen_strings=True)), **options)
    return xr.open_dataset(path, engine="h5netcdf", **options)


def _open_store(path: Path, **options: Any) -> xr.Dataset:
    require_zarr(path)
    return xr.open_dataset(path, engine="zarr", consolidated=False, **options)


def _from_disk(stored: xr.Dataset) -> xr.Dataset:
    """Give a dataset its own names, attributes and order back, and read what is small."""
    variables: dict[str, xr.Variable] = {}
    for name, variable in stored.variables.items():
        read = variable.copy(deep=False)
        if kind_of(variable) is Kind.LABELS:
            read = xr.Variable(variable.dims, variable.to_numpy().astype(object))
        elif kind_of(variable) not in LARGE:
            read.load()
        read.dims = tuple(decode_name(dim) for dim in variable.dims)
        # What xarray writes beside floats of its own accord; nothing stands for a missing value here.
        read.attrs = decode_attrs({key: value for key, value in variable.attrs.items() if key != "_FillValue"})
        variables[decode_name(name)] = read
    attrs = decode_attrs(stored.attrs)
    order = attrs.pop("variables", [])
    for name in ("format", "format_version"):
        attrs.pop(name, None)
    if says_yes(attrs.get("partial", 0)) and attrs.get("title"):
        attrs["title"] = f"{attrs['title']}{PARTIAL_TITLE}"
    named = {name: variables[name] for name in [*order, *variables] if name in variables}
    return xr.Dataset(named, attrs=attrs).set_coords([decode_name(name) for name in stored.coords])
