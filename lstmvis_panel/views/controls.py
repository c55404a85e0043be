"""The look of the controls: quiet, aligned, the same in both themes. Nothing here knows what it controls."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import panel as pn
import param
from bokeh.models.ui import Tooltip

from lstmvis_panel.components.number_field import NumberField
from lstmvis_panel.components.switch_button import SwitchButton
from lstmvis_panel.views import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lstmvis_panel.captions import Fact

HERE = Path(__file__).parent
CONTROLS = (HERE / "controls.css").read_text(encoding="utf-8")
LABELLED = "lv-labelled"
"""CSS class of a widget whose label is shown; others' are only read out."""

DIGITS = 12
"""Digits behind the point of a number in a field, at most."""

LONG = 1e9
"""From here on a number is written as Python does, with an exponent where it is very long."""

LONGEST = 400
"""Characters of a number that are read; the longest that is written without an exponent has some three hundred."""

TEXT = (HERE / "text.css").read_text(encoding="utf-8")


class Markup(pn.pane.HTML):
    """HTML that keeps the stylesheets it was first shown with.

    Panel sends them along with each new text, and in a notebook then names its content network for them.
    """

    priority: ClassVar[bool] = False  # Panel is not to take it for what others show.

    def _update(self, ref: str, model: Any) -> None:  # noqa: ARG002 - Panel's own signature
        # What is new on the page belongs to it only in a moment; without a page, Panel names its network, too.
        properties = self._get_properties(model.document or pn.state.curdoc)
        model.update(**{name: value for name, value in properties.items() if name != "stylesheets"})


def text(content: Any, **layout: Any) -> Markup:
    """A line of HTML, a string or something bound to parameters."""
    return Markup(content, stylesheets=[TEXT], **{"margin": 0, **layout})


def chips(*facts: str, quiet: str = "", warning: str = "") -> str:
    """Facts in words, as HTML; what is merely said comes first, what needs attention last."""
    parts = [f'<span class="lv-quiet">{quiet}</span>'] if quiet else []
    parts += [f'<span class="lv-chip">{fact}</span>' for fact in facts]
    parts += [f'<span class="lv-warning" role="status">{warning}</span>'] if warning else []
    return f'<div class="lv-chips">{"".join(parts)}</div>'


def emphasised(fact: Fact) -> str:
    """A fact as HTML."""
    return f"{fact.before}<b>{fact.strong}</b>{fact.after}" if fact.strong else str(fact)


def card(title: str, facts: Any, controls: Iterable[pn.viewable.Viewable], *body: Any) -> pn.Column:
    """A titled part of the page: one line of facts and controls, the body below."""
    head = pn.Row(
        text(f'<span class="lv-title">{title}</span>', margin=(5, 12, 0, 0)),
        facts,
        *controls,
        sizing_mode="stretch_width", margin=(0, 0, 10, 0), styles={"align-items": "flex-start", "gap": "8px"},
    )  # fmt: skip
    return pn.Column(
        head, *body, sizing_mode="stretch_width", margin=(0, 14, 14, 14), styles={
            "background": "var(--lv-card)", "border": "1px solid var(--lv-line)", "border-radius": "10px",
            "padding": "12px 14px",
        },
    )  # fmt: skip


def name(home: str = "") -> str:
    """The name of the tool as HTML, which leads home where there is one."""
    letters = "LSTM<em>Vis</em>"
    linked = f'<a href="{home}">{letters}</a>' if home else letters
    return f'<span class="lv-brand">{linked}</span>'


def bar(name: Any, *parts: Any) -> pn.Row:
    """The line on top of a page, the name first."""
    return pn.Row(
        text(name, margin=(4, 4, 0, 0)),
        *parts,
        sizing_mode="stretch_width", margin=(0, 0, 14, 0), styles={
            "background": "var(--lv-card)", "border-bottom": "1px solid var(--lv-line)", "padding": "10px 16px",
            "gap": "10px", "align-items": "flex-start", "flex-wrap": "wrap",
        },
    )  # fmt: skip


def number_input(parameter: param.Parameter, label: str, step: float, width: int, action: str = "") -> NumberField:
    """A number that is typed or stepped, in both directions one with its parameter; ``action`` puts the focus there."""
    owner, name = parameter.owner, parameter.name
    whole = isinstance(parameter, param.Integer)
    low, high = parameter.bounds

    def said(value: float) -> str:
        return str(value) if whole or abs(value) >= LONG else np.format_float_positional(value, DIGITS, min_digits=3)

    field = NumberField(label=label, shown=said(getattr(owner, name)), step=step, wide=width, margin=0, action=action)

    def entered(event: param.parameterized.Event) -> None:
        value = _number(event.new.get("typed", ""), whole=whole)
        if "by" in event.new:
            value = round(getattr(owner, name) + field.step * event.new["by"], DIGITS)
        # What is no number says nothing, one past the ends goes to the end; then the field shows again what holds.
        if value is not None:
            owner.param.update(**{name: max(low, min(value, high))})

    field.param.watch(entered, "entry", onlychanged=False)
    owner.param.watch(lambda event: field.param.update(shown=said(event.new)), name)
    return field


def _number(text: str, *, whole: bool) -> float | None:
    """Return the number that a text is, None for none; a whole one has its fraction cut off."""
    try:
        number = float(text[:LONGEST])
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if whole else number


def small_button(label: str, description: str, act: Callable[[], Any], action: str = "") -> pn.widgets.Button:
    """A button that is named by a sign or a word, and says on hover what it does, and by which key of `keys`."""
    key = f" ({keys.said(keys.ACTIONS[action].strokes[0])})" if action else ""
    # Below, where it covers no neighbour that is clicked next.
    tip = Tooltip(content=f"{description.removesuffix('.')}{key}", position="bottom")
    button = pn.widgets.Button(label=label, description=tip, margin=0, stylesheets=[CONTROLS])
    button.on_click(lambda _event: act())
    return button


def switch(parameter: param.Boolean, label: str, action: str) -> SwitchButton:
    """A button that is pressed while something is on, in both directions one with its parameter."""
    owner, name = parameter.owner, parameter.name
    about = f"{parameter.doc.removesuffix('.')} ({keys.said(keys.ACTIONS[action].strokes[0])})"
    button = SwitchButton(label=label, about=about, action=action, pressed=getattr(owner, name), margin=0)
    button.param.watch(lambda _event: turn(parameter), "clicks")
    owner.param.watch(lambda event: button.param.update(pressed=event.new), name)
    return button


def turn(parameter: param.Parameter, by: int = 1) -> None:
    """Choose what stands so many places after what is chosen, the first after the last; of a switch, on after off."""
    owner, name = parameter.owner, parameter.name
    options = [False, True] if isinstance(parameter, param.Boolean) else list(parameter.objects)
    owner.param.update(**{name: options[(options.index(getattr(owner, name)) + by) % len(options)]})


def choice(parameter: param.Parameter, name: str, at_most: int = 5, **layout: Any) -> pn.viewable.Viewable:
    """One of a few as a row of buttons, one of many as a list; the name is for those who hear the page."""
    kind = pn.widgets.RadioButtonGroup if len(parameter.objects) <= at_most else pn.widgets.Select
    label = "" if kind is pn.widgets.RadioButtonGroup else name
    return kind.from_param(parameter, label=label, stylesheets=[CONTROLS], **{"margin": 0, **layout})
