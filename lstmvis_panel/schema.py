"""What a recording is: the names of its dimensions and attributes, and how to read them.

A recording is an `xarray.Dataset` over the dimension ``step``. Each variable says what it is in ``attrs["kind"]``.
"""

# No `from __future__ import annotations` here: a function of this module has that name.
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

import numpy as np
import xarray as xr

STEP = "step"
WORD = "word"
TOKEN = "token"  # noqa: S105 - the name of a variable, not a secret
VOCABULARY = "vocabulary"
DOCUMENT = "document"
EMBEDDING = "word_embedding"
TRANSFORMS = ("tanh", "none")
BLOCK_BYTES = 32 << 20


class Kind(StrEnum):
    """What a variable of a recording is, in its ``attrs["kind"]``."""

    STATES = "states"
    TOKEN = "token"  # noqa: S105
    CATEGORICAL = "categorical"
    SCALAR = "scalar"
    PREDICTION = "prediction"
    LABELS = "labels"
    WEIGHTS = "weights"
    EMBEDDING = "embedding"
    VECTOR = "vector"
    IMAGE = "image"


ANNOTATIONS = (Kind.CATEGORICAL, Kind.SCALAR, Kind.PREDICTION)
# What a token variable's attribute may name; the first that is there is what its tokens look like.
TOKEN_LOOKS = {"image": (Kind.IMAGE,), "value": (Kind.SCALAR, Kind.VECTOR)}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a recording or with a file it is read from.

    Parameters
    ----------
    where
        The file and key, or the variable and attribute.
    what
        What is wrong there, and what was expected.
    remedy
        What to do about it.
    fatal
        Whether the recording can't be used because of it.
    """

    where: str
    what: str
    remedy: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        """Return the problem as one line."""
        sentences = f"{self.where}: {self.what}" + (f" - {self.remedy}" if self.remedy else "")
        return " ".join(sentences.split())


class RecordingError(ValueError):
    """A recording that can't be read, written or used, with every reason.

    Parameters
    ----------
    problems
        All that is wrong, or one sentence.

    Attributes
    ----------
    problems : list of Problem
    """

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = [Problem("recording", problems)]
        self.problems: list[Problem] = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the problems when the error crosses a process border."""
        return type(self), (self.problems,)


def kind_of(variable: xr.Variable | xr.DataArray) -> Kind | None:
    """Return what a variable says it is, None where it says nothing that is known."""
    kind = variable.attrs.get("kind")
    return Kind(kind) if isinstance(kind, str) and kind in list(Kind) else None


def names_of(recording: xr.Dataset, *kinds: Kind) -> list[str]:
    """Return the names of the variables of these kinds, in the recording's order."""
    return [str(name) for name, variable in recording.variables.items() if kind_of(variable) in kinds]


def sources(recording: xr.Dataset) -> list[str]:
    """Return the names of the recording's sources of hidden states, in its order."""
    return names_of(recording, Kind.STATES)


def annotations(recording: xr.Dataset) -> list[str]:
    """Return the names of the categorical, scalar and prediction annotations, in the recording's order."""
    return names_of(recording, *ANNOTATIONS)


def labels(recording: xr.Dataset, name: str) -> np.ndarray:
    """Return the labels that the codes of a variable stand for.

    Parameters
    ----------
    recording
        The recording.
    name
        A variable with codes (token, categorical, prediction, ``document``), or a labels variable itself.

    Returns
    -------
    numpy.ndarray
        Shape (labels,), dtype object, each a str; a code is a position in it.

    Raises
    ------
    RecordingError
        If there is no such variable, or it has no labels.
    """
    if name not in recording.variables:
        names = ", ".join(map(str, recording.variables))
        raise RecordingError(Problem(name, "there is no such variable", f"the recording has {names}"))
    variable = recording.variables[name]
    if kind_of(variable) is not Kind.LABELS:
        target = variable.attrs.get("labels")
        if target not in recording.variables:
            expected = "a variable of kind 'labels' was expected"
            raise RecordingError(Problem(f"{name}, attribute labels", f"is {target!r}; {expected}"))
        variable = recording.variables[target]
    return variable.to_numpy().astype(object)


def words(recording: xr.Dataset, start: int, stop: int) -> list[str]:
    """Return the words at the steps start to stop (exclusive), fewer where the recording ends."""
    codes = recording.variables[TOKEN][max(start, 0) : max(stop, 0)].to_numpy()
    return list(labels(recording, TOKEN)[codes])


def token_look(recording: xr.Dataset) -> str | None:
    """Return the variable that tokens are seen by where they are no words, None where they are.

    The token variable names it: in ``attrs["image"]`` a picture of each word, in ``attrs["value"]`` the number or the
    vector that each step is.

    Parameters
    ----------
    recording
        The recording.

    Returns
    -------
    str or None
        The name of a variable of kind ``image``, ``scalar`` or ``vector``.
    """
    attrs = recording.variables[TOKEN].attrs if TOKEN in recording.variables else {}
    for attr, kinds in TOKEN_LOOKS.items():
        if attrs.get(attr) in names_of(recording, *kinds):
            return str(attrs[attr])
    return None


def document_edges(states: xr.DataArray | xr.Dataset) -> np.ndarray:
    """Return where documents start, and the end.

    Parameters
    ----------
    states
        A source, or the whole recording; documents are its coordinate ``document``.

    Returns
    -------
    numpy.ndarray
        int64, ascending: 0, the first step of each further document, the number of steps. Without documents, the
        two ends.
    """
    steps = states.sizes[STEP]
    starts = np.empty(0, dtype=np.int64)
    if DOCUMENT in states.coords:
        document = states.coords[DOCUMENT].to_numpy()
        starts = np.flatnonzero(document[1:] != document[:-1]) + 1
    return np.concatenate([[0], starts, [steps]]).astype(np.int64)


def linked_names(recording: xr.Dataset) -> list[str]:
    """Return the names of the files, beside its own, that hold the other sides of a recording's model."""
    linked = recording.attrs.get("linked", ())
    linked = linked.tolist() if isinstance(linked, np.ndarray) else linked
    names = [linked] if isinstance(linked, str) else linked
    if not isinstance(names, list | tuple):
        return []
    # Only beside it: a recording that someone sends names no files elsewhere.
    is_beside = all(isinstance(name, str) and name == PurePath(name).name for name in names)
    return list(names) if is_beside else []


def transform_of(states: xr.DataArray | xr.Variable) -> str:
    """Return the transform of a source, ``"none"`` where it names none.

    Raises
    ------
    RecordingError
        If the source names a transform that is not known.
    """
    transform = states.attrs.get("transform", "none")
    if transform not in TRANSFORMS:
        where = f"{getattr(states, 'name', None) or 'states'}, attribute transform"
        raise RecordingError(Problem(where, f"is {transform!r}; 'tanh' or 'none' was expected"))
    return str(transform)


def block_rows(array: xr.Variable | xr.DataArray | Any, size: int) -> int:
    """Return how many rows of an array take up to ``size`` bytes: a power of two, at least 64.

    Chunks of a file and blocks of steps are both measured by it, so that no chunk lies in two blocks.
    """
    row = max(math.prod(array.shape[1:]) * array.dtype.itemsize, 1)
    return int(max(64, 1 << max(size // row, 1).bit_length() - 1))


def blocks(array: xr.Variable | xr.DataArray | Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Read an array in blocks along its first dimension, some 32 MiB at a time.

    Parameters
    ----------
    array
        A variable, or whatever can be sliced, as an HDF5 dataset.

    Yields
    ------
    tuple of slice and numpy.ndarray
        Which rows, and their values.
    """
    rows = block_rows(array, BLOCK_BYTES)
    for start in range(0, array.shape[0], rows):
        part = slice(start, min(start + rows, array.shape[0]))
        yield part, np.asarray(array[part])


def validate(recording: xr.Dataset) -> list[Problem]:
    """Return all that is wrong with a recording; an empty list if nothing is.

    Reads every state once, block by block, to count values that are not finite.

    Parameters
    ----------
    recording
        The recording.

    Returns
    -------
    list of Problem
        Those with ``fatal`` set make the recording unusable.
    """
    # Its checks need the names above, so it can only be imported once they exist.
    from lstmvis_panel.validation import find_problems  # noqa: PLC0415

    return find_problems(recording)
