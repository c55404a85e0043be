"""What a model of the transformers library reads: texts cut to its window, or tensors; and which of it is padding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lstmvis_panel.record.batch import Batch, Rows, array_of, as_batch, rows_of
from lstmvis_panel.record.texts import CODES, Window, cut, items_of, texts_of, window_of
from lstmvis_panel.schema import Problem, RecordingError
from lstmvis_panel.validation import SURROGATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import nn

    from lstmvis_panel.record.vocabulary import Vocabulary

MASK = "attention_mask"
DECODER_CODES, DECODER_MASK, TARGETS = "decoder_input_ids", "decoder_attention_mask", "labels"
BY_STEP = {CODES, MASK, "token_type_ids"}
IGNORED = -100  # what stands for padding in targets
ENCODER, DECODER = "encoder", "decoder"
MOST_ROWS, MOST_STEPS = 8, 8192
"""Texts read at once: so many, and no more than make so many steps with their padding."""

GIVE_TOKENIZER = "give the tokenizer that belongs to the model, tokenizer=, or codes instead of texts"
GIVE_PAIRS = "give pairs (source, target), or a dict with input_ids and labels"


@dataclass(frozen=True)
class Reading:
    """What the model reads at once.

    Attributes
    ----------
    inputs
        What its forward is called with.
    sides
        The tokens of each of its sides, ``""`` for the only one.
    """

    inputs: dict[str, Any]
    sides: dict[str, Rows]


@dataclass(frozen=True)
class Reader:
    """Turns whatever is given as batches into what the model reads.

    A text is a document. One that is longer than the model's window is cut into windows that follow one another without
    overlap, each with the special tokens that a text gets; the model reads each by itself, so each is a document, named
    "NAME (part 2 of 5)". The window is the smaller of the model's number of positions and the tokenizer's
    ``model_max_length``, which can be set.

    Parameters
    ----------
    model
        The model.
    tokenizer
        Its tokenizer, None if there is none.
    vocabularies
        The vocabulary of each side, ``""`` for the only one.
    padding
        The code of padding, for tensors that come without a mask.
    """

    model: nn.Module
    tokenizer: Any
    vocabularies: Mapping[str, Vocabulary]
    padding: int | None = None

    @cached_property
    def _window(self) -> int:
        return window_of(self.model, self.tokenizer)

    @property
    def has_decoder(self) -> bool:
        """Whether the model is an encoder with a decoder."""
        return DECODER in self.vocabularies

    def readings(self, batches: Any) -> Iterator[Reading]:
        """Go through all that is to be read, batch by batch; the same every time, so that a run can go on.

        Raises
        ------
        RecordingError
            If something is neither texts nor codes, or texts come without a tokenizer.
        """
        waiting: list[Window] = []
        before = 0
        for number, given in enumerate(items_of(batches), start=1):
            found = self._windows(given, before, f"batches, item {number}")
            if found is None:
                yield from self._read(waiting)
                waiting = []
                reading = self._tensors(as_batch(given), before, f"batches, item {number}")
                before += next(iter(reading.sides.values())).shape[0]
                yield reading
                continue
            count, windows = found
            before += count
            for window in windows:
                if not _fit([*waiting, window]):
                    yield from self._read(waiting)
                    waiting = []
                waiting.append(window)
        yield from self._read(waiting)

    def _windows(self, given: Any, before: int, where: str) -> tuple[int, list[Window]] | None:
        """Return how many texts something is, and their windows; None if it is no texts."""
        batch = as_batch(given)
        pairs = texts_of(batch.inputs, pairs=self.has_decoder)
        if pairs is None:
            return None
        if self.tokenizer is None:
            raise RecordingError(Problem(where, "is text, and there is no tokenizer", GIVE_TOKENIZER))
        names = _each(batch.documents, len(pairs), f"{where}, documents")
        labels = _each(batch.labels, len(pairs), f"{where}, labels")
        windows: list[Window] = []
        for number, ((source, target), name, label) in enumerate(zip(pairs, names, labels, strict=True)):
            windows += self._cut(source, target, name or _name(before + number), label, where)
        return len(pairs), windows

    def _cut(self, source: str, target: str | None, name: str, label: Any, where: str) -> list[Window]:
        """Return the windows of a text."""
        if self.has_decoder and target is None:
            what = "is a text without a target; the decoder would have nothing to read"
            raise RecordingError(Problem(where, what, GIVE_PAIRS))
        for text in filter(None, (source, target)):
            if half := SURROGATE.search(text):
                before = text[max(half.start() - 20, 0) : half.start()]
                what = f"has half a character (a surrogate) in a text, after {before!r}"
                raise RecordingError(Problem(where, what, "decode the text anew, errors='replace' if need be"))
        parts = cut(self.tokenizer, source, self._window)
        targets = None if target is None else list(self.tokenizer(text_target=target, verbose=False)[CODES])
        if not parts[0] or targets == []:
            raise RecordingError(Problem(where, f"has a text without tokens: {source[:40]!r}", "leave it out"))
        if targets is not None and len(parts) > 1:
            what = f"has a text of {sum(map(len, parts))} tokens; the model reads {len(parts[0])} at once"
            raise RecordingError(Problem(where, what, "cut the pair where source and target agree"))
        if len(parts) == 1:
            return [Window(name, label, parts[0], targets)]
        return [
            Window(f"{name} (part {number} of {len(parts)})", label, part) for number, part in enumerate(parts, start=1)
        ]

    def _read(self, windows: list[Window]) -> Iterator[Reading]:
        """Return windows as what the model reads at once, padded on the right."""
        if not windows:
            return
        device = next(self.model.parameters()).device
        codes, mask = _padded([window.codes for window in windows], _padding(self.tokenizer))
        inputs = {CODES: torch.from_numpy(codes).to(device), MASK: torch.from_numpy(mask).to(device)}
        names = tuple(str(window.name) for window in windows)
        labels = tuple(window.label for window in windows)
        given = None if all(label is None for label in labels) else labels
        zeros = np.zeros(len(windows), np.int64)
        sides = {"": Rows(codes, zeros, mask.sum(axis=1), names, given)}
        if self.has_decoder:
            sides = {ENCODER: sides[""]} | self._decoder_side(
                [window.target or [] for window in windows], inputs, names
            )
        yield Reading(inputs, sides)

    def _decoder_side(
        self, targets: Sequence[Sequence[int]], inputs: dict[str, Any], names: tuple[str, ...] | None
    ) -> dict[str, Rows]:
        """Add to the inputs what the decoder reads: the targets, shifted by one step."""
        device = inputs[CODES].device
        if not any(targets):
            what = f"are {IGNORED} throughout; the decoder would have nothing to read"
            raise RecordingError(Problem(TARGETS, what, GIVE_PAIRS))
        padded, mask = _padded(targets, IGNORED)
        shifted = self.model.prepare_decoder_input_ids_from_labels(labels=torch.from_numpy(padded).to(device))  # type: ignore[operator]
        # The last target is predicted and never read: as many are read as there are targets.
        inputs |= {DECODER_CODES: shifted, DECODER_MASK: torch.from_numpy(mask).to(device)}
        return {DECODER: Rows(array_of(shifted), np.zeros(len(mask), np.int64), mask.sum(axis=1), names)}

    def _tensors(self, batch: Batch, before: int, where: str) -> Reading:
        """Return tensors as what the model reads; what the attention mask leaves out is padding."""
        positional, inputs = batch.arguments
        if positional:
            inputs = {CODES: positional[0]} | dict(zip((MASK,), positional[1:], strict=False))
        codes = inputs.get(CODES)
        if not isinstance(codes, torch.Tensor | np.ndarray | list):
            has = type(codes).__name__ if codes is not None else ", ".join(inputs) or "nothing"
            what = f"has {has}; texts, or codes {CODES!r} (row, step), were expected"
            raise RecordingError(Problem(where, what, GIVE_TOKENIZER))
        device = next(self.model.parameters()).device
        inputs = {name: _tensor(value, device) for name, value in inputs.items()}
        if inputs[CODES].ndim == 1:
            inputs = {name: value[None] if value.ndim == 1 else value for name, value in inputs.items()}
        lead = ENCODER if self.has_decoder else ""
        tokens = batch.tokens if batch.tokens is not None else inputs[CODES]
        plain = replace(batch, inputs=inputs, tokens=tokens).of_side(lead)
        rows = rows_of(plain, self.vocabularies[lead], where, self.padding)
        if rows.documents is None:
            rows = replace(rows, documents=tuple(_name(before + row) for row in range(rows.shape[0])))
        if batch.lengths is None and inputs.get(MASK) is not None:
            inputs, rows = _by_mask(inputs, rows, where)
        elif MASK not in inputs:
            inputs[MASK] = _mask_of(rows, device)
        sides = {lead: rows}
        if self.has_decoder:
            sides |= self._decoder_tensors(inputs, rows, where)
            # Whoever gives targets wants no loss here.
            inputs.pop(TARGETS, None)
        return Reading(inputs, sides)

    def _decoder_tensors(self, inputs: dict[str, Any], encoder: Rows, where: str) -> dict[str, Rows]:
        if inputs.get(TARGETS) is not None and inputs.get(DECODER_CODES) is None:
            targets = [[int(code) for code in row if code != IGNORED] for row in array_of(inputs[TARGETS])]
            return self._decoder_side(targets, inputs, encoder.documents)
        if inputs.get(DECODER_CODES) is None:
            what = f"has neither {TARGETS!r} nor {DECODER_CODES!r}; the decoder would have nothing to read"
            raise RecordingError(Problem(where, what, GIVE_PAIRS))
        codes = inputs[DECODER_CODES]
        plain = Batch(codes, codes, documents=encoder.documents)
        rows = rows_of(plain, self.vocabularies[DECODER], where, None)
        if inputs.get(DECODER_MASK) is not None:
            rows = replace(rows, stops=array_of(inputs[DECODER_MASK]).sum(axis=1).astype(np.int64))
        return {DECODER: rows}


def _name(number: int) -> str:
    return f"document {number + 1}"


def _each(given: Any, count: int, where: str) -> list[Any]:
    """Return one value for each text."""
    if given is None:
        return [None] * count
    values = [given] if isinstance(given, str | int) else list(given)
    if len(values) != count:
        what = f"has {len(values)} values; {count} were expected, one for each text"
        raise RecordingError(Problem(where, what, "leave it out, or give a list as long as that of the texts"))
    return values


def _fit(windows: Sequence[Window]) -> bool:
    """Tell whether windows can be read at once; one always can."""
    longest = max(max(len(window.codes), len(window.target or ())) for window in windows)
    return len(windows) == 1 or (len(windows) <= MOST_ROWS and len(windows) * longest <= MOST_STEPS)


def _padding(tokenizer: Any) -> int:
    """Return the code that fills up short rows. It is masked, so any will do."""
    return int(tokenizer.pad_token_id or 0)


def _padded(rows: Sequence[Sequence[int]], filling: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of any lengths as one array, and what of it is no filling, as 1."""
    codes = np.full((len(rows), max(map(len, rows))), filling, np.int64)
    mask = np.zeros(codes.shape, np.int64)
    for number, row in enumerate(rows):
        codes[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return codes, mask


def _tensor(value: Any, device: torch.device) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to(device)
    return torch.as_tensor(np.asarray(value), device=device) if isinstance(value, list | np.ndarray) else value


def _mask_of(rows: Rows, device: torch.device) -> torch.Tensor:
    steps = np.arange(rows.shape[1])
    mask = (steps >= rows.starts[:, None]) & (steps < rows.stops[:, None])
    return torch.from_numpy(mask.astype(np.int64)).to(device)


def _by_mask(inputs: dict[str, Any], rows: Rows, where: str) -> tuple[dict[str, Any], Rows]:
    """Return inputs and rows of which the mask's part is kept, padding moved from the left to the right.

    Padded on the left, models that count positions from the first step would count padding too.

    Raises
    ------
    RecordingError
        If a mask leaves out tokens between others.
    """
    mask = array_of(inputs[MASK]) != 0
    lengths = mask.sum(axis=1).astype(np.int64)
    starts = np.where(mask.any(axis=1), mask.argmax(axis=1), 0)
    stops = np.where(lengths > 0, mask.shape[1] - mask[:, ::-1].argmax(axis=1), 0)
    holes = np.flatnonzero(stops - starts != lengths)
    if mask.shape != rows.shape or holes.size:
        what = f"leaves out tokens between others in row {holes[0]}" if holes.size else f"has the shape {mask.shape}"
        raise RecordingError(Problem(f"{where}, {MASK}", what, "give 1 for a row's tokens and 0 for its padding"))
    if not starts.any() or not set(inputs) <= BY_STEP:
        return inputs, replace(rows, starts=starts, stops=stops)
    order = (np.arange(mask.shape[1]) + starts[:, None]) % mask.shape[1]
    moved = torch.from_numpy(order).to(inputs[CODES].device)
    inputs = {name: value.gather(1, moved) for name, value in inputs.items()}
    kept = {name: np.take_along_axis(values, order, axis=1) for name, values in (rows.annotations or {}).items()}
    tokens = np.take_along_axis(rows.tokens, order, axis=1)
    return inputs, replace(rows, tokens=tokens, starts=starts * 0, stops=lengths, annotations=kept or None)
