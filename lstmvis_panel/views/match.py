"""The match view (section 4.3 of the paper): where else the selected states are on together, and what stands there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import param

from lstmvis_panel import schema
from lstmvis_panel.alignment import MATCH
from lstmvis_panel.captions import FADED
from lstmvis_panel.colours import titled
from lstmvis_panel.components.word_matrix import NARROWEST, WordMatrix
from lstmvis_panel.heatmaps import MOST_ROWS
from lstmvis_panel.look import FILTERS, NO_MAPPING
from lstmvis_panel.matrix import BANDS, fills_of, legend_of, remark_of, rows_of, texts_of, tokens_of
from lstmvis_panel.session import Session
from lstmvis_panel.style import GUTTER, HEAT_CELL, THEMES, Theme
from lstmvis_panel.views.controls import TEXT, Markup, card, choice, small_button, switch, text, turn
from lstmvis_panel.views.filters import FiltersView
from lstmvis_panel.views.following import Following
from lstmvis_panel.views.heatmaps import HeatmapsView
from lstmvis_panel.views.match_text import (
    STAGES,
    advice,
    can_show_fewer,
    can_show_more,
    filters_hide_all,
    next_stage,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK = (Path(__file__).parent / "match.css").read_text(encoding="utf-8")
IN_BROWSER = ("to lengths", "to matches", "wider matches", "narrower matches", "fit matches")
COMFORTABLE = 38
"""Width in px of a word's cell up to which heatmaps give way."""


class MatchView(pn.viewable.Viewer):
    """The best matches of a session's selection as rows of words, with heatmaps beside them.

    Parameters
    ----------
    session
        The visitor's session; matching follows what it asks.
    say
        Takes a sentence to show for a moment.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        super().__init__(session=session)
        self._say = say
        slimmest, widest = session.param.match_width.bounds
        self.matrix = WordMatrix(
            slimmest=slimmest, widest=widest,
            # Outside a catalogue no address says what is looked at.
            linked=bool(session.project), beside=MOST_ROWS,
            sizing_mode="stretch_width", margin=0, css_classes=["lv-words"], stylesheets=[LOOK],
        )  # fmt: skip
        self.matrix.on_gesture(self._on_gesture)
        self.heatmaps = HeatmapsView(session, self.open)
        self.filters = FiltersView(session)
        self._vocabulary = schema.labels(session.recording, schema.TOKEN)
        # A number that stands in a cell as its token needs no remark.
        self._unsaid = schema.token_look(session.recording)
        self._panel = self._layout()
        self._show_matches()
        self._show_context()
        self._show_stale()
        self.following = Following(session)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    @property
    def actions(self) -> dict[str, Callable[[int], None]]:
        """What keys do to the matches, as those of the header."""
        session = self.session
        return {
            "next colours": lambda times: turn(session.param.mapping, times),
            "previous colours": lambda times: turn(session.param.mapping, -times),
            "match mask": lambda times: turn(session.param.match_mask, times),
            "distinct": lambda times: turn(session.param.distinct, times),
            "more rows": lambda _times: self._more_rows(),
            "fewer rows": lambda _times: self._show_fewer(),
            "clear filters": lambda _times: self._clear_filters(),
            # What the browser does by itself, where there is something to do it to.
            **dict.fromkeys(IN_BROWSER, lambda _times: self._say("There are no matches.")),
        }

    # -- from the session to the screen -------------------------------------------------------------------------------

    @property
    def theme(self) -> Theme:
        """The session's colours."""
        return THEMES[self.session.theme]

    @param.depends("session.matches", watch=True)
    def _show_matches(self) -> None:
        matches = self.session.matches
        if matches is not None:
            recording, aligned = self.session.recording, matches.aligned
            words = texts_of(recording, aligned, self._vocabulary[aligned.token.values])
            self.matrix.param.update(
                rows=rows_of(words, matches.inside, matches.table, matches.own, matches.query.before),
                tokens=tokens_of(recording, aligned, self.theme, BANDS),
            )
            self._share_room()
        self._show_remarks()
        self._show_fills()
        self._show_place()

    @param.depends("session.match_width", watch=True)
    def _share_room(self) -> None:
        """Words are as wide as asked for, and say between which widths heatmaps give way to them."""
        matches, width = self.session.matches, self.session.match_width
        if matches is not None:
            columns = matches.inside.shape[1]
            cells = (NARROWEST, COMFORTABLE) if width is None else (min(width, NARROWEST), width)
            least, enough = (f"{GUTTER + cell * columns}px" for cell in cells)
            self.matrix.param.update(
                cell=width or 0,
                styles={"--lv-least": least, "--lv-enough": enough, "--lv-one": f"{columns * HEAT_CELL}px"},
            )

    @param.depends("session.heatmaps", "session.mapping", watch=True)
    def _show_remarks(self) -> None:
        """Say of each cell what the heatmaps show there, and what its colour means."""
        matches, session = self.session.matches, self.session
        names = [*session.heatmaps, *({session.mapping} - {NO_MAPPING, *session.heatmaps})]
        if matches is not None:
            self.matrix.remarks = [
                remark_of(matches.values_of(name), matches.inside, self.heatmaps.scale(name))
                for name in names
                if name != self._unsaid
            ]

    @param.depends("session.theme", watch=True)
    def _dress_tokens(self) -> None:
        matches = self.session.matches
        if matches is not None:
            self.matrix.tokens = tokens_of(self.session.recording, matches.aligned, self.theme, BANDS)

    @param.depends("session.theme", "session.mapping", "session.match_mask", watch=True)
    def _show_fills(self) -> None:
        matches, name = self.session.matches, self.session.mapping
        if matches is None or name == NO_MAPPING:
            self.matrix.param.update(fills={"ink": self.theme.ink}, legend={})
            return
        masked, scale = self.session.match_mask, self.heatmaps.scale(name)
        share = matches.aligned.on_count / len(matches.query.selected) if masked else None
        self.matrix.param.update(
            fills=fills_of(matches.values_of(name), matches.inside, scale, self.theme, share),
            legend=legend_of(scale, FADED if masked else ""),
        )

    @param.depends("session.before", "session.after", watch=True)
    def _show_context(self) -> None:
        session = self.session
        self.matrix.context = {
            name: {"value": getattr(session, name), "low": low, "high": high}
            for name in ("before", "after")
            for low, high in [session.param[name].bounds]
        }

    @param.depends("session.searching", watch=True)
    def _show_stale(self) -> None:
        """Old rows stay while a search runs, faded if it takes its time."""
        self.matrix.stale = self.session.searching

    @param.depends("session.position", watch=True)
    def _show_place(self) -> None:
        matches = self.session.matches
        starts = np.zeros(0) if matches is None else matches.table.start.values
        rows = np.flatnonzero(starts == self.session.position)
        self.matrix.opened = int(rows[0]) if len(rows) else -1

    @param.depends("session.hovered", watch=True)
    def _show_hovered(self) -> None:
        cell, beside = self.session.hovered, "pointer" if self.heatmaps.pointed_at else "cell"
        self.matrix.hovered = {"cell": None if cell is None else list(cell), "beside": beside}

    # -- from the screen to the session -------------------------------------------------------------------------------

    def _on_gesture(self, gesture: dict[str, Any]) -> None:
        session, cell, context = self.session, gesture.get("hovered"), gesture.get("context")
        if "cell" in gesture:
            session.match_width = int(gesture["cell"]) or None
        if "opened" in gesture:
            self.open(int(gesture["opened"]))
        if context is not None:
            session.param.update(before=int(context["before"]), after=int(context["after"]))
        self.heatmaps.first = int(gesture.get("first", 0))
        self.heatmaps.pointed_at = False
        session.hovered = None if cell is None else (int(cell[0]), int(cell[1]))

    def open(self, row: int) -> None:
        """Show the place of a row's match."""
        matches = self.session.matches
        if matches is not None and 0 <= row < matches.table.sizes[MATCH]:
            self.session.go_to(int(matches.table.start[row]))

    def _search_again(self) -> None:
        self.following.search()

    def _show_more(self) -> None:
        self.session.top = next_stage(self.session.top)

    def _show_fewer(self) -> None:
        self.session.top = STAGES[0]

    def _more_rows(self) -> None:
        if can_show_more(self.session.matches):
            self._show_more()
        else:
            self._say("There are no more matches to show.")

    def _clear_filters(self) -> None:
        if all(getattr(self.session, name) == self.session.param[name].default for name in FILTERS):
            self._say("All matches pass: there is no filter.")
        self.session.clear_filters()

    # -- layout -------------------------------------------------------------------------------------------------------

    def _layout(self) -> pn.viewable.Viewable:
        session = self.session
        said = [session.param[name] for name in ("query", "matches", "searching", "indexing", "failure", "refusal")]
        facts, note = (
            Markup(
                pn.bind(lambda *_, say=say: say(session), *said),
                margin=0, sizing_mode="stretch_width", stylesheets=[TEXT, LOOK],
            )
            for say in (summary, advice)
        )  # fmt: skip
        retry = small_button("search again", "Try the same search once more", self._search_again)
        retry.visible = pn.bind(bool, session.param.failure)
        clear = small_button("clear the filters", "Let all matches pass", session.clear_filters, "clear filters")
        clear.visible = pn.bind(filters_hide_all, session.param.matches)
        return card(
            "Match", facts, [self.filters.lengths], self._controls(), note, retry, clear, self._body(), self._amount()
        )

    def _controls(self) -> pn.viewable.Viewable:
        session = self.session
        options = titled(session.param.mapping.objects)
        mapping = choice(session.param.mapping, "Words coloured by", options=options)
        if isinstance(mapping, pn.widgets.Select):
            mapping.width = 170
        label = text('<span class="lv-muted">words coloured by</span>', margin=(5, 0, 0, 0))
        return pn.Row(
            label, mapping, switch(session.param.match_mask, "mask", "match mask"), self.heatmaps.adding,
            switch(session.param.distinct, "distinct", "distinct"), self.filters.fields, self.filters.chips,
            sizing_mode="stretch_width", margin=(0, 0, 8, 0),
            styles={"gap": "8px 14px", "flex-wrap": "wrap", "align-items": "flex-start"},
        )  # fmt: skip

    def _body(self) -> pn.viewable.Viewable:
        return pn.Row(
            self.matrix, self.heatmaps, sizing_mode="stretch_width", margin=0, stylesheets=[LOOK],
            css_classes=pn.bind(body_classes, self.session.param.matches),
        )  # fmt: skip

    def _amount(self) -> pn.viewable.Viewable:
        """What shows more rows, or fewer."""
        session = self.session
        more = small_button("more", "Show more matches", self._show_more, "more rows")
        more.visible = pn.bind(can_show_more, session.param.matches)
        fewer = small_button("fewer", f"Show the best {STAGES[0]} matches", self._show_fewer, "fewer rows")
        fewer.visible = pn.bind(can_show_fewer, session.param.matches)
        return pn.Row(more, fewer, margin=(8, 0, 0, GUTTER), styles={"gap": "8px"})


def body_classes(matches: object) -> list[str]:
    """Return the CSS classes of words and heatmaps: hidden where there is no match."""
    return ["lv-body"] if matches is not None else ["lv-body", "lv-none"]
