"""The look of the controls: quiet, aligned, the same in both themes. Nothing here knows what it controls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import param
from bokeh.models.ui import Tooltip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).parent
CONTROLS = (HERE / "controls.css").read_text(encoding="utf-8")
TEXT = (HERE / "text.css").read_text(encoding="utf-8")


class Markup(pn.pane.HTML):
    """HTML that keeps the stylesheets it was first shown with.

    Panel sends them along with each new text, and in a notebook then names its content network for them.
    """

    priority: ClassVar[bool] = False  # Panel is not to take it for what others show.

    def _update(self, ref: str, model: Any) -> None:  # noqa: ARG002 - Panel's own signature
        properties = self._get_properties(model.document)
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


def number_input(parameter: param.Parameter, label: str, step: float, width: int) -> pn.viewable.Viewable:
    """A number that is typed or stepped, in both directions one with its parameter."""
    kind = pn.widgets.IntInput if isinstance(parameter, param.Integer) else pn.widgets.FloatInput
    style = {} if kind is pn.widgets.IntInput else {"format": "0.000[000000000]"}
    low, high = parameter.bounds
    widget = kind(
        value=getattr(parameter.owner, parameter.name), start=low, end=high, step=step, width=width, margin=0,
        stylesheets=[CONTROLS], **style,
    )  # fmt: skip

    def typed(event: param.parameterized.Event) -> None:
        # A field that was cleared says nothing, one past the ends goes to the end: then it shows again what holds.
        if event.new is not None:
            parameter.owner.param.update(**{parameter.name: max(low, min(event.new, high))})
        widget.value = getattr(parameter.owner, parameter.name)

    widget.param.watch(typed, "value")
    parameter.owner.param.watch(lambda event: widget.param.update(value=event.new), parameter.name)
    return pn.Row(text(f'<span class="lv-muted">{label}</span>', margin=(5, 8, 0, 4)), widget, margin=0)


def small_button(label: str, description: str, act: Callable[[], Any]) -> pn.widgets.Button:
    """A button that is named by a sign or a word, and says on hover what it does."""
    # Below, where it covers no neighbour that is clicked next.
    tip = Tooltip(content=description, position="bottom")
    button = pn.widgets.Button(label=label, description=tip, margin=0, stylesheets=[CONTROLS])
    button.on_click(lambda _event: act())
    return button


def choice(parameter: param.Parameter, at_most: int = 5, **layout: Any) -> pn.viewable.Viewable:
    """One of a few as a row of buttons, one of many as a list."""
    kind = pn.widgets.RadioButtonGroup if len(parameter.objects) <= at_most else pn.widgets.Select
    return kind.from_param(parameter, label="", stylesheets=[CONTROLS], **{"margin": 0, **layout})
