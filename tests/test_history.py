from __future__ import annotations

import pytest

from lstmvis_panel.history import LONGEST, UNDONE, History
from lstmvis_panel.session import Session
from tests.drawn import recording_of

ROWS = (".##....##.", ".##....#..")


@pytest.fixture
def session() -> Session:
    recording = recording_of("abCdeabCde", *ROWS)
    half = (recording.cell * 0.5).rename(cell_state="output_state").assign_attrs(recording.cell.attrs)
    return Session(recording.assign(output=half), threshold=0.5, left=0)


def look(session: Session) -> dict[str, object]:
    return {key: getattr(session, key) for key in UNDONE}


def test_every_gesture_is_undone_and_redone(session: Session) -> None:
    history = History(session)
    looks = [look(session)]
    for change in (
        {"selection": (1, 3)}, {"pinned": [1]}, {"kept": [0]}, {"tracks": ["place"]}, {"stack": ["output"]},
        {"threshold": 0.6},
        {"source": "output"}, {"pinned": [0]}, {"source": "cell"}, {"mask": False}, {"position": 4},
        {"rule": "beyond"}, {"unit": "quantile"}, {"threshold": 0.4}, {"stack": []}, {"unit": "value"},
    ):  # fmt: skip
        session.param.update(**change)
        looks.append(look(session))
    for expected in looks[-2::-1]:
        history.undo()
        assert look(session) == expected
    assert (history.can_undo, history.can_redo) == (False, True)
    for expected in looks[1:]:
        history.redo()
        assert look(session) == expected
    assert (history.can_undo, history.can_redo) == (True, False)


def test_a_gesture_is_one_step_however_many_values_it_passes(session: Session) -> None:
    history = History(session)
    session.gesturing = True
    for hundredth in range(51, 60):
        session.threshold = hundredth / 100
    session.gesturing = False
    history.undo()
    assert session.threshold == 0.5
    assert not history.can_undo


def test_a_new_gesture_forgets_what_was_undone(session: Session) -> None:
    history = History(session)
    session.position = 3
    history.undo()
    session.position = 5
    assert not history.can_redo
    history.undo()
    assert session.position == 0


def test_colours_are_not_undone(session: Session) -> None:
    history = History(session)
    session.param.update(theme="dark", sought="b")
    assert not history.can_undo


def test_what_is_kept_is_bounded(session: Session) -> None:
    history = History(session)
    for step in range(2 * LONGEST):
        session.position = step % 9 + 1
    for _ in range(2 * LONGEST):
        history.undo()
    assert len(history._past) == LONGEST
