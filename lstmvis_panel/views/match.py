"""The match view (section 4.3 of the paper): where else the selected states are on together, and what stands there."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import panel as pn
import param
import xarray as xr

from lstmvis_panel import heatmaps, schema
from lstmvis_panel.alignment import MATCH, OFFSET, annotation_key
from lstmvis_panel.colours import annotation_scale, count_scale, title
from lstmvis_panel.components.word_matrix import HEAD, NARROWEST, WordMatrix
from lstmvis_panel.matrix import BANDS, fills_of, remark_of, rows_of, texts_of, tokens_of
from lstmvis_panel.questions import CONTEXT_AFTER, CONTEXT_BEFORE, TOP
from lstmvis_panel.session import Session
from lstmvis_panel.style import GUTTER, HEAT_CELL, ROW_HEIGHT, THEMES, Theme
from lstmvis_panel.views.controls import TEXT, Markup, card, choice, small_button, text
from lstmvis_panel.views.following import Following
from lstmvis_panel.views.match_text import advice, heads, summary

if TYPE_CHECKING:
    from lstmvis_panel.colours import ColourScale

LOOK = (Path(__file__).parent / "match.css").read_text(encoding="utf-8")
COUNT, NONE = "match count", "none"
FADED = {"opacity": "0.45", "transition": "opacity 0.2s 0.15s"}
CLEAR = {"opacity": "1", "transition": "opacity 0.1s"}
COMFORTABLE = 38
"""Width in px of a word's cell up to which heatmaps give way."""


class MatchView(pn.viewable.Viewer):
    """The best matches of a session's selection as rows of words, with heatmaps beside them.

    Parameters
    ----------
    session
        The visitor's session; matching follows what it asks.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        annotations = schema.names_of(session.recording, schema.Kind.CATEGORICAL, schema.Kind.SCALAR)
        self.names = [COUNT, *annotations]
        self.grid = heatmaps.HeatmapGrid(len(self.names), TOP + 1, CONTEXT_BEFORE, CONTEXT_AFTER)
        least, enough = (f"{GUTTER + cell * self.grid.columns}px" for cell in (NARROWEST, COMFORTABLE))
        self.matrix = WordMatrix(
            sizing_mode="stretch_width", margin=0, css_classes=["lv-words"], stylesheets=[LOOK],
            styles={"--lv-least": least, "--lv-enough": enough},
        )  # fmt: skip
        self.matrix.param.watch(self._on_gesture, "gesture", onlychanged=False)
        self._vocabulary = schema.labels(session.recording, schema.TOKEN)
        # A number that stands in a cell as its token needs no remark.
        self._remarked = [name for name in self.names if name != schema.token_look(session.recording)]
        self._pointed_at = "cell"
        self._opened = 0
        self._panel = self._layout()
        self._show_matches()
        self._show_stale()
        self.following = Following(session)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    # -- from the session to the screen -------------------------------------------------------------------------------

    @property
    def theme(self) -> Theme:
        """The session's colours."""
        return THEMES[self.session.theme]

    @property
    def inside(self) -> xr.DataArray:
        """Where rows have a step at all, bool, dimensions ``("match", "offset")``; no rows without matches."""
        matches = self.session.matches
        if matches is None:
            return xr.DataArray(np.zeros((0, self.grid.columns), bool), dims=(MATCH, OFFSET))
        inside: xr.DataArray = matches.aligned.aligned_step >= 0
        return inside

    def values(self, name: str) -> xr.DataArray:
        """What a heatmap shows, shaped as `inside`."""
        matches = self.session.matches
        if matches is None:
            return self.inside.astype(int)
        return matches.aligned["on_count" if name == COUNT else annotation_key(name)]

    def scale(self, name: str) -> ColourScale:
        """Colours of a heatmap."""
        if name != COUNT:
            return annotation_scale(self.session.recording, name, self.theme)
        matches = self.session.matches
        return count_scale(0 if matches is None else len(matches.query.selected), self.theme)

    def _plot(self) -> hv.Overlay:
        session, grid = self.session, self.grid
        answered, themed, pointed = (
            hv.streams.Params(session, [*names, "theme"]) for names in (["matches"], [], ["hovered"])
        )
        layers = [
            hv.DynamicMap(partial(self._heatmap, name, grid.left(number)), streams=[answered])
            for number, name in enumerate(self.names)
        ]
        layers += [
            hv.DynamicMap(lambda **_: heatmaps.start_lines(grid, self.theme), streams=[themed]),
            hv.DynamicMap(lambda **_: heatmaps.marked_cells(grid, session.hovered, self.theme), streams=[pointed]),
        ]
        self._hold_streams(layers[0])
        return hv.Overlay(layers).collate().opts(
            responsive=True, border=0, padding=0, xaxis=None, yaxis=None, toolbar=None, show_frame=False,
            show_legend=False, shared_axes=False, hooks=[heatmaps.fitted(grid)],
        )  # fmt: skip

    def _heatmap(self, name: str, left: int, **_changed: Any) -> hv.Image:
        return heatmaps.heatmap(self.values(name), self.inside, self.scale(name), left)

    @param.depends("session.matches", watch=True)
    def _show_matches(self) -> None:
        matches, inside = self.session.matches, self.inside
        if matches is not None:
            recording, aligned = self.session.recording, matches.aligned
            words = texts_of(recording, aligned, self._vocabulary[aligned.token.values])
            self.matrix.param.update(
                rows=rows_of(words, inside, matches.table, matches.own, CONTEXT_BEFORE),
                remarks=[remark_of(self.values(name), inside, self.scale(name)) for name in self._remarked],
                tokens=tokens_of(recording, aligned, self.theme, BANDS),
            )
        self.clip.height = ROW_HEIGHT * len(inside)
        self._show_fills()
        self._show_place()

    @param.depends("session.theme", watch=True)
    def _dress_tokens(self) -> None:
        matches = self.session.matches
        if matches is not None:
            self.matrix.tokens = tokens_of(self.session.recording, matches.aligned, self.theme, BANDS)

    @param.depends("session.theme", "session.mapping", watch=True)
    def _show_fills(self) -> None:
        name = self.session.mapping
        if name == NONE:
            self.matrix.fills = {"ink": self.theme.ink}
        else:
            self.matrix.fills = fills_of(self.values(name), self.inside, self.scale(name), self.theme)

    @param.depends("session.searching", watch=True)
    def _show_stale(self) -> None:
        """Old rows stay while a search runs, faded if it takes its time."""
        self.matrix.stale = self.session.searching
        self.side.styles = {**self._side_styles, **(FADED if self.session.searching else CLEAR)}

    @param.depends("session.position", watch=True)
    def _show_place(self) -> None:
        matches = self.session.matches
        starts = np.zeros(0) if matches is None else matches.table.start.values
        rows = np.flatnonzero(starts == self.session.position)
        self.matrix.opened = int(rows[0]) if len(rows) else -1

    @param.depends("session.hovered", watch=True)
    def _show_hovered(self) -> None:
        cell = self.session.hovered
        self.matrix.hovered = {"cell": None if cell is None else list(cell), "beside": self._pointed_at}

    # -- from the screen to the session -------------------------------------------------------------------------------

    def _hold_streams(self, picture: hv.DynamicMap) -> None:
        """Streams live as long as the view; HoloViews keeps only weak references to some of them."""
        pointer, gone = hv.streams.PointerXY(source=picture), hv.streams.MouseLeave(source=picture)
        click = hv.streams.SingleTap(source=picture)
        pointer.add_subscriber(self._on_heatmaps)
        gone.add_subscriber(lambda **_: self._on_heatmaps(None, None))
        click.add_subscriber(self._on_click)
        self._streams = (pointer, gone, click)

    def _on_gesture(self, event: param.parameterized.Event) -> None:
        cell, opened = event.new.get("hovered"), event.new.get("opened", {})
        if opened.get("times", 0) != self._opened:
            self._opened = opened["times"]
            self.open(opened["row"])
        self._pointed_at = "cell"
        self.session.hovered = None if cell is None else (int(cell[0]), int(cell[1]))

    def _on_heatmaps(self, x: float | None, y: float | None) -> None:
        cell = self._cell_at(x, y)
        # The pointer may have reached the matrix before the server hears that it left the heatmaps.
        if cell is not None or self._pointed_at == "pointer":
            self._pointed_at = "pointer"
            self.session.hovered = cell

    def _on_click(self, x: float | None, y: float | None) -> None:
        cell = self._cell_at(x, y)
        if cell is not None:
            self.open(cell[0])

    def _cell_at(self, x: float | None, y: float | None) -> tuple[int, int] | None:
        cell, inside = None if x is None or y is None else self.grid.cell_at(x, y), self.inside.values
        return cell if cell is not None and cell[0] < len(inside) and inside[cell] else None

    def open(self, row: int) -> None:
        """Show the place of a row's match."""
        matches = self.session.matches
        if matches is not None and 0 <= row < matches.table.sizes[MATCH]:
            self.session.go_to(int(matches.table.start[row]))

    def _search_again(self) -> None:
        self.following.search()

    # -- layout -------------------------------------------------------------------------------------------------------

    def _layout(self) -> pn.viewable.Viewable:
        session = self.session
        said = [session.param[name] for name in ("query", "matches", "searching", "failure", "refusal")]
        facts, note = (
            Markup(
                pn.bind(lambda *_, say=say: say(session), *said),
                margin=0, sizing_mode="stretch_width", stylesheets=[TEXT, LOOK],
            )
            for say in (summary, advice)
        )  # fmt: skip
        retry = small_button("search again", "Try the same search once more", self._search_again)
        retry.visible = pn.bind(bool, session.param.failure)
        options = {title(name): name for name in session.param.mapping.objects}
        mapping = choice(session.param.mapping, "Words coloured by", options=options)
        if isinstance(mapping, pn.widgets.Select):
            mapping.width = 190
        label = text('<span class="lv-muted">words coloured by</span>', margin=(5, 0, 0, 0))
        return card("Match", facts, [label, mapping], note, retry, self._body())

    def _body(self) -> pn.viewable.Viewable:
        session, grid = self.session, self.grid
        self._side_styles = {"flex": f"0 1 {grid.width}px", "min-width": f"{grid.columns * HEAT_CELL}px"}
        titles = pn.bind(
            lambda *_: heads(grid, [self.scale(name) for name in self.names]),
            session.param.matches,
            session.param.theme,
        )
        picture = pn.Column(
            pn.pane.HoloViews(self._plot(), sizing_mode="stretch_both", margin=0),
            width=grid.width, height=grid.height, sizing_mode="fixed", margin=0,
        )  # fmt: skip
        # The plot always has room for all rows; only this box is cut to those that there are.
        self.clip = pn.Column(
            picture, width=grid.width, height=0, margin=0, css_classes=["lv-clip"], stylesheets=[LOOK]
        )
        self.side = pn.Column(
            Markup(titles, margin=0, width=grid.width, height=HEAD, stylesheets=[LOOK]), self.clip,
            margin=0, css_classes=["lv-heatmaps"], stylesheets=[LOOK],
        )  # fmt: skip
        return pn.Row(
            self.matrix, self.side, sizing_mode="stretch_width", margin=0, stylesheets=[LOOK],
            css_classes=pn.bind(body_classes, session.param.matches),
        )  # fmt: skip


def body_classes(matches: object) -> list[str]:
    """Return the CSS classes of words and heatmaps: hidden where there is no match."""
    return ["lv-body"] if matches is not None else ["lv-body", "lv-none"]
