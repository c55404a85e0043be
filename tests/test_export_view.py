"""The export menu without a browser: what its files hold, and what is said where there is none."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import pandas as pd

from lstmvis_panel.session import Session
from lstmvis_panel.style import LIGHT
from lstmvis_panel.textsearch import search_text
from lstmvis_panel.views.export import ExportView
from tests.drawn import recording_of

ROWS = (".##....##.", ".##....#..", "####......")


def looking(**look: Any) -> Session:
    recording = recording_of("abCdeabCde", *ROWS).assign_attrs(title="Drawn")
    session = Session(recording, **{"threshold": 0.5, "left": 0, "selection": (1, 3), **look})
    session.measure()
    if session.query is not None:
        session.matches = session.search(session.query)
    return session


def taken(session: Session, key: str) -> dict[str, Any]:
    """What the browser is sent where no loop runs: the file comes at once."""
    view = ExportView(session)
    view.menu._handle_msg({"wanted": key, "asked": 1})
    return view.menu.file


def test_under_quantiles_the_figure_has_the_states_of_the_page() -> None:
    session = looking(unit="quantile", threshold=0.8)
    count = len(session.selected)
    assert count > 0
    figure = taken(session, "svg")["content"]
    assert figure.count(f'stroke="{LIGHT.accent}" stroke-width="1.2"') == count
    assert "quantile" in figure


def test_the_figure_marks_what_a_search_found() -> None:
    session = looking(selection=None, tracks=[])
    plain = taken(session, "svg")["content"]
    session.found = search_text(session.recording, "d")
    marked = taken(session, "svg")["content"]
    assert LIGHT.scale[1] not in plain
    assert marked.count(f'fill="{LIGHT.scale[1]}"') == 2


def test_the_snapshot_lists_states_matches_and_code() -> None:
    page = taken(looking(), "html")["content"]
    assert re.findall("<h2>(.*?)</h2>", page) == ["3 selected states", "2 matches", "The same without the app"]
    assert re.findall("<h2>(.*?)</h2>", taken(looking(selection=None), "html")["content"]) == []


def test_the_table_has_the_rows_of_the_page() -> None:
    session = looking()
    assert session.matches is not None
    table = pd.read_csv(io.BytesIO(taken(session, "csv")["content"]), encoding="utf-8-sig")
    assert table.start.tolist() == session.matches.table.start.values.tolist()


def test_what_cannot_be_made_is_said() -> None:
    assert taken(looking(selection=None), "csv") == {
        "asked": 1,
        "failure": "It could not be made: there are no matches.",
    }


def test_of_several_files_asked_for_the_newest_is_handed_over() -> None:
    view, handed = ExportView(looking()), []

    async def ask() -> None:
        taken = asyncio.Event()
        view.menu.param.watch(lambda event: (handed.append(event.new["asked"]), taken.set()), "file")
        for number, key in enumerate(("svg", "html", "csv"), 1):
            view.menu._handle_msg({"wanted": key, "asked": number})
        await asyncio.wait_for(taken.wait(), 60)
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(ask())
    assert handed == [3]
