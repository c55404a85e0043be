from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from lstmvis_panel.session import Session
from lstmvis_panel.tables import WORDS_AT_MOST, csv_of, matches_table, parquet_of
from tests import valued
from tests.drawn import recording_of

if TYPE_CHECKING:
    import xarray as xr

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
    table = matches_table(session.recording, session.matches)
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(csv_of(table)), encoding="utf-8-sig"), table)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parquet_of(table))), table)


def test_an_annotation_of_our_own_name_hides_no_column(session: Session) -> None:
    renamed = session.recording.rename(place="length")
    other = Session(renamed, selection=(1, 3), threshold=0.5, left=0)
    assert other.query is not None
    table = matches_table(renamed, other.search(other.query))
    assert table["length"].tolist() == [2, 2]
    assert table["annotation length"].tolist() == [1.0, 7.0]


def table_of(recording: xr.Dataset, start: int = 1) -> pd.DataFrame:
    session = Session(recording, selection=(start, start + 2), threshold=0.5, left=0)
    assert session.query is not None
    return matches_table(recording, session.search(session.query))


def test_annotations_of_any_name_have_a_column(session: Session) -> None:
    place = session.recording.place
    names = ("match", "length", "annotation length")
    table = table_of(session.recording.assign(dict.fromkeys(names, place)))
    assert table["match"].tolist() == table["annotation annotation length"].tolist() == [1.0, 7.0]
    assert table["annotation length"].tolist() == [1.0, 7.0]
    assert table["length"].tolist() == [2, 2]
    assert table.index.tolist() == [0, 1]


def test_numbers_and_vectors_are_said_as_they_are() -> None:
    numbers = table_of(valued.numbers())
    assert (numbers.before[0], numbers.words[0]) == ("-1", "-0.5 0")
    assert numbers.words.str.contains("–").sum() == 0
    assert table_of(valued.vectors()).words[0] == "[3 components, -1 to 1] [3 components, -1 to 1]"
    assert table_of(valued.images()).words[0] == "green.png blue.png"


def test_halves_of_characters_hinder_no_file(session: Session) -> None:
    vocabulary = session.recording.vocabulary.astype(object)
    vocabulary[:] = ["\udc80" if word == "a" else word for word in vocabulary.values.tolist()]
    table = table_of(session.recording.assign(vocabulary=vocabulary))
    assert table.before[0] == "?"
    assert len(pd.read_csv(io.BytesIO(csv_of(table)))) == len(pd.read_parquet(io.BytesIO(parquet_of(table)))) == 2


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
