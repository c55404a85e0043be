"""Which axis is which: whatever a module gave out, in one call or in many, as (row, step, feature)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from lstmvis_panel.record.recurrent import Run, Source


@dataclass(frozen=True)
class Layout:
    """The size of a batch.

    Parameters
    ----------
    rows, steps
        Shape of its tokens.
    least
        Steps of its longest row: what is packed may have no more.
    time_first
        Whether values are likelier (step, row, feature), where both fit.
    time_last
        Whether they are likelier (row, feature, step).
    """

    rows: int
    steps: int
    least: int
    time_first: bool = False
    time_last: bool = False

    def fits(self, steps: int) -> bool:
        """Tell whether something has as many steps as the batch."""
        return self.least <= steps <= self.steps

    def views(self, values: Tensor) -> Iterator[Tensor]:
        """Go through all ways to read values as (row, step, feature), the likeliest first."""
        if values.ndim >= 3:  # noqa: PLR2004 - row, step, feature
            is_last = values.ndim == 3 and values.shape[0] == self.rows and self.fits(values.shape[2])  # noqa: PLR2004
            if is_last and self.time_last:
                yield values.transpose(1, 2)
            for first in sorted((0, 1), reverse=self.time_first):
                if values.shape[first] == self.rows and self.fits(values.shape[1 - first]):
                    yield (values.transpose(0, 1) if first else values).flatten(2)
            if is_last and not self.time_last:
                yield values.transpose(1, 2)
        elif values.ndim == 2 and values.shape[0] == self.rows * self.steps:  # noqa: PLR2004 - rows and steps in one
            if self.time_first:
                yield values.reshape(self.steps, self.rows, -1).transpose(0, 1)
            else:
                yield values.reshape(self.rows, self.steps, -1)
        elif values.ndim == 2 and self.rows == 1 and self.fits(values.shape[0]):  # noqa: PLR2004 - a row alone
            yield values[None]

    def view(self, values: Tensor) -> Tensor | None:
        """Return values as (row, step, feature), None where no way to read them fits."""
        return next(self.views(values), None)

    def joined(self, calls: Sequence[Tensor]) -> list[Tensor]:
        """Return what a module gave out in several calls, one item for each time that it went through all steps.

        It may have read everything at once, or a step (or a few) at a time, as in a loop.
        """
        whole = [self.view(values) for values in calls]
        if all(values is not None for values in whole) and (len(calls) == 1 or self.steps > 1):
            return [values for values in whole if values is not None]
        pieces = [self.piece(values) for values in calls]
        return (
            _joined([values for values in pieces if values is not None], self) if None not in map(_no, pieces) else []
        )

    def runs(self, runs: Sequence[Run]) -> list[dict[Source, Tensor]]:
        """Return the values of a recurrent module's calls as (row, step, state), an item for each whole reading."""
        if not all(values.shape[1] == self.rows for run in runs for values in run.values.values()):
            return []
        by_row = [{source: values.transpose(0, 1) for source, values in run.values.items()} for run in runs]
        lengths = [next(iter(values.values())).shape[1] for values in by_row if values]
        if all(map(self.fits, lengths)) and (len(lengths) == 1 or self.steps > 1):
            return by_row
        if not self.fits(sum(lengths)):
            return []
        return [{source: torch.cat([values[source] for values in by_row], dim=1) for source in by_row[0]}]

    def piece(self, values: Tensor) -> Tensor | None:
        """Return what one call of many gave out as (row, step, feature)."""
        if values.ndim == 1 and self.rows == 1:
            return values[None, None]
        if values.ndim == 2 and values.shape[0] == self.rows:  # noqa: PLR2004 - (row, feature) of a step
            return values[:, None]
        if values.ndim != 3 or self.rows not in values.shape[:2]:  # noqa: PLR2004
            return None
        by_step = values.shape[0] != self.rows or (self.time_first and values.shape[1] == self.rows)
        return values.transpose(0, 1) if by_step else values


def _no(value: Any) -> Any:
    return None if value is None else 1


def _joined(pieces: list[Tensor], layout: Layout) -> list[Tensor]:
    steps = sum(values.shape[1] for values in pieces)
    if not layout.fits(steps) or len({values.shape[2] for values in pieces}) != 1:
        return []
    return [torch.cat(pieces, dim=1)]


def tensors_of(output: Any) -> list[Tensor]:
    """Return all tensors in a model's output, in its order."""
    if isinstance(output, torch.Tensor):
        return [output]
    if isinstance(output, dict):
        return [tensor for value in output.values() for tensor in tensors_of(value)]
    if isinstance(output, list | tuple):
        return [tensor for value in output for tensor in tensors_of(value)]
    return tensors_of(vars(output)) if hasattr(output, "__dataclass_fields__") else []
