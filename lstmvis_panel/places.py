"""The next place where the selected states are on together, going forward or back; read no further than it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.compiled import columns
from lstmvis_panel.matching import Cancelled, state_numbers
from lstmvis_panel.schema import STEP
from lstmvis_panel.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import xarray as xr
    from numpy.typing import ArrayLike

    from lstmvis_panel.blocks import Steps
    from lstmvis_panel.selection import Criterion

STEPS_AT_ONCE = 1 << 12


def next_on(
    states: xr.DataArray,
    selected: ArrayLike,
    criterion: Criterion,
    step: int,
    *,
    forward: bool = True,
    least: int | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int | None:
    """Return the step nearest to a step, on one side of it, at which the selected states are on together.

    Parameters
    ----------
    states
        A source, dimensions ``("step", state)``, in memory or lazy.
    selected
        Numbers of the selected states, as from `select_states`. None selected, none found.
    criterion
        As from `criterion_of`; its limits are of no matter here.
    step
        Where to start; not looked at itself. It may lie outside the recording.
    forward
        Whether to look after it, or before it.
    least
        How many of the selected states have to be on; all of them if not given.
    cancelled
        Asked now and then, from this thread; once it says yes, the search ends.

    Returns
    -------
    int or None
        The step; None if there is none up to the end, or the beginning, of the recording.

    Raises
    ------
    RecordingError
        If a selected number is none of a state.
    Cancelled
        If ``cancelled`` said so.
    """
    numbers = state_numbers(states, selected)
    wanted = len(numbers) if least is None else max(least, 1)
    if not 0 < wanted <= len(numbers):
        return None
    total = states.sizes[STEP]
    start, stop = (min(max(step + 1, 0), total), total) if forward else (0, min(max(step, 0), total))
    for at, values in _blocks(steps_of(states), start, stop, forward=forward):
        if cancelled is not None and cancelled():
            raise Cancelled
        counts = np.count_nonzero(criterion.on(columns(values, numbers), numbers), axis=1)
        found = np.flatnonzero(counts >= wanted)
        if found.size:
            return int(at + found[0 if forward else -1])
    return None


def _blocks(steps: Steps, start: int, stop: int, *, forward: bool) -> Iterator[tuple[int, np.ndarray]]:
    """Go through the steps start to stop, blocks nearest to where the search begins first."""
    if forward:
        yield from steps.blocks(start, stop)
        return
    while start < stop:
        # From round numbers on, so that few chunks of a file lie in two stretches and are read twice.
        begin = max(start, (stop - 1) // STEPS_AT_ONCE * STEPS_AT_ONCE)
        yield from reversed([*steps.blocks(begin, stop)])
        stop = begin
