"""What the select view says in words: what is selected, what "on" means, what to do where no state is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lstmvis_panel.colours import title
from lstmvis_panel.matrix import phrase_of
from lstmvis_panel.questions import QUANTILE
from lstmvis_panel.views.controls import chips

if TYPE_CHECKING:
    from lstmvis_panel.session import Session


def rules(unit: str) -> dict[str, str]:
    """The rules as signs, by their names; l is the threshold, a quantile is one of what stands left of the sign."""
    below = "−v ≥ l" if unit == QUANTILE else "v ≤ −l"
    return {"above": "v ≥ l", "below": below, "beyond": "|v| ≥ l"}


def threshold(session: Session, source: str) -> str:
    """The threshold of a source and the rule, such as "threshold 0.300 · ≥"."""
    value = session.threshold_of(source)
    number, negative = (f"{v:.3f}".replace("-", "−") for v in (value, -value))
    if session.unit == QUANTILE:
        return f"quantile <b>{number}</b> · {rules(QUANTILE)[session.rule].removesuffix(' l').removeprefix('v ')}"
    return f"threshold <b>{number}</b> · " + {"above": "≥", "below": f"≤ {negative}", "beyond": "|v| ≥"}[session.rule]


def summary(session: Session) -> str:
    """What is selected, as chips."""
    busy = _busy(session)
    if session.selection is None and session.pinned is None:
        return chips(quiet="Drag over words, or over the lines, to select them.") + busy
    phrase = "" if session.selection is None else phrase_of(session.recording, *session.selection)
    refusal = escape(session.refusal)
    if refusal and session.pinned is None:
        return chips(quiet=escape(phrase), warning=refusal) + busy
    limits = f"off: {session.left} before, {session.right} after"
    return chips(_on(session), threshold(session, session.source), limits, quiet=escape(phrase), warning=refusal) + busy


def caption(session: Session, source: str) -> str:
    """What a plot among several shows."""
    name = f"<b>{escape(title(source))}</b>"
    if source == session.source:
        name = f'<span class="lv-matched">{escape(title(source))} · matched</span>'
    if session.selection is None and source != session.source:
        return f'<div class="lv-caption">{name}<span class="lv-muted">{threshold(session, source)}</span></div>'
    pinned = source == session.source and session.pinned is not None
    states = "states" if pinned else "states on"
    on = f"{len(session.selected_in(source)):,} of {session.recording[source].shape[1]:,} {states}"
    return f'<div class="lv-caption">{name}<span class="lv-muted">{on} · {threshold(session, source)}</span></div>'


def edited(session: Session) -> str:
    """Say that the states are a hand's choice; empty where they are those of the selection."""
    if session.pinned is None:
        return ""
    count = len(session.listed)
    states = f"{count:,} state{'' if count == 1 else 's'}"
    return chips(f"edited by hand · {states}" if session.edited else f"pinned · {states}")


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


def _on(session: Session) -> str:
    listed, on = len(session.listed), "" if session.pinned is not None else " on"
    if session.alone in session.listed:
        return f"<b>state {session.alone}</b> alone of {listed:,} states{on}"
    return f"<b>{listed:,}</b> of {session.states.shape[1]:,} states{on}"


def _busy(session: Session) -> str:
    if session.lacking is None:
        return ""
    source, _ = session.lacking
    return f'<span class="lv-busy" role="status">reading all values of {escape(title(source))} for quantiles</span>'
