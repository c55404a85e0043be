from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from lstmvis_panel.session import Session
from lstmvis_panel.tables import WORDS_AT_MOST, csv_of, matches_table, parquet_of
from tests.drawn import recording_of

#        0123456789
WORDS = "abCdeabCde"
ROWS = (".##....##.", ".##....#..")


@pytest.fixture
def session() -> Session:
    recording = recording_of(WORDS, *ROWS, documents="0000011111")
    session = Session(recording, selection=(1, 3), threshold=0.5, left=0)
    assert session.query is not None
    session.matches = session.search(session.query)
    return session


def test_a_row_says_what_it_is_and_what_stands_there(session: Session) -> None:
    assert session.matches is not None
    table = matches_table(session.recording, session.matches)
    assert table.columns.tolist() == [
        "start", "stop", "length", "overlap", "union", "selection", "document", "before", "words", "after", "capital",
        "place",
    ]  # fmt: skip
    own, other = (table.iloc[row].to_dict() for row in range(2))
    assert own == {
        "start": 1, "stop": 3, "length": 2, "overlap": 2, "union": 2, "selection": True, "document": 0, "before": "a",
        "words": "b C", "after": "d e", "capital": "small", "place": 1.0,
    }  # fmt: skip
    assert (other["start"], other["words"], other["document"], other["selection"]) == (7, "C d", 1, False)
    assert (other["capital"], other["overlap"]) == ("capital", 1)


def test_csv_and_parquet_hold_the_same_rows(session: Session) -> None:
    assert session.matches is not None
    table = matches_table(session.recording, session.matches).reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(csv_of(table)), encoding="utf-8-sig"), table)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parquet_of(table))), table)


def test_an_annotation_of_our_own_name_hides_no_column(session: Session) -> None:
    renamed = session.recording.rename(place="length")
    other = Session(renamed, selection=(1, 3), threshold=0.5, left=0)
    assert other.query is not None
    table = matches_table(renamed, other.search(other.query))
    assert table["length"].tolist() == [2, 2]
    assert table["annotation length"].tolist() == [1.0, 7.0]


def test_a_step_without_a_label_has_none_in_the_table(session: Session) -> None:
    assert session.matches is not None
    blank = session.recording.assign(capital=("step", np.full(10, -1), session.recording.capital.attrs))
    other = Session(blank, selection=(1, 3), threshold=0.5, left=0)
    assert other.query is not None
    assert matches_table(blank, other.search(other.query))["capital"].isna().all()


def test_a_very_long_match_says_that_its_words_go_on() -> None:
    steps = WORDS_AT_MOST + 10
    session = Session(recording_of("a" * steps, "#" * steps), selection=(3, 5), threshold=0.5, left=0)
    assert session.query is not None
    row = matches_table(session.recording, session.search(session.query)).iloc[0]
    assert (row["length"], len(row["words"].split()), row["words"][-1]) == (steps, WORDS_AT_MOST + 1, "…")
