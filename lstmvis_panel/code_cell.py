"""What was found in the app, as code that finds it again without the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.fingerprint import fingerprint
from lstmvis_panel.quantiles import quantile_thresholds
from lstmvis_panel.questions import QUANTILE
from lstmvis_panel.selection import QuantileThresholds, select_states

if TYPE_CHECKING:
    import xarray as xr

    from lstmvis_panel.questions import Query

NOWHERE = "PATH OF THE RECORDING"
"""Stands for the path of a recording that lies in no file."""


def code_cell(recording: xr.Dataset, query: Query, path: str = "") -> str:
    """Write a cell that selects and matches as a query does.

    Parameters
    ----------
    recording
        The recording.
    query
        What was asked.
    path
        Where the recording lies, for whoever runs the cell: its first line, to be changed where that is elsewhere. The
        cell stops if another recording lies there.

    Returns
    -------
    str
        Python. Once it has run, ``selected`` and ``matches`` hold the same states and the same rows as the app, save
        the selection's own row where the app puts it in front of better ones.
    """
    lines = [
        f"path = {path or NOWHERE!r}  # of the recording; another one where you have it elsewhere",
        "",
        "import lstmvis_panel as lv",
        "",
        "recording = lv.open_recording(path)",
        f"assert lv.fingerprint(recording) == {fingerprint(recording)!r}, 'this is another recording'",
        f"states = recording[{query.source!r}]",
        _threshold(query),
        _selected(recording, query),
        *_matches(query),
        "matches.to_dataframe()",
    ]
    return "\n".join(lines) + "\n"


def _threshold(query: Query) -> str:
    if query.unit != QUANTILE:
        return f"threshold = {query.threshold!r}"
    return f"threshold = lv.quantile_thresholds(states, {query.threshold!r}, rule={str(query.rule)!r})"


def _criterion(query: Query) -> str:
    return f"threshold, left={query.left}, right={query.right}, rule={str(query.rule)!r}"


def _selected(recording: xr.Dataset, query: Query) -> str:
    if query.steps is not None and _is_selected(recording, query, *query.steps):
        start, stop = query.steps
        return f"selected = lv.select_states(states, {start}, {stop}, {_criterion(query)})"
    return f"selected = {list(query.selected)}  # chosen by hand"


def _is_selected(recording: xr.Dataset, query: Query, start: int, stop: int) -> bool:
    """Whether the query's states are those that its selection has."""
    states = recording[query.source]
    threshold: float | QuantileThresholds = query.threshold
    if query.unit == QUANTILE:
        threshold = quantile_thresholds(states, query.threshold, rule=query.rule)
    selected = select_states(states, start, stop, threshold, query.left, query.right, rule=query.rule)
    return tuple(selected.tolist()) == query.selected


def _matches(query: Query) -> list[str]:
    asked = [f"top={query.top}", f"min_length={query.min_length}", f"distinct={query.distinct}"]
    lines = []
    if query.lengths is not None:
        asked.append(f"lengths={query.lengths}")
    if query.document is not None or query.starting:
        lines.append(f"where = lv.starts_in(recording, document={query.document}, starting={query.starting!r})")
        asked.append("where=where")
    return [*lines, f"matches = lv.find_matches(states, selected, {_criterion(query)}, {', '.join(asked)})"]
