from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lstmvis_panel import open_projects, open_recording, save_recording
from lstmvis_panel.code_cell import NOWHERE, code_cell
from lstmvis_panel.session import Session
from tests.drawn import recording_of

if TYPE_CHECKING:
    import xarray as xr

WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (".....##........##........##...", ".....##........##........#....", "##############################")


@pytest.fixture
def recording(tmp_path: Path) -> xr.Dataset:
    drawn = recording_of(WORDS, *ROWS, documents="0" * 10 + "1" * 20)
    save_recording(drawn, tmp_path / "it's drawn.h5")
    return open_recording(tmp_path / "it's drawn.h5")


def ran(cell: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(cell, names)  # noqa: S102 - that is what a cell is for
    return names


@pytest.mark.parametrize(
    "look",
    [
        {"left": 1},
        {"left": 0, "right": 2},
        {"rule": "beyond", "threshold": 0.2},
        {"rule": "below", "selection": (8, 10)},
        {"unit": "quantile", "threshold": 0.7},
        {"pinned": [0, 2], "distinct": False},
        {"kept": [2]},
        {"pinned": [1], "selection": None, "top": 10},
        {"selection": (5, 6)},
        {"lengths": (3, 40)},
        {"document": 1, "starting": "capital:capital"},
    ],
)
def test_a_cell_finds_what_the_app_found(recording: xr.Dataset, look: dict[str, Any]) -> None:
    session = Session(recording, **{"selection": (5, 7), "threshold": 0.5, "left": 0, **look})
    session.measure()
    assert session.query is not None
    answer = session.search(session.query)
    found = ran(code_cell(recording, session.query, session.path))
    assert list(found["selected"]) == session.selected.tolist()
    table = answer.table if answer.own_ranks else answer.table.isel(match=slice(1, None))
    for name in ("start", "length", "overlap", "union"):
        assert found["matches"][name].values.tolist() == table[name].values.tolist()
    assert found["matches"].attrs["candidates"] == answer.candidates


def test_a_selection_is_repeated_and_a_set_made_by_hand_is_listed(recording: xr.Dataset) -> None:
    selected, pinned = (
        Session(recording, selection=(5, 7), threshold=0.5, left=0, pinned=states).query for states in (None, [0, 2])
    )
    assert selected is not None
    assert pinned is not None
    assert "lv.select_states(states, 5, 7" in code_cell(recording, selected)
    assert "selected = [0, 2]  # chosen by hand" in code_cell(recording, pinned)


def test_a_cell_stops_where_another_recording_lies(recording: xr.Dataset, tmp_path: Path) -> None:
    session = Session(recording, selection=(5, 7))
    assert session.query is not None
    save_recording(recording_of(WORDS, *ROWS[::-1]), tmp_path / "other.h5")
    with pytest.raises(AssertionError, match="another recording"):
        ran(code_cell(recording, session.query, str(tmp_path / "other.h5")))


@pytest.mark.usefixtures("recording")
def test_a_cell_opens_the_recording_where_the_user_said_that_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened = open_recording("it's drawn.h5")
    project = open_projects(Path())["it's drawn"]
    served = Session(project.recording, project.id, str(project.given), selection=(5, 7), threshold=0.5, left=0)
    for session in (Session(opened, selection=(5, 7), threshold=0.5, left=0), served):
        assert session.query is not None
        cell = code_cell(session.recording, session.query, session.path)
        first, _, rest = cell.partition("\n")
        assert first.startswith("""path = "it's drawn.h5"  # """)
        assert str(tmp_path) not in rest
        assert list(ran(cell)["selected"]) == session.selected.tolist()


def test_a_recording_in_memory_has_a_place_for_its_path() -> None:
    recording = recording_of(WORDS, *ROWS)
    session = Session(recording, selection=(5, 7))
    assert session.query is not None
    assert session.path == ""
    assert code_cell(recording, session.query, session.path).startswith(f"path = {NOWHERE!r}")
