"""What stands at each step: words, codes of words, numbers, vectors, pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.record.labels import UNKNOWN, LabelSet
from lstmvis_panel.record.thumbnails import IMAGE_SUFFIXES, THUMBNAIL, thumbnail_variable
from lstmvis_panel.record.vocabulary import Vocabulary
from lstmvis_panel.schema import STEP, VOCABULARY, WORD, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VALUE, COMPONENT = "value", "value_component"
SHOWN = 3
"""How many components of a vector its label names, and how many wrong things a message does."""

VECTOR = 2


@dataclass(frozen=True)
class Tokens:
    """Tokens as a recording has them.

    Parameters
    ----------
    codes
        int32, shape (step,): positions in the vocabulary.
    vocabulary
        The labels; fixed, or to grow with other texts that are recorded.
    variables
        What else there is of each step: ``value``.
    constants
        What else there is of each word: ``thumbnail``.
    attrs
        What the token variable says of them.
    """

    codes: NDArray[np.int32]
    vocabulary: LabelSet
    variables: dict[str, xr.Variable] = field(default_factory=dict)
    constants: dict[str, xr.Variable] = field(default_factory=dict)
    attrs: dict[str, str] = field(default_factory=dict)

    @property
    def further_names(self) -> list[str]:
        """The names of variables and dimensions that come with tokens which are more than words."""
        further = self.variables | self.constants
        dims = {str(dim): None for variable in further.values() for dim in variable.dims if dim not in (STEP, WORD)}
        return [*further, *dims]

    @property
    def variable(self) -> xr.Variable:
        """The token variable."""
        return xr.Variable(STEP, self.codes, {"kind": Kind.TOKEN.value, "labels": VOCABULARY} | self.attrs)


def tokens_of(given: Sequence[Any] | NDArray[Any], vocabulary: Any = None) -> Tokens:
    """Return tokens of any kind as a recording has them.

    Parameters
    ----------
    given
        One for each step: texts; integer codes of words; numbers (float); vectors, shape (step, component); paths of
        image files, or texts that end as those do and name files that are there.
    vocabulary
        The words in the order of their codes, or a mapping of words to codes. Without it texts are numbered as they
        come, and codes are shown as they are.

    Raises
    ------
    RecordingError
        If they are none of these, a word or a code is not in the vocabulary, a number is NaN, or a file can't be read.
    """
    if _are_texts(given):
        texts = given.tolist() if isinstance(given, np.ndarray) else given
        return _pictures(texts) if vocabulary is None and are_pictures(texts) else _words(texts, vocabulary)
    array = np.asarray(given)
    if array.dtype.kind in "iub" and array.ndim == 1:
        # Not as int64, in which an unsigned code may become negative.
        return _coded(array.astype(np.int8) if array.dtype.kind == "b" else array, vocabulary)
    if array.dtype.kind not in "iuf" or array.ndim > VECTOR:
        what = f"hold {type(given[0]).__name__} of {array.dtype}, shape {array.shape}"
        raise RecordingError(Problem("tokens", f"{what}; texts, codes, numbers, vectors or image files were expected"))
    if vocabulary is not None:
        what = "is given with tokens that are numbers, which have no words"
        raise RecordingError(Problem("vocabulary", what, "leave it out, or turn the tokens into integers"))
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))[0])
        raise RecordingError(Problem("tokens", f"are {array[row]} at step {row}; finite numbers were expected"))
    return _numbers(array) if array.ndim == 1 else _vectors(array)


def are_pictures(given: Sequence[Any]) -> bool:
    """Tell whether tokens are image files: paths, or texts that end as image files do where such a file is there."""
    distinct = set(given)
    if all(isinstance(token, PurePath) for token in distinct):
        return True
    named = all(str(token).lower().endswith(IMAGE_SUFFIXES) for token in distinct)
    return named and any(Path(token).is_file() for token in distinct)


def _are_texts(given: Sequence[Any] | NDArray[Any]) -> bool:
    if isinstance(given, np.ndarray) and given.dtype.kind not in "OUT":
        return False
    return len(given) > 0 and isinstance(given[0], str | PurePath)


def _words(given: Sequence[Any], vocabulary: Any) -> Tokens:
    wrong = next((step for step, token in enumerate(given) if not isinstance(token, str)), None)
    if wrong is not None:
        what = f"hold {given[wrong]!r} at step {wrong}; a text was expected, as at the steps before"
        raise RecordingError(Problem("tokens", what))
    if vocabulary is None:
        labels = LabelSet(VOCABULARY, is_fixed=False)
        return Tokens(labels.encode(given), labels)
    labels = LabelSet(VOCABULARY, Vocabulary.of(vocabulary).words or (), is_fixed=True)
    try:
        return Tokens(labels.encode(given), labels)
    except RecordingError as error:
        (problem,) = error.problems
        remedy = f"add them to vocabulary, or {UNKNOWN!r}, which stands for all others"
        raise RecordingError(Problem("tokens", f"{problem.where} {problem.what}", remedy)) from None


def _coded(codes: NDArray[Any], vocabulary: Any) -> Tokens:
    if vocabulary is None:
        known, numbers = np.unique(codes, return_inverse=True)
        labels = LabelSet(VOCABULARY, [str(code) for code in known], is_fixed=True)
        return Tokens(numbers.astype(np.int32), labels)
    words = Vocabulary.of(vocabulary).words or ()
    wrong = np.flatnonzero((codes < 0) | (codes >= len(words)))
    if wrong.size:
        step = int(wrong[0])
        what = f"have code {codes[step]} at step {step} ({wrong.size:,} such in all); vocabulary has 0 to"
        remedy = "leave padding away by lengths, or give all words"
        raise RecordingError(Problem("tokens", f"{what} {len(words) - 1}", remedy))
    return Tokens(codes.astype(np.int32), LabelSet(VOCABULARY, words, is_fixed=True))


def _numbers(values: NDArray[Any]) -> Tokens:
    wide = values.astype(np.float64 if values.dtype == np.float64 else np.float32)
    # Few labels for many numbers: the value itself is in the variable beside.
    rounded = [f"{value:.4g}" for value in values.tolist()]
    labels = LabelSet(VOCABULARY, is_fixed=False)
    attrs = {"kind": Kind.SCALAR.value, "description": "The number that the token is."}
    return Tokens(labels.encode(rounded), labels, {VALUE: xr.Variable(STEP, wide, attrs)}, attrs={"value": VALUE})


def _vectors(values: NDArray[Any]) -> Tokens:
    kept = values if values.dtype in (np.float16, np.float32, np.float64) else values.astype(np.float32)
    more = " …" if values.shape[1] > SHOWN else ""
    texts = [" ".join(f"{number:.2g}" for number in row) + more for row in values[:, :SHOWN].tolist()]
    labels = LabelSet(VOCABULARY, is_fixed=False)
    attrs = {"kind": Kind.VECTOR.value, "description": "The vector that the token is."}
    variable = xr.Variable((STEP, COMPONENT), kept, attrs)
    return Tokens(labels.encode(texts), labels, {VALUE: variable}, attrs={"value": VALUE})


def _pictures(given: Sequence[Any]) -> Tokens:
    paths = [Path(token) for token in given]
    codes = {path: code for code, path in enumerate(dict.fromkeys(paths))}
    names = [path.name for path in codes]
    texts = names if len(set(names)) == len(names) else [path.as_posix() for path in codes]
    labels = LabelSet(VOCABULARY, texts, is_fixed=True)
    numbers = np.fromiter((codes[path] for path in paths), np.int32, len(paths))
    thumbnails = thumbnail_variable(list(codes), WORD)
    return Tokens(numbers, labels, constants={THUMBNAIL: thumbnails}, attrs={"image": THUMBNAIL})
