"""Batches: what a model reads at once, what its tokens are, and which steps of which documents they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.record.given import annotation_arrays, array_of, described, one_each, tokens_from_lists
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lstmvis_panel.record.vocabulary import Vocabulary

__all__ = ["Batch", "Rows", "array_of", "as_batch", "as_batches", "rows_of"]

MATRIX = 2
YIELD_BATCH = "yield lstmvis_panel.record.Batch(inputs, tokens=...) with the codes as (batch, step)"


@dataclass(frozen=True)
class Batch:
    """What a model reads at once, and what there is to know about it.

    A row is a document of its own, unless its name says that it goes on with the row before.

    Parameters
    ----------
    inputs
        What the model is called with: a tuple of positional arguments, a dict of keyword arguments, or the only one.
    tokens
        Codes (row, step), as integers; or lists of words or codes, one for each row, of any lengths. Left out, they are
        the first integers (row, step) of the inputs. For a model with several sides a dict of them,
        ``{"encoder": ..., "decoder": ...}``; what follows may then be such a dict too.
    lengths
        How many steps of each row are no padding, counted from the row's start.
    documents
        The name of each row's document; a running number if left out. A row named like the row just before it goes on
        with that document.
    labels
        The class of each row's document, as a code or a text: an annotation ``label``.
    annotations
        By name, (row, step): texts or codes for a categorical annotation, floating-point numbers for a scalar one.
    """

    inputs: Any
    tokens: Any = None
    lengths: Any = None
    documents: Any = None
    labels: Any = None
    annotations: Any = None

    @property
    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The positional and the keyword arguments of the model's forward."""
        if isinstance(self.inputs, Mapping):
            return (), dict(self.inputs)
        # A packed sequence is a tuple too, but one argument.
        plain = type(self.inputs) in (tuple, list)
        return (tuple(self.inputs) if plain else (self.inputs,)), {}

    @property
    def sides(self) -> tuple[str, ...]:
        """The names of the model's sides; one without a name for most models."""
        return tuple(map(str, self.tokens)) if isinstance(self.tokens, Mapping) else ("",)

    def of_side(self, side: str) -> Batch:
        """Return the batch as one side sees it."""
        if not side:
            return self

        def own(value: Any) -> Any:
            return value.get(side) if isinstance(value, Mapping) and set(value) <= set(self.sides) else value

        tokens, lengths, annotations = own(self.tokens), own(self.lengths), own(self.annotations)
        return Batch(self.inputs, tokens, lengths, self.documents, self.labels, annotations)


@dataclass(frozen=True)
class Rows:
    """The tokens of a batch, and what is kept of them.

    Parameters
    ----------
    tokens
        int64 codes, or texts as objects where there is no vocabulary; shape (row, step).
    starts, stops
        First step of each row that is no padding, and the step after the last; shape (row,).
    documents
        The name of each row's document, None where none was given.
    labels
        Class of each row's document, None where none was given.
    annotations
        By name, shape (row, step, ...).
    """

    tokens: NDArray[Any]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    documents: tuple[str, ...] | None = None
    labels: tuple[Any, ...] | None = None
    annotations: Mapping[str, NDArray[Any]] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and steps."""
        return self.tokens.shape[0], self.tokens.shape[1]


def as_batch(given: Any) -> Batch:
    """Return anything that a user may yield as a batch: itself, or the arguments of the model's forward."""
    return given if isinstance(given, Batch) else Batch(given)


def as_batches(given: Any) -> Any:
    """Return an iterable of batches; a single one is taken for what it is."""
    single = isinstance(given, Batch | Mapping) or getattr(given, "ndim", None) in (1, MATRIX)
    batches = [given] if single else given
    if isinstance(batches, str) or not hasattr(batches, "__iter__"):
        what = f"is {type(given).__name__}; tensors of codes (batch, step), or an iterable of them, were expected"
        raise RecordingError(Problem("batches", what, YIELD_BATCH))
    return batches


def rows_of(batch: Batch, vocabulary: Vocabulary, where: str, padding: int | None = None) -> Rows:
    """Return the tokens of a batch as rows.

    Parameters
    ----------
    batch
        The batch, as one side sees it.
    vocabulary
        Its words; it turns words into codes, and its size limits codes.
    where
        What problems name: the batch's number.
    padding
        The code of padding: dropped from both ends of rows, where the batch has no lengths.

    Raises
    ------
    RecordingError
        If the tokens are no codes or words (row, step), or something else has no value for each row.
    """
    tokens, lengths = _tokens(batch, where)
    if tokens.dtype == object and vocabulary.words is not None:
        tokens = _encoded(tokens, vocabulary, where)
    rows, steps = tokens.shape
    given = batch.lengths if batch.lengths is not None else lengths
    if given is not None:
        starts, stops = np.zeros(rows, np.int64), _lengths(given, rows, steps, where)
    else:
        starts, stops = _without_padding(tokens, padding)
    found = Rows(
        tokens,
        starts,
        stops,
        documents=one_each(batch.documents, rows, f"{where}, documents", str),
        labels=one_each(batch.labels, rows, f"{where}, labels", _plain),
        annotations=annotation_arrays(batch.annotations, (rows, steps), where),
    )
    _check_codes(found, vocabulary, where)
    return found


def _tokens(batch: Batch, where: str) -> tuple[NDArray[Any], Any]:
    """Return the tokens as an array (row, step) and the rows' lengths, None where they are all alike."""
    given = batch.tokens
    if given is None:
        positional, keywords = batch.arguments
        values = [*positional, *keywords.values()]
        given = next((value for value in values if _holds_codes(value, alone=len(values) == 1)), None)
        if given is None:
            what = f"holds no codes: of {', '.join(map(described, values)) or 'nothing'} none is integers (batch, step)"
            raise RecordingError(Problem(where, what, YIELD_BATCH))
    if type(given).__name__ == "PackedSequence":
        from torch.nn.utils.rnn import pad_packed_sequence  # noqa: PLC0415 - it is there, or who made this?

        padded, lengths = pad_packed_sequence(given, batch_first=True)
        return array_of(padded), array_of(lengths)
    if isinstance(given, Sequence) and not hasattr(given, "shape"):
        return tokens_from_lists(given, where)
    tokens = np.atleast_1d(array_of(given))
    tokens = tokens[np.newaxis] if tokens.ndim == 1 else tokens
    if tokens.ndim != MATRIX or tokens.dtype.kind not in "iuOUT" or 0 in tokens.shape:
        what = f"has tokens {described(given)}; integers (batch, step) were expected"
        raise RecordingError(Problem(where, what, YIELD_BATCH))
    return (tokens.astype(np.int64) if tokens.dtype.kind in "iu" else tokens.astype(object)), None


def _encoded(tokens: NDArray[Any], vocabulary: Vocabulary, where: str) -> NDArray[np.int64]:
    """Return words as codes."""
    known = {word: vocabulary.code(word) for word in {str(word) for word in tokens.flat} if word}
    unknown = sorted(word for word, code in known.items() if code is None)
    if unknown:
        what = f"has {len(unknown)} words that are not in the vocabulary: {', '.join(map(repr, unknown[:5]))}"
        raise RecordingError(Problem(where, what, "add them to the vocabulary, or a word '<unk>' that stands for them"))
    codes = [known.get(str(word)) or 0 for word in tokens.flat]
    return np.array(codes, np.int64).reshape(tokens.shape)


def _lengths(given: Any, rows: int, steps: int, where: str) -> NDArray[np.int64]:
    lengths = array_of(given)
    if lengths.shape != (rows,) or lengths.dtype.kind not in "iu":
        what = f"has the shape {lengths.shape} of {lengths.dtype}; {rows} integers, one for each row, were expected"
        raise RecordingError(Problem(f"{where}, lengths", what))
    wrong = np.flatnonzero((lengths < 0) | (lengths > steps))
    if wrong.size:
        what = f"says that row {wrong[0]} has {lengths[wrong[0]]} steps; the batch has {steps}"
        raise RecordingError(Problem(f"{where}, lengths", what, "count the steps that are no padding"))
    return lengths.astype(np.int64)


def _without_padding(tokens: NDArray[Any], padding: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first step of each row that is no padding, and the step after the last that is none."""
    rows, steps = tokens.shape
    kept = np.ones(tokens.shape, bool) if padding is None or tokens.dtype == object else tokens != padding
    starts = np.where(kept.any(axis=1), kept.argmax(axis=1), 0)
    stops = np.where(kept.any(axis=1), steps - kept[:, ::-1].argmax(axis=1), 0)
    return starts.astype(np.int64).reshape(rows), stops.astype(np.int64).reshape(rows)


def _check_codes(rows: Rows, vocabulary: Vocabulary, where: str) -> None:
    if rows.tokens.dtype == object:
        return
    steps = np.arange(rows.shape[1])
    kept = (steps >= rows.starts[:, np.newaxis]) & (steps < rows.stops[:, np.newaxis])
    most = len(vocabulary) if vocabulary.words is not None else np.inf
    wrong = np.argwhere(kept & ((rows.tokens < 0) | (rows.tokens >= most)))
    if wrong.size:
        row, step = wrong[0]
        limit = f"; the vocabulary has codes 0 to {len(vocabulary) - 1}" if vocabulary.words is not None else ""
        what = f"has the code {rows.tokens[row, step]} at row {row}, step {step}{limit}"
        remedy = "give the vocabulary that the model was trained with; say padding=CODE, or lengths, if it is padding"
        raise RecordingError(Problem(where, what, remedy))


def _holds_codes(value: Any, *, alone: bool) -> bool:
    """Tell whether a value is integers (row, step), or those of one row where nothing else is read."""
    if type(value).__name__ == "PackedSequence":
        return _integers(value.data) and value.data.ndim == 1
    return _integers(value) and (value.ndim == MATRIX or (alone and value.ndim == 1))


def _integers(value: Any) -> bool:
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    return dtype.startswith(("int", "uint")) and hasattr(value, "ndim")


def _plain(value: Any) -> Any:
    """Return a label as an int, a text, or None."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, float | int | np.generic) or float(value) % 1 != 0:
        message = f"has {value!r}; codes or texts were expected"
        raise ValueError(message)
    return int(value)
