"""From what a model did with a batch to the variables of its documents, appended to a file; of no library."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.record import outputs
from lstmvis_panel.record.annotated import labelled_variables
from lstmvis_panel.record.naming import united
from lstmvis_panel.schema import STEP, TOKEN, VOCABULARY, Kind, Problem, RecordingError, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from lstmvis_panel.record.batch import Rows
    from lstmvis_panel.record.options import Options
    from lstmvis_panel.record.vocabulary import Vocabulary
    from lstmvis_panel.record.writer import Writer

log = logging.getLogger(__name__)
OWN_TOP = "What the model, having read all of the text, puts at THIS step; likeliest first."
OWN_SURPRISAL = "-log of the chance that the model, having read all of the text, gives to the token of THIS step."


@dataclass(frozen=True)
class Track:
    """Values of all rows of a batch (row, step, ...), and the variable that they are part of."""

    values: NDArray[Any]
    dims: tuple[str, ...]
    attrs: Mapping[str, Any]
    encoding: Mapping[str, Any] = field(default_factory=dict)

    def cut(self, row: int, start: int, stop: int) -> xr.Variable:
        """Return the variable of some steps of a row."""
        return xr.Variable(self.dims, self.values[row, start:stop], dict(self.attrs), dict(self.encoding))


@dataclass(frozen=True)
class Steps:
    """What a model did with a batch, or with a part of one.

    Attributes
    ----------
    rows
        The tokens, each row with the name of its document.
    tracks
        States and other values of each step.
    logits
        Shape (row, step, code), None where they are not wanted.
    before
        Logits of the step before, shape (code,), where a single row goes on with a document.
    classes
        The class that the model gave each row, None where it gives none.
    """

    rows: Rows
    tracks: Mapping[str, Track]
    logits: NDArray[Any] | None = None
    before: NDArray[Any] | None = None
    classes: NDArray[np.int64] | None = None


@dataclass
class Appender:
    """Appends steps to a recording, document by document.

    Parameters
    ----------
    vocabulary
        The words; where there are none, tokens are texts and the recording's vocabulary grows.
    options
        What was asked for.
    labels
        By annotation: the texts that its codes stand for.
    is_causal
        Whether logits are about the next step; about their own if not.
    is_linked
        Whether there is another side with the same documents: one that has no steps here counts all the same.
    """

    vocabulary: Vocabulary
    options: Options
    labels: Mapping[str, Sequence[str]]
    is_causal: bool = True
    is_linked: bool = False
    _document: str | None = None
    _overflown: set[str] = field(default_factory=set)

    def append(self, steps: Steps, writer: Writer) -> None:
        """Append all documents of a batch."""
        for row, start, stop, document in self._documents(steps.rows):
            if start == stop:
                writer.add_document(str(document))
                continue
            variables = self._variables(steps, writer, row, slice(start, stop))
            self._warn_of_overflow(variables, writer.steps)
            writer.append(variables, document=document)

    def _warn_of_overflow(self, variables: Mapping[str, xr.Variable], first: int) -> None:
        """Say, once for each source, where values are too large for what they are stored as."""
        if self.options.dtype_name != "float16":
            return
        for name, variable in variables.items():
            if kind_of(variable) is Kind.STATES and name not in self._overflown and np.isinf(variable.values).any():
                self._overflown.add(name)
                step = first + int(np.isinf(variable.values).any(axis=1).argmax())
                log.warning("%s is infinite from step %s on: float16 ends at 65504, bfloat16 does not.", name, step)

    def skip(self, rows: Rows) -> None:
        """Pass over a batch that an earlier run has written."""
        for _ in self._documents(rows):
            pass

    def _documents(self, rows: Rows) -> Iterator[tuple[int, int, int, str | None]]:
        """Yield (row, start, stop, the name of the document that starts there or None) of rows that count."""
        names = rows.documents or (None,) * rows.shape[0]
        for row, (start, stop, name) in enumerate(zip(rows.starts.tolist(), rows.stops.tolist(), names, strict=True)):
            if start < stop or (self.is_linked and name not in (None, self._document)):
                yield row, start, stop, None if name == self._document else name
                self._document = name

    def _variables(self, steps: Steps, writer: Writer, row: int, part: slice) -> dict[str, xr.Variable]:
        codes = steps.rows.tokens[row, part]
        if codes.dtype == object or self.vocabulary.words is None:
            codes = writer.encode(VOCABULARY, [str(token) for token in codes])
        attrs = {"kind": Kind.TOKEN.value, "labels": VOCABULARY}
        logits = None if steps.logits is None else steps.logits[row, part]
        predicted = None if steps.classes is None else int(steps.classes[row])
        parts = {
            "tokens": {TOKEN: xr.Variable(STEP, codes.astype(np.int32), attrs)},
            "states, hooks and saliency": {
                name: track.cut(row, part.start, part.stop) for name, track in steps.tracks.items()
            },
            "predictions": {} if logits is None else self._predictions(logits, codes, steps.before),
            "annotations": labelled_variables(steps.rows, row, part, self.labels, writer.encode, predicted),
        }
        return united(parts)

    def _predictions(
        self, logits: NDArray[Any], codes: NDArray[Any], before: NDArray[Any] | None
    ) -> dict[str, xr.Variable]:
        top, surprising = self.options.top, self.options.surprisal
        _check_scored(logits.shape[1], codes, top)
        if self.is_causal:
            return outputs.prediction_variables(logits, codes, top=top, surprising=surprising, before=before)
        variables = outputs.prediction_variables(logits, codes, top=top)
        if top:
            variables[outputs.TOP].attrs["description"] = OWN_TOP
        if surprising:
            own = {"kind": Kind.SCALAR.value, "units": "nats", "description": OWN_SURPRISAL}
            variables[outputs.SURPRISAL] = xr.Variable(STEP, outputs.surprisal(logits, codes), own)
        return variables


def _check_scored(words: int, codes: NDArray[Any], top: int) -> None:
    """Check that the model scores as many words as are wanted, and all that are read."""
    if top > words:
        what = f"is {top}; the model scores {words} words"
        raise RecordingError(Problem("top", what, "ask for fewer"))
    if codes.size and codes.max() >= words:
        what = f"have the code {codes.max()}; the model's logits score the codes 0 to {words - 1}"
        raise RecordingError(Problem("tokens", what, "give the codes that the model was trained with, or logits="))
