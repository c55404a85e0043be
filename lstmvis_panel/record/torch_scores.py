"""Finding a PyTorch model's logits in what it gives out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lstmvis_panel.record.layout import tensors_of
from lstmvis_panel.record.outputs import are_chances
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from lstmvis_panel.record.layout import Layout
    from lstmvis_panel.record.options import Options
    from lstmvis_panel.record.watching import Trace

SAMPLE = 8


def candidates(options: Options, trace: Trace, layout: Layout) -> list[Tensor]:
    """Return the tensors among which logits may be: those named, else all that the model gave out."""
    if callable(options.logits):
        return tensors_of(options.logits(trace.output))
    if isinstance(options.logits, str):
        return layout.joined(trace.scores) or trace.scores
    return tensors_of(trace.output)


def token_logits(found: Sequence[Tensor], layout: Layout, words: int) -> Tensor | None:
    """Return the first of the tensors that has a score of each word at each step.

    Parameters
    ----------
    found
        The tensors.
    layout
        The size of the batch.
    words
        The size of the vocabulary; 0 if there is none.

    Returns
    -------
    torch.Tensor or None
        (row, step, code).

    Raises
    ------
    RecordingError
        If its values are chances.
    """
    for tensor in found:
        if tensor.is_floating_point():
            for view in layout.views(tensor):
                if not words or view.shape[2] == words:
                    _check_scores(view[0, : min(layout.least, SAMPLE)])
                    return view
    return None


def class_logits(found: Sequence[Tensor], labels: Sequence[Any], names: Sequence[str]) -> Tensor | None:
    """Return the first of the tensors that has a score of each class for each row.

    Parameters
    ----------
    found
        The tensors.
    labels
        The classes of the rows, codes or texts.
    names
        The classes' names; if empty, labels must be codes, and the classes are as many as there are scores.

    Returns
    -------
    torch.Tensor or None
        (row, class).
    """
    codes = [label for label in labels if isinstance(label, int)]
    for tensor in found:
        scores = tensor[None] if tensor.ndim == 1 and len(labels) == 1 else tensor
        if scores.ndim == 2 and len(scores) == len(labels) and scores.is_floating_point():  # noqa: PLR2004
            classes = scores.shape[1]
            if classes == len(names) if names else codes and classes > max(1, *codes):
                return scores
    return None


def no_logits(found: Sequence[Tensor], layout: Layout, words: int) -> Problem:
    """Say that there are no logits, and what there is."""
    shapes = ", ".join(str(tuple(tensor.shape)) for tensor in found) or "no tensors"
    size = words or "words"
    what = f"need logits ({layout.rows}, {layout.steps}, {size}): a score of each word; the model's output has {shapes}"
    remedy = "say where they are: logits=lambda output: ..., or logits='PATH OF A MODULE'; check the vocabulary's size"
    return Problem("top, surprisal, saliency", what, remedy)


def as_scores(logits: Tensor) -> NDArray[Any]:
    """Return logits as numpy takes them, at least in single precision."""
    values = logits.detach()
    return np.asarray((values if values.dtype == torch.float64 else values.float()).cpu().numpy())


def _check_scores(sample: Tensor) -> None:
    """Refuse chances: they are taken for logits by mistake."""
    if are_chances(as_scores(sample)):
        what = "are chances, which add up to 1; logits were expected"
        raise RecordingError(Problem("logits", what, "say logits=lambda output: output.log(), or what fits the output"))
