"""The lines plot of one source (section 4.1 of the paper): its axis, its threshold, a box to select steps by."""

from __future__ import annotations

import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import panel as pn
import param

from lstmvis_panel import plots, schema
from lstmvis_panel.axis import ticks
from lstmvis_panel.colours import title
from lstmvis_panel.components.browser import at_once
from lstmvis_panel.components.threshold_axis import ThresholdAxis
from lstmvis_panel.look import AHEAD
from lstmvis_panel.session import Session
from lstmvis_panel.style import GUTTER, PLOT_HEIGHT, THEMES, Theme, plot_height
from lstmvis_panel.svg import png
from lstmvis_panel.views.controls import small_button, text
from lstmvis_panel.views.select_text import caption

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

HOVER_REACH = 6
"""How far in px the pointer may be from a line to name it."""

CAPTION, GAP = 32, 6
"""Height in px of what is said over each of several plots, and of the gap above it."""

WINDOW = ["stack", "position", "width", "word_width"]
"""Parameters of a session that decide what a plot has to show; what is selected tells of those that decide about it."""

QUICK = 1
"""How hard to press the picture that a browser draws on: it comes while a mouse is about to move."""

OVER_ALL = {"position": "absolute", "top": "0", "left": "0", "width": "100%", "z-index": "2"}

Redraw = hv.streams.Stream.define("Redraw", times=0)


def board_height(count: int) -> int:
    """Height in px of so many lines plots with what is said over them."""
    return count * (plot_height(count) + (CAPTION + GAP if count > 1 else 0))


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
        self._kept: dict[str, tuple[tuple[Any, ...], Any]] = {}
        self._redraw = Redraw()
        self._drawn: tuple[Any, ...] = ()
        self._stairs_for: tuple[Any, ...] = ()
        self._previews: dict[str, tuple[Any, ...]] = {}
        self.axis = ThresholdAxis(sizing_mode="stretch_width", height=PLOT_HEIGHT, margin=0, styles=OVER_ALL)
        self.canvas = pn.Column(
            pn.pane.HoloViews(self._plot(), sizing_mode="stretch_both", margin=0),
            height=PLOT_HEIGHT, margin=0, sizing_mode="fixed",
            styles={"position": "absolute", "top": "0", "left": f"{GUTTER}px"},
        )  # fmt: skip
        self.axis.on_gesture(self._axis_used)
        # Fixed, and wide by style: else Panel makes the canvas' width the least width of all that is around.
        self.board = pn.Column(
            self.canvas, self.axis, width=GUTTER, height=PLOT_HEIGHT, margin=0, sizing_mode="fixed",
            styles={"position": "relative", "overflow": "hidden", "width": "100%"},
        )  # fmt: skip
        self.caption = self._captioned()
        self._panel = pn.Column(
            self.caption, self.board, margin=0, sizing_mode="stretch_width", styles={"min-width": "0"}
        )
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    # -- from the session to the screen -------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The source shown; the last layer where there are fewer than slots."""
        layers = self.session.layers
        return layers[min(self.slot, len(layers) - 1)]

    @property
    def used(self) -> bool:
        """Whether there is a layer for this plot; without one it rests."""
        return self.slot < len(self.session.layers)

    @property
    def height(self) -> int:
        """Height of the plot in px."""
        return plot_height(len(self.session.layers))

    @property
    def matched(self) -> bool:
        """Whether this is the source that is matched."""
        return self.source == self.session.source

    @property
    def frame(self) -> plots.Frame:
        """What the plot shows now."""
        session = self.session
        stop, extent = session.first + session.shown, session.extent_of(self.source)
        return plots.Frame(session.first, stop, *extent, session.shown * session.word_width, self.height)

    @property
    def theme(self) -> Theme:
        """The session's colours."""
        return THEMES[self.session.theme]

    @property
    def values(self) -> xr.DataArray:
        """The values that are drawn."""
        return self.session.values_of(self.source)

    @property
    def chosen(self) -> np.ndarray:
        """The states whose lines are drawn."""
        return self.session.selected_in(self.source)

    @property
    def lit(self) -> int | None:
        """The state that is lit up here."""
        return self.session.highlighted if self.matched else None

    def _plot(self) -> hv.DynamicMap:
        # One stream for all layers: a stream of its own for each would draw the plot anew for each.
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
        return (ground * hv.DynamicMap(lambda **_: hv.Overlay(self._layers()), streams=[self._redraw])).opts(**look)

    def _look(self) -> tuple[Any, ...]:
        """All that the plot follows from. A longer selection may have the same states."""
        session = self.session
        return self.source, self.frame, session.theme, session.selection, self.chosen.tobytes(), self.lit

    def _layers(self) -> list[hv.Element]:
        """What lies over one another in the plot; the same object again where nothing of it has changed."""
        values, frame, theme, selected = self.values, self.frame, self.theme, self.chosen
        crowd = len(selected) > plots.LINES_AT_MOST
        window, selection, kept = self._window, self.session.selection, self._once
        chosen = (*window, selected.tobytes())
        lines, many = (selected[:0], selected) if crowd else (selected, selected[:0])
        lit = (*window, self.lit)

        def states() -> hv.RGB:
            return plots.raster(plots.crowded(self._pixels, values, many, frame, theme), frame)

        return [
            kept("states", chosen if crowd else window, states),
            kept("steps", (*window, selection), lambda: plots.selected_steps(selection, frame, theme)),
            kept("lines", chosen, lambda: plots.state_lines(values, lines, theme.accent)),
            kept("lit line", lit, lambda: plots.lit_line(values, self.lit, theme)),
            kept("lit name", lit, lambda: plots.lit_name(values, self.lit, frame, theme)),
        ]

    @property
    def _window(self) -> tuple[Any, ...]:
        return self.source, self.frame, self.theme.name

    @property
    def _pixels(self) -> np.ndarray:
        """All states as one picture."""
        pixels: np.ndarray = self._once(
            "pixels", self._window, lambda: plots.pixels_of(self.values, self.frame, self.theme)
        )
        return pixels

    def _once(self, name: str, key: tuple[Any, ...], draw: Callable[[], Any]) -> Any:
        """Return what was drawn last under a name, unless it follows from something else by now."""
        if self._kept.get(name, (None,))[0] != key:
            self._kept[name] = (key, draw())
        return self._kept[name][1]

    @param.depends(
        *[f"session.{name}" for name in (*WINDOW, *AHEAD, "selected", "thresholds", "highlighted", "theme")],
        watch=True,
    )
    def _show(self) -> None:
        if not self.used:
            self.session.let_go(self._hold)
            return
        self._show_axis()
        look = self._look()
        # While the browser draws over the plot, the plot waits.
        if look != self._drawn and not self.session.drawn_ahead(self.source):
            self._drawn = look
            self._redraw.event(times=self._redraw.times + 1)

    def _show_axis(self) -> None:
        session, frame = self.session, self.frame
        self.canvas.param.update(width=frame.width, height=frame.height)
        self.board.height = frame.height
        self.axis.param.update(
            low=frame.low, high=frame.high, ticks=[list(tick) for tick in ticks(frame.low, frame.high, frame.height)],
            across=frame.width, extent=frame.height, height=frame.height,
            rule=session.rule, unit=session.unit, step=session.step_of(self.source),
            label=f"Threshold of {title(self.source)}", matched=self.matched,
        )  # fmt: skip
        self._drop_previews()
        self._show_stairs()
        self._show_threshold()

    def _show_stairs(self) -> None:
        """Tell how many states each threshold selects; that takes no new look while the threshold is dragged."""
        profile, ends = self.session.profile_of(self.source), self.session.range_of(self.source)
        if self._stairs_for != (profile, ends):
            self._stairs_for = (profile, ends)
            stairs: dict[str, Any] = {}
            if profile is not None:
                edges, counts = profile.steps(*ends)
                widest = profile.widest(*ends)
                stairs = {"edges": edges.tolist(), "counts": counts.tolist(), "widest": widest and list(widest[:2])}
            self.axis.stairs = stairs

    def _show_threshold(self) -> None:
        # A threshold is heard of by the states that it selects, once, be they the same.
        self._show_caption()
        self.axis.threshold = self.session.threshold_of(self.source)

    def _captioned(self) -> pn.Row:
        """What stands over the plot where there are several: its name, its states, what can be done with it."""
        self.said = text("", sizing_mode="stretch_width")
        self.match = small_button("match on this", "Match the states of this source", self._match)
        self.away = small_button("×", "Take this source off the page", self._unstack)
        return pn.Row(
            self.said, self.match, self.away, height=CAPTION, sizing_mode="stretch_width", margin=(GAP, 0, 0, GUTTER),
            styles={"gap": "6px", "align-items": "center"},
        )  # fmt: skip

    def _show_caption(self) -> None:
        stacked = len(self.session.layers) > 1
        self.caption.visible = stacked
        self.match.visible = self.away.visible = not self.matched
        self.said.object = caption(self.session, self.source) if stacked else ""

    # -- from the screen to the session -------------------------------------------------------------------------------

    def _hold_streams(self, ground: hv.Curve) -> None:
        """Streams live as long as the view; HoloViews keeps only weak references to some of them."""
        box = hv.streams.BoundsX(source=ground)
        box.add_subscriber(self._boxed)
        pointer = hv.streams.PointerXY(source=ground)
        pointer.add_subscriber(self._pointed)
        gone = hv.streams.MouseLeave(source=ground)
        gone.add_subscriber(lambda **_: self.session.light(None, "plot"))
        self._streams = (box, pointer, gone)

    @property
    def _decides(self) -> dict[str, tuple[Any, ...]]:
        """All that decides what is drawn during a drag of the threshold, or of the brush, beside what is dragged."""
        session = self.session
        both = (*self._window, session.rule, session.unit, session.hand_in(self.source))
        return {
            "preview": (*both, session.selection, session.left, session.right),
            "brush_preview": (*both, session.threshold_of(self.source), session.lacking),
        }

    @property
    def _hold(self) -> str:
        """What a hand holds here."""
        return f"threshold {self.slot}"

    def _drop_previews(self) -> None:
        """Take away what no longer holds."""
        decides = self._decides
        for name, known in list(self._previews.items()):
            if known != decides[name]:
                del self._previews[name]
                self.axis.param.update(**{name: {}})

    def _axis_used(self, gesture: dict[str, Any]) -> None:
        if "threshold" in gesture:
            self._threshold_dragged(gesture)
        elif "letGo" in gesture:
            self.session.let_go(self._hold)
        elif not self._previews.get(asked := gesture["asked"]):
            session = self.session
            look_ahead = session.threshold_preview if asked == "preview" else session.brush_preview
            preview = look_ahead(self.source)
            self._previews[asked] = self._decides[asked]
            place = {"first": session.first, "selection": list(session.selection or ())}
            sent = {} if preview is None else {**preview.sent, "picture": self._picture, **place}
            self.axis.param.update(**{asked: sent})

    @property
    def _picture(self) -> bytes:
        """All states as one picture, for the browser to draw on."""
        picture: bytes = self._once("picture", self._window, lambda: png(self._pixels, QUICK))
        return picture

    def _threshold_dragged(self, gesture: dict[str, Any]) -> None:
        ahead, done = self.source if gesture.get("previewed") else "", gesture["done"]
        held = self.session.gesture(self._hold, done=done, previewing=ahead)
        with nullcontext() if ahead and not done else at_once(), held:
            self.session.set_threshold(self.source, float(gesture["threshold"]))

    def _match(self) -> None:
        with at_once():  # the page changes as a whole
            self.session.source = self.source

    def _unstack(self) -> None:
        with at_once():
            self.session.stack = [name for name in self.session.stack if name != self.source]

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
        self.session.light(plots.nearest_state(self.values, self.session.selected, x, y, reach), "plot")
