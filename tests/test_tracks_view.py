"""The tracks of a session, without a browser: what the component is sent, and what its gestures change."""

from __future__ import annotations

import pytest

from lstmvis_panel.session import Session
from lstmvis_panel.style import DARK
from lstmvis_panel.views import tracks as module
from lstmvis_panel.views.tracks import TracksView
from lstmvis_panel.views.words import WordsView
from tests.drawn import recording_of

RECORDING = recording_of("abCdeabCde" * 20, "..#.......#........." * 10, documents="0" * 95 + "1" * 105)


@pytest.fixture
def session() -> Session:
    return Session(RECORDING, word_width=30, width=300)


@pytest.fixture
def view(session: Session) -> TracksView:
    return TracksView(session, WordsView(session))


def test_the_sessions_tracks_are_sent_in_their_order(session: Session, view: TracksView) -> None:
    assert [track["name"] for track in view.rows.tracks] == ["capital", "place"]
    assert view.rows.addable == []
    session.tracks = ["place"]
    assert [track["name"] for track in view.rows.tracks] == ["place"]
    assert view.rows.addable == [["Labels", [["capital", "capital"]]]]


def test_they_follow_what_is_shown(session: Session, view: TracksView) -> None:
    session.position = 93
    assert (view.rows.first, view.rows.words) == (90, list("abCdeabCde"))
    assert [code >= 0 for code in view.rows.tracks[1]["rows"][0]["codes"]] == [True] * 10
    assert view.rows.tracks[1]["texts"] == [str(step) for step in range(90, 100)]
    assert view.rows.edges == [95]
    session.word_width = 60
    assert (view.rows.cell, len(view.rows.tracks[0]["rows"][0]["codes"])) == (60, 5)
    session.theme = "dark"
    assert view.rows.tracks[0]["colours"][0] == DARK.categories[0]


def test_a_gesture_changes_the_session(session: Session, view: TracksView) -> None:
    view.rows._handle_msg({"tracks": ["place", "capital"], "mask": False, "serial": 1})
    assert (session.tracks, session.mask) == (["place", "capital"], False)
    assert [track["name"] for track in view.rows.tracks] == ["place", "capital"]
    assert view.rows.mask is False


def test_each_track_is_read_once_a_window(session: Session, view: TracksView, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    made = module.track_of
    monkeypatch.setattr(
        module, "track_of", lambda recording, name, *rest: read.append(name) or made(recording, name, *rest)
    )
    session.tracks = ["place", "capital"]
    assert read == []
    session.position = 50
    assert read == ["place", "capital"]
    session.tracks = []
    session.tracks = ["capital"]
    assert read == ["place", "capital"]
    assert [track["name"] for track in view.rows.tracks] == ["capital"]


def test_a_threshold_sends_counts_and_nothing_else(session: Session, view: TracksView) -> None:
    session.param.update(selection=(2, 3), left=0)
    assert (view.rows.heat, view.rows.total) == ([0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 1)
    sent: list[str] = []
    view.rows.param.watch(lambda *events: sent.extend(event.name for event in events), list(view.rows.param))
    session.threshold = -0.95
    assert view.rows.heat == [1] * 10
    assert sent == ["heat"]
