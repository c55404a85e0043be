"""Annotations as variables of a recording: labels, numbers, chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.record.carrying import NONE
from lstmvis_panel.record.labels import spelled
from lstmvis_panel.schema import STEP, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

PARTS = ("begin", "inside", "outside")


def label_name(name: str) -> str:
    """Return the name of the variable that holds the labels of an annotation."""
    return f"{name}_label"


def part_name(name: str) -> str:
    """Return the name of the annotation that says where chunks of another begin."""
    return f"{name}_part"


def categorical(
    name: str, labels: Sequence[str | None], *, order: Iterable[str] = (), description: str = ""
) -> dict[str, xr.Variable]:
    """Make an annotation out of a label for each step.

    Parameters
    ----------
    name
        Name of the annotation.
    labels
        One a step; None or an empty text where there is none. What is no character is spelled out, as is the
        character 0, which HDF5 takes for an end.
    order
        Labels in the order that their codes shall have; all others follow as they come.
    description
        A sentence for whoever looks at it.

    Returns
    -------
    dict of str to xarray.Variable
        ``name``, the codes, dimension ``("step",)``, -1 for none; and ``<name>_label``, the labels.

    Raises
    ------
    RecordingError
        If no step has a label, or a label is no text.
    """
    for step, label in enumerate(labels):
        if not (label is None or isinstance(label, str)):
            raise RecordingError(Problem(name, f"has {label!r} at step {step}; a text or None was expected"))
    known = list(dict.fromkeys([*order, *(label for label in labels if label)]))
    if not known:
        raise RecordingError(Problem(name, "has no label at any step"))
    codes = {label: code for code, label in enumerate(known)}
    return coded(name, [codes[label] if label else NONE for label in labels], known, description=description)


def coded(name: str, codes: ArrayLike, labels: Sequence[str], *, description: str = "") -> dict[str, xr.Variable]:
    """Make an annotation out of codes, shape (step,), -1 for none, and the labels that they stand for, spelled out."""
    attrs = {"kind": Kind.CATEGORICAL.value, "labels": label_name(name)}
    texts = np.empty(len(labels), dtype=object)
    texts[:] = [spelled(label) for label in labels]
    smallest = np.min_scalar_type(-max(len(labels), 1))
    return {
        name: xr.Variable(STEP, np.asarray(codes).astype(smallest), attrs | _described(description)),
        label_name(name): xr.Variable(label_name(name), texts, {"kind": Kind.LABELS.value}),
    }


def scalar(
    name: str,
    values: ArrayLike,
    *,
    units: str = "",
    value_range: tuple[float, float] | None = None,
    description: str = "",
) -> dict[str, xr.Variable]:
    """Make an annotation out of a number for each step.

    Parameters
    ----------
    name
        Name of the annotation.
    values
        Shape (step,); kept as float32, an array of float64 as that.
    units
        What the numbers count.
    value_range
        The lowest and highest value to be drawn.
    description
        A sentence for whoever looks at it.

    Returns
    -------
    dict of str to xarray.Variable
        ``name``, dimension ``("step",)``.

    Raises
    ------
    RecordingError
        If they are no numbers.
    """
    try:
        keeps = isinstance(values, np.ndarray) and values.dtype == np.float64
        array = np.asarray(values, dtype=np.float64 if keeps else np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordingError(Problem(name, f"has values that are no numbers ({error})")) from None
    attrs: dict[str, Any] = {"kind": Kind.SCALAR.value} | _described(description)
    attrs |= {"units": units} if units else {}
    attrs |= {"range": [float(end) for end in value_range]} if value_range is not None else {}
    return {name: xr.Variable(STEP, array, attrs)}


def chunks(
    name: str,
    chunk: NDArray[np.int64],
    types: Sequence[str] | None,
    *,
    order: Iterable[str] = (),
    description: str = "",
) -> dict[str, xr.Variable]:
    """Make annotations out of chunks: of what type each is, and where it begins, so that neighbours stay apart.

    Parameters
    ----------
    name
        Name of the annotation.
    chunk
        int64, shape (step,): the number of the chunk that a step belongs to, -1 outside of all.
    types
        The type of each chunk; None where all are of one.
    order
        Types in the order that their codes shall have.
    description
        A sentence for whoever looks at it.

    Returns
    -------
    dict of str to xarray.Variable
        ``name``, the type (-1 outside), and ``<name>_part``: ``begin``, ``inside``, ``outside``; each with its labels.
        Without types, ``name`` itself says begin, inside, outside.
    """
    part = np.where(chunk < 0, PARTS.index("outside"), PARTS.index("inside"))
    # A chunk's first step, also where another lies within: going on with it is no new beginning.
    numbers, first = np.unique(chunk, return_index=True)
    part[first[numbers >= 0]] = PARTS.index("begin")
    if types is None:
        return coded(name, part, PARTS, description=description)
    known = list(dict.fromkeys([*order, *types])) or ["none"]
    code_of = {label: code for code, label in enumerate(known)}
    codes = np.array([*(code_of[label] for label in types), NONE])
    where = f"Where a chunk of {name} begins and goes on."
    return coded(name, codes[chunk], known, description=description) | coded(
        part_name(name), part, PARTS, description=where
    )


def _described(description: str) -> dict[str, str]:
    return {"description": description} if description else {}
