"""Where matching reads states: memory as it is, a copy laid out for it, or the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.blocks import InMemory, Steps, Streamed
from lstmvis_panel.tiles import tiles_of

if TYPE_CHECKING:
    import xarray as xr


def steps_of(states: xr.DataArray) -> Steps:
    """Return the quickest way there is to go through a source.

    Parameters
    ----------
    states
        A source. What is in memory is used as it is; what lies in a file gets one copy laid out for matching,
        shared by the process, if the budget has room for it.

    Returns
    -------
    Steps
    """
    variable = states.variable
    if variable._in_memory:  # noqa: SLF001 - xarray has no public way to ask
        return InMemory(variable.to_numpy())
    return tiles_of(variable) or Streamed(variable)
