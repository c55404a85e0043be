"""What users hand over for rows of tokens, as arrays: lists of any lengths, tensors, a value for each row or token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def array_of(value: Any) -> NDArray[Any]:
    """Return an array, or a tensor of any library, as a numpy array in memory."""
    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)


def described(value: Any) -> str:
    """Say what a value is: ``float32 (16, 64)``."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return type(value).__name__


def tokens_from_lists(given: Sequence[Any], where: str) -> tuple[NDArray[Any], Any]:
    """Return lists of words or codes as an array, and their lengths where these differ."""
    flat = [given] if given and isinstance(given[0], str | int | np.integer) else given
    lists = [list(array_of(row).tolist() if hasattr(row, "shape") else row) for row in flat]
    items = [item for row in lists for item in row]
    words = all(isinstance(item, str) for item in items)
    if not items or not (words or all(isinstance(item, int | np.integer) for item in items)):
        what = "has tokens that are neither all words nor all codes" if items else "has no tokens"
        raise RecordingError(Problem(where, what, "give a list of words, or of integers, for each row"))
    lengths = [len(row) for row in lists]
    tokens = np.full((len(lists), max(lengths)), "" if words else 0, dtype=object if words else np.int64)
    for row, values in zip(tokens, lists, strict=True):
        row[: len(values)] = values
    return tokens, None if len(set(lengths)) == 1 else np.array(lengths)


def one_each(given: Any, rows: int, where: str, convert: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """Return one value for each row."""
    if given is None:
        return None
    values = [given] if isinstance(given, str) or not hasattr(given, "__iter__") else given
    values = array_of(values).tolist() if hasattr(values, "shape") else list(values)
    if not isinstance(values, list) or len(values) != rows:
        count = len(values) if isinstance(values, list) else 1
        raise RecordingError(Problem(where, f"has {count} values; {rows} were expected, one for each row"))
    try:
        return tuple(convert(value) for value in values)
    except (TypeError, ValueError) as error:
        raise RecordingError(Problem(where, str(error), "give one for each row")) from None


def annotation_arrays(given: Any, shape: tuple[int, int], where: str) -> dict[str, NDArray[Any]] | None:
    """Return annotations by name as arrays (row, step), a value for each token."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        what = f"is {described(given)}; a dict of names and values was expected"
        raise RecordingError(Problem(f"{where}, annotations", what, "annotations={NAME: a value for each token}"))
    found = {}
    for name, values in given.items():
        array = _filled(values, shape) if isinstance(values, list | tuple) else array_of(values)
        array = array[np.newaxis] if array.ndim == 1 and shape[0] == 1 else array
        if array.shape != shape or array.dtype.kind not in "biufOUT":
            what = f"has the shape {array.shape} of {array.dtype}; {shape} of texts, integers or floats was expected"
            raise RecordingError(Problem(f"{where}, annotations[{name!r}]", what, "one value for each token"))
        found[str(name)] = array
    return found


def _filled(values: Sequence[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Return lists of values, one for each row and as long as it, as an array."""
    nested = all(isinstance(row, list | tuple | np.ndarray) or hasattr(row, "shape") for row in values)
    lists = [list(row) for row in values] if nested else [list(values)]
    if len(lists) != shape[0] or max(map(len, lists), default=0) > shape[1]:
        return np.empty((len(lists), max(map(len, lists), default=0)), object)
    items = [item for row in lists for item in row]
    texts = any(isinstance(item, str) or item is None for item in items)
    array = np.full(shape, None if texts else np.nan, object if texts else np.float64)
    for row, row_values in zip(array, lists, strict=True):
        row[: len(row_values)] = row_values
    if not texts and all(isinstance(item, int | np.integer) for item in items):
        return np.asarray(np.nan_to_num(array, nan=-1), np.int64)
    return np.asarray(array)
