"""Annotations that say yes or no: they need no words, and many of them go under one another (figure 9 of the paper).

A flag is a categorical annotation with one label that says something: either it has no other, or it has one other that
means nothing is there (`NOTHING`, or a label that begins with "no" or "not"). A scalar is one if each of its values is
0, 1 or blank.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.schema import Kind, blocks, kind_of, labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

NOTHING = frozenset({"", "0", "-", "–", "o", "no", "none", "nothing", "false", "off", "out", "outside", "absent"})
"""Labels that say that there is nothing, in lower case."""

BOTH = 2
"""Yes and no: a flag has no more labels."""

DENIALS = ("no ", "no_", "no-", "not ", "not_", "not-", "non-")
"""What labels begin with that say the same, as "no site" does."""

_READ: dict[tuple[int, str], bool] = {}
"""Whether a scalar is a flag, by recording and name; shared by all visitors."""


def is_flag(recording: xr.Dataset, name: str) -> bool:
    """Whether an annotation says yes or no.

    Parameters
    ----------
    recording
        The recording; a scalar is read up to its first value that is neither 0 nor 1, once.
    name
        An annotation of any kind.
    """
    kind = kind_of(recording.variables[name])
    if kind is Kind.CATEGORICAL:
        return present(labels(recording, name)) is not None
    return kind is Kind.SCALAR and _is_binary(recording, name)


def present(texts: Sequence[str] | np.ndarray) -> int | None:
    """The code of the one label that says something; None where it is no flag's.

    Parameters
    ----------
    texts
        The labels by code, shape ``(labels,)``, each a str.
    """
    if len(texts) > BOTH:
        return None
    saying = [code for code, text in enumerate(texts) if not says_nothing(str(text))]
    return saying[0] if len(saying) == 1 else None


def says_nothing(label: str) -> bool:
    """Whether a label means that there is nothing."""
    plain = label.strip().lower()
    return plain in NOTHING or plain.startswith(DENIALS)


def _is_binary(recording: xr.Dataset, name: str) -> bool:
    key = (id(recording), name)
    if key not in _READ:
        _READ[key] = all(_binary(values) for _, values in blocks(recording.variables[name]))
        weakref.finalize(recording, _READ.pop, key, None)
    return _READ[key]


def _binary(values: np.ndarray) -> bool:
    return bool(((values == 0) | (values == 1) | np.isnan(values)).all())
