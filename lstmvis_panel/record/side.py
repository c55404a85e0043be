"""One side of a PyTorch model (most have one): which modules are recorded, and what becomes of a forward pass."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from lstmvis_panel.record import modules, saliency, torch_scores
from lstmvis_panel.record.annotated import LABEL, check_labelled
from lstmvis_panel.record.axes import Axes
from lstmvis_panel.record.batch import Batch, Rows, rows_of
from lstmvis_panel.record.layout import Layout
from lstmvis_panel.record.naming import united
from lstmvis_panel.record.steps import Appender, Steps, Track
from lstmvis_panel.record.token_reading import TokenReading, readings_of, required
from lstmvis_panel.record.torch_tracks import activation_tracks, state_tracks, stored
from lstmvis_panel.record.vocabulary import Vocabulary
from lstmvis_panel.schema import EMBEDDING, STEP, VOCABULARY, WORD, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from lstmvis_panel.record.options import Options, Saliency
    from lstmvis_panel.record.watching import Trace

log = logging.getLogger(__name__)
SALIENCY, OUTPUT_WEIGHT = "saliency", "output_weight"
PADDING_READ = (
    "%s reads padding before tokens: %s states of shorter rows depend on it, and are recorded as they were computed. "
    "Hand it packed sequences (pack_padded_sequence), or rows of one length, if that is not what is wanted."
)


class Side:
    """One side of a model.

    Parameters
    ----------
    model
        The model.
    options
        What was asked for, as far as it concerns this side.
    predicts
        Whether the model's logits are about this side's tokens.
    name
        Its name; empty where there is but one side.

    Attributes
    ----------
    recurrent, hooked
        The modules that are recorded, by path.
    appender
        Writes what was recorded, document by document.
    """

    def __init__(self, model: nn.Module, options: Options, *, predicts: bool, name: str = "") -> None:
        self.name, self.options = name, options
        self.model = model
        self._predicts = predicts and options.predicts
        self.recurrent = modules.chosen_recurrent(model, options.modules)
        hooks = (options.hooks,) if isinstance(options.hooks, str) else tuple(options.hooks)
        self.hooked = {path: modules.module_named(model, path, "hooks") for path in hooks}
        modules.require_any(model, list(self.recurrent), list(self.hooked))
        turns = any(getattr(module, "batch_first", True) is False for module in self.recurrent.values())
        self._axes = Axes(turns)
        self._padding = modules.padding_of(model) if options.padding is None else options.padding
        self._given = Vocabulary.of(options.vocabulary)
        self.appender = Appender(self._given, options, dict(options.annotations), is_linked=bool(name))
        self._rows = 0
        self._warned: set[str] = set()
        self._document: str | None = None
        self._before: NDArray[Any] | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The words: those given, else those that the model's sizes gave."""
        return self.appender.vocabulary

    def checked(self, batch: Batch, number: int) -> Rows:
        """Return the tokens of a batch, all of it checked that needs no model."""
        where = f"batch {number}" + (f", {self.name}" if self.name else "")
        padding = None if self.options.carry else self._padding
        rows = rows_of(batch.of_side(self.name), self._given, where, padding)
        check_labelled(rows, self.options.annotations, where)
        if self.options.carry:
            _check_carried(rows, where)
        return rows

    def named(self, rows: Rows) -> Rows:
        """Return rows with the names of their documents; rows are counted, so each batch is to come here once."""
        first = self._rows + 1
        self._rows += rows.shape[0]
        if rows.documents is None and not self.options.carry:
            rows = replace(rows, documents=tuple(f"document {first + row}" for row in range(rows.shape[0])))
        if rows.documents and rows.documents[0] != self._document:
            self._before = None
        self._document = rows.documents[-1] if rows.documents else None
        return rows

    def begins_document(self, rows: Rows) -> bool:
        """Tell whether a window, with states carried, starts another document than the one before."""
        return rows.documents is not None and rows.documents[0] != self._document

    def recorded(self, rows: Rows, trace: Trace) -> Steps:
        """Return what a forward pass over rows came to.

        Raises
        ------
        RecordingError
            If something in it has not the rows' steps, or what was asked for is not there.
        """
        rows = self._without_unread(rows, trace)
        self._warn_of_padding(rows, trace)
        layout = Layout(*rows.shape, int(rows.stops.max(initial=0)), self._axes.turns)
        candidates = self._candidates(trace, layout)
        read = readings_of(trace.embedded, rows, layout)
        if not read and readings_of(trace.embedded, replace(rows, tokens=rows.tokens[:, ::-1].copy()), layout):
            what = "are read from their end to their start by the model"
            raise RecordingError(Problem("tokens", what, "give them as they are read: Batch(inputs, tokens=...)"))
        self._settle(rows, read, candidates, layout)
        if self.vocabulary.words is None and rows.tokens.dtype != object:
            rows = replace(rows, tokens=rows.tokens.astype(str).astype(object))
        dtype = self.options.dtype_name
        states = state_tracks(self.recurrent, trace, layout, dtype)
        tracks = united({"states": states, "hooks": activation_tracks(self.hooked, trace, layout, dtype, self._axes)})
        if not tracks:
            raise RecordingError(self._nothing(trace))
        classes = self._classes(candidates, rows)
        logits = self._logits(candidates, layout, len(self.vocabulary)) if self._predicts else None
        if self._predicts and logits is None and (self.options.top or self.options.surprisal or classes is None):
            raise RecordingError(torch_scores.no_logits(candidates, layout, len(self.vocabulary)))
        if self._predicts and self.options.salient is not None:
            # Where another side has the same tokens, and reads them by the same embedding, this one does so last.
            read = required(read[-1:] if self.name else read)
            values = self._saliency(rows, layout, read, self.options.salient, logits=logits, classes=classes)
            attrs = {"kind": Kind.SCALAR.value, "description": saliency.described(self.options.salient)}
            tracks = united({"states and hooks": tracks, "saliency": {SALIENCY: Track(values.numpy(), (STEP,), attrs)}})
        before, keeps = self._before, logits is not None and bool(self.options.top or self.options.surprisal)
        scores = torch_scores.as_scores(logits) if logits is not None and keeps else None
        if self.options.carry and scores is not None:
            self._before = scores[0, rows.stops[0] - 1].copy()
        chosen = None if classes is None else classes.detach().argmax(dim=1).cpu().numpy()
        return Steps(rows, tracks, scores, before if self.options.carry else None, chosen)

    def constants(self, trace: Trace) -> dict[str, xr.Variable]:
        """Return what the recording holds besides steps: word embeddings and output weights, if wanted."""
        found, words = {}, len(self.vocabulary)
        if self.options.embeddings:
            weights = modules.embedding_matrix(self.model, [call.module for call in trace.embedded], words).weight
            found[EMBEDDING] = self._matrix(weights, "embedding", "The vector that the model reads for each word.")
        if self.options.output_weights and self._scores_words(words):
            weights = modules.output_matrix(self.model, words).weight
            about = "The weights from which each word's score is computed."
            found[OUTPUT_WEIGHT] = self._matrix(weights, f"{OUTPUT_WEIGHT}_dim", about)
        return found

    def labels(self, steps: Steps) -> dict[str, list[str]]:
        """Return the labels that are known before anything is written."""
        found = {} if self.vocabulary.words is None else {VOCABULARY: list(self.vocabulary.words)}
        used = {*(steps.rows.annotations or ()), *([] if steps.rows.labels is None else [LABEL])}
        return found | {f"{name}_label": list(texts) for name, texts in self.appender.labels.items() if name in used}

    def _candidates(self, trace: Trace, layout: Layout) -> list[Tensor]:
        """Return the tensors among which logits may be, or the scores of classes."""
        seen = self._axes.of("logits", trace.scores, layout) if self._predicts else layout
        return torch_scores.candidates(self.options, trace, seen)

    def _logits(self, candidates: list[Tensor], layout: Layout, words: int) -> Tensor | None:
        """Return the scores of words (row, step, code), None where there are none."""
        if isinstance(self.options.logits, str):
            # A module's calls, joined already.
            return torch_scores.token_logits(candidates, replace(layout, time_first=False), words)
        scored = [values for values in candidates if not words or words in values.shape]
        return torch_scores.token_logits(candidates, self._axes.of("logits", scored[:1], layout), words)

    def _scores_words(self, words: int) -> bool:
        return not self.name or any(getattr(module, "out_features", 0) == words for module in self.model.modules())

    def _matrix(self, weights: Tensor, dim: str, description: str) -> xr.Variable:
        values, encoding = stored(weights, self.options.dtype_name)
        return xr.Variable((WORD, dim), values, {"kind": Kind.EMBEDDING.value, "description": description}, encoding)

    def _without_unread(self, rows: Rows, trace: Trace) -> Rows:
        """Leave out the steps that a packed sequence leaves out: the model has not read them."""
        given = rows.stops
        for path in self.recurrent:
            for run in trace.runs[path]:
                if run.lengths is not None and len(run.lengths) == len(given):
                    lengths = run.lengths.numpy()
                    if (lengths != given).any() and sorted(lengths) == sorted(given):
                        raise RecordingError(_sorted_inside(path, lengths, given))
                    rows = replace(rows, stops=np.minimum(rows.stops, lengths))
        return rows

    def _warn_of_padding(self, rows: Rows, trace: Trace) -> None:
        """Say once where states of tokens depend on padding that was read before them."""
        before, after = bool((rows.starts > 0).any()), bool((rows.stops < rows.shape[1]).any())
        for path, module in self.recurrent.items():
            reads_all = any(run.lengths is None for run in trace.runs[path])
            backward = after and getattr(module, "bidirectional", False)
            if reads_all and (before or backward) and path not in self._warned:
                self._warned.add(path)
                log.warning(PADDING_READ, path or "the model", "backward" if backward and not before else "its")

    def _settle(self, rows: Rows, read: list[TokenReading], candidates: list[Tensor], layout: Layout) -> None:
        """Once the model has run: check the vocabulary's size, or take one from the model if none was given."""
        embedding = read[0].calls[0] if read else None
        size = None if embedding is None else embedding.module.num_embeddings
        words = self.vocabulary.words
        if words is not None and embedding is not None and size is not None and len(words) < size:
            what = f"has {len(words)} words; the embedding {embedding.name!r} has {size} rows"
            remedy = "give each row a word, in the order of the codes; '' for those that are not used"
            raise RecordingError(Problem("vocabulary", what, remedy))
        if rows.tokens.dtype == object and self._predicts:
            what = "is needed to tell which of the model's scores are of which word"
            raise RecordingError(Problem("vocabulary", what, "give it, or codes instead of words as tokens"))
        if words is None and size is None and self._predicts:
            logits = self._logits(candidates, layout, 0)
            size = None if logits is None else logits.shape[2]
        if words is None and size is not None:
            self.appender.vocabulary = Vocabulary.numbered(size)
        if self.options.top > len(self.vocabulary) > 0:
            what = f"is {self.options.top}; the vocabulary has {len(self.vocabulary)} words"
            raise RecordingError(Problem("top", what, "ask for fewer"))

    def _nothing(self, trace: Trace) -> Problem:
        if any(trace.runs[path] for path in self.recurrent):
            kinds = ", ".join(sorted({type(module).__name__ for module in self.recurrent.values()}))
            wanted = " or ".join(sorted(self.options.roles)) or "states"
            what = f"of the kind {wanted} are not to be had of {kinds}"
            return Problem("states", what, "say states=('hidden', 'cell'), or name hooks")
        names = ", ".join(path or "the model itself" for path in self.recurrent)
        what = f"called none of its recurrent modules ({names}) by PyTorch's own forward"
        return Problem(type(self.model).__name__, what, "name modules whose output to record: hooks=[...]")

    def _classes(self, candidates: list[Tensor], rows: Rows) -> Tensor | None:
        """Return the scores of each row's classes; None where there are no labels, or the model gives no scores."""
        if rows.labels is None:
            return None
        scores = torch_scores.class_logits(candidates, rows.labels, self.options.annotations.get(LABEL, ()))
        if scores is not None and LABEL not in self.appender.labels:
            self.appender.labels = {**self.appender.labels, LABEL: [str(code) for code in range(scores.shape[1])]}
        return scores

    def _saliency(
        self,
        rows: Rows,
        layout: Layout,
        read: list[TokenReading],
        wanted: Saliency,
        *,
        logits: Tensor | None,
        classes: Tensor | None,
    ) -> Tensor:
        if logits is not None:
            spans = list(zip(rows.starts.tolist(), rows.stops.tolist(), strict=True))
            tokens = torch.from_numpy(rows.tokens)
            return saliency.token_saliency(logits, tokens, spans, read, layout, wanted)
        assert classes is not None  # noqa: S101 - one of them was found
        names = list(self.options.annotations.get(LABEL, ()))
        labels = [names.index(label) if isinstance(label, str) else label for label in rows.labels or ()]
        chosen = labels if wanted.which == "true" else [None] * len(labels)
        return saliency.class_saliency(classes, chosen, read, layout)


def _sorted_inside(path: str, lengths: NDArray[Any], given: NDArray[Any]) -> Problem:
    what = f"read rows of {', '.join(map(str, lengths[:8]))} steps; the batch's have {', '.join(map(str, given[:8]))}"
    remedy = (
        "it seems that the model sorts them: pack with enforce_sorted=False instead, or give the longest rows first"
    )
    return Problem(f"module {path!r}", what, remedy)


def _check_carried(rows: Rows, where: str) -> None:
    if rows.shape[0] != 1:
        what = f"has {rows.shape[0]} rows; one was expected, as carry=True goes on with the row of the batch before"
        remedy = "give windows (1, step) of one text after the other, or leave out carry: each row is then a document"
        raise RecordingError(Problem(where, what, remedy))
    if rows.starts[0] != 0 or rows.stops[0] != rows.shape[1]:
        what = "has padding, which carry=True would carry on in the states"
        raise RecordingError(Problem(where, what, "give a shorter last window instead"))
