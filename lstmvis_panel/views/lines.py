"""The lines plot of one source (section 4.1 of the paper): its axis, its threshold, a box to select steps by."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import panel as pn
import param

from lstmvis_panel import plots, schema
from lstmvis_panel.components.threshold_axis import ThresholdAxis
from lstmvis_panel.session import Session
from lstmvis_panel.style import GUTTER, PLOT_HEIGHT, THEMES, Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

HOVER_REACH = 6
"""How far in px the pointer may be from a line to name it."""

WINDOW = ["source", "stack", "position", "width", "word_width"]
"""Parameters of a session that decide what a plot has to show."""

OVER_ALL = {"position": "absolute", "top": "0", "left": "0", "width": "100%", "z-index": "2"}


class LinesView(pn.viewable.Viewer):
    """One of the plots over the words.

    Parameters
    ----------
    session
        The visitor's session.
    slot
        Which of the session's layers is shown, counted from the top.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)
    slot: int = param.Integer(default=0, constant=True)

    def __init__(self, session: Session, slot: int = 0) -> None:
        super().__init__(session=session, slot=slot)
        self._lit_from = "plot"
        self._kept: dict[str, tuple[tuple[Any, ...], hv.Element]] = {}
        self.axis = ThresholdAxis(sizing_mode="stretch_width", height=PLOT_HEIGHT, margin=0, styles=OVER_ALL)
        self.canvas = pn.Column(
            pn.pane.HoloViews(self._plot(), sizing_mode="stretch_both", margin=0),
            height=PLOT_HEIGHT, margin=0, sizing_mode="fixed",
            styles={"position": "absolute", "top": "0", "left": f"{GUTTER}px"},
        )  # fmt: skip
        self.axis.param.watch(lambda event: self._threshold_dragged(event.new), "gesture")
        self._show_axis()
        # Fixed, and wide by style: else Panel makes the canvas' width the least width of all that is around.
        self._panel = pn.Column(
            self.canvas, self.axis, width=GUTTER, height=PLOT_HEIGHT, margin=0, sizing_mode="fixed",
            styles={"position": "relative", "overflow": "hidden", "width": "100%"},
        )  # fmt: skip

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    # -- from the session to the screen -------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The source shown; the last layer where there are fewer than slots."""
        layers = self.session.layers
        return layers[min(self.slot, len(layers) - 1)]

    @property
    def matched(self) -> bool:
        """Whether this is the source that is matched."""
        return self.source == self.session.source

    @property
    def frame(self) -> plots.Frame:
        """What the plot shows now."""
        session = self.session
        stop, extent = session.first + session.shown, session.extent_of(self.source)
        return plots.Frame(session.first, stop, *extent, session.shown * session.word_width, PLOT_HEIGHT)

    @property
    def theme(self) -> Theme:
        """The session's colours."""
        return THEMES[self.session.theme]

    @property
    def values(self) -> xr.DataArray:
        """The values that are drawn."""
        return self.session.values_of(self.source)

    @property
    def lit(self) -> int | None:
        """The state that is lit up here."""
        return self.session.highlighted if self.matched else None

    def _plot(self) -> hv.DynamicMap:
        # One stream for all layers: a stream of its own for each would draw the plot anew for each. What it watches is
        # also what tells whether anything has changed: a longer selection may have the same states.
        names = ["selection", "selected", "thresholds", "left", "right", "highlighted", "theme", *WINDOW]
        stream = hv.streams.Params(self.session, names)
        view = weakref.ref(self)
        look: dict[str, Any] = {
            "responsive": True, "border": 0, "padding": 0, "xaxis": None, "yaxis": None, "toolbar": None,
            "show_frame": False, "show_legend": False, "shared_axes": False,
            "hooks": [plots.fitted(lambda: this.frame if (this := view()) else None)],
        }  # fmt: skip
        # The pointer's streams need a layer that stays: HoloViews finds no source in what a callback lays together.
        ground = hv.Curve([], schema.STEP, "value").opts(
            tools=["xbox_select"], active_tools=["xbox_select"], default_tools=[], apply_ranges=False
        )
        self._hold_streams(ground)
        return (ground * hv.DynamicMap(lambda **_: hv.Overlay(self._layers()), streams=[stream])).opts(**look)

    def _layers(self) -> list[hv.Element]:
        """What lies over one another in the plot; the same object again where nothing of it has changed."""
        session, values, frame, theme = self.session, self.values, self.frame, self.theme
        selected = session.selected_in(self.source)
        crowd = len(selected) > plots.LINES_AT_MOST
        window = (self.source, frame, theme.name)
        chosen = (*window, selected.tobytes())

        def kept(name: str, key: tuple[Any, ...], draw: Callable[[], hv.Element]) -> hv.Element:
            if self._kept.get(name, (None,))[0] != key:
                self._kept[name] = (key, draw())
            return self._kept[name][1]

        lines, many = (selected[:0], selected) if crowd else (selected, None)
        lit = (*window, self.lit)
        return [
            kept("states", chosen if crowd else window, lambda: plots.raster(values, frame, theme, many)),
            kept("steps", (*window, session.selection), lambda: plots.selected_steps(session.selection, frame, theme)),
            kept("lines", chosen, lambda: plots.state_lines(values, lines, theme.accent)),
            kept("lit line", lit, lambda: plots.lit_line(values, self.lit, theme)),
            kept("lit name", lit, lambda: plots.lit_name(values, self.lit, frame, theme)),
        ]

    @param.depends(*[f"session.{name}" for name in [*WINDOW, "theme"]], watch=True)
    def _show_axis(self) -> None:
        frame = self.frame
        self.axis.param.update(low=frame.low, high=frame.high, across=frame.width)
        self.canvas.width = frame.width
        self._show_threshold()

    @param.depends("session.threshold", "session.thresholds", watch=True)
    def _show_threshold(self) -> None:
        self.axis.threshold = self.session.threshold_of(self.source)

    # -- from the screen to the session -------------------------------------------------------------------------------

    def _hold_streams(self, ground: hv.Curve) -> None:
        """Streams live as long as the view; HoloViews keeps only weak references to some of them."""
        box = hv.streams.BoundsX(source=ground)
        box.add_subscriber(self._boxed)
        pointer = hv.streams.PointerXY(source=ground)
        pointer.add_subscriber(self._pointed)
        gone = hv.streams.MouseLeave(source=ground)
        gone.add_subscriber(lambda **_: self.light(None, "plot"))
        self._streams = (box, pointer, gone)

    def _threshold_dragged(self, gesture: dict[str, Any]) -> None:
        with param.parameterized.batch_call_watchers(self.session):
            self.session.gesturing = not gesture["done"]
            self.session.set_threshold(self.source, float(gesture["threshold"]))

    def _boxed(self, boundsx: tuple[float, float] | None) -> None:
        if boundsx is None:
            return
        low, high = sorted(boundsx)
        frame = self.frame
        start = int(np.clip(round(low), frame.first, frame.stop - 1))
        stop = int(np.clip(round(high), start, frame.stop - 1)) + 1
        self.session.selection = (start, stop)

    def _pointed(self, x: float | None, y: float | None) -> None:
        if x is None or y is None or not self.matched:
            return
        frame = self.frame
        reach = HOVER_REACH * (frame.high - frame.low) / frame.height
        self.light(plots.nearest_state(self.values, self.session.selected, x, y, reach), "plot")

    def light(self, state: int | None, where: str) -> None:
        """Light a state, or put out the one that was lit from there.

        The pointer may be in the list before the server hears that it left the plot.
        """
        if state == self.session.highlighted:
            return  # the list repeats what the plot has lit
        if state is not None or self._lit_from == where:
            self._lit_from = where
            self.session.highlighted = state
