"""States and annotations that are handed over as arrays or lists, as variables of a recording."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.record.annotations import categorical, scalar
from lstmvis_panel.record.argument_kinds import unlisted_problems
from lstmvis_panel.record.extent import is_nested
from lstmvis_panel.record.shapes import RECORDED_DTYPE
from lstmvis_panel.schema import STEP, TRANSFORMS, Problem, RecordingError, block_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lstmvis_panel.record.extent import Extent

RUN_BYTES = 16 << 20
BFLOAT16 = "bfloat16"
LABEL = "label"


@dataclass(frozen=True)
class Source:
    """States as they are handed over, read where they are looked at.

    Parameters
    ----------
    name
        Its name in the recording.
    array
        Shape (step, state) or (document, step, state); whatever can be sliced.
    attrs
        What the recording says of it.
    dtype
        What it is recorded as.
    encoding
        How it is written.
    """

    name: str
    array: Any
    attrs: Mapping[str, Any]
    dtype: np.dtype[Any]
    encoding: Mapping[str, Any] = field(default_factory=dict)

    def block(self, extent: Extent, number: int, start: int, stop: int) -> dict[str, xr.Variable]:
        """Return the states of some steps of a document."""
        values = extent.read(self.array, number, start, stop).astype(self.dtype, copy=False)
        dims = (STEP, f"{self.name}_state")
        return {self.name: xr.Variable(dims, values, dict(self.attrs), dict(self.encoding))}


@dataclass(frozen=True)
class Given:
    """Variables of all steps, in memory."""

    variables: Mapping[str, xr.Variable]

    def block(self, extent: Extent, number: int, start: int, stop: int) -> dict[str, xr.Variable]:
        """Return their values at some steps of a document."""
        first = extent.starts[number]
        return {name: variable[first + start : first + stop] for name, variable in self.variables.items()}


def array_of(value: Any) -> tuple[Any, dict[str, str]]:
    """Return what can be sliced and has a shape, and how it is to be written if numpy has no such numbers."""
    if hasattr(value, "detach"):
        tensor = value.detach().cpu()
        is_brain = str(tensor.dtype).endswith(BFLOAT16)
        return np.asarray(tensor.float() if is_brain else tensor), {RECORDED_DTYPE: BFLOAT16} if is_brain else {}
    array = value if all(hasattr(value, name) for name in ("shape", "dtype", "__getitem__")) else np.asarray(value)
    recorded = getattr(value, RECORDED_DTYPE, BFLOAT16 if array.dtype.name == BFLOAT16 else None)
    return array, {RECORDED_DTYPE: recorded} if recorded else {}


def source_of(name: str, value: Any, attrs: Mapping[str, Any]) -> tuple[Source, list[Problem]]:
    """Return states as a source, and what is wrong with their numbers."""
    where = f"states[{name!r}]"
    try:
        array, encoding = array_of(value)
    except ValueError as error:
        return Source(name, np.empty((0, 0)), attrs, np.dtype(float)), [Problem(where, f"is no array ({error})")]
    dtype = np.dtype(np.float32) if encoding else np.dtype(array.dtype)
    problems = []
    if dtype.kind != "f" or dtype.itemsize > np.dtype(float).itemsize:
        what = f"holds {dtype}; float16, float32, float64 or bfloat16 was expected"
        problems.append(Problem(where, what, "use astype(np.float32)"))
    if attrs["transform"] not in TRANSFORMS:
        problems.append(Problem(f"transforms[{name!r}]", f"is {attrs['transform']!r}; 'tanh' or 'none' was expected"))
    if not isinstance(attrs.get("layer", 0), int):
        problems.append(Problem(f"layers[{name!r}]", f"is {attrs['layer']!r}; a whole number was expected"))
    return Source(name, array, attrs, dtype, encoding), problems


def value_problems(source: Source, extent: Extent) -> list[Problem]:
    """Return how many values of a source are not finite, and where the first is; padding may hold anything."""
    wrong, first = 0, ""
    most = block_rows(np.empty((0, source.array.shape[-1]), source.dtype), RUN_BYTES)
    for number, start, stop in extent.runs(most):
        values = extent.read(source.array, number, start, stop)
        strange = ~np.isfinite(values.astype(source.dtype, copy=False))
        if strange.any():
            row, state = (int(place[0]) for place in np.nonzero(strange))
            within = f" of document {number}" if extent.names is not None else ""
            first = first or f"{values[row, state]} at step {start + row}{within}, state {state}"
            wrong += int(strange.sum())
    if not wrong:
        return []
    what = f"has {wrong:,} values that are NaN or infinite, the first {first}"
    return [Problem(f"states[{source.name!r}]", what, "use np.nan_to_num, or give lengths if it is padding")]


def annotation_variables(name: str, values: Any, extent: Extent) -> dict[str, xr.Variable]:
    """Return an annotation: categorical where values are texts, scalar where they are numbers.

    Raises
    ------
    RecordingError
        If there is not one for each step, or they are neither.
    """
    where = f"annotations[{name!r}]"
    values = plain(values)
    if wrong := list(unlisted_problems(where, values)):
        raise RecordingError(wrong)
    flat = extent.flatten(values, where)
    if is_nested(flat):
        what = "has rows of values for each step; a text or a number was expected"
        raise RecordingError(Problem(where, what, "make each column an annotation of its own"))
    listed = flat.tolist() if isinstance(flat, np.ndarray) else list(flat)
    with renamed(where):
        if any(isinstance(value, str) for value in listed) or all(value is None for value in listed):
            return categorical(name, listed)
        return scalar(name, [np.nan if value is None else value for value in listed])


def label_variables(labels: Sequence[Any], extent: Extent) -> dict[str, xr.Variable]:
    """Return the classes of documents as an annotation that is the same throughout each.

    Raises
    ------
    RecordingError
        If there is not one for each document.
    """
    if extent.names is None or len(labels) != len(extent.lengths):
        count = 0 if extent.names is None else len(extent.lengths)
        what = f"has {len(labels):,} labels; there are {count:,} documents"
        raise RecordingError(Problem("labels", what, "give one for each document, and lengths or documents"))
    texts = [None if label is None else str(label) for label in labels]
    repeated = [text for text, length in zip(texts, extent.lengths, strict=True) for _ in range(length)]
    with renamed("labels"):
        return categorical(LABEL, repeated, description="The document's class.")


def plain(values: Any) -> Any:
    """Return values as they are, tensors as arrays."""
    return array_of(values)[0] if hasattr(values, "detach") else values


@contextmanager
def renamed(where: str) -> Iterator[None]:
    """Let problems name the argument where they are."""
    try:
        yield
    except RecordingError as error:
        raise RecordingError(Problem(where, problem.what, problem.remedy) for problem in error.problems) from None
