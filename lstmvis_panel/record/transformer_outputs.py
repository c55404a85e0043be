"""What a model of the transformers library says besides its hidden states: scores of words and classes, saliency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from lstmvis_panel.record import saliency
from lstmvis_panel.record.layout import Layout
from lstmvis_panel.record.outputs import are_chances
from lstmvis_panel.record.steps import Steps, Track
from lstmvis_panel.record.token_reading import first_by, readings_of, required
from lstmvis_panel.record.torch_tracks import stored
from lstmvis_panel.schema import EMBEDDING, STEP, WORD, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from lstmvis_panel.record.batch import Rows
    from lstmvis_panel.record.options import Options
    from lstmvis_panel.record.token_reading import TokenReading
    from lstmvis_panel.record.watching import Trace

PREDICTED, OUTPUT_WEIGHT, SALIENCY = "predicted_label", "output_weight", "saliency"
LOGITS = ("logits", "prediction_logits")
TOKEN_CLASSIFIER = "TokenClassification"  # noqa: S105 - a part of classes' names
LOAD_HEAD = "load the model with its head (AutoModelForCausalLM, AutoModelForMaskedLM), or leave out"
BY_ROW, BY_STEP = 2, 3
"""Dimensions of logits (row, class) and (row, step, code)."""


@dataclass(frozen=True)
class Outputs:
    """Finds what was asked for in a model's outputs.

    Attributes
    ----------
    model
        The model.
    options
        What was asked for.
    words
        How many words there are.
    is_causal
        Whether logits are about the next step.
    """

    model: Any
    options: Options
    words: int
    is_causal: bool

    def added(self, steps: Steps, trace: Trace) -> Steps:
        """Return steps with logits, saliency, and the classes that the model gives texts or tokens.

        Raises
        ------
        RecordingError
            If what was asked for is not there.
        """
        scores, rows = self._scores(trace), steps.rows
        classes = class_names(self.model)
        if scores is not None and scores.shape == (rows.shape[0], len(classes)) and len(classes) > 1:
            return self._with_classes(steps, trace, scores, classes)
        if scores is None or scores.ndim != BY_STEP or tuple(scores.shape[:2]) != rows.shape:
            return self._without_words(steps)
        if TOKEN_CLASSIFIER in type(self.model).__name__:
            codes = scores.detach().argmax(dim=2).cpu().numpy().astype(np.int32)
            about = "The class that the model gave the token."
            attrs = {"kind": Kind.CATEGORICAL.value, "labels": f"{PREDICTED}_label", "description": about}
            tracks = {**steps.tracks, PREDICTED: Track(codes, (STEP,), attrs)}
            return self._without_words(replace(steps, tracks=tracks))
        if not self.options.predicts:
            return steps
        return self._with_words(steps, trace, scores) if scores.shape[2] >= self.words else self._without_words(steps)

    def constants(self, *, scores_words: bool) -> dict[str, xr.Variable]:
        """Return word embeddings and output weights, as far as they are wanted.

        Parameters
        ----------
        scores_words
            Whether the side that is recorded is the one whose words are scored.

        Raises
        ------
        RecordingError
            If the model has none with a row for each word.
        """
        found = {}
        if self.options.embeddings:
            weight = self._weight(self.model.get_input_embeddings(), "embeddings")
            found[EMBEDDING] = self._matrix(weight, "embedding", "The vector that the model reads for each word.")
        if self.options.output_weights and scores_words:
            weight = self._weight(self.model.get_output_embeddings(), "output_weights")
            about = "The weights from which each word's score is computed."
            found[OUTPUT_WEIGHT] = self._matrix(weight, f"{OUTPUT_WEIGHT}_dim", about)
        return found

    def _with_words(self, steps: Steps, trace: Trace, scores: Tensor) -> Steps:
        """Return steps with the scores of words."""
        scores, rows = scores[..., : self.words], steps.rows
        tracks = dict(steps.tracks)
        wanted = self.options.salient
        if wanted is not None:
            if not self.is_causal:
                what = "of a model that reads the whole text has no meaning: each token's score depends on that token"
                raise RecordingError(Problem("saliency", what, "leave it out"))
            read, layout = self._read(trace, rows), _layout(rows)
            spans = list(zip(rows.starts.tolist(), rows.stops.tolist(), strict=True))
            values = saliency.token_saliency(scores, torch.from_numpy(rows.tokens), spans, read, layout, wanted)
            about = "the token there" if wanted.which == "true" else "what the model predicts"
            tracks[SALIENCY] = _salient(values, about)
        if not (self.options.top or self.options.surprisal):
            return replace(steps, tracks=tracks)
        logits = scores.detach().float().cpu().numpy()
        if are_chances(logits[0, :8]):
            what = "found chances, which add up to 1, where logits were expected"
            raise RecordingError(Problem("logits", what, "say logits=lambda output: output.logits.log()"))
        return replace(steps, tracks=tracks, logits=logits)

    def _with_classes(self, steps: Steps, trace: Trace, scores: Tensor, names: Sequence[str]) -> Steps:
        """Return steps with the classes of texts."""
        tracks = dict(steps.tracks)
        wanted = self.options.salient
        if wanted is not None:
            known: dict[Any, int] = {name: code for code, name in enumerate(names)}
            codes = [known.get(label, label) for label in steps.rows.labels or (None,) * len(scores)]
            chosen = codes if wanted.which == "true" else [None] * len(scores)
            values = saliency.class_saliency(scores, chosen, self._read(trace, steps.rows), _layout(steps.rows))
            about = "its document's label" if wanted.which == "true" else "what the model predicts"
            tracks[SALIENCY] = _salient(values, about)
        found = replace(steps, tracks=tracks, classes=scores.detach().argmax(dim=1).cpu().numpy())
        return self._without_words(found, but=("saliency",))

    def _without_words(self, steps: Steps, but: Sequence[str] = ()) -> Steps:
        """Return steps of a model that scores no words, which nobody then may want."""
        asked = {"top": self.options.top, "surprisal": self.options.surprisal, "saliency": self.options.saliency}
        wanted = [name for name, value in asked.items() if value and name not in but]
        if wanted:
            what = f"{type(self.model).__name__} has no logits with a score for each of its {self.words} words"
            raise RecordingError(Problem(", ".join(wanted), what, f"{LOAD_HEAD} {', '.join(wanted)}"))
        return steps

    def _scores(self, trace: Trace) -> Tensor | None:
        if callable(self.options.logits):
            found: Tensor | None = self.options.logits(trace.output)
            return found
        if trace.scores:
            return trace.scores[-1]
        return next((trace.output[name] for name in LOGITS if trace.output.get(name) is not None), None)

    def _read(self, trace: Trace, rows: Rows) -> list[TokenReading]:
        """Return when an embedding read the tokens, the last time where an encoder has the same tokens."""
        weight = getattr(self.model.get_input_embeddings(), "weight", None)
        read = required(readings_of(first_by(weight, trace.embedded), rows, _layout(rows)))
        return read[-1:] if self.model.config.is_encoder_decoder else read

    def _weight(self, module: Any, where: str) -> Tensor:
        weight: Tensor | None = getattr(module, "weight", None)
        if weight is None or weight.shape[0] != self.words:
            has = "none" if weight is None else f"one of {weight.shape[0]} rows"
            what = f"wants a matrix with a row for each of the {self.words} words; the model has {has}"
            raise RecordingError(Problem(where, what, f"leave {where} out"))
        return weight

    def _matrix(self, weight: Tensor, dim: str, description: str) -> xr.Variable:
        values, encoding = stored(weight, self.options.dtype_name)
        return xr.Variable((WORD, dim), values, {"kind": Kind.EMBEDDING.value, "description": description}, encoding)


def class_names(model: Any) -> list[str]:
    """Return the names of the classes that a classifier has."""
    names = getattr(model.config, "id2label", None) or {}
    return [str(names[code]) for code in sorted(names)]


def _layout(rows: Rows) -> Layout:
    return Layout(*rows.shape, int(rows.stops.max(initial=0)))


def _salient(values: Tensor, about: str) -> Track:
    about = f"How much the score of {about} at the window's end depends on this token: a gradient's norm."
    return Track(values.numpy(), (STEP,), {"kind": Kind.SCALAR.value, "description": about})
