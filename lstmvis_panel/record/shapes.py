"""What the variables of a recording that is being written look like, and whether all runs of steps agree in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.hdf5 import as_recording_error
from lstmvis_panel.native_names import decode_attrs, encode_attrs
from lstmvis_panel.native_save import CHUNK_BYTES, COMPRESSION_LEVEL, MOST_STEPS
from lstmvis_panel.record.labels import LabelSet, texts_array
from lstmvis_panel.schema import DOCUMENT, STEP, VOCABULARY, WORD, Kind, Problem, RecordingError, block_rows, kind_of
from lstmvis_panel.validation import structural_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENT_LABEL = "document_label"
RECORDED_DTYPE = "recorded_dtype"
SMALL_CHUNK_BYTES = 64 << 10
"""Size of chunks where ``MOST_STEPS`` steps would take less: millions of steps should not be thousands of chunks."""


@dataclass(frozen=True)
class Shape:
    """What all runs of steps of a variable have in common.

    Parameters
    ----------
    dims
        Its dimensions.
    dtype
        What it is stored as.
    sizes
        Sizes of the dimensions after the first.
    attrs
        Its attributes, as they are when they come back from a file.
    """

    dims: tuple[str, ...]
    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    attrs: dict[str, Any]


def shape_of(name: str, variable: xr.Variable) -> Shape:
    """Return what a variable looks like; a ``recorded_dtype`` in its ``encoding`` becomes an attribute."""
    attrs = dict(variable.attrs)
    if RECORDED_DTYPE in variable.encoding:
        attrs[RECORDED_DTYPE] = str(variable.encoding[RECORDED_DTYPE])
    dims = tuple(map(str, variable.dims))
    return Shape(dims, variable.dtype, variable.shape[1:], decode_attrs(encode_attrs(attrs, name)))


def dimension_of(labels_name: str) -> str:
    """Return the dimension of a label set."""
    return WORD if labels_name == VOCABULARY else labels_name


def chunks_of(shape: Shape) -> tuple[int, ...]:
    """Return the shape of a chunk: whole rows, some 1 MiB of them, or as few as a screen shows."""
    one = np.empty((0, *shape.sizes), shape.dtype)
    most = max(MOST_STEPS, block_rows(one, SMALL_CHUNK_BYTES))
    return (min(block_rows(one, CHUNK_BYTES), most), *(max(size, 1) for size in shape.sizes))


def filters_of(shape: Shape, *, compress: bool) -> dict[str, Any]:
    """Return how a variable is compressed: floats that hold bfloat16 always are, since half of each is empty."""
    if not compress and shape.attrs.get(RECORDED_DTYPE) != "bfloat16":
        return {}
    return {"compression": "gzip", "compression_opts": COMPRESSION_LEVEL if compress else 1, "shuffle": True}


def steps_of(variables: Mapping[str, xr.Variable]) -> int:
    """Return the number of steps that all variables have.

    Raises
    ------
    RecordingError
        If there is no variable, one does not begin with the dimension ``step``, or they differ.
    """
    if not variables:
        raise RecordingError(Problem("append", "was given no variables; a token and a source at least were expected"))
    strange = {name: variable.dims for name, variable in variables.items() if variable.dims[:1] != (STEP,)}
    if strange:
        what = "has the dimensions {}; the first must be 'step'"
        remedy = "hand what does not grow with the steps over as constants"
        raise RecordingError(Problem(name, what.format(dims), remedy) for name, dims in strange.items())
    counts = {name: variable.shape[0] for name, variable in variables.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise RecordingError(Problem("append", f"was given different numbers of steps: {told}"))
    return next(iter(counts.values()))


def first_problems(
    variables: Mapping[str, xr.Variable], constants: Mapping[str, xr.Variable], labels: Mapping[str, LabelSet]
) -> list[Problem]:
    """Return all that would make a recording of these variables unusable."""
    # A set that is to grow may still be empty.
    label_sets = {
        name: xr.Variable(dimension_of(name), texts_array(labelled.texts or [""]), {"kind": Kind.LABELS.value})
        for name, labelled in labels.items()
    }
    both = [name for name in constants if name in variables] + [name for name in label_sets if name in variables]
    if both:
        return [Problem(name, "is given twice: with the steps, and as constant or labels") for name in both]
    if problems := [*_name_problems({**variables, **constants}, label_sets)]:
        return problems
    with as_recording_error("append", "the variables don't fit together"):
        recording = xr.Dataset({**variables, **constants, **label_sets})
    return [problem for problem in structural_problems(recording) if problem.fatal]


def _name_problems(variables: Mapping[str, xr.Variable], labels: Mapping[str, xr.Variable]) -> Iterator[Problem]:
    """Say which variables have names that a recording needs for something else."""
    dimensions = {str(dim) for each in (*variables.values(), *labels.values()) for dim in each.dims}
    taken = {
        **dict.fromkeys(dimensions | {STEP, WORD}, "a dimension"),
        DOCUMENT: "the documents",
        DOCUMENT_LABEL: "the documents' labels",
    }
    for name in variables:
        if not name:
            yield Problem("''", "is no name; a text was expected", "name the annotation, or the module")
        elif name in taken:
            yield Problem(name, f"is the name of {taken[name]} of the recording", "rename it")


def disagreements(before: Mapping[str, Shape], now: Mapping[str, Shape], when: str = "before") -> list[Problem]:
    """Return how variables differ from what they were."""
    problems = [Problem(name, f"is missing, and was there {when}") for name in before if name not in now]
    problems += [Problem(name, f"is new: it was not there {when}") for name in now if name not in before]
    for name in before.keys() & now.keys():
        for part in ("dims", "dtype", "sizes", "attrs"):
            old, new = getattr(before[name], part), getattr(now[name], part)
            if old != new:
                problems.append(Problem(f"{name}, {part}", f"is {new}; {old}, as {when}, was expected"))
    return sorted(problems, key=str)


def code_problems(variables: Mapping[str, xr.Variable], labels: Mapping[str, LabelSet]) -> list[Problem]:
    """Return which codes have no label."""
    problems = []
    for name, variable in variables.items():
        target = str(variable.attrs.get("labels"))
        if target in labels and variable.size:
            lowest = 0 if kind_of(variable) is Kind.TOKEN else -1
            least, most, count = int(variable.values.min()), int(variable.values.max()), len(labels[target].texts)
            if least < lowest or most >= count:
                what = f"has codes from {least} to {most}; {target} has labels 0 to {count - 1}"
                problems.append(Problem(name, what, "codes are positions among the labels"))
    return problems
