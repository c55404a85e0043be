"""The page of a snapshot: it says everything and needs nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd

from lstmvis_panel.captions import listed, over_list
from lstmvis_panel.figure import figure_of
from lstmvis_panel.snapshot import code_section, snapshot_of, states_section, table_section
from lstmvis_panel.style import FONT, LIGHT
from lstmvis_panel.tables import matches_table
from tests.pictured import looking

FETCHING = {"script", "link", "iframe", "object", "embed", "base", "form", "audio", "video", "source", "img"}
"""Elements that get something, or lead somewhere."""


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def snapshot() -> str:
    session = looking(tracks=["capital", "loss", "top"], alone=1)
    assert session.matches is not None
    sections = [
        states_section(over_list(session), listed(session), set(session.selected.tolist())),
        table_section(matches_table(session.recording, session.matches)),
        code_section("x < 1"),
    ]
    return snapshot_of("A <b>", figure_of(session), sections, LIGHT, FONT)


def test_the_snapshot_needs_nothing_from_elsewhere() -> None:
    page = snapshot()
    elements = Page(page).elements
    assert not {tag for tag, _ in elements} & FETCHING
    leads = [
        value or "" for _, attrs in elements for name, value in attrs.items() if name in {"href", "src", "xlink:href"}
    ]
    assert leads
    assert all(lead.startswith(("data:image/png;base64,", "#")) for lead in leads)
    assert not [name for _, attrs in elements for name in attrs if name.startswith("on")]
    assert "url(" not in page
    assert "@import" not in page
    assert [part for part in page.split('"') if "//" in part and not part.startswith("data:")] == [
        "http://www.w3.org/2000/svg"
    ]


def test_the_snapshot_holds_figure_states_matches_and_code() -> None:
    text = snapshot()
    assert re.findall("<h[12]>(.*?)</h", text) == [
        "A &lt;b&gt;", "3 selected states, 1 alone", "1 match", "The same without the app",
    ]  # fmt: skip
    assert "<pre>x &lt; 1</pre>" in text
    page = Page(text)
    states = [attrs for tag, attrs in page.elements if tag == "li"]
    assert [state.get("class") for state in states] == ["out", None, "out"]
    assert states[1]["title"] == "state 1 · mean 0.900"
    assert [said for said in page.said if said in "abCde"][:10] == list("abCdeabCde")


def test_without_states_nothing_is_said_of_them() -> None:
    assert states_section("0 selected states", [], set()) == ""


def test_a_snapshot_with_any_word_can_be_written() -> None:
    table = pd.DataFrame({"words": ["a\x1b", "b"]})
    page = snapshot_of("\x00", "<svg/>", [table_section(table)], LIGHT, FONT)
    assert page.encode().decode().count("\ufffd") == 3
