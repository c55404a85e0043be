"""What the match view says in words: what was searched, what to do where nothing is found, what colours mean."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lstmvis_panel.captions import found
from lstmvis_panel.views.controls import chips, emphasised

if TYPE_CHECKING:
    from lstmvis_panel.questions import Matches, Query
    from lstmvis_panel.session import Session

STAGES = (50, 100, 200, 500)
"""How many rows are shown; each but the first is asked for."""


def summary(session: Session) -> str:
    """Say in a line what was searched and what was found."""
    facts = [] if session.matches is None else [emphasised(fact) for fact in found(session.matches)]
    busy = '<span class="lv-busy" role="status">searching</span>' if session.searching else ""
    index = f'<span class="lv-muted" role="status">{escape(session.indexing)}</span>' if session.indexing else ""
    return f'<div class="lv-facts">{chips(*facts)}{busy}{index}</div>'


def can_show_more(matches: Matches | None) -> bool:
    """Whether further ranges may be had by asking for more rows."""
    return matches is not None and matches.shown == matches.query.top < min(STAGES[-1], matches.candidates)


def can_show_fewer(matches: Matches | None) -> bool:
    """Whether more rows were asked for than are shown at first."""
    return matches is not None and matches.query.top > STAGES[0]


def next_stage(top: int) -> int:
    """The number of rows after this one."""
    return next((stage for stage in STAGES if stage > top), STAGES[-1])


def advice(session: Session) -> str:
    """What to do where there is no match to show; empty where there are some."""
    if session.failure:
        said = f"<p>{escape(session.failure)}</p><p>Search again, or change what is searched for.</p>"
        return _note("The search failed.", said)
    if session.matches is not None:
        said = _lonely(session.matches, session.steps)
        return f'<div class="lv-old">{said}</div>' if said and session.searching else said
    if session.query is None or not session.query.selected:
        return _nothing_asked(session)
    if not session.searching:
        return ""
    said = "<p>What is changed meanwhile is searched for instead.</p>"
    return f'<div class="lv-late">{_note("Searching all steps …", said)}</div>'


def _nothing_asked(session: Session) -> str:
    """What to do where there is no state to match."""
    if session.refusal and session.query is None:
        return _note("This selection can’t be matched.", f"<p>{escape(session.refusal)}</p>")
    if session.query is None:
        said = "<p>Drag over words above. Where else the same states are on together shows up here.</p>"
        return _note("Nothing is selected yet.", said)
    if session.pinned is not None:
        said = "<p>Add one by its number beside the lines, or go back to those of the selection.</p>"
        return _note("No state is listed.", said)
    return _note("No state is on throughout the selection.", _remedies(session.query))


def _lonely(matches: Matches, steps: int) -> str:
    """What to do where no range is found but that of the selection."""
    if matches.table.sizes["match"] > (matches.own is not None):
        return ""
    if steps == 1:
        return _note("There is no other range.", "<p>This recording has one step.</p>")
    query, others = matches.query, matches.searched - (matches.own is not None)
    if query.is_filtered and others > 0:
        return _note(
            "No other range passes the filters." if matches.own is not None else "No range passes the filters.",
            f"<p>Without them there are {others:,}.</p>",
        )
    if others > 0:
        who = "1 range that overlaps it does" if others == 1 else f"{others:,} ranges that overlap it do"
        said = f"<p>{who}: switch “distinct” off to see them.</p>"
        return _note("No range apart from the selection shares a state with it.", said)
    if query.steps is None:
        return _note("No range of two steps has a pinned state on.", _remedies(query))
    return _note("No other range shares a state with the selection.", _remedies(query))


def filters_hide_all(matches: Matches | None) -> bool:
    """Whether the filters leave nothing to show."""
    if matches is None or not matches.query.is_filtered:
        return False
    own = int(matches.own is not None)
    return matches.table.sizes["match"] == own < matches.searched


def _remedies(query: Query | None) -> str:
    ways = ["lower the threshold"]
    if query is not None and query.length > 1:
        ways.append("select fewer words")
    if query is not None and (query.left or query.right):
        ways.append("ask for fewer steps before and after at which a state must be off")
    return "<p>To get some:</p><ul>" + "".join(f"<li>{way}</li>" for way in ways) + "</ul>"


def _note(title: str, body: str) -> str:
    return f'<div class="lv-note"><b>{title}</b>{body}</div>'
