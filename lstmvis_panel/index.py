"""The index of a source: a copy on disk in which a state's values lie side by side, so that a match reads only its own.

It is built once, and serves all processes. It can be removed at any time; a source that has none is read as it is.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lstmvis_panel.identity import identity_of
from lstmvis_panel.index_file import Index, header_for, write
from lstmvis_panel.index_folder import SUFFIX, index_folder, mark_as_used, new_file, remove_others
from lstmvis_panel.index_key import Origin, key_of, origin_of, place_key
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    import xarray as xr

WORTHWHILE = 64 << 20
"""Bytes of a source from which on it gets an index; one that is smaller is copied into memory."""

MOST_KNOWN = 64

_log = logging.getLogger(__name__)


@dataclass
class _Known:
    """What the process knows of a source; the array is held so that its id stays its own."""

    array: Any
    origin: Origin
    key: str
    index: Index | None = None


_known: OrderedDict[Hashable, _Known] = OrderedDict()
_builders: Counter[Hashable] = Counter()
_changing = threading.Lock()


def is_worthwhile(variable: xr.Variable) -> bool:
    """Tell whether a source is so large that matching gains by an index."""
    return bool(variable.nbytes >= WORTHWHILE)


def open_index(variable: xr.Variable) -> Index | None:
    """Return the index of a source; None if there is none of just the values that its file holds now.

    Parameters
    ----------
    variable
        The source, lazy.
    """
    known = _look_at(variable)
    if known is None:
        return None
    if known.index is None:
        known.index = _opened(known, variable)
    if known.index is not None:
        mark_as_used(known.index.path)
    return known.index


def build_index(variable: xr.Variable, progress: Callable[[int], None] | None = None) -> Index:
    """Build the index of a source, if there is none.

    Parameters
    ----------
    variable
        The source, lazy.
    progress
        Called with the number of steps that were read, again and again; what it raises ends the building, and nothing
        is left of it.

    Returns
    -------
    Index

    Raises
    ------
    RecordingError
        If the source lies in no file, its file is changed meanwhile, or the index can't be written.
    """
    found = open_index(variable)
    if found is not None:
        return found
    known = _look_at(variable)
    if known is None:
        what = "is of whole sources only, in files that are as they were when they were first read"
        raise RecordingError(Problem("index", what, "open the recording again, or match these values as they are"))
    header = header_for(known.key, known.origin.place, variable)
    name = f"{known.key}{SUFFIX}"
    with being_built(variable), new_file(name, header.size) as file:
        write(file, header, variable, progress or _nothing)
        if origin_of(variable) != known.origin:
            raise RecordingError(Problem(known.origin.place, "was changed while its index was built", "build it again"))
    remove_others(name, place_key(known.origin))
    built = open_index(variable)
    if built is None:
        raise RecordingError(Problem(str(index_folder()), "the index is gone again", "build it again"))
    return built


def is_being_built(variable: xr.Variable) -> bool:
    """Tell whether this process is building the index of a source."""
    identity = identity_of(variable)
    return identity is not None and _builders[identity[0]] > 0


def state_of(variable: xr.Variable) -> str:
    """Say in a few words whether a source has an index, and how large it is."""
    if not is_worthwhile(variable):
        return "not needed"
    known = _look_at(variable)
    if known is None:
        return "not possible"
    size = f"{header_for(known.key, '', variable).size / 1e9:,.1f} GB"
    if open_index(variable) is not None:
        return f"ready, {size}"
    outdated = any(index_folder().glob(f"{place_key(known.origin)}-*{SUFFIX}"))
    return f"out of date, {size}" if outdated else f"none, would be {size}"


def _look_at(variable: xr.Variable) -> _Known | None:
    """Return what is known of a source whose files are as they were; looks at them, and at first reads a few values."""
    identity, origin = identity_of(variable), None
    with suppress(OSError):  # files that are being removed: who reads them will say so
        origin = origin_of(variable)
    if identity is None or origin is None:
        return None
    name, array = identity
    with _changing:
        known = _known.get(name)
        if known is not None:
            _known.move_to_end(name)
            # If it was changed since: what its library keeps of an open file may be older than the file.
            return known if known.origin == origin else None
    known = _Known(array, origin, key_of(origin, variable))
    with _changing:
        _known[name] = known
        while len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return known


def _opened(known: _Known, variable: xr.Variable) -> Index | None:
    path = index_folder() / f"{known.key}{SUFFIX}"
    try:
        return Index(path, header_for(known.key, known.origin.place, variable))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("The index can't be used: %s", error)
        return None


@contextmanager
def being_built(variable: xr.Variable) -> Iterator[None]:
    """Note that the index of a source is being built."""
    identity = identity_of(variable)
    name = None if identity is None else identity[0]
    with _changing:
        _builders[name] += 1
    try:
        yield
    finally:
        with _changing:
            _builders[name] -= 1


def _nothing(_steps: int) -> None:
    pass
