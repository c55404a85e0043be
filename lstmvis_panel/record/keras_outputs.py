"""What a Keras model says besides its states: scores of words and classes, and the matrices for words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.record.keras_cells import DIMENSIONS, array_of
from lstmvis_panel.record.keras_finding import layers_of
from lstmvis_panel.record.outputs import are_chances
from lstmvis_panel.record.vocabulary import Vocabulary
from lstmvis_panel.schema import EMBEDDING, WORD, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lstmvis_panel.record.options import Options
    from lstmvis_panel.record.steps import Appender, Steps

LABEL, OUTPUT_WEIGHT = "label", "output_weight"
FEWEST = 1e-37
NO_LOGITS = "say where they are, logits=lambda output: ..., or logits='NAME OF A LAYER'; check the vocabulary"


@dataclass(frozen=True)
class KerasOutputs:
    """Finds what was asked for in a model's outputs.

    Attributes
    ----------
    model
        The model.
    options
        What was asked for.
    appender
        Takes the names of classes, and the vocabulary where none was given, from the first outputs.
    """

    model: Any
    options: Options
    appender: Appender

    def added(self, steps: Steps, output: Any, scores: Sequence[Any]) -> Steps:
        """Return steps with logits, and with the classes of their documents where labels were given.

        Parameters
        ----------
        steps
            What the model did.
        output
            What it gave out.
        scores
            What the layer gave out that was named for its logits.

        Raises
        ------
        RecordingError
            If there are no logits, and something needs them.
        """
        if not (self.options.top or self.options.surprisal or steps.rows.labels is not None):
            return steps
        rows, words = steps.rows, len(self.appender.vocabulary)
        found = [array_of(each) for each in self._candidates(output, scores)]
        if rows.labels is not None:
            count = len(self.appender.labels.get(LABEL, ()))
            fitting = [each for each in found if each.ndim == 2 and each.shape[0] == rows.shape[0]]  # noqa: PLR2004
            known = [label for label in rows.labels if isinstance(label, int)]
            classes = [
                each for each in fitting if each.shape[1] == count or (not count and each.shape[1] > max([1, *known]))
            ]
            if classes:
                steps = replace(steps, classes=classes[0].argmax(axis=1).astype(np.int64))
                names = self.appender.labels.get(LABEL) or [str(code) for code in range(classes[0].shape[1])]
                self.appender.labels = {**self.appender.labels, LABEL: names}
        if not (self.options.top or self.options.surprisal):
            return steps
        for logits in found:
            if logits.ndim == DIMENSIONS and logits.shape[:2] == rows.shape and words in (0, logits.shape[2]):
                if not words:
                    self.appender.vocabulary = Vocabulary.numbered(logits.shape[2])
                chances = are_chances(logits[0, : max(int(rows.stops[0]), 1)][:8])
                return replace(steps, logits=np.log(np.maximum(logits, FEWEST)) if chances else logits)
        shapes = ", ".join(str(each.shape) for each in found) or "nothing"
        what = f"found no logits: {(*rows.shape, words or 'words')} was expected, the model's output has {shapes}"
        raise RecordingError(Problem("top, surprisal", what, NO_LOGITS))

    def _candidates(self, output: Any, scores: Sequence[Any]) -> list[Any]:
        from keras import tree  # noqa: PLC0415 - an optional extra

        if callable(self.options.logits):
            return list(tree.flatten(self.options.logits(output)))
        return list(scores) or list(tree.flatten(output))

    def constants(self) -> dict[str, xr.Variable]:
        """Return word embeddings and output weights, as far as they are wanted."""
        words = len(self.appender.vocabulary)
        found = {}
        if self.options.embeddings:
            matrix = _matrix(self.model, "Embedding", "embeddings", words, axis=0)
            about = "The vector that the model reads for each word."
            found[EMBEDDING] = xr.Variable(
                (WORD, "embedding"), matrix, {"kind": Kind.EMBEDDING.value, "description": about}
            )
        if self.options.output_weights:
            matrix = _matrix(self.model, "Dense", "kernel", words, axis=1)
            about = "The weights from which each word's score is computed."
            attrs = {"kind": Kind.EMBEDDING.value, "description": about}
            found[OUTPUT_WEIGHT] = xr.Variable((WORD, f"{OUTPUT_WEIGHT}_dim"), matrix, attrs)
        return found


def _matrix(model: Any, kind: str, attribute: str, words: int, *, axis: int) -> NDArray[Any]:
    """Return the weights of the last layer of a kind that has a row (or column) for each word."""
    from keras import layers  # noqa: PLC0415 - an optional extra

    found = [layer for layer in layers_of(model) if isinstance(layer, getattr(layers, kind))]
    for layer in reversed(found):
        weights = array_of(getattr(layer, attribute))
        if weights.shape[axis] == words:
            return weights if axis == 0 else np.ascontiguousarray(weights.T)
    sizes = ", ".join(str(tuple(getattr(layer, attribute).shape)) for layer in found) or "none"
    where = "embeddings" if kind == "Embedding" else "output_weights"
    what = f"wants a layer {kind} with weights for the vocabulary's {words} words; the model has {sizes}"
    raise RecordingError(Problem(where, what, f"give the vocabulary, or leave {where} out"))
