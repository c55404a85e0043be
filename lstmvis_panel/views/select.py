"""The select view (section 4.2 of the paper): states over words, a brush, a threshold, the states that are on."""

from __future__ import annotations

import weakref
from html import escape
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import panel as pn
import param

from lstmvis_panel import plots, schema
from lstmvis_panel.alignment import displayed
from lstmvis_panel.components.state_list import StateList
from lstmvis_panel.components.threshold_axis import ThresholdAxis
from lstmvis_panel.components.word_strip import PATTERN, WordStrip
from lstmvis_panel.matrix import phrase_of, strip_height, strip_of
from lstmvis_panel.session import Session
from lstmvis_panel.style import GUTTER, PLOT_HEIGHT, THEMES, Theme
from lstmvis_panel.views.controls import card, chips, number_input, small_button, text

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

SIDE = 156
HOVER_REACH = 6
"""How far in px the pointer may be from a line to name it."""

WINDOW = ["source", "position", "width", "word_width"]


class SelectView(pn.viewable.Viewer):
    """Lines, words, threshold and the list of selected states of a session."""

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._drawn: tuple[Any, xr.DataArray] | None = None
        self._lit_from = "plot"
        self._kept: dict[str, tuple[tuple[Any, ...], hv.Element]] = {}
        self._strip: tuple[Any, dict[str, Any]] | None = None
        self.strip = WordStrip(tall=strip_height(session.recording), sizing_mode="stretch_width", margin=0)
        self.axis = ThresholdAxis(
            sizing_mode="stretch_width", height=PLOT_HEIGHT, margin=0,
            styles={"position": "absolute", "top": "0", "left": "0", "width": "100%", "z-index": "2"},
        )  # fmt: skip
        self.states = StateList(sizing_mode="stretch_both", margin=0)
        self.canvas = pn.Column(
            pn.pane.HoloViews(self._plot(), sizing_mode="stretch_both", margin=0),
            height=PLOT_HEIGHT, margin=0, sizing_mode="fixed",
            styles={"position": "absolute", "top": "0", "left": f"{GUTTER}px"},
        )  # fmt: skip
        self._listen()
        self._show_words()
        self._show_selection()
        self._show_states()
        self._panel = self._layout()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    # -- from the session to the screen -------------------------------------------------------------------------------

    @property
    def frame(self) -> plots.Frame:
        """What the plot shows now."""
        session = self.session
        stop = session.first + session.shown
        return plots.Frame(session.first, stop, *session.extent, session.shown * session.word_width, PLOT_HEIGHT)

    @property
    def theme(self) -> Theme:
        """The session's colours."""
        return THEMES[self.session.theme]

    @property
    def values(self) -> xr.DataArray:
        """The values that are drawn, computed once per window."""
        window = self.session.window
        if self._drawn is None or self._drawn[0] is not window:
            self._drawn = (window, displayed(window))
        return self._drawn[1]

    @property
    def many(self) -> bool:
        """Whether the selected states are too many to be lines of their own."""
        return len(self.session.selected) > plots.LINES_AT_MOST

    def _plot(self) -> hv.DynamicMap:
        # One stream for all layers: a stream of its own for each would draw the plot anew for each. What it watches is
        # also what tells whether anything has changed: a longer selection may have the same states.
        stream = hv.streams.Params(self.session, ["selection", "selected", "highlighted", "theme", *WINDOW])
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
        window = (session.source, frame, theme.name)
        chosen = (*window, session.selected.tobytes())

        def kept(name: str, key: tuple[Any, ...], draw: Callable[[], hv.Element]) -> hv.Element:
            if self._kept.get(name, (None,))[0] != key:
                self._kept[name] = (key, draw())
            return self._kept[name][1]

        lit = (*window, session.highlighted)
        return [
            kept("states", chosen if self.many else window, self._raster),
            kept("steps", (*window, session.selection), lambda: plots.selected_steps(session.selection, frame, theme)),
            kept("lines", chosen, self._lines),
            kept("lit line", lit, lambda: plots.lit_line(values, session.highlighted, theme)),
            kept("lit name", lit, lambda: plots.lit_name(values, session.highlighted, frame, theme)),
        ]

    def _lines(self) -> hv.Curve:
        chosen = self.session.selected[:0] if self.many else self.session.selected
        return plots.state_lines(self.values, chosen, self.theme.accent)

    def _raster(self) -> hv.RGB:
        return plots.raster(self.values, self.frame, self.theme, self.session.selected if self.many else None)

    @property
    def tokens(self) -> dict[str, Any]:
        """Words, or what tokens are instead, read once per window."""
        key = (self.session.first, self.session.shown, self.session.theme)
        if self._strip is None or self._strip[0] != key:
            self._strip = (key, strip_of(self.session.recording, self.session.first, self.session.shown, self.theme))
        return self._strip[1]

    @param.depends(*[f"session.{name}" for name in [*WINDOW, "selected", "theme"]], watch=True)
    def _show_words(self) -> None:
        session, frame = self.session, self.frame
        edges = schema.document_edges(session.recording)
        inside = edges[(edges > frame.first) & (edges < frame.stop)]
        self.strip.param.update(
            **self.tokens, heat=session.heat.tolist(), total=len(session.selected), first=frame.first,
            mark=session.position, edges=inside.tolist(), cell=session.word_width,
        )  # fmt: skip
        self.axis.param.update(low=frame.low, high=frame.high, across=frame.width)
        self.canvas.width = frame.width

    @param.depends("session.selection", "session.left", "session.right", "session.threshold", watch=True)
    def _show_selection(self) -> None:
        session = self.session
        self.strip.param.update(selection=list(session.selection or ()), left=session.left, right=session.right)
        self.axis.threshold = session.threshold

    @param.depends("session.selected", "session.highlighted", watch=True)
    def _show_states(self) -> None:
        self.states.param.update(states=self.session.selected.tolist(), highlighted=self.session.highlighted)

    # -- from the screen to the session -------------------------------------------------------------------------------

    def _listen(self) -> None:
        self.strip.param.watch(lambda event: self._brushed(event.new), "gesture")
        self.strip.param.watch(lambda event: self.session.param.update(width=max(80, event.new)), "room")
        self.axis.param.watch(lambda event: self._threshold_dragged(event.new), "gesture")
        self.states.param.watch(lambda event: self._light(event.new, "list"), "highlighted")

    def _hold_streams(self, ground: hv.Curve) -> None:
        """Streams live as long as the view; HoloViews keeps only weak references to some of them."""
        box = hv.streams.BoundsX(source=ground)
        box.add_subscriber(self._boxed)
        pointer = hv.streams.PointerXY(source=ground)
        pointer.add_subscriber(self._pointed)
        gone = hv.streams.MouseLeave(source=ground)
        gone.add_subscriber(lambda **_: self._light(None, "plot"))
        self._streams = (box, pointer, gone)

    def _brushed(self, gesture: dict[str, Any]) -> None:
        values: dict[str, Any] = {name: gesture[name] for name in ("left", "right") if name in gesture}
        if "range" in gesture:
            values["selection"] = tuple(gesture["range"]) if gesture["range"] else None
        self.session.param.update(gesturing=not gesture["done"], **values)

    def _threshold_dragged(self, gesture: dict[str, Any]) -> None:
        self.session.param.update(gesturing=not gesture["done"], threshold=float(gesture["threshold"]))

    def _boxed(self, boundsx: tuple[float, float] | None) -> None:
        if boundsx is None:
            return
        low, high = sorted(boundsx)
        frame = self.frame
        start = int(np.clip(round(low), frame.first, frame.stop - 1))
        stop = int(np.clip(round(high), start, frame.stop - 1)) + 1
        self.session.selection = (start, stop)

    def _pointed(self, x: float | None, y: float | None) -> None:
        if x is None or y is None:
            return
        frame = self.frame
        reach = HOVER_REACH * (frame.high - frame.low) / frame.height
        self._light(plots.nearest_state(self.values, self.session.selected, x, y, reach), "plot")

    def _light(self, state: int | None, where: str) -> None:
        """Light a state, or put out the one that was lit from here.

        The pointer may be in the list before the server hears that it left the plot.
        """
        if state == self.session.highlighted:
            return  # the list repeats what the plot has lit
        if state is not None or self._lit_from == where:
            self._lit_from = where
            self.session.highlighted = state

    # -- layout -------------------------------------------------------------------------------------------------------

    def _layout(self) -> pn.viewable.Viewable:
        session = self.session
        board = pn.Column(
            pn.Column(
                # Fixed, and wide by style: else Panel makes the canvas' width the least width of all that is around.
                self.canvas, self.axis, width=SIDE, height=PLOT_HEIGHT, margin=0, sizing_mode="fixed",
                styles={"position": "relative", "overflow": "hidden", "width": "100%"},
            ),
            self.strip,
            sizing_mode="stretch_width", margin=0, styles={"min-width": "0"},
        )  # fmt: skip
        side = pn.Column(
            text(pn.bind(self._states_title, session.param.selected), margin=(0, 0, 6, 0)),
            self.states,
            width=SIDE, height=PLOT_HEIGHT + self.strip.tall + PATTERN, margin=(0, 0, 0, 16),
        )  # fmt: skip
        body = pn.Row(board, side, sizing_mode="stretch_width", margin=0)
        return card("Select", self._chips(), self._controls(), body)

    def _chips(self) -> pn.viewable.Viewable:
        session = self.session
        changing = [session.param[name] for name in ("source", "selection", "selected", "left", "right", "refusal")]
        return text(pn.bind(lambda *_: self._summary(), *changing), sizing_mode="stretch_width")

    def _summary(self) -> str:
        session = self.session
        if session.selection is None:
            return chips(quiet="Drag over words, or over the lines, to select them.")
        phrase = phrase_of(session.recording, *session.selection)
        if session.refusal:
            return chips(quiet=escape(phrase), warning=session.refusal)
        on = f"<b>{len(session.selected):,}</b> of {session.states.shape[1]:,} states on"
        limits = f"off: {session.left} before, {session.right} after"
        return chips(on, limits, quiet=escape(phrase))

    def _states_title(self, selected: np.ndarray) -> str:
        count = len(selected)
        return f'<span class="lv-muted">{count:,} selected state{"" if count == 1 else "s"}</span>'

    def _controls(self) -> list[pn.viewable.Viewable]:
        session = self.session
        threshold = number_input(session.param.threshold, "threshold", step=0.01, width=84)
        clear = small_button("clear", "Clear the selection", lambda: session.param.update(selection=None))
        clear.disabled = pn.bind(lambda chosen: chosen is None, session.param.selection)
        narrower = small_button("−", "Narrower words", lambda: session.zoom(-5))
        wider = small_button("+", "Wider words", lambda: session.zoom(5))
        caption = pn.bind(lambda px: f'<span class="lv-muted">word width</span> {px} px', session.param.word_width)
        width = text(caption, margin=(5, 0, 0, 8))
        return [threshold, clear, width, narrower, wider]
