"""The keys of the page: one table for what is heard, what is done and what the help says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import panel as pn
import pytest
from panel.custom import JSComponent

from lstmvis_panel.app import Explorer, prepare
from lstmvis_panel.history import History, restore, shown
from lstmvis_panel.session import Session
from lstmvis_panel.views import keys
from lstmvis_panel.views.header import Header
from lstmvis_panel.views.keyboard import keyboard
from lstmvis_panel.views.match import MatchView
from lstmvis_panel.views.select import SelectView
from tests.drawn import recording_of
from tests.library import library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import xarray as xr

RECORDINGS, NUMBERS, SOURCES, ANNOTATIONS, FILTERS, FOLLOWING, NOTICES = keys.BY_TAB

REACHED = {
    "Recording": RECORDINGS,
    "Source of states that is shown and matched.": "next source",
    "threshold l": NUMBERS,
    "on": "next rule",
    "l is": "unit",
    "stack": SOURCES,
    "Match the states of this source": SOURCES,
    "Take this source off the page": SOURCES,
    "Match the states of the selection, no others": FOLLOWING,
    "by": "order",
    "Heatmap behind the match view's words.": "next colours",
    "Add a heatmap": ANNOTATIONS,
    "HeatmapHeads": ANNOTATIONS,
    "What stands where matches start": FILTERS,
    "Document in which matches start": FILTERS,
    "Remove this filter": FILTERS,
    "Try the same search once more": NOTICES,
    "Close": NOTICES,
}
"""What leads to a control that names no key: another action of the table, or Tab alone."""


@pytest.fixture(autouse=True, scope="module")
def loaded() -> None:
    prepare()


@dataclass
class Visit:
    """A page that many tests press keys on, one after another."""

    session: Session
    actions: dict[str, Callable[[int], None]]
    said: list[str]


@pytest.fixture(scope="module")
def visited() -> Visit:
    session, said = Session(library()), []
    return Visit(session, actions_of(session, said.append), said)


@pytest.fixture
def visit(visited: Visit) -> Visit:
    start = Session(library(), position=100, selection=(11, 13), threshold=0.5, left=0)
    restore(visited.session, shown(start))
    visited.session.theme = start.theme
    visited.said.clear()
    return visited


def stacked() -> xr.Dataset:
    """Three sources, in documents."""
    recording = recording_of("abcdeFGhij", "..##......", ".###......", documents="0000011111")
    others = {
        name: (("step", f"{name}_state"), recording.cell.values, recording.cell.attrs) for name in ("gate", "out")
    }
    return recording.assign(others)


def actions_of(session: Session, say: Callable[[str], object] = print) -> dict[str, Callable[[int], None]]:
    """All that the server does by keys."""
    header = Header(session, {}, History(session))
    header.param.watch(lambda event: say(event.new) if event.new else None, "said")
    return {**header.actions, **SelectView(session, say).actions, **MatchView(session, say).actions}


def controls() -> list[pn.viewable.Viewable]:
    """Return all that can be operated on a page with several recordings, sources, documents, filters and notices."""
    session = Session(stacked(), "a", selection=(2, 4), stack=["gate"], lengths=(2, 5))
    page = Explorer(session, {"a": "A", "b": "B"}, ["A notice."]).__panel__()
    return list(page.select(lambda shown: isinstance(shown, pn.widgets.Widget | JSComponent)))


def taken_by_the_page() -> set[str]:
    """Actions that the page hands to one of its parts."""
    parts = [part for part in controls() if isinstance(part, JSComponent)]
    named = [getattr(part, "actions", [getattr(part, "action", "")]) for part in parts]
    return {action for actions in named for action in actions if action}


def names(control: Any) -> Iterator[str]:
    """Yield what can be done with a control: actions of keys, or what it is called."""
    said = {f"({keys.said(key.strokes[0])})": action for action, key in keys.ACTIONS.items()}
    if isinstance(control, JSComponent):
        actions = getattr(control, "actions", [getattr(control, "action", "")])
        yield from actions if any(actions) else [getattr(control, "label", "") or type(control).__name__]
    elif isinstance(control, pn.widgets.Button):
        tip = control.description.content
        yield said.get(tip.rpartition(" ")[2], tip)
    else:
        yield control.label or control.description


def test_every_key_does_one_thing_and_every_action_has_a_key(visit: Visit) -> None:
    strokes = [stroke for key in keys.ACTIONS.values() for stroke in key.strokes]
    assert len(strokes) == len(set(strokes)) == len(keys.strokes())
    assert set(visit.actions) | taken_by_the_page() == set(keys.ACTIONS)


def test_every_control_of_the_page_has_a_key_or_is_listed_as_reached_by_tab() -> None:
    done = {name for control in controls() for name in names(control)} - {"Keyboard"}
    assert done - set(keys.ACTIONS) <= set(REACHED)
    assert {REACHED.get(name, name) for name in done} <= {*keys.ACTIONS, *keys.BY_TAB}
    assert set(keys.BY_TAB) <= set(REACHED.values())


def test_the_help_says_what_every_key_does() -> None:
    rows = {key: row["does"] for group in keys.table() for row in group["rows"] for key in row["keys"]}
    assert set(map(keys.said, keys.strokes())) <= set(rows)
    assert set(keys.BY_TAB) <= {row["does"] for group in keys.table() for row in group["rows"]}
    for stroke, sign in (
        ("ctrl+shift+z", "Ctrl Shift Z"),
        ("+", "+"),
        ("-", "−"),
        ("N", "N"),
        ("shift+F3", "Shift F3"),
    ):
        assert keys.said(stroke) == sign


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([["forward", 3]], {"position": 115}),
        ([["back", 1]], {"position": 95}),
        ([["page forward", 1]], {"position": 138}),
        ([["page back", 2]], {"position": 24}),
        ([["first step", 1]], {"position": 0}),
        ([["last step", 1]], {"position": 599}),
        ([["to selection", 1]], {"position": 11}),
        ([["wider", 2], ["narrower", 1]], {"word_width": 35}),
        ([["left more", 2], ["right more", 1], ["left fewer", 1]], {"left": 1, "right": 1}),
        ([["left fewer", 9]], {"left": 0}),
        ([["threshold up", 3], ["threshold down", 1]], {"threshold": 0.52}),
        ([["threshold down", 1000]], {"threshold": pytest.approx(-0.918)}),
        ([["next rule", 1]], {"rule": "below"}),
        ([["previous rule", 1]], {"rule": "beyond"}),
        ([["unit", 1]], {"unit": "quantile"}),
        ([["unit", 2]], {"unit": "value"}),
        ([["order", 1]], {"order": "mean"}),
        ([["pin list", 1]], {"pinned": [0]}),
        ([["pin list", 2]], {"pinned": None}),
        ([["clear", 1]], {"selection": None}),
        ([["theme", 1]], {"theme": "dark"}),
        ([["mask", 1]], {"mask": False}),
        ([["match mask", 1], ["distinct", 3]], {"match_mask": True, "distinct": False}),
        ([["next colours", 1]], {"mapping": "pos"}),
        ([["previous colours", 2]], {"mapping": "pos"}),
        ([["forward", 1], ["undo", 1]], {"position": 100}),
        ([["forward", 1], ["undo", 1], ["redo", 1]], {"position": 105}),
        ([["no such thing", 1]], {"position": 100}),
    ],
)
def test_keys_do_what_they_say(visit: Visit, actions: list[Any], expected: dict[str, Any]) -> None:
    listener: Any = keyboard(visit.actions, alone=True)
    listener._handle_msg({"actions": actions, "serial": 1})
    assert {name: getattr(visit.session, name) for name in expected} == expected


def test_keys_go_through_sources_and_stack_them() -> None:
    session = Session(stacked())
    actions = actions_of(session)
    actions["next source"](2)
    assert session.source == "out"
    actions["next source"](1)
    actions["previous source"](2)
    assert session.source == "gate"
    actions["stack"](2)
    assert session.layers == ["cell", "gate", "out"]
    actions["unstack"](1)
    assert session.layers == ["cell", "gate"]
    actions["unstack"](5)
    assert session.layers == ["gate"]


def test_the_state_that_is_lit_is_pinned(visit: Visit) -> None:
    session, actions = visit.session, visit.actions
    session.highlighted = 1
    actions["pin state"](1)
    assert session.kept == [1]
    actions["pin state"](2)
    assert session.kept == [1]
    actions["pin state"](1)
    assert session.kept == []
    session.highlighted = None


def test_more_rows_and_fewer_where_there_are_more(visit: Visit) -> None:
    session, actions = visit.session, visit.actions
    session.param.update(lengths=(2, 2), top=10)
    actions["more rows"](1)
    assert session.top == 50
    actions["clear filters"](1)
    assert session.lengths is None
    session.top = 100
    actions["fewer rows"](1)
    assert session.top == 50


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("next source", "This recording has no other source."),
        ("stack", "There is no other source to stack."),
        ("unstack", "No other source is stacked."),
        ("to selection", "Nothing is selected."),
        ("propose", "Nothing is selected, so there is no threshold to propose."),
        ("pin state", "Point at a state: at its line, or at its number in the list."),
        ("to tracks", "This recording has no annotations."),
        ("to lengths", "There are no matches."),
        ("to matches", "There are no matches."),
        ("more rows", "There are no more matches to show."),
        ("clear filters", "All matches pass: there is no filter."),
    ],
)
def test_a_key_that_has_nothing_to_do_says_so(visit: Visit, action: str, says: str) -> None:
    visit.session.selection = None
    visit.actions[action](1)
    assert visit.said == [says]
