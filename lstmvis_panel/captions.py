"""What a page and a figure both say of what they show, without any markup, and the colours of heatmaps."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lstmvis_panel.colours import annotation_scale, count_scale, title
from lstmvis_panel.questions import MATCH_COUNT, QUANTILE

if TYPE_CHECKING:
    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.documents import Documents
    from lstmvis_panel.questions import Matches
    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme


FADED = "faded where few selected states are on"
"""What a mask does to the colours behind the words of matches."""


class Fact(NamedTuple):
    """A fact in three parts; a page has the middle one in bold letters."""

    before: str
    strong: str = ""
    after: str = ""

    def __str__(self) -> str:
        """Return the fact as plain text."""
        return "".join(self)


def name_of(session: Session) -> str:
    """What is looked at: the recording and the source that is matched."""
    name = session.recording.attrs.get("title") or session.project or "Recording"
    return f"{name} · {title(session.source)}"


def file_name(name: str) -> str:
    """Return a name for a file, without ending, that any system takes: small letters, digits, hyphens."""
    return re.sub(r"\W+", "-", name).strip("-").lower() or "recording"


def rules(unit: str) -> dict[str, str]:
    """The rules as signs, by their names; l is the threshold, a quantile is one of what stands left of the sign."""
    below = "−v ≥ l" if unit == QUANTILE else "v ≤ −l"
    return {"above": "v ≥ l", "below": below, "beyond": "|v| ≥ l"}


def threshold(session: Session, source: str) -> Fact:
    """The threshold of a source and the rule, such as "threshold 0.300 · ≥"."""
    value = session.threshold_of(source)
    number, negative = (f"{v:.3f}".replace("-", "−") for v in (value, -value))
    if session.unit == QUANTILE:
        sign = rules(QUANTILE)[session.rule].removesuffix(" l").removeprefix("v ")
        return Fact("quantile ", number, f" · {sign}")
    sign = {"above": "≥", "below": f"≤ {negative}", "beyond": "|v| ≥"}[session.rule]
    return Fact("threshold ", number, f" · {sign}")


def limits(session: Session) -> str:
    """The steps beside the selection at which a state must be off."""
    return f"off: {session.left} before, {session.right} after"


def states(session: Session) -> Fact:
    """How many states are matched, of how many."""
    listed, on = len(session.listed), "" if session.by_hand else " on"
    if session.alone in session.listed:
        return Fact("", f"state {session.alone}", f" alone of {listed:,} states{on}")
    return Fact("", f"{listed:,}", f" of {session.states.shape[1]:,} states{on}")


def by_hand(session: Session) -> str:
    """Say that the states are a hand's choice; empty where they are those of the selection."""
    if not session.by_hand:
        return ""
    if session.pinned is not None:
        return f"{'edited by hand' if session.edited else 'pinned'} · {_counted(len(session.listed), 'state')}"
    said = f"{_counted(len(session.kept), 'state')} pinned, others follow the selection"
    return f"edited by hand · {said}" if session.edited else said


def over_list(session: Session) -> str:
    """What stands over the list of states: how many there are, and which one is shown alone."""
    shown = f", {session.alone} alone" if session.alone in session.listed else ""
    return f"{_counted(len(session.listed), 'selected state')}{shown}"


def listed(session: Session) -> list[tuple[int, str]]:
    """The listed states in the order of the list, with what is said of each when it is pointed at."""
    means, kept = session.means, set(session.kept)
    order = np.argsort(-means, kind="stable") if session.order == "mean" else np.arange(len(means))
    return [
        (state, _remark(state, mean, kept=state in kept))
        for state, mean in zip(session.listed[order].tolist(), means[order].tolist(), strict=True)
    ]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _remark(state: int, mean: float, *, kept: bool) -> str:
    said = "" if math.isnan(mean) else f" · mean {mean:.3f}".replace("-", "−")
    return f"state {state}{said}{' · pinned' if kept else ''}"


def of_layer(session: Session, source: str) -> list[Fact]:
    """What a plot among several shows: how many states of its source are on, and beyond which threshold."""
    facts = [threshold(session, source)]
    if session.selection is not None or source == session.source:
        chosen = source == session.source and session.by_hand
        count, total = len(session.selected_in(source)), session.recording[source].shape[1]
        facts.insert(0, Fact(f"{count:,} of {total:,} {'states' if chosen else 'states on'}"))
    return facts


def found(matches: Matches) -> list[Fact]:
    """How many matches are shown, of how many, and how many of those pass the filters."""
    shown, selected, passing = matches.shown, len(matches.query.selected), matches.candidates
    of = f"{passing:,} ranges"
    if matches.query.is_filtered:
        of = f"{passing:,} ranges that pass, of {matches.searched:,}"
    facts = [Fact("", f"{shown:,}", f" of {of} · all steps searched")]
    if selected > 1:
        facts.append(Fact(f"{int(matches.table.attrs['complete']):,} with all {selected:,} states"))
    if not matches.own_ranks:
        why = f"ranks past these {shown:,}" if matches.own_passes else "doesn’t pass"
        facts.append(Fact(f"the selection itself {why}"))
    return facts


def filters_in_words(
    lengths: tuple[int, int] | None, document: int | None, starting: str, documents: Documents
) -> dict[str, str]:
    """Say which filters are on, each by its parameter's name.

    Parameters
    ----------
    lengths, document, starting
        As in a `Query`.
    documents
        Of the recording.
    """
    said = {}
    if lengths is not None:
        low, high = lengths
        said["lengths"] = f"length {low:,}" if low == high else f"length {low:,} to {high:,}"
    if document is not None:
        said["document"] = f"in {documents.label(document)}"
    if starting:
        said["starting"] = f"starts at {starting}"
    return said


def heatmap_scale(session: Session, name: str, theme: Theme) -> ColourScale:
    """The colours of a heatmap of a session's matches, with its title and legend."""
    if name != MATCH_COUNT:
        return annotation_scale(session.recording, name, theme)
    matches = session.matches
    return count_scale(0 if matches is None else len(matches.query.selected), theme)
