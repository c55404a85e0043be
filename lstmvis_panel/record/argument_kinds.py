"""Whether what is handed over is of the kind that it should be: lists, arrays, mappings, whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.record.extent import is_nested
from lstmvis_panel.record.given import described
from lstmvis_panel.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 40  # characters of a value that messages show


def mapping_problems(**arguments: Any) -> Iterator[Problem]:
    """Yield which arguments are no mappings; None counts as an empty one."""
    for name, given in arguments.items():
        if given is not None and not isinstance(given, Mapping):
            yield Problem(name, f"is {shown(given)}; a dict was expected", f"give it a name: {name}={{'name': ...}}")


def list_problems(**arguments: Any) -> Iterator[Problem]:
    """Yield which arguments are no lists or arrays, None counting as left out, or hold rows where none are expected."""
    for name, given in arguments.items():
        if given is not None:
            yield from unlisted_problems(name, given)
            if is_listed(given) and is_nested(given):
                what = f"is {shown(given)}, which holds rows; one value for each document or step was expected"
                yield Problem(name, what, "leave away all axes but one")


def unlisted_problems(where: str, given: Any) -> Iterator[Problem]:
    """Say why this is neither list nor array."""
    if not is_listed(given):
        remedy = "turn a text into a list of words" if isinstance(given, str) else ""
        yield Problem(where, f"is {shown(given)}; a list or an array was expected", remedy)


def count_problems(where: str, given: Any) -> Iterator[Problem]:
    """Say why this is no number of things, of which there is one at least."""
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 1:
        yield Problem(where, f"is {shown(given)}; a whole number, 1 or more, was expected")


def is_listed(given: Any) -> bool:
    """Tell whether this is a list, an array, or anything else that has a length and items in an order."""
    if isinstance(given, str | bytes | PurePath | Mapping):
        return False
    if hasattr(given, "shape"):
        return len(given.shape) > 0
    return hasattr(given, "__len__") and hasattr(given, "__getitem__")


def shown(given: Any) -> str:
    """Return a value as messages show it: itself where it is short, else what it is."""
    text = repr(given)
    is_plain = given is None or isinstance(given, str | int | float)
    return text if is_plain and len(text) <= SHOWN else described(given)
