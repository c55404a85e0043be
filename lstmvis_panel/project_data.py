"""The files of a project folder: found, checked, opened once each, and read."""

from __future__ import annotations

import difflib
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from lstmvis_panel.dictionary import Dictionary, read_dictionary
from lstmvis_panel.hdf5 import as_recording_error, find_dataset, open_file
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import h5py

HDF5 = (".h5", ".hdf5")
DICTIONARIES = (".dict", ".txt")
NUMBERS = {"iu": "integer", "f": "float", "biuf": "number"}
SHOWN = 5


class ProjectFiles:
    """The files that ``lstm.yml`` names, open while the project is read.

    Parameters
    ----------
    folder
        The project's folder; every file must lie in it.
    files
        Names of files, and their paths in the folder.

    Attributes
    ----------
    problems : list of Problem
        All that was found so far.
    """

    def __init__(self, folder: Path, files: Mapping[str, str], where: str) -> None:
        self.folder = folder.resolve()
        self.where = where
        self.problems: list[Problem] = []
        self._stack = ExitStack()
        self._hdf5: dict[Path, h5py.File] = {}
        self._dictionaries: dict[Path, Dictionary] = {}
        self._paths: dict[str, Path] = {}
        self._files = files
        for name in files:
            with self.collecting(f"files.{name}"):
                self._paths[name] = self._locate(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def collecting(self, key: str) -> Iterator[None]:
        """Note the problems of one part of the project, and go on with the next."""
        try:
            with as_recording_error(f"{self.where}, {key}", "can't be read"):
                yield
        except RecordingError as error:
            self.problems += [problem for problem in error.problems if problem not in self.problems]

    def note(self, key: str, what: str) -> None:
        """Note something that the project can be read in spite of."""
        self.problems.append(Problem(f"{self.where}, {key}", what, fatal=False))

    def error(self, key: str, what: str, remedy: str = "") -> RecordingError:
        """Return an error at a key of ``lstm.yml``."""
        return RecordingError(Problem(f"{self.where}, {key}", what, remedy))

    def check_unused(self, used: set[str | None]) -> None:
        """Note the files that no key uses, where they are not there."""
        for name, path in self._paths.items():
            if name not in used and not path.exists():
                self.note(f"files.{name}", f"there is no file {self._files[name]}, and no key uses it")

    def path(self, name: str) -> Path:
        """Return the path of a file that has been located."""
        return self._paths[name]

    def dictionary(self, key: str, name: str) -> Dictionary:
        """Return the dictionary that this key names, read once."""
        path = self._named(key, name, DICTIONARIES, "a dictionary")
        if path not in self._dictionaries:
            self._dictionaries[path] = read_dictionary(path, f"{self.where}, files.{name}")
        return self._dictionaries[path]

    def dataset(self, key: str, name: str, path: str, dimensions: int, kinds: str) -> h5py.Dataset:
        """Return the dataset that the keys ``file`` and ``path`` below this one name.

        Parameters
        ----------
        key
            The section in ``lstm.yml``.
        name, path
            What it gives as file and dataset.
        dimensions, kinds
            How many dimensions the dataset must have, and which of numpy's kinds of numbers.
        """
        file_path = self._named(f"{key}.file", name, HDF5, "an HDF5 file")
        if file_path not in self._hdf5:
            opened = open_file(file_path, f"{self.where}, files.{name}")
            self._hdf5[file_path] = self._stack.enter_context(opened)
        dataset = find_dataset(self._hdf5[file_path], path, f"{self.where}, {key}.path")
        shape = dataset.shape or ()
        if len(shape) != dimensions or dataset.dtype.kind not in kinds or 0 in shape:
            found = f"has shape {dataset.shape} of {'text' if dataset.dtype.kind in 'OS' else dataset.dtype}"
            expected = f"a {dimensions}-D {NUMBERS[kinds]} dataset, not empty, was expected"
            raise self.error(f"{key}.path", f"{describe(dataset)} {found}; {expected}")
        return dataset

    def check_length(self, key: str, dataset: h5py.Dataset, tokens: h5py.Dataset | None) -> None:
        """Check that a dataset has a row per step."""
        if tokens is not None and len(dataset) != len(tokens):
            lengths = f"{describe(dataset)} has {len(dataset)} steps; {describe(tokens)} has {len(tokens)}"
            raise self.error(f"{key}.path", f"lengths disagree: {lengths}", "write both from the same run")

    def _named(self, key: str, name: str, suffixes: tuple[str, ...], kind: str) -> Path:
        if name not in self._files:
            close = difflib.get_close_matches(name, self._files, 1)
            remedy = f"did you mean {close[0]!r}?" if close else ""
            raise self.error(key, f"{name!r} is not in files, which has {', '.join(self._files)}", remedy)
        if name not in self._paths:
            # Why it has no path is among the problems already.
            raise RecordingError([])
        path = self._paths[name]
        if path.suffix.lower() not in suffixes:
            expected = f"{kind} ({' or '.join(suffixes)}) was expected"
            raise self.error(key, f"{name!r} is {self._files[name]}; {expected}")
        if not path.is_file():
            what = f"there is no file {self._files[name]} in the project's folder"
            raise self.error(f"files.{name}", what, "put it there, or correct the path")
        return path

    def _locate(self, name: str) -> Path:
        try:
            path = (self.folder / self._files[name]).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise self.error(f"files.{name}", f"{self._files[name]!r} is no usable path ({error})") from None
        if not path.is_relative_to(self.folder):
            what = f"{self._files[name]} leaves the project's folder, which is refused"
            raise self.error(f"files.{name}", what, "copy the file into the folder")
        return path


def describe(dataset: h5py.Dataset) -> str:
    """Return a dataset's file and path, as in ``train.hdf5, word_ids``."""
    return f"{Path(dataset.file.filename).name}, {dataset.name.strip('/')}"


def without_word(ids: np.ndarray, rows: np.ndarray) -> str:
    """Describe ids that have no word: how many, which, and where each is first.

    Parameters
    ----------
    ids
        The ids that were not found.
    rows
        The step (or row) of each.
    """
    unknown, first = np.unique(ids, return_index=True)
    shown = [f"{number} (first at {rows[at]})" for number, at in zip(unknown[:SHOWN], first, strict=False)]
    more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
    return f"{', '.join(shown)}{more}"


def whole_numbers(values: np.ndarray) -> tuple[np.ndarray, np.ndarray[Any, np.dtype[np.bool_]]] | None:
    """Return values as int64, and which of them are there (not NaN); None if one is no whole number."""
    there = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(values.shape, dtype=bool)
    numbers = np.where(there, values, 0)
    if values.dtype.kind == "f" and not (np.isfinite(numbers) & (numbers == np.trunc(numbers))).all():
        return None
    return numbers.astype(np.int64), there
