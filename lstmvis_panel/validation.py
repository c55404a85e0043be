"""What can be wrong with a recording, all of it at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.schema import (
    DOCUMENT,
    STEP,
    TOKEN,
    TOKEN_LOOKS,
    TRANSFORMS,
    WORD,
    Kind,
    Problem,
    blocks,
    kind_of,
    linked_names,
    names_of,
    sources,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import xarray as xr

INTEGER, FLOAT, TEXT, BYTE = "iu", "f", "OUT", "u"
KINDS_OF_NUMBERS = {
    INTEGER: "integers",
    FLOAT: "floating-point numbers",
    TEXT: "texts",
    BYTE: "bytes (uint8, 0 to 255)",
}
# The first dimension of a variable of a kind, how many it has, and numpy's kinds of dtype that it may have.
SHAPES: dict[Kind, tuple[str | None, int, str]] = {
    Kind.STATES: (STEP, 2, FLOAT),
    Kind.TOKEN: (STEP, 1, INTEGER),
    Kind.CATEGORICAL: (STEP, 1, INTEGER),
    Kind.SCALAR: (STEP, 1, FLOAT),
    Kind.PREDICTION: (STEP, 2, INTEGER),
    Kind.WEIGHTS: (STEP, 2, FLOAT),
    Kind.EMBEDDING: (WORD, 2, FLOAT),
    Kind.LABELS: (None, 1, TEXT),
    Kind.VECTOR: (STEP, 2, FLOAT),
    Kind.IMAGE: (WORD, 4, BYTE),
}
CHANNELS = 3
SURROGATE = re.compile("[\ud800-\udfff]")
CODED = (Kind.TOKEN, Kind.CATEGORICAL, Kind.PREDICTION)
RANGED = (Kind.SCALAR, Kind.VECTOR)
MOST_PIXELS = 256
OVERFLOW = "look for an overflow, float16 ends at 65504"
UNSIGNED = "unsigned says that there are none"
# Kinds whose values are all looked at, and what to do about those that are not as they should be.
REMEDIES = {
    Kind.STATES: {"NaN": "a state that is NaN is never on", "infinite": OVERFLOW, "negative": UNSIGNED},
    Kind.VECTOR: {"NaN": "such a component is left blank", "infinite": OVERFLOW, "negative": UNSIGNED},
}


def find_problems(recording: xr.Dataset) -> list[Problem]:
    """Return all that is wrong with a recording, having read all of it; see `schema.validate`."""
    problems = structural_problems(recording)
    for kind, remedies in REMEDIES.items():
        for name in names_of(recording, kind):
            variable = recording.variables[name]
            # Whatever else is wrong with it: one problem should not hide another.
            if variable.dtype.kind == FLOAT and variable.ndim == SHAPES[kind][1]:
                problems += _value_problems(name, variable, remedies)
    return problems


def structural_problems(recording: xr.Dataset) -> list[Problem]:
    """Return all that is wrong with a recording except for the values of its states, which are not read."""
    problems = [*_attrs_problems(recording), *_missing(recording)]
    for name, variable in recording.variables.items():
        problems += _variable_problems(recording, name, variable)
    return [*problems, *_document_problems(recording)]


def _attrs_problems(recording: xr.Dataset) -> Iterator[Problem]:
    """Pass on the reader's notes, and say which attributes of the recording count for nothing."""
    notes = recording.attrs.get("notes", ())
    notes = notes.tolist() if isinstance(notes, np.ndarray) else notes
    notes = [notes] if isinstance(notes, str) else notes
    if isinstance(notes, list | tuple) and all(isinstance(note, str) for note in notes):
        yield from (Problem("recording", note, fatal=False) for note in notes)
    else:
        yield Problem("recording, attribute notes", f"is {notes!r}; a list of texts was expected", fatal=False)
    searchable = recording.attrs.get("searchable", 0)
    if not is_flag(searchable):
        what = f"is {searchable!r}; 0 or 1 was expected"
        yield Problem("recording, attribute searchable", what, "it counts as 0", fatal=False)
    linked = recording.attrs.get("linked")
    if linked is not None and not linked_names(recording):
        what = f"is {linked!r}; the name of a recording beside it was expected, or a list of them"
        yield Problem("recording, attribute linked", what, "it counts for nothing", fatal=False)
    if says_yes(recording.attrs.get("partial", 0)):
        what = f"is partial: it was cut off after {recording.sizes.get(STEP, 0):,} steps were recorded"
        yield Problem("recording", what, "go on with record(..., resume=True), or record it anew", fatal=False)


def is_flag(value: Any) -> bool:
    """Tell whether an attribute says yes or no: 1 or 0. A text does not: all but the empty one would be yes."""
    return isinstance(value, int | float | np.generic) and value in (0, 1)


def says_yes(value: Any) -> bool:
    """Tell whether an attribute is 1; anything else, 0 or not, is no yes."""
    return is_flag(value) and bool(value)


def _missing(recording: xr.Dataset) -> Iterator[Problem]:
    if not recording.sizes.get(STEP, 0):
        yield Problem("recording", f"has no steps; a dimension {STEP!r} of at least 1 was expected")
    if TOKEN not in names_of(recording, Kind.TOKEN):
        yield Problem("recording", f"has no tokens; a variable {TOKEN!r} of kind 'token' was expected")
    if not sources(recording):
        yield Problem("recording", "has no hidden states; a variable of kind 'states' was expected")


def _variable_problems(recording: xr.Dataset, name: Hashable, variable: xr.Variable) -> Iterator[Problem]:
    kind = kind_of(variable)
    if not isinstance(name, str):
        yield Problem(f"{name!r}", "is no name; text was expected", "rename the variable")
    elif SURROGATE.search(name):
        # No address could name it, and a start page's links are addresses.
        yield Problem(f"{name!r}", "has half a character in its name (a surrogate)", "rename the variable")
    elif kind is None:
        if name not in recording.coords or "kind" in variable.attrs:
            what = f"attribute kind is {variable.attrs.get('kind')!r}; {', '.join(Kind)} was expected"
            yield Problem(name, what, "give the variable its kind, or drop it")
    elif problems := [*_shape_problems(name, variable, kind)]:
        yield from problems
    elif kind in CODED:
        yield from _code_problems(recording, name, variable, lowest=0 if kind is Kind.TOKEN else -1)
        yield from _weights_problems(recording, name, variable)
        if kind is Kind.TOKEN:
            yield from _look_problems(recording, name, variable)
    elif kind is Kind.STATES:
        yield from _source_problems(name, variable)
    elif kind in RANGED and "range" in variable.attrs:
        yield from _range_problems(name, variable.attrs["range"])


def _shape_problems(name: str, variable: xr.Variable, kind: Kind) -> Iterator[Problem]:
    first, dimensions, numbers = SHAPES[kind]
    if variable.ndim != dimensions or (first is not None and variable.dims[0] != first):
        names = [first or "its own", "another", "another", "another"][:dimensions]
        expected = f"{dimensions} ({', '.join(names)}) {'were' if dimensions > 1 else 'was'} expected"
        yield Problem(name, f"has the dimensions {variable.dims}; {expected} of kind {kind.value!r}")
    elif 0 in variable.shape:
        yield Problem(name, f"is empty: its shape is {variable.shape}")
    if variable.dtype.kind not in numbers:
        what = f"holds {variable.dtype}; {KINDS_OF_NUMBERS[numbers]} were expected of kind {kind.value!r}"
        yield Problem(name, what)
    elif kind is Kind.IMAGE:
        yield from _image_problems(name, variable)
    elif kind is Kind.LABELS and not all(isinstance(label, str) for label in variable.to_numpy().flat):
        yield Problem(name, "holds labels that are no texts", "turn each into a str")


def _code_problems(recording: xr.Dataset, name: str, variable: xr.Variable, *, lowest: int) -> Iterator[Problem]:
    target = variable.attrs.get("labels")
    if target not in names_of(recording, Kind.LABELS):
        what = f"is {target!r}; the name of a variable of kind 'labels' was expected"
        yield Problem(f"{name}, attribute labels", what)
        return
    count = recording.variables[target].size
    for part, codes in blocks(variable):
        wrong = (codes < lowest) | (codes >= count)
        if wrong.any():
            row = int(np.nonzero(wrong)[0][0])
            what = f"has code {codes[wrong][0]} at step {part.start + row}; {target} has labels 0 to {count - 1}"
            yield Problem(name, what, "codes are positions among the labels" + (", or -1" if lowest else ""))
            return


def _weights_problems(recording: xr.Dataset, name: str, variable: xr.Variable) -> Iterator[Problem]:
    target = variable.attrs.get("weights")
    if target is None:
        return
    if target not in names_of(recording, Kind.WEIGHTS):
        what = f"is {target!r}; the name of a variable of kind 'weights' was expected"
        yield Problem(f"{name}, attribute weights", what)
    elif recording.variables[target].dims != variable.dims:
        what = f"has the dimensions {recording.variables[target].dims}; those of {name}, {variable.dims}, were expected"
        yield Problem(target, what)


def _look_problems(recording: xr.Dataset, name: str, variable: xr.Variable) -> Iterator[Problem]:
    """Say where a token variable names pictures or values that it does not have."""
    for attr, kinds in TOKEN_LOOKS.items():
        target = variable.attrs.get(attr)
        if target is None:
            continue
        if target not in names_of(recording, *kinds):
            expected = " or ".join(f"{kind.value!r}" for kind in kinds)
            what = f"is {target!r}; the name of a variable of kind {expected} was expected"
            yield Problem(f"{name}, attribute {attr}", what, "name one, or drop the attribute")
        elif attr == "image" and variable.attrs.get("labels") in recording.variables:
            words, images = recording.variables[variable.attrs["labels"]].size, recording.variables[target]
            if images.shape[:1] != (words,):
                what = f"has the shape {images.shape}; {words} images were expected, one for each label of {name}"
                yield Problem(target, what)


def _image_problems(name: str, variable: xr.Variable) -> Iterator[Problem]:
    if variable.dtype.itemsize > 1:
        yield Problem(name, f"holds {variable.dtype}; {KINDS_OF_NUMBERS[BYTE]} were expected of kind 'image'")
    if variable.ndim != SHAPES[Kind.IMAGE][1]:
        return
    _, rows, columns, channels = variable.shape
    if channels != CHANNELS:
        yield Problem(name, f"has {channels} channels; {CHANNELS} were expected: red, green, blue")
    if max(rows, columns) > MOST_PIXELS:
        what = f"has images of {rows} x {columns} pixels, all of which reach the screen only to be shrunk"
        yield Problem(name, what, f"store thumbnails of at most {MOST_PIXELS} pixels a side", fatal=False)


def _source_problems(name: str, variable: xr.Variable) -> Iterator[Problem]:
    transform = variable.attrs.get("transform", "none")
    if transform not in TRANSFORMS:
        yield Problem(f"{name}, attribute transform", f"is {transform!r}; 'tanh' or 'none' was expected")
    layer = variable.attrs.get("layer", 0)
    if not isinstance(layer, int | np.integer):
        yield Problem(f"{name}, attribute layer", f"is {layer!r}; a whole number was expected")
    if not is_flag(variable.attrs.get("unsigned", 0)):
        what = f"is {variable.attrs['unsigned']!r}; 0 or 1 was expected"
        yield Problem(f"{name}, attribute unsigned", what)


def _range_problems(name: str, value_range: Any) -> Iterator[Problem]:
    try:
        low, high = (float(end) for end in value_range)
    except (TypeError, ValueError, OverflowError):
        low = high = np.nan
    if not -np.inf < low < high < np.inf:
        yield Problem(f"{name}, attribute range", f"is {value_range!r}; [low, high] with low < high was expected")


def _document_problems(recording: xr.Dataset) -> Iterator[Problem]:
    if DOCUMENT not in recording.coords:
        if DOCUMENT in recording.variables:
            yield Problem(DOCUMENT, "is a variable; a coordinate was expected", "use recording.set_coords")
        return
    document = recording.variables[DOCUMENT]
    if document.dims != (STEP,) or document.dtype.kind not in INTEGER:
        what = f"has the dimensions {document.dims} of {document.dtype}; integers along {STEP!r} were expected"
        yield Problem(DOCUMENT, what)
        return
    values = document.to_numpy()
    # Compared, not subtracted: a difference of unsigned numbers is never negative.
    falls = np.flatnonzero(values[1:] < values[:-1])
    if falls.size:
        step = int(falls[0]) + 1
        what = f"goes from {values[step - 1]} down to {values[step]} at step {step}; it may never decrease"
        yield Problem(DOCUMENT, what, "number the documents in their order")
    if "labels" in document.attrs:
        yield from _code_problems(recording, DOCUMENT, document, lowest=0)


@dataclass
class _Odd:
    """Values that should not be there: how many, and where the first of them is, row and column."""

    count: int = 0
    first: tuple[int, ...] = ()

    def add(self, start: int, found: np.ndarray) -> None:
        """Count what was found in the rows from ``start`` on."""
        count = int(found.sum())
        if count and not self.count:
            row, *others = (int(index) for index in np.unravel_index(np.argmax(found), found.shape))
            self.first = start + row, *others
        self.count += count


def _value_problems(name: str, states: xr.Variable, remedies: Mapping[str, str]) -> Iterator[Problem]:
    """Say how many values of a source or of vectors are not finite, or negative where none should be, and where."""
    odd = {"NaN": _Odd(), "infinite": _Odd(), "negative": _Odd()}
    for part, values in blocks(states):
        if not np.isfinite(values).all():
            odd["NaN"].add(part.start, np.isnan(values))
            odd["infinite"].add(part.start, np.isinf(values))
        if says_yes(states.attrs.get("unsigned", 0)):
            odd["negative"].add(part.start, values < 0)
    for what, found in odd.items():
        if found.count:
            place = ", ".join(f"{dim} {index}" for dim, index in zip(states.dims, found.first, strict=True))
            share = f"{found.count:,} of {states.size:,} values are {what}, the first at {place}"
            yield Problem(name, share, remedies[what], fatal=False)
