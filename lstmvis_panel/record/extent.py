"""Where documents lie in arrays that are handed over: one after the other, or each in a padded row of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

FLAT, ROWS = 1, 2
"""Over how many axes the steps of a value for each step are spread: one, or a row for each document."""


@dataclass(frozen=True)
class Extent:
    """The documents of a recording, and how the arrays that hold them are laid out.

    Parameters
    ----------
    lengths
        Steps of each document.
    names
        A name for each document; None where there are no documents but one run of steps.
    width
        Steps of a padded row, where each document has a row; None where they follow one another.
    """

    lengths: tuple[int, ...]
    names: tuple[str, ...] | None = None
    width: int | None = None

    @property
    def steps(self) -> int:
        """How many steps there are, padding not counted."""
        return sum(self.lengths)

    @cached_property
    def starts(self) -> list[int]:
        """The first step of each document, padding not counted; and the number of steps."""
        return [0, *accumulate(self.lengths)]

    def runs(self, most: int) -> Iterator[tuple[int, int, int]]:
        """Yield the documents in runs of at most so many steps: (document, first step in it, stop)."""
        for number, length in enumerate(self.lengths):
            for start in range(0, length, most):
                yield number, start, min(start + most, length)

    def read(self, array: Any, number: int, start: int, stop: int) -> NDArray[Any]:
        """Read the values of some steps of a document from an array, (step, ...) or (document, step, ...)."""
        if self.width is not None:
            return np.asarray(array[number, start:stop])
        first = self.starts[number]
        return np.asarray(array[first + start : first + stop])

    def document_codes(self) -> NDArray[np.int32]:
        """Return the number of each step's document, shape (step,)."""
        return np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths)

    def flatten(self, values: Any, where: str) -> Sequence[Any] | NDArray[Any]:
        """Return values for each step one after the other, without padding.

        Parameters
        ----------
        values
            As long as the steps; or a row for each document, as long as the document or padded.
        where
            The argument that they are from.

        Raises
        ------
        RecordingError
            If they have other lengths.
        """
        if self.names is None or not (is_nested(values) and len(values) == len(self.lengths)):
            if len(values) != self.steps:
                found = f"{len(values):,} {'rows' if is_nested(values) else 'values'}"
                expected = f"{self.steps:,}" + ("" if self.names is None else f", or {len(self.lengths):,} rows,")
                problem = Problem(where, f"has {found}; {expected} were expected", "give one for each step")
                raise RecordingError(problem)
            return values  # type: ignore[no-any-return]
        allowed = [{length, length if self.width is None else self.width} for length in self.lengths]
        wrong = [number for number, row in enumerate(values) if len(row) not in allowed[number]]
        if wrong:
            first = wrong[0]
            expected = " or ".join(f"{length:,}" for length in sorted(allowed[first]))
            more = f" ({len(wrong) - 1:,} more are wrong)" if len(wrong) > 1 else ""
            what = f"has {len(values[first]):,} values in row {first}; {expected} were expected{more}"
            raise RecordingError(Problem(where, what, "give one for each step of each document"))
        rows = [row[:length] for row, length in zip(values, self.lengths, strict=True)]
        return np.concatenate(rows) if isinstance(values, np.ndarray) else [value for row in rows for value in row]


def extent_of(
    states: Mapping[str, Any],
    tokens: Any,
    lengths: Sequence[int] | NDArray[Any] | None,
    documents: Sequence[Any] | NDArray[Any] | None,
) -> tuple[Extent, list[Problem]]:
    """Find out where documents lie.

    Parameters
    ----------
    states
        Arrays of shape (step, state), or (document, step, state) for all of them.
    tokens
        What there is at each step; rows of them may tell the lengths of documents.
    lengths
        Steps of each document.
    documents
        A name for each document, or for each step that of its document.

    Returns
    -------
    tuple of Extent and list of Problem
        The extent counts for something only where there are no problems.
    """
    shapes = {name: tuple(array.shape) for name, array in states.items()}
    leads = {name: shape[:-1] for name, shape in shapes.items()}
    if wrong := {name: shape for name, shape in shapes.items() if len(shape) not in (2, 3)}:
        what = "has the shape {}; (step, state) or (document, step, state) was expected"
        return Extent(()), [Problem(f"states[{name!r}]", what.format(shape)) for name, shape in wrong.items()]
    if len(set(leads.values())) > 1:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        return Extent(()), [Problem("states", f"differ in documents or steps: {told}", "give all for the same steps")]
    lead = next(iter(leads.values()))
    if lengths is not None and (found := _length_problems(lengths)):
        return Extent(()), found
    given = None if lengths is None else [int(length) for length in lengths]
    if len(lead) == ROWS:
        return _padded(lead[0], lead[1], tokens, given, documents)
    return _flat(lead[0], tokens, given, documents)


def is_nested(values: Any) -> bool:
    """Tell whether values are rows of values."""
    if hasattr(values, "shape") and values.dtype != object:
        return len(values.shape) > 1
    return len(values) > 0 and all(
        hasattr(row, "__len__") and not isinstance(row, str | bytes | PurePath) for row in values
    )


def _length_problems(lengths: Sequence[Any] | NDArray[Any]) -> list[Problem]:
    """Return the first length that is no number of steps; a float may be one, as 8.0."""
    for number, length in enumerate(lengths):
        is_number = isinstance(length, int | float | np.number) and not isinstance(length, bool)
        if not is_number or not float(length).is_integer() or length < 0:
            what = f"says {length!r} for document {number}; a whole number of steps, 0 or more, was expected"
            return [Problem("lengths", what, "give one for each document")]
    return []


def _padded(
    count: int, width: int, tokens: Any, lengths: list[int] | None, documents: Sequence[Any] | NDArray[Any] | None
) -> tuple[Extent, list[Problem]]:
    problems = []
    if lengths is None:
        rows = [len(row) for row in tokens] if is_nested(tokens) and len(tokens) == count else []
        lengths = rows or [width] * count
    if len(lengths) != count:
        what = f"has {len(lengths):,} numbers; states have {count:,} documents"
        problems.append(Problem("lengths", what, "give one for each document"))
    wrong = [number for number, length in enumerate(lengths) if length > width]
    if wrong:
        what = f"says {lengths[wrong[0]]:,} for document {wrong[0]}; states have {width:,} steps"
        problems.append(Problem("lengths", what, "a length is at most that of a padded row"))
    names, found = _names(documents, count)
    return Extent(tuple(lengths), names, width), problems + found


def _flat(
    steps: int, tokens: Any, lengths: list[int] | None, documents: Sequence[Any] | NDArray[Any] | None
) -> tuple[Extent, list[Problem]]:
    if lengths is None and is_nested(tokens) and _leaves_are_words(tokens):
        lengths = [len(row) for row in tokens]
        where = "tokens"
    else:
        where = "lengths"
    if lengths is not None:
        names, problems = _names(documents, len(lengths))
        if sum(lengths) != steps:
            what = f"add up to {sum(lengths):,} steps; states have {steps:,}"
            problems.append(Problem(where, what, "give a length for each document, or states of shape (N, T, D)"))
        return Extent(tuple(lengths), names), problems
    if documents is None:
        return Extent((steps,)), []
    if len(documents) == 1:
        return Extent((steps,), (str(documents[0]),)), []
    if len(documents) != steps:
        what = f"has {len(documents):,} names; {steps:,}, one for each step, were expected"
        return Extent((steps,)), [Problem("documents", what, "or give lengths, and a name for each document")]
    starts = [0, *(step for step in range(1, steps) if documents[step] != documents[step - 1])]
    ends = [*starts[1:], steps]
    return Extent(
        tuple(stop - start for start, stop in zip(starts, ends, strict=True)),
        tuple(str(documents[start]) for start in starts),
    ), []


def _names(documents: Sequence[Any] | NDArray[Any] | None, count: int) -> tuple[tuple[str, ...], list[Problem]]:
    if documents is None:
        return tuple(f"document {number + 1}" for number in range(count)), []
    problems = []
    if len(documents) != count:
        what = f"has {len(documents):,} names; there are {count:,} documents"
        problems.append(Problem("documents", what, "give one for each document"))
    return tuple(map(str, documents)), problems


def _leaves_are_words(rows: Any) -> bool:
    first = next((value for row in rows for value in row), None)
    return isinstance(first, str | PurePath)
