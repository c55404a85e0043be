"""A box to type in, and beneath it the list of what was found."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet


class FindBox(GestureComponent):
    """Finds while it is typed in; a row is chosen by a click, or by the arrow keys and Enter.

    Gestures: ``{"typed": text}``, ``{"entered": text, "back": bool}`` at Enter where no row is chosen,
    ``{"chosen": row, "take": bool}``, ``{"step": 1 or -1}``, ``{"more": rows that there are}``.
    """

    label: str = param.String(doc="What the box is for.")
    hint: str = param.String(doc="What stands in the empty box.")
    text: str = param.String(doc="What stands in it while nobody types, where nothing else rests there.")
    resting: str = param.String(doc="What stands in it while nobody types, whatever was typed last.")
    rows: list[dict[str, Any]] = param.List(
        default=[], doc="What was found: number, before, words and after, as texts."
    )
    total: int = param.Integer(default=0, doc="How many there are; rows are the first of them.")
    at: int = param.Integer(default=-1, doc="Row, or a later one, whose place is shown; -1 for none.")
    note: str = param.String(doc="A sentence above the rows.")
    wrong: bool = param.Boolean(default=False, doc="Whether it says what is wrong.")
    busy: bool = param.Boolean(default=False, doc="Whether the answer is still to come.")
    stepping: list[str] = param.List(default=["Previous", "Next"], doc="What the buttons back and forward do.")
    taking: str = param.String(doc="What can be done with a row besides going there; empty for nothing.")
    actions: list[str] = param.List(default=["", "", ""], doc="Actions of keys: to type here, forward, back.")

    _esm: ClassVar[str] = script("find_box", "actions", "beneath", "gesture")
    _stylesheets: ClassVar[list[str]] = [stylesheet("quiet"), stylesheet("find_box")]
