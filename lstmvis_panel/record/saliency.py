"""Which tokens a score depends on: norms of its gradient with respect to each token's embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from lstmvis_panel.record.layout import Layout
    from lstmvis_panel.record.options import Saliency
    from lstmvis_panel.record.token_reading import TokenReading


def token_saliency(
    logits: Tensor,
    codes: Tensor,
    spans: Sequence[tuple[int, int]],
    readings: Sequence[TokenReading],
    layout: Layout,
    wanted: Saliency,
) -> Tensor:
    """Return the saliency of each step for the token at the end of its window.

    Rows are cut into windows that do not overlap; the last may be shorter. Within a window that ends with step e, the
    saliency of step t is the Euclidean norm of the gradient of one score (a logit) with respect to the embedding of the
    token at t, the first-derivative saliency of Li et al. (2016, arXiv:1506.01066) after Simonyan et al. [27 in the
    paper]. The score is, for "predicted", that of the likeliest token after e; for "true", that which step e - 1 gave
    to the token at e, so that e itself has none unless the model reads ahead.

    Parameters
    ----------
    logits
        Shape (row, step, code), with a gradient.
    codes
        int64, shape (row, step).
    spans
        First step of each row, and the step after its last; the steps between are cut into windows.
    readings
        The calls in which the embedding read the tokens. Where it did so several times, a token's gradient is the sum.
    layout
        The size of the batch.
    wanted
        Whose score, and how many steps a window has.

    Returns
    -------
    torch.Tensor
        float32, shape (row, step): norms, in logits per unit of the embedding; NaN where nothing was predicted.

    Raises
    ------
    RecordingError
        If the logits do not depend on the embedding.
    """
    found = torch.full((layout.rows, layout.steps), torch.nan)
    for windows in _windows(spans, wanted.window):
        scored = [(row, *_scored(logits, codes, row, spans[row][0], stop, wanted.which)) for row, _, stop in windows]
        scores = [logits[row, step, code] for row, step, code in scored if step >= 0]
        norms = gradient_norms(torch.stack(scores).sum(), readings, layout) if scores else found
        for (row, start, stop), (_, step, _) in zip(windows, scored, strict=True):
            if step >= 0:
                found[row, start:stop] = norms[row, start:stop]
    return found


def class_saliency(
    logits: Tensor, classes: Sequence[int | None], readings: Sequence[TokenReading], layout: Layout
) -> Tensor:
    """Return the saliency of each step for the class of its document.

    Parameters
    ----------
    logits
        Shape (row, class), with a gradient.
    classes
        Whose score, for each row; None for the likeliest.
    readings, layout
        As for `token_saliency`.

    Returns
    -------
    torch.Tensor
        float32, shape (row, step).
    """
    likeliest = logits.argmax(dim=1).tolist()
    chosen = [best if code is None else code for code, best in zip(classes, likeliest, strict=True)]
    return gradient_norms(logits[torch.arange(len(chosen)), chosen].sum(), readings, layout)


def described(wanted: Saliency) -> str:
    """Say what a recording's saliency means."""
    whose = "the true token's, or label's," if wanted.which == "true" else "the likeliest token's, or label's,"
    window = "its document" if wanted.window is None else f"its window of {wanted.window} steps"
    return f"How {whose} score at the end of {window} depends on this token: the norm of the gradient (Li et al. 2016)."


def gradient_norms(score: Tensor, readings: Sequence[TokenReading], layout: Layout) -> Tensor:
    """Return the norms of a score's gradient at each step, float32 of shape (row, step).

    Rows do not depend on each other, so that one score may be the sum of all rows' scores.
    """
    if not score.requires_grad:
        what = "the model's logits have no gradient"
        raise RecordingError(
            Problem("saliency", what, "take torch.no_grad out of the model's forward, or saliency away")
        )
    outputs = [reading.outputs for reading in readings]
    flat = [values for each in outputs for values in each]
    gradients = iter(torch.autograd.grad(score, flat, retain_graph=True, allow_unused=True, materialize_grads=True))
    by_reading = []
    for reading, values in zip(readings, outputs, strict=True):
        joined = reading.joined([next(gradients) for _ in values], layout).float().cpu()
        by_reading.append(torch.nn.functional.pad(joined, (0, 0, 0, layout.steps - joined.shape[1])))
    norms: Tensor = torch.linalg.vector_norm(torch.stack(by_reading).sum(dim=0), dim=-1)
    return norms


def _windows(spans: Sequence[tuple[int, int]], size: int | None) -> Iterator[list[tuple[int, int, int]]]:
    """Yield the first window of all rows, the second, and so on: (row, start, stop) each."""
    number = 0
    while True:
        windows = []
        for row, (first, last) in enumerate(spans):
            start = first + number * (size or max(last - first, 1))
            if start < last:
                windows.append((row, start, min(start + (size or last), last)))
        if not windows:
            return
        yield windows
        number += 1


def _scored(logits: Tensor, codes: Tensor, row: int, first: int, stop: int, which: str) -> tuple[int, int]:
    """Return the step and the code whose score counts for a window that ends before ``stop``; -1 where none does."""
    if which == "predicted":
        return stop - 1, int(logits[row, stop - 1].argmax())
    return (stop - 2 if stop - 2 >= first else -1), int(codes[row, stop - 1])
