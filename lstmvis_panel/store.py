"""Recordings on disk: open one, save one, list all below a folder. Opened once a process, for all visitors."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lstmvis_panel import schema
from lstmvis_panel.hdf5 import stamp
from lstmvis_panel.native import (
    ALL_SUFFIXES,
    FILE_SUFFIXES,
    STORE_SUFFIX,
    forget_gone,
    holds_recording,
    open_native,
)
from lstmvis_panel.native_save import save_native
from lstmvis_panel.project import PROJECT_FILE, files_of, open_project, title_of
from lstmvis_panel.schema import STEP, Problem, RecordingError, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

log = logging.getLogger(__name__)
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})
EXPECTED = f"a folder with {PROJECT_FILE}, or {', '.join(sorted(ALL_SUFFIXES))}"


@dataclass(frozen=True)
class SourceSummary:
    """What a start page says of a source, without reading its states.

    Parameters
    ----------
    name
        Its name in the recording.
    layer
        Its layer, None where the recording names none.
    role
        What it is: hidden, cell, output, a gate; the original format's ``type``.
    steps, states
        Its shape.
    unsigned
        Whether all values are said to be >= 0.
    named
        Whether its name stands before the rest, which alone would not tell it from the other sources.
    """

    name: str
    layer: int | None
    role: str
    steps: int
    states: int
    unsigned: bool
    named: bool = False

    def __str__(self) -> str:
        """Return for example ``layer 1 state (1,200 x 300)``."""
        name = f"{self.name} · " if self.named else ""
        layer = "" if self.layer is None else f"layer {self.layer} "
        unsigned = ", unsigned" if self.unsigned else ""
        return f"{name}{layer}{self.role} ({self.steps:,} x {self.states:,}){unsigned}"


@dataclass(frozen=True)
class Project:
    """A recording of a folder, opened when it is first looked at; it never reads states by itself.

    Parameters
    ----------
    id
        Its name in the address: unique in the folder.
    path
        The folder that holds ``lstm.yml``, or the native file or store; absolute, without links.
    given
        The same path as whoever asked for the folder would write it.
    """

    id: str
    path: Path
    given: Path

    @property
    def recording(self) -> xr.Dataset:
        """The recording, lazy, shared by all sessions of the process, opened again where its files were replaced.

        Raises
        ------
        RecordingError
            With every reason why it can't be opened.
        """
        return _shared(self.path)

    @property
    def error(self) -> str | None:
        """Why the recording can't be opened, a line for each problem; None where it can."""
        try:
            _shared(self.path)
        except RecordingError as error:
            return str(error)
        return None

    @property
    def title(self) -> str:
        """The recording's title; the best known name where it can't be opened."""
        try:
            title = _shared(self.path).attrs.get("title")
        except RecordingError:
            title = _known_title(self.path)
        return str(title or self.id)

    @property
    def description(self) -> str:
        """The recording's description; empty where it has none that says more than the title."""
        try:
            attrs = _shared(self.path).attrs
        except RecordingError:
            return ""
        description = str(attrs.get("description", ""))
        return "" if description == str(attrs.get("title") or self.id) else description

    @property
    def steps(self) -> int:
        """The length of the recording in steps."""
        return int(self.recording.sizes[STEP])

    @property
    def sources(self) -> list[SourceSummary]:
        """What there is to say of each source, so that no two read alike."""
        summaries = [_summary(self.recording, name) for name in sources(self.recording)]
        alike = Counter((source.layer, source.role) for source in summaries)

        def is_told_apart(source: SourceSummary) -> bool:
            return len(summaries) == 1 or (source.layer is not None and alike[source.layer, source.role] == 1)

        return [replace(source, named=not is_told_apart(source)) for source in summaries]

    @property
    def annotations(self) -> list[str]:
        """The names of the annotations."""
        return schema.annotations(self.recording)


def open_recording(path: str | os.PathLike[str]) -> xr.Dataset:
    """Open a recording, reading no states.

    Parameters
    ----------
    path
        A folder with ``lstm.yml``, or that file; a native ``.h5``, ``.hdf5`` or ``.nc`` file; a ``.zarr`` store.

    Returns
    -------
    xarray.Dataset
        Lazy. Its arrays are shared with everyone who opens the same files; variables may be added to it.
        ``encoding["source"]`` is the path.

    Raises
    ------
    RecordingError
        With all that is wrong with the files.
    """
    recording = _shared(Path(path)).copy()
    recording.encoding["source"] = os.fspath(path)
    return recording


def save_recording(recording: xr.Dataset, path: str | os.PathLike[str], *, compress: bool = True) -> None:
    """Write a recording to one native file, block by block, so that it need not fit in memory.

    Parameters
    ----------
    recording
        The recording. Its variables' ``encoding`` counts: ``chunksizes``, ``zlib``, ``complevel``, ``shuffle``.
    path
        Where to: ``.h5``, ``.hdf5`` or ``.nc`` for HDF5 (netCDF-4), ``.zarr`` for a Zarr store. What is there is
        replaced once the new file is complete, and kept if writing fails.
    compress
        Whether states are compressed (without loss) where their ``encoding`` does not say.

    Raises
    ------
    RecordingError
        If the recording is not valid, or can't be written.
    """
    save_native(recording, Path(path), compress=compress)


def open_projects(folder: str | os.PathLike[str]) -> dict[str, Project]:
    """Find all recordings below a folder, opening none.

    Each folder with ``lstm.yml`` is one, under the folder's name; each native file or store outside of those is one,
    under the file's stem. Equal names are told apart by their relative paths. Hidden folders, virtual environments and
    links to folders are not searched.

    Parameters
    ----------
    folder
        The folder; or a single recording.

    Returns
    -------
    dict of str to Project
        In the order of their paths. One that can't be opened says why in ``error``.

    Raises
    ------
    RecordingError
        If there is no such folder.
    """
    given = Path(folder)
    root = _resolved(given)
    if stamp(root) is None:
        remedy = "name a folder that holds recordings, or one recording"
        raise RecordingError(Problem(str(folder), "there is no such folder", remedy))
    _forget_gone()
    if root.is_file() or root.suffix == STORE_SUFFIX:
        path, given = (root.parent, given.parent) if root.name == PROJECT_FILE else (root, given)
        return {name: Project(name, path, given) for name, path in _named(path.parent, [path])}
    paths = sorted(_recordings_below(root))
    return {name: Project(name, path, given / path.relative_to(root)) for name, path in _named(root, paths)}


def bundled_examples() -> Path:
    """Return the folder of the examples: in the installed package, or ``data`` of a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "examples"
    return installed if installed.is_dir() else package.parent / "data"


def _summary(recording: xr.Dataset, name: str) -> SourceSummary:
    states = recording.variables[name]
    layer = states.attrs.get("layer")
    return SourceSummary(
        name=name,
        layer=None if layer is None else int(layer),
        role=str(states.attrs.get("role", "states")),
        steps=states.shape[0],
        states=states.shape[1],
        unsigned=bool(states.attrs.get("unsigned", 0)),
    )


def _recordings_below(root: Path) -> Iterator[Path]:
    project_folders: set[Path] = set()
    for name, folders, files in os.walk(root):
        here = Path(name)
        folders[:] = [folder for folder in folders if folder not in SKIPPED_FOLDERS and folder[0] != "."]
        if PROJECT_FILE in files:
            project_folders.add(here)
            yield here
        # What lies in a project's folder belongs to the project.
        if not project_folders.intersection([here, *here.parents]):
            native = [file for file in files if Path(file).suffix.lower() in FILE_SUFFIXES and file[0] != "."]
            stores = [folder for folder in folders if folder.endswith(STORE_SUFFIX)]
            yield from (here / found for found in (*native, *stores) if holds_recording(here / found))
        folders[:] = [folder for folder in folders if not folder.endswith(STORE_SUFFIX)]


def _named(root: Path, paths: list[Path]) -> list[tuple[str, Path]]:
    """Give each path the shortest of its names that no other path has."""
    plain = [path.stem if path.suffix == STORE_SUFFIX or _is_file(path) else path.name for path in paths]
    relative = [path.relative_to(root) for path in paths]
    longer = [at.with_name(name).as_posix() if at.name else name for at, name in zip(relative, plain, strict=True)]
    whole = [at.as_posix() for at in relative]
    # A name that is no UTF-8 fits into no address: Python's stand-ins for its bytes are spelled out.
    columns = [[_spelled(name) for name in column] for column in (plain, longer, whole)]
    counts = [Counter(column) for column in columns]
    named = []
    for path, *names in zip(paths, *columns, strict=True):
        unique = (str(name) for name, count in zip(names, counts, strict=True) if count[name] == 1)
        named.append((next(unique), path))
    return named


@dataclass(frozen=True)
class _Opened:
    """What came of opening a path, and the files it depends on as they were then."""

    stamps: dict[Path, tuple[int, ...] | None]
    outcome: xr.Dataset | RecordingError


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _spelled(name: str) -> str:
    return name.encode("utf-8", errors="backslashreplace").decode()


def _resolved(path: Path) -> Path:
    """Return a path without links where that can be told: a link to itself, say, is kept for the error to name."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()


def _known_title(path: Path) -> str | None:
    try:
        return title_of(path)
    except Exception:  # noqa: BLE001 - the project's error has said it
        return None


_opened: dict[Path, _Opened] = {}
_opening = threading.Lock()


def _shared(path: Path) -> xr.Dataset:
    """Return the process's one recording of this path, opened anew if a file of it was replaced."""
    path = _resolved(path.parent if path.name == PROJECT_FILE else path)
    known = _opened.get(path)
    if known is None or not _is_current(known):
        with _opening:
            known = _opened.get(path)
            if known is None or not _is_current(known):
                _forget_gone()
                known = _opened[path] = _open(path)
    if isinstance(known.outcome, RecordingError):
        # A fresh one: a raised exception drags along the frames of whoever met it first.
        raise RecordingError(known.outcome.problems)
    return known.outcome


def _open(path: Path) -> _Opened:
    """Open a path. Nothing gets out but in an `_Opened`: one bad file must not take a whole folder's page down."""
    is_project = stamp(path / PROJECT_FILE) is not None
    files = _project_files(path) if is_project else [path, path / "zarr.json", path / ".zmetadata"]
    stamps = {file: stamp(file) for file in files}
    try:
        return _Opened(stamps, _read(path, is_project=is_project))
    except RecordingError as error:
        return _Opened(stamps, error)
    except Exception as error:
        log.exception("%s can't be read", path)
        what = f"can't be read ({type(error).__name__}: {error})"
        return _Opened(stamps, RecordingError(Problem(str(path), what, "the log says more")))


def _read(path: Path, *, is_project: bool) -> xr.Dataset:
    if is_project:
        return open_project(path)
    if path.exists() and path.suffix.lower() in ({STORE_SUFFIX} if path.is_dir() else FILE_SUFFIXES):
        return open_native(path)
    found = "is no recording" if path.exists() else "there is no such file or folder"
    raise RecordingError(Problem(str(path), f"{found}; {EXPECTED} was expected"))


def _project_files(path: Path) -> list[Path]:
    try:
        return files_of(path)
    except Exception:  # noqa: BLE001 - opening the project says it
        return [path / PROJECT_FILE]


def _forget_gone() -> None:
    """Drop what is known of paths that are there no more, so that a long-lived server's memory does not grow."""
    forget_gone()
    for path in [path for path in list(_opened) if stamp(path) is None]:
        _opened.pop(path, None)


def _is_current(opened: _Opened) -> bool:
    return all(stamp(file) == then for file, then in opened.stamps.items())
