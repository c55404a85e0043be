from __future__ import annotations

import numpy as np
import pytest

from lstmvis_panel.captions import Fact, by_hand, file_name, filters_in_words, listed, over_list
from lstmvis_panel.documents import Documents
from lstmvis_panel.session import Session
from tests.drawn import recording_of


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Drawn · cell", "drawn-cell"),
        ("../../etc/passwd", "etc-passwd"),
        ("Война и мир", "война-и-мир"),
        ("C:\\a\x00b", "c-a-b"),
        ("…", "recording"),
        ("", "recording"),
    ],
)
def test_any_name_gives_a_file_a_name(name: str, file: str) -> None:
    assert file_name(name) == file


def test_a_fact_is_plain_text() -> None:
    assert str(Fact("threshold ", "0.300", " · ≥")) == "threshold 0.300 · ≥"


def test_filters_are_said_in_words() -> None:
    documents = Documents(np.array([0, 5]), ("a",))
    assert filters_in_words(None, None, "", documents) == {}
    said = filters_in_words((2, 1000), 0, "pos:NOUN", documents)
    assert said == {"lengths": "length 2 to 1,000", "document": "in a", "starting": "starts at pos:NOUN"}


def test_states_are_listed_by_number_or_mean_with_their_means() -> None:
    recording = recording_of("abcd", ".##.", "....", ".##.")
    values = recording.cell.values.copy()
    values[1:3, 0] = 0.5
    recording["cell"] = recording.cell.copy(data=values)
    session = Session(recording, selection=(1, 3), threshold=0.3, left=0)
    assert listed(session) == [(0, "state 0 · mean 0.500"), (2, "state 2 · mean 0.900")]
    session.order = "mean"
    assert [state for state, _ in listed(session)] == [2, 0]
    assert over_list(session) == "2 selected states"
    session.show_alone(2)
    assert over_list(session) == "2 selected states, 2 alone"
    session.param.update(pinned=[1], selection=None)
    assert listed(session) == [(1, "state 1")]
    assert over_list(session) == "1 selected state"


def test_a_choice_by_hand_is_said() -> None:
    session = Session(recording_of("abcd", ".##.", "....", ".##."), selection=(1, 3), threshold=0.5, left=0)
    assert by_hand(session) == ""
    session.pin([0, 2])
    assert by_hand(session) == "pinned · 2 states"
    session.pin([0])
    assert by_hand(session) == "edited by hand · 1 state"
