"""What the select view says in words: what is selected, what "on" means, what to do where no state is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lstmvis_panel.captions import by_hand, limits, of_layer, states, threshold
from lstmvis_panel.colours import title
from lstmvis_panel.matrix import phrase_of
from lstmvis_panel.views.controls import chips, emphasised

if TYPE_CHECKING:
    from lstmvis_panel.session import Session


def summary(session: Session) -> str:
    """What is selected, as chips."""
    busy = _busy(session)
    if session.selection is None and not session.by_hand:
        return chips(quiet="Drag over words, or over the lines, to select them.") + busy
    phrase = "" if session.selection is None else phrase_of(session.recording, *session.selection)
    refusal = escape(session.refusal)
    if refusal and not session.by_hand:
        return chips(quiet=escape(phrase), warning=refusal) + busy
    facts = [*(emphasised(fact) for fact in (states(session), threshold(session, session.source))), limits(session)]
    return chips(*facts, quiet=escape(phrase), warning=refusal) + busy


def caption(session: Session, source: str) -> str:
    """What a plot among several shows."""
    name = f"<b>{escape(title(source))}</b>"
    if source == session.source:
        name = f'<span class="lv-matched">{escape(title(source))} · matched</span>'
    said = " · ".join(emphasised(fact) for fact in of_layer(session, source))
    return f'<div class="lv-caption">{name}<span class="lv-muted">{said}</span></div>'


def edited(session: Session) -> str:
    """Say that the states are a hand's choice; empty where they are those of the selection."""
    said = by_hand(session)
    return chips(said) if said else ""


def advice(session: Session) -> str:
    """What to do where no state is listed."""
    if session.lacking is not None or session.refusal:
        return ""
    if session.pinned is not None:
        return "No state is pinned. Add one by its number, or unpin."
    if session.selection is None:
        return "Select words to list the states that are on there, or add one by its number."
    ways = ["lower the threshold"]
    if session.selection[1] - session.selection[0] > 1:
        ways.append("select fewer words")
    if session.left or session.right:
        ways.append("move the limits beside them")
    *others, last = ways
    wanted = f"{', '.join(others)} or {last}" if others else last
    return f"No state is on throughout. To get some, {wanted}."


def _busy(session: Session) -> str:
    if session.lacking is None:
        return ""
    source, _ = session.lacking
    return f'<span class="lv-busy" role="status">reading all values of {escape(title(source))} for quantiles</span>'
