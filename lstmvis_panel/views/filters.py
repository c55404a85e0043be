"""Which matches pass: by their length, by the document in which they start, by what stands there."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import panel as pn
import param

from lstmvis_panel.captions import filters_in_words
from lstmvis_panel.components.length_bars import LengthBars
from lstmvis_panel.documents import documents_of
from lstmvis_panel.length_bars import histograms, length_bars
from lstmvis_panel.look import FILTERS
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.session import Session
from lstmvis_panel.views.controls import CONTROLS, small_button, text
from lstmvis_panel.wanted import parse_search

ANYWHERE, ANY = "any document", -1

LISTED = 500
"""Most documents in a list; of more, the name of one is typed."""


class FiltersView(param.Parameterized):
    """The filters of a session's matches: `lengths`, `fields` and `chips` are for a view to lay out.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)
    mistyped: str = param.String(doc="Why what was typed can't be searched for.")
    misnamed: str = param.String(doc="Why no document is meant by what was typed.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._documents = documents_of(session.recording)
        self.lengths = LengthBars(margin=(0, 8, 0, 8), height=28)
        self.lengths.on_gesture(self._on_lengths)
        self.chips = pn.Row(margin=0, styles={"gap": "6px", "flex-wrap": "wrap"})
        fields = [self._starting(), *([self._document()] if len(self._documents) > 1 else [])]
        # Side by side: neither falls alone into a line below.
        self.fields = pn.Row(*fields, margin=0, styles={"gap": "8px 14px"})
        self._show_lengths()
        self._show_chosen()

    @param.depends("session.matches", watch=True)
    def _show_lengths(self) -> None:
        matches = self.session.matches
        if matches is None:
            self.lengths.param.update(histograms=[], bars=[])
            return
        bars, states = length_bars(matches.lengths), len(matches.query.selected)
        drawn = [histogram._asdict() for histogram in histograms(bars, states)]
        self.lengths.param.update(histograms=drawn, bars=bars.bounds)

    @param.depends(*(f"session.{name}" for name in FILTERS), watch=True)
    def _show_chosen(self) -> None:
        session = self.session
        self.lengths.chosen = None if session.lengths is None else list(session.lengths)
        said = filters_in_words(session.lengths, session.document, session.starting, self._documents)
        self.chips.objects = [
            small_button(f"{words} ×", "Remove this filter", partial(self._remove, name))
            for name, words in said.items()
        ]

    def _remove(self, name: str) -> None:
        self.session.param.update(**{name: self.session.param[name].default})

    def _on_lengths(self, gesture: dict[str, Any]) -> None:
        lengths = gesture.get("lengths")
        self.session.lengths = None if lengths is None else (int(lengths[0]), int(lengths[1]))

    # -- fields -------------------------------------------------------------------------------------------------------

    def _starting(self) -> pn.viewable.Viewable:
        session = self.session
        field = pn.widgets.TextInput(
            label="What stands where matches start", placeholder="word or annotation:value",
            value=session.starting, width=190, margin=0, stylesheets=[CONTROLS],
        )  # fmt: skip
        field.param.watch(self._on_typed, "value")
        session.param.watch(partial(self._show_starting, field), "starting")
        return pn.Row(_label("starts at"), field, self._said("mistyped"), margin=0)

    def _show_starting(self, field: pn.widgets.TextInput, event: param.parameterized.Event) -> None:
        self.mistyped = ""
        field.value = event.new

    def _on_typed(self, event: param.parameterized.Event) -> None:
        typed = event.new.strip()
        try:
            if typed:
                parse_search(typed, self.session.recording)
        except RecordingError as error:
            self.mistyped = str(error)
        else:
            self.mistyped = ""
            self.session.starting = typed

    def _on_document(self, event: param.parameterized.Event) -> None:
        self.session.document = None if event.new == ANY else event.new

    def _name(self, document: int | None) -> str:
        return "" if document is None else self._documents.label(document)

    def _on_named(self, event: param.parameterized.Event) -> None:
        typed = event.new.strip()
        document = self._documents.meant(typed) if typed else None
        self.misnamed = f"There is no document “{typed}”." if typed and document is None else ""
        if not self.misnamed:
            self.session.document = document

    def _document(self) -> pn.viewable.Viewable:
        session, documents = self.session, self._documents
        layout: dict[str, Any] = {
            "label": "Document in which matches start", "width": 170, "margin": 0, "stylesheets": [CONTROLS],
        }  # fmt: skip
        if len(documents) > LISTED:
            field = pn.widgets.TextInput(placeholder=ANYWHERE, value=self._name(session.document), **layout)
            field.param.watch(self._on_named, "value")
            session.param.watch(partial(self._show_named, field), "document")
        else:
            options = {documents.label(number): number for number in range(len(documents))}
            field = pn.widgets.Select(options={ANYWHERE: ANY, **options}, value=_chosen(session.document), **layout)
            field.param.watch(self._on_document, "value")
            session.param.watch(lambda event: field.param.update(value=_chosen(event.new)), "document")
        return pn.Row(_label("in"), field, self._said("misnamed"), margin=0)

    def _show_named(self, field: pn.widgets.TextInput, event: param.parameterized.Event) -> None:
        self.misnamed = ""
        field.value = self._name(event.new)

    def _said(self, mistake: str) -> pn.viewable.Viewable:
        return text(pn.bind(_warning, self.param[mistake]), margin=(4, 0, 0, 8))


def _label(words: str) -> pn.viewable.Viewable:
    return text(f'<span class="lv-muted">{words}</span>', margin=(5, 8, 0, 0))


def _warning(mistake: str) -> str:
    return f'<span class="lv-warning" role="status">{escape(mistake)}</span>' if mistake else ""


def _chosen(document: int | None) -> int:
    return ANY if document is None else document
