"""The search box: words, regular expressions, values of annotations, and the places where they are."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import param

from lstmvis_panel.components.find_box import FindBox
from lstmvis_panel.hits import Hits, context_of
from lstmvis_panel.schema import ANNOTATIONS, Kind, labels, names_of
from lstmvis_panel.session import Session
from lstmvis_panel.textsearch import search_text
from lstmvis_panel.tokentext import tokens_of
from lstmvis_panel.views.background import Newest, at_first
from lstmvis_panel.wanted import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from lstmvis_panel.hits import Context

PAGE = 200
"""Hits that are listed at once; more as the list is scrolled."""

AROUND = 12
"""Steps of context on either side of a hit; in running text of characters, five times as many."""


class SearchView(pn.viewable.Viewer):
    """Searches a session's recording while a visitor types, off the server's loop.

    Parameters
    ----------
    session
        The visitor's session; it holds what was found.
    say
        Takes a sentence to show for a moment.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        super().__init__(session=session)
        self._say = say
        self._newest, self._paging = Newest("The search for words"), Newest("The listing of hits")
        self._asked = ""
        self.box = FindBox(
            label="Search for words", hint=_hint(session.recording), text=session.sought,
            stepping=["Previous hit", "Next hit"],
            taking="select", actions=["search", "next hit", "previous hit"], margin=0, sizing_mode="stretch_width",
        )  # fmt: skip
        self.box.on_gesture(self._heard)
        if session.sought:
            at_first(*(partial(self._search, session.sought, answer) for answer in (self._newest.ask, self._newest.do)))

    def __panel__(self) -> pn.viewable.Viewable:
        return self.box

    def _heard(self, gesture: dict[str, Any]) -> None:
        if "typed" in gesture:
            self.look_for(str(gesture["typed"]))
        elif "entered" in gesture:
            self._entered(str(gesture["entered"]), back=bool(gesture["back"]))
        elif "step" in gesture:
            self.step(back=gesture["step"] < 0)
        elif "chosen" in gesture:
            self.open(int(gesture["chosen"]), take=bool(gesture["take"]))
        elif "more" in gesture:
            self._list_more(int(gesture["more"]))

    def look_for(self, text: str, then: Callable[[], None] | None = None) -> None:
        """Search for a text, as `search_text` does; the empty one finds nothing.

        Parameters
        ----------
        text
            What is typed.
        then
            Called once something was found.
        """
        if text != self._asked or then is not None:
            self._search(text, self._newest.ask, then)

    @param.depends("session.sought", watch=True)
    def _follow(self) -> None:
        self.box.text = self.session.sought
        self.look_for(self.session.sought)

    def _search(self, text: str, answer: Callable[..., None], then: Callable[[], None] | None = None) -> None:
        self._asked = text
        self.session.sought = text
        self._paging.drop()
        if not text.strip():
            self._newest.drop()
            self._show(None, [])
            return
        self.box.busy = True

        def work(cancelled: Callable[[], bool]) -> tuple[Hits, list[dict[str, str]]]:
            hits = search_text(self.session.recording, text, cancelled)
            return hits, self._rows(hits, 0)

        def take(answer: tuple[Hits, list[dict[str, str]]]) -> None:
            self._show(*answer)
            if then is not None:
                then()

        answer(work, take, self._fail)

    def step(self, *, back: bool = False) -> None:
        """Go to the next hit, or the one before; past the last one, to the first."""
        hits = self.session.found
        if hits is None or not len(hits):
            return
        position = self.session.position
        place = hits.previous_before(position) if back else hits.next_after(position)
        if place is None:
            place = int(hits.starts[-1 if back else 0])
            self._say(f"No hit {'before' if back else 'after'} this one; on from the {'end' if back else 'beginning'}.")
        self.session.go_to(place)

    def open(self, row: int, *, take: bool = False) -> None:
        """Go to a hit, and select it if asked to."""
        hits = self.session.found
        if hits is None or not 0 <= row < len(hits):
            return
        start, stop = int(hits.starts[row]), int(hits.stops[row])
        self.session.param.update(position=start, **({"selection": (start, stop)} if take else {}))

    def _entered(self, text: str, *, back: bool) -> None:
        found = self.session.found
        if found is not None and found.text == text:
            self.step(back=back)
        else:
            self.look_for(text, then=lambda: self.step(back=back))

    def _show(self, hits: Hits | None, rows: list[dict[str, str]]) -> None:
        self.session.found = hits
        total = 0 if hits is None else len(hits)
        self.box.param.update(
            rows=rows,
            total=total,
            note="" if hits is None else _summary(hits, self.session.recording),
            wrong=False,
            busy=False,
        )

    def _fail(self, reason: str) -> None:
        self.session.found = None
        self.box.param.update(rows=[], total=0, note=reason, wrong=True, busy=False)

    @param.depends("session.position", "session.found", watch=True)
    def _show_place(self) -> None:
        hits, position = self.session.found, self.session.position
        row = -1 if hits is None else int(np.searchsorted(hits.starts, position))
        self.box.at = row if hits is not None and row < len(hits) and hits.starts[row] == position else -1

    def _list_more(self, listed: int) -> None:
        hits = self.session.found
        if hits is None or listed != len(self.box.rows) or listed >= len(hits):
            return

        def take(rows: list[dict[str, str]]) -> None:
            if self.session.found is hits:
                self.box.rows = [*self.box.rows, *rows]

        self._paging.ask(lambda _cancelled: self._rows(hits, listed), take, self._fail)

    def _rows(self, hits: Hits, first: int) -> list[dict[str, str]]:
        are_characters = tokens_of(self.session.recording).are_characters
        around = 5 * AROUND if are_characters else AROUND
        between = "" if are_characters else " "
        return [_row(hit, between) for hit in context_of(self.session.recording, hits, first, PAGE, around, around)]


def _row(hit: Context, between: str) -> dict[str, str]:
    before, words, after = (between.join(part) for part in (hit.before, hit.words, hit.after))
    return {"number": f"{hit.start:,}", "before": before, "words": words, "after": f"{between}{after}"}


def _hint(recording: xr.Dataset) -> str:
    """Say what can be typed, with a label of this recording's own: the first that needs no quotes, of a short name."""
    typed = {re.sub(r"\s", "_", name): labels(recording, name) for name in names_of(recording, Kind.CATEGORICAL)}
    terms = [
        f"{name}:{label}" for name in sorted(typed, key=len) for label in typed[name] if re.fullmatch(r"\w+", label)
    ]
    return ", ".join(["words", "/regex/", *terms[:1]])


def _summary(hits: Hits, recording: xr.Dataset) -> str:
    count = len(hits)
    if not count and (name := unknown_name(hits.text, recording)):
        known = ", ".join(names_of(recording, *ANNOTATIONS)) or "none"
        return f"Nothing found: there is no annotation {name}. There are: {known}."
    if not count:
        return "Nothing found. A part of a word is found by * as in whal* or *ing, an annotation's value by name:value."
    return f"{count:,} hit{'' if count == 1 else 's'}. Enter goes to the next, Shift+Enter to the one before."
