"""Which axis is which in what a model gives out, where there are as many rows as steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from lstmvis_panel.record.layout import Layout

VALUES, LAST = 3, 2
"""Dimensions of values (row, step, feature), and the last of them."""


@dataclass(frozen=True)
class Axes:
    """What batches have shown of the order of axes, for each thing that a model gives out.

    Where all recurrent modules read (row, step), so does the model, as far as anyone can tell. Where one reads
    (step, row), the model turns its axes somewhere, and only a batch that is no square shows where.

    Parameters
    ----------
    turns
        Whether a recurrent module reads (step, row).
    known
        By name, which axis is the steps'.
    """

    turns: bool
    known: dict[str, int] = field(default_factory=dict)

    def of(self, name: str, calls: Sequence[Tensor], layout: Layout) -> Layout:
        """Return a batch's layout as it holds for one thing that the model gave out, and remember what it shows.

        Parameters
        ----------
        name
            What it is: "logits", or a hooked module's path.
        calls
            What was given out.
        layout
            The size of the batch.

        Raises
        ------
        RecordingError
            If nobody can tell rows from steps.
        """
        for values in calls:
            fitting = _steps_axes(values, layout)
            if len(fitting) == 1:
                self.known[name] = fitting[0]
            elif fitting[:2] == [0, 1] and self.turns and name not in self.known:
                size = layout.rows
                what = f"is {tuple(values.shape)}, and nobody can tell its {size} rows from its {size} steps"
                remedy = f"let the first batch have another number of rows, {size - 1} say: it shows which they are"
                raise RecordingError(Problem(name, what, remedy))
        if name not in self.known:
            return layout
        return replace(layout, time_first=self.known[name] == 0, time_last=self.known[name] == LAST)


def _steps_axes(values: Tensor, layout: Layout) -> list[int]:
    """Return which axes may be the steps', in ascending order; none if values are not (row, step, feature)."""
    if values.ndim < VALUES or layout.rows == 1:
        return []
    # (step, row, ...), (row, step, ...), and what convolutions give out, (row, feature, step).
    rows_axes = {0: 1, 1: 0} | ({LAST: 0} if values.ndim == VALUES else {})
    return [
        steps
        for steps, rows in rows_axes.items()
        if values.shape[rows] == layout.rows and layout.fits(values.shape[steps])
    ]
