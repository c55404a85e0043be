"""Texts as a model reads them: pairs or single ones, cut to windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from lstmvis_panel.record.batch import Batch, as_batches
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from torch import nn

CODES = "input_ids"
UNLIMITED = 1 << 40


@dataclass(frozen=True)
class Window:
    """A text, or as much of it as the model can read at once."""

    name: str | None
    label: Any
    codes: list[int]
    target: list[int] | None = None


def cut(tokenizer: Any, text: str, window: int) -> list[list[int]]:
    """Return a text's codes, special tokens included, cut into windows where it has more than one takes.

    Raises
    ------
    RecordingError
        If special tokens leave no room in a window.
    """
    whole = list(tokenizer(text, verbose=False)[CODES])
    if len(whole) <= window:
        return [whole]
    content = list(tokenizer(text, add_special_tokens=False, verbose=False)[CODES])
    first = next(place for place in range(len(whole)) if whole[place : place + len(content)] == content)
    before, after = whole[:first], whole[first + len(content) :]
    room = window - len(before) - len(after)
    if room < 1:
        what = f"is {window} tokens, of which {len(before) + len(after)} are special; at least one more was expected"
        raise RecordingError(Problem("the model's window", what, "set tokenizer.model_max_length to a greater number"))
    return [[*before, *content[start : start + room], *after] for start in range(0, len(content), room)]


def window_of(model: nn.Module, tokenizer: Any) -> int:
    """Return how many tokens a model reads at once: what its positions and its tokenizer allow."""
    limits = [getattr(tokenizer, "model_max_length", None), getattr(model.config, "max_position_embeddings", None)]
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            # Where padding has a position, counting starts behind it.
            limits.append(module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1))
    return min(
        (int(limit) for limit in limits if isinstance(limit, int | float) and 0 < limit < UNLIMITED), default=UNLIMITED
    )


def items_of(batches: Any) -> Iterable[Any]:
    """Return what was given item by item: a text alone is one, a dict of texts names them."""
    if isinstance(batches, str):
        return [batches]
    if isinstance(batches, Mapping) and batches and all(isinstance(value, str) for value in batches.values()):
        return [Batch(text, documents=[name]) for name, text in batches.items()]
    if isinstance(batches, tuple) and batches and all(isinstance(value, str) for value in batches):
        return [batches]
    found: Iterable[Any] = as_batches(batches)
    return found


def texts_of(given: Any, *, pairs: bool) -> list[tuple[str, str | None]] | None:
    """Return texts, each with its target if it has one; None if it is no texts."""
    if isinstance(given, str):
        return [(given, None)]
    if not isinstance(given, list | tuple) or not given:
        return None
    if pairs and _is_pair(given):
        return [(given[0], given[1])]
    if pairs and all(_is_pair(each) for each in given):
        return [(source, target) for source, target in given]
    return [(text, None) for text in given] if all(isinstance(text, str) for text in given) else None


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and all(isinstance(text, str) for text in given)  # noqa: PLR2004
