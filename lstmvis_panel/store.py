"""Recordings on disk: open one, save one, list all below a folder. Opened once a process, for all visitors."""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lstmvis_panel import schema
from lstmvis_panel.native import ALL_SUFFIXES, FILE_SUFFIXES, STORE_SUFFIX, holds_recording, open_native
from lstmvis_panel.native_save import save_native
from lstmvis_panel.project import PROJECT_FILE, files_of, open_project, title_of
from lstmvis_panel.schema import STEP, Problem, RecordingError, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

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
    """

    name: str
    layer: int | None
    role: str
    steps: int
    states: int
    unsigned: bool

    def __str__(self) -> str:
        """Return for example ``layer 1 state (1,200 x 300)``."""
        layer = "" if self.layer is None else f"layer {self.layer} "
        unsigned = ", unsigned" if self.unsigned else ""
        return f"{layer}{self.role} ({self.steps:,} x {self.states:,}){unsigned}"


@dataclass(frozen=True)
class Project:
    """A recording of a folder, opened when it is first looked at; it never reads states by itself.

    Parameters
    ----------
    id
        Its name in the address: unique in the folder.
    path
        The folder that holds ``lstm.yml``, or the native file or store.
    """

    id: str
    path: Path

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
        title = title_of(self.path) if self.error else self.recording.attrs.get("title")
        return str(title or self.id)

    @property
    def description(self) -> str:
        """The recording's description; empty where it has none that says more than the title."""
        description = "" if self.error else str(self.recording.attrs.get("description", ""))
        return "" if description == self.title else description

    @property
    def steps(self) -> int:
        """The length of the recording in steps."""
        return int(self.recording.sizes[STEP])

    @property
    def sources(self) -> list[SourceSummary]:
        """What there is to say of each source."""
        return [_summary(self.recording, name) for name in sources(self.recording)]

    @property
    def annotations(self) -> list[str]:
        """The names of the annotations."""
        return schema.annotations(self.recording)

    @property
    def searchable(self) -> bool:
        """Whether the project says that it can be searched for words (``etc.regex_search``)."""
        return bool(self.recording.attrs.get("searchable", 0))


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

    Raises
    ------
    RecordingError
        With all that is wrong with the files.
    """
    return _shared(Path(path)).copy()


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
    root = Path(folder).resolve()
    if not root.exists():
        remedy = "name a folder that holds recordings, or one recording"
        raise RecordingError(Problem(str(folder), "there is no such folder", remedy))
    if root.is_file() or root.suffix == STORE_SUFFIX:
        path = root.parent if root.name == PROJECT_FILE else root
        root, paths = path.parent, [path]
    else:
        paths = sorted(_recordings_below(root))
    return {name: Project(name, path) for name, path in _named(root, paths)}


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
    plain = [path.stem if path.is_file() or path.suffix == STORE_SUFFIX else path.name for path in paths]
    relative = [path.relative_to(root) for path in paths]
    longer = [at.with_name(name).as_posix() if at.name else name for at, name in zip(relative, plain, strict=True)]
    columns = [plain, longer, [at.as_posix() for at in relative]]
    counts = [Counter(column) for column in columns]
    named = []
    for path, *names in zip(paths, *columns, strict=True):
        unique = (str(name) for name, count in zip(names, counts, strict=True) if count[name] == 1)
        named.append((next(unique), path))
    return named


@dataclass(frozen=True)
class _Opened:
    """What came of opening a path, and the files it depends on as they were then."""

    stamps: dict[Path, tuple[int, int, int] | None]
    outcome: xr.Dataset | RecordingError


_opened: dict[Path, _Opened] = {}
_opening = threading.Lock()


def _shared(path: Path) -> xr.Dataset:
    """Return the process's one recording of this path, opened anew if a file of it was replaced."""
    path = (path.parent if path.name == PROJECT_FILE else path).resolve()
    known = _opened.get(path)
    if known is None or not _is_current(known):
        with _opening:
            known = _opened.get(path)
            if known is None or not _is_current(known):
                known = _opened[path] = _open(path)
    if isinstance(known.outcome, RecordingError):
        # A fresh one: a raised exception drags along the frames of whoever met it first.
        raise RecordingError(known.outcome.problems)
    return known.outcome


def _open(path: Path) -> _Opened:
    is_project = (path / PROJECT_FILE).exists()
    files = files_of(path) if is_project else [path, path / "zarr.json", path / ".zmetadata"]
    stamps = {file: _stamp(file) for file in files}
    try:
        if is_project:
            return _Opened(stamps, open_project(path))
        if path.exists() and path.suffix.lower() in ({STORE_SUFFIX} if path.is_dir() else FILE_SUFFIXES):
            return _Opened(stamps, open_native(path))
    except RecordingError as error:
        return _Opened(stamps, error)
    found = "is no recording" if path.exists() else "there is no such file or folder"
    return _Opened(stamps, RecordingError(Problem(str(path), f"{found}; {EXPECTED} was expected")))


def _is_current(opened: _Opened) -> bool:
    return all(_stamp(file) == stamp for file, stamp in opened.stamps.items())


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
