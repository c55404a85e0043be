"""Where matching reads states: memory as it is, a copy laid out for it, or the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.blocks import InMemory, Steps, Streamed
from lstmvis_panel.index import is_being_built, is_worthwhile, open_index
from lstmvis_panel.tiles import tiles_of

if TYPE_CHECKING:
    import xarray as xr


def steps_of(states: xr.DataArray) -> Steps:
    """Return the quickest way there is to go through a source.

    Parameters
    ----------
    states
        A source. What is in memory is used as it is. Of what lies in a file the index is read, if there is one. Else
        it gets a copy in memory laid out for matching, shared by the process, if the budget has room for it and no
        index is on its way.

    Returns
    -------
    Steps
    """
    variable = states.variable
    if variable._in_memory:  # noqa: SLF001 - xarray has no public way to ask
        return InMemory(variable.to_numpy())
    if is_worthwhile(variable):
        index = open_index(variable)
        if index is not None:
            return index
        if is_being_built(variable):
            return Streamed(variable)
    return tiles_of(variable) or Streamed(variable)
