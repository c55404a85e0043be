"""What the select view says in words: what is selected, what "on" means, what to do where no state is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lstmvis_panel import schema
from lstmvis_panel.captions import by_hand, limits, of_layer, states, threshold
from lstmvis_panel.colours import title
from lstmvis_panel.matrix import phrase_of
from lstmvis_panel.views.controls import chips, emphasised

if TYPE_CHECKING:
    import xarray as xr

    from lstmvis_panel.documents import Documents
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


def circumstances(session: Session, documents: Documents) -> str:
    """Say what is so small in what is shown that less can be seen than elsewhere, and what to do then.

    Parameters
    ----------
    session
        What is shown.
    documents
        Of its recording.
    """
    told = (_one_state(session), _one_word(session.recording), _one_step(session, documents))
    return "".join(f'<p class="lv-told">{escape(said)}</p>' for said in told if said)


def _one_state(session: Session) -> str:
    if session.states.shape[1] > 1:
        return ""
    others = len(session.param.source.objects) > 1
    elsewhere = " For more states choose another source, or stack one." if others else ""
    return (
        f"{title(session.source)} has one state: matches are the ranges where it is on, the longest first. "
        f"A click on their lengths filters them.{elsewhere}"
    )


def _one_word(recording: xr.Dataset) -> str:
    vocabulary = recording.variables[schema.TOKEN].attrs["labels"]
    if recording.sizes[recording.variables[vocabulary].dims[0]] > 1 or schema.token_look(recording) is not None:
        return ""
    word = schema.labels(recording, vocabulary).item(0)
    known = bool(schema.annotations(recording))
    where = "as tracks under the words" if known else "which lstmvis annotate adds"
    return f"The vocabulary has one word, “{word}”. What tells steps apart are annotations, {where}."


def _one_step(session: Session, documents: Documents) -> str:
    number = documents.at(session.position if session.selection is None else session.selection[0])
    if session.steps == 1:
        return "This recording has one step, so no other range can match it."
    if number >= len(documents) or documents.steps(number) > 1:
        return ""
    if len(documents) == session.steps:
        return "Every document has one step: a click selects it, and matches are single steps."
    label = documents.label(number)
    return (
        f"{label[:1].upper()}{label[1:]} has one step: a click selects it, and what is outside counts as off. "
        "For a longer selection go to another document."
    )


def _busy(session: Session) -> str:
    if session.lacking is None:
        return ""
    source, _ = session.lacking
    return f'<span class="lv-busy" role="status">reading all values of {escape(title(source))} for quantiles</span>'
