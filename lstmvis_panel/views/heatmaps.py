"""The heatmaps beside the matches: which ones, in which order, and what the pointer finds on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import holoviews as hv
import panel as pn
import param

from lstmvis_panel.alignment import MATCH
from lstmvis_panel.captions import heatmap_scale
from lstmvis_panel.colours import titled
from lstmvis_panel.components.browser import at_once
from lstmvis_panel.components.heatmap_heads import HeatmapHeads
from lstmvis_panel.components.word_matrix import HEAD
from lstmvis_panel.heatmaps import GAP, MOST_ROWS, HeatmapGrid, fitted, heatmaps, marked_cells, start_lines
from lstmvis_panel.matrix import legend_of
from lstmvis_panel.session import Session
from lstmvis_panel.style import HEAT_CELL, ROW_HEIGHT, THEMES, Theme
from lstmvis_panel.views.controls import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lstmvis_panel.colours import ColourScale

LOOK = (Path(__file__).parent / "match.css").read_text(encoding="utf-8")
ADD = "+ heatmap"
FADED = {"opacity": "0.45", "transition": "opacity 0.2s 0.15s"}
CLEAR = {"opacity": "1", "transition": "opacity 0.1s"}


class HeatmapsView(pn.viewable.Viewer):
    """The heatmaps of a session's matches, a title above each.

    Parameters
    ----------
    session
        The visitor's session.
    opened
        Told the row of a click.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)
    first: int = param.Integer(default=0, bounds=(0, None), doc="The first of the rows that are drawn.")

    def __init__(self, session: Session, opened: Callable[[int], None]) -> None:
        super().__init__(session=session)
        self._opened = opened
        self.pointed_at = False
        """Whether it was here that the pointer found its cell."""
        self.heads = HeatmapHeads(gap=GAP * HEAT_CELL, height=HEAD, margin=0)
        self.heads.on_gesture(self._on_order)
        self.adding = pn.widgets.Select(label="Add a heatmap", width=120, margin=0, stylesheets=[CONTROLS])
        self.adding.param.watch(self._on_added, "value")
        self._panel = self._layout()
        self._fit()
        self._show_stale()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    # -- from the session to the screen -------------------------------------------------------------------------------

    @property
    def theme(self) -> Theme:
        """The session's colours."""
        return THEMES[self.session.theme]

    @property
    def grid(self) -> HeatmapGrid:
        """Where cells lie, of the matches that there are."""
        session, matches = self.session, self.session.matches
        query = session if matches is None else matches.query
        rows = min(query.top + 1, MOST_ROWS)
        first = max(0, min(self.first, self.rows - rows))
        return HeatmapGrid(len(session.heatmaps), rows, query.before, query.after, first)

    @property
    def rows(self) -> int:
        """Number of rows of the matches."""
        return 0 if self.session.matches is None else self.session.matches.table.sizes[MATCH]

    def scale(self, name: str) -> ColourScale:
        """Colours of a heatmap."""
        return heatmap_scale(self.session, name, self.theme)

    def _plot(self) -> hv.Overlay:
        session = self.session
        shown = [
            hv.streams.Params(session, ["matches", "heatmaps", "theme"]),
            hv.streams.Params(self, ["first"]),
        ]
        pointed = [*shown, hv.streams.Params(session, ["hovered"])]
        picture = hv.DynamicMap(self._picture, streams=shown)
        layers = [
            picture,
            hv.DynamicMap(lambda **_: start_lines(self.grid, self.theme), streams=shown),
            hv.DynamicMap(lambda **_: marked_cells(self.grid, session.hovered, self.theme), streams=pointed),
        ]
        self._hold_streams(picture)
        return hv.Overlay(layers).collate().opts(
            responsive=True, border=0, padding=0, xaxis=None, yaxis=None, toolbar=None, show_frame=False,
            show_legend=False, shared_axes=False, hooks=[fitted],
        )  # fmt: skip

    def _picture(self, **_changed: Any) -> hv.RGB:
        matches, grid = self.session.matches, self.grid
        if matches is None:
            return heatmaps([], grid.nowhere, grid)
        shown = [(matches.values_of(name), self.scale(name)) for name in self.session.heatmaps]
        return heatmaps(shown, matches.inside, grid)

    @param.depends("session.matches", "session.heatmaps", "session.theme", watch=True)
    def _fit(self) -> None:
        """Make room for the heatmaps that there are, and say what they show."""
        session, grid = self.session, self.grid
        # Their titles make them as wide as the heatmaps: of a width that is set Panel keeps the first.
        self.heads.param.update(
            heads=[{"name": name, **legend_of(self.scale(name))} for name in session.heatmaps],
            each=grid.columns * HEAT_CELL,
        )
        self._picture_box.param.update(width=grid.width, height=grid.height)
        self._clip.param.update(width=grid.width, height=ROW_HEIGHT * self.rows)
        least = f"min({min(grid.width, grid.columns * HEAT_CELL)}px, 34%)"
        self._panel.styles = {**self._panel.styles, "flex": f"0 1 {grid.width}px", "min-width": least}
        others = [name for name in session.param.heatmaps.objects if name not in session.heatmaps]
        self.adding.param.update(options={ADD: "", **titled(others)}, value="", disabled=not others)

    @param.depends("session.matches", "first", watch=True)
    def _shift(self) -> None:
        """Put the rows that are drawn where they belong: moved by style, the plot need not be laid out anew."""
        self._picture_box.styles = {"transform": f"translateY({self.grid.first * ROW_HEIGHT}px)"}

    @param.depends("session.searching", watch=True)
    def _show_stale(self) -> None:
        """Old rows stay while a search runs, faded if it takes its time."""
        self._panel.styles = {**self._panel.styles, **(FADED if self.session.searching else CLEAR)}

    # -- from the screen to the session -------------------------------------------------------------------------------

    def _on_order(self, gesture: dict[str, Any]) -> None:
        self.session.heatmaps = [name for name in gesture["order"] if name in self.session.param.heatmaps.objects]

    def _on_added(self, event: param.parameterized.Event) -> None:
        if event.new and event.new not in self.session.heatmaps:
            with at_once():
                self.session.heatmaps = [*self.session.heatmaps, event.new]

    def _hold_streams(self, picture: hv.DynamicMap) -> None:
        """Streams live as long as the view; HoloViews keeps only weak references to some of them."""
        pointer, gone = hv.streams.PointerXY(source=picture), hv.streams.MouseLeave(source=picture)
        click = hv.streams.SingleTap(source=picture)
        pointer.add_subscriber(self._on_pointer)
        gone.add_subscriber(lambda **_: self._on_pointer(None, None))
        click.add_subscriber(self._on_click)
        self._streams = (pointer, gone, click)

    def _on_pointer(self, x: float | None, y: float | None) -> None:
        cell = self._cell_at(x, y)
        # The pointer may have reached the matrix before the server hears that it left the heatmaps.
        if cell is not None or self.pointed_at:
            self.pointed_at = True
            self.session.hovered = cell

    def _on_click(self, x: float | None, y: float | None) -> None:
        cell = self._cell_at(x, y)
        if cell is not None:
            self._opened(cell[0])

    def _cell_at(self, x: float | None, y: float | None) -> tuple[int, int] | None:
        matches, cell = self.session.matches, None if x is None or y is None else self.grid.cell_at(x, y)
        if matches is None or cell is None or cell[0] >= self.rows:
            return None
        return cell if matches.inside.values[cell] else None

    # -- layout -------------------------------------------------------------------------------------------------------

    def _layout(self) -> pn.Column:
        plot = pn.pane.HoloViews(self._plot(), sizing_mode="stretch_both", margin=0)
        self._picture_box = pn.Column(plot, sizing_mode="fixed", margin=0)
        # The plot has room for as many rows as there can be; only this box is cut to those that there are.
        self._clip = pn.Column(self._picture_box, margin=0, css_classes=["lv-clip"], stylesheets=[LOOK])
        return pn.Column(self.heads, self._clip, margin=0, css_classes=["lv-heatmaps"], stylesheets=[LOOK])
