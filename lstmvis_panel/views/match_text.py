"""What the match view says in words: what was searched, what to do where nothing is found, what colours mean."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lstmvis_panel.style import HEAT_CELL
from lstmvis_panel.views.controls import chips

if TYPE_CHECKING:
    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.heatmaps import HeatmapGrid
    from lstmvis_panel.questions import Matches, Query
    from lstmvis_panel.session import Session


def summary(session: Session) -> str:
    """Say in a line what was searched and what was found."""
    facts = [] if session.matches is None else found(session.matches)
    busy = '<span class="lv-busy" role="status">searching</span>' if session.searching else ""
    return f'<div class="lv-facts">{chips(*facts)}{busy}</div>'


def found(matches: Matches) -> list[str]:
    """Facts about matches: how many are shown, of how many."""
    shown = matches.table.sizes["match"] - (not matches.own_ranks)
    selected, complete = len(matches.query.selected), int(matches.table.attrs["complete"])
    facts = [f"<b>{shown:,}</b> of {matches.candidates:,} ranges · all steps searched"]
    if selected > 1:
        facts.append(f"{complete:,} with all {selected:,} states")
    return facts if matches.own_ranks else [*facts, f"the selection itself ranks past these {shown:,}"]


def advice(session: Session) -> str:
    """What to do where there is no match to show; empty where there are some."""
    if session.failure:
        return _note("The search failed.", f"<p>{escape(session.failure)}</p>")
    if session.matches is not None:
        alone = session.matches.own is not None and session.matches.table.sizes["match"] == 1
        return _note("No other range shares a state with the selection.", _remedies(session.query)) if alone else ""
    if session.refusal:
        return _note("This selection can’t be matched.", f"<p>{escape(session.refusal)}</p>")
    if session.selection is None or session.query is None:
        return _note(
            "Nothing is selected yet.",
            "<p>Drag over words above. Where else the same states are on together shows up here.</p>",
        )
    if not session.query.selected:
        return _note("No state is on throughout the selection.", _remedies(session.query))
    return '<div class="lv-late">' + _note("Searching all steps …", "") + "</div>" if session.searching else ""


def heads(grid: HeatmapGrid, scales: list[ColourScale]) -> str:
    """Titles of the heatmaps, with what their colours mean, each above its own."""
    width, step = grid.columns * HEAT_CELL, HEAT_CELL * (grid.left(1) - grid.left(0))
    parts = [
        f'<div class="lv-head" style="width:{width}px;margin-right:{step - width}px">'
        f'<div class="lv-name" title="{escape(scale.title)}">{escape(scale.title)}</div>{_legend(scale)}</div>'
        for scale in scales
    ]
    return f'<div class="lv-heads">{"".join(parts)}</div>'


def _legend(scale: ColourScale) -> str:
    whole = escape(", ".join(text for _, text in scale.legend))
    if scale.gradual:
        (low, first), (high, last) = scale.legend
        keys = f'{first}<span class="lv-ramp" style="background:linear-gradient(90deg,{low},{high})"></span>{last}'
    else:
        each = (f'<span class="lv-key"><i style="background:{c}"></i>{escape(t)}</span>' for c, t in scale.legend)
        keys = "".join(each)
    return f'<div class="lv-legend" title="{whole}">{keys}</div>'


def _remedies(query: Query | None) -> str:
    ways = ["lower the threshold"]
    if query is not None and query.length > 1:
        ways.append("select fewer words")
    if query is not None and (query.left or query.right):
        ways.append("ask for fewer steps before and after at which a state must be off")
    return "<p>To get some:</p><ul>" + "".join(f"<li>{way}</li>" for way in ways) + "</ul>"


def _note(title: str, body: str) -> str:
    return f'<div class="lv-note"><b>{title}</b>{body}</div>'
