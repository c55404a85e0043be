"""Which calls of an embedding read the tokens: all at once or in pieces, once or several times, beside other tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn

    from lstmvis_panel.record.batch import Rows
    from lstmvis_panel.record.layout import Layout
    from lstmvis_panel.record.watching import Embedded


@dataclass(frozen=True)
class TokenReading:
    """One time that an embedding went through the tokens.

    Parameters
    ----------
    calls
        The calls in which it did.
    view
        Which of the ways to see a single call as (row, step) it was; None for pieces, which have but one.
    """

    calls: tuple[Embedded, ...]
    view: int | None = None

    @property
    def outputs(self) -> list[Tensor]:
        """What the embedding gave out, call by call; none where it was not kept."""
        return [call.output for call in self.calls if call.output is not None]

    def joined(self, values: Sequence[Tensor], layout: Layout) -> Tensor:
        """Return a value for each thing that was read, in the calls' shapes, as (row, step, feature)."""
        if self.view is not None:
            return [*layout.views(values[0])][self.view]
        return torch.cat([piece for piece in map(layout.piece, values) if piece is not None], dim=1)


def readings_of(embedded: Sequence[Embedded], rows: Rows, layout: Layout) -> list[TokenReading]:
    """Return each time that the tokens were read by the first embedding that reads them, in order; none if none does.

    One embedding may read an encoder's tokens and a decoder's: only those calls count that read these.

    Parameters
    ----------
    embedded
        The calls of embeddings, in their order.
    rows
        The tokens.
    layout
        The size of the batch.
    """
    if rows.tokens.dtype == object:
        return []
    tokens = torch.from_numpy(rows.tokens)
    for name in dict.fromkeys(call.name for call in embedded):
        calls = [call for call in embedded if call.name == name]
        whole = [*_at_once(calls, tokens, layout)]
        others = [call for call in calls if all(call is not reading.calls[0] for reading in whole)]
        if found := [*whole, *_in_pieces(others, tokens, layout)]:
            order = {id(call): number for number, call in enumerate(calls)}
            return sorted(found, key=lambda reading: order[id(reading.calls[-1])])
    return []


def required(readings: Sequence[TokenReading]) -> list[TokenReading]:
    """Return readings whose embeddings' gradients can be had.

    Raises
    ------
    RecordingError
        If there are none.
    """
    kept = [reading for reading in readings if reading.outputs]
    if not kept:
        what = "needs an embedding (torch.nn.Embedding) that reads the tokens (batch, step); none did"
        raise RecordingError(Problem("saliency", what, "leave it out"))
    return kept


def first_by(weight: nn.Parameter | None, embedded: Sequence[Embedded]) -> list[Embedded]:
    """Return calls in their order, those of embeddings with these weights before all others."""
    return sorted(embedded, key=lambda call: call.module.weight is not weight)


def _at_once(calls: Sequence[Embedded], tokens: Tensor, layout: Layout) -> Iterator[TokenReading]:
    for call in calls:
        for number, view in enumerate(layout.views(_codes(call))):
            if torch.equal(view[..., 0].long(), tokens[:, : view.shape[1]]):
                yield TokenReading((call,), number)
                break


def _in_pieces(calls: Sequence[Embedded], tokens: Tensor, layout: Layout) -> Iterator[TokenReading]:
    pieces = [layout.piece(_codes(call)) for call in calls]
    first = 0
    while first < len(pieces):
        stop, steps = first, 0
        while stop < len(pieces) and steps < layout.steps and (size := _fits(pieces[stop], tokens[:, steps:])):
            stop, steps = stop + 1, steps + size
        if stop > first and layout.fits(steps):
            yield TokenReading(tuple(calls[first:stop]))
            first = stop
        else:
            first += 1


def _fits(piece: Tensor | None, tokens: Tensor) -> int:
    """Return how many steps of the tokens a piece has read; 0 if it has read something else."""
    if piece is None or not torch.equal(piece[..., 0].long(), tokens[:, : piece.shape[1]]):
        return 0
    return piece.shape[1]


def _codes(call: Embedded) -> Tensor:
    return call.codes.detach().cpu()[..., None]
