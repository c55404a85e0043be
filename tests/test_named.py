from __future__ import annotations

import json

import pytest

from lstmvis_panel import named
from lstmvis_panel.history import UNDONE, replay
from lstmvis_panel.named import Named
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.session import Session
from tests.library import library

ONE, OTHER = Named("one", {"position": "3"}), Named("other", {"selection": "1-3", "source": "hidden"})


@pytest.fixture
def session() -> Session:
    return Session(library(), "library", theme="dark")


def test_a_look_comes_back_as_it_was(session: Session) -> None:
    session.param.update(selection=(11, 13), left=0, position=9, tracks=[], word_width=12)
    before = {key: getattr(session, key) for key in UNDONE}
    kept = named.look_of(session, " the  whale ")
    assert kept.name == "the whale"
    session.param.update(selection=None, threshold=0.95, position=500, word_width=40)
    assert replay(session, kept.query) == []
    assert {key: getattr(session, key) for key in UNDONE} == before


def test_the_project_and_the_colours_are_no_part_of_a_look(session: Session) -> None:
    kept = named.look_of(session, "a")
    session.theme = "light"
    replay(session, {**kept.query, "theme": "dark"})
    assert session.theme == "light"
    assert not {"project", "theme"} & set(kept.query)


def test_what_no_longer_fits_is_said(session: Session) -> None:
    said = replay(session, {"position": "4000", "selection": "190-210"})
    assert [sentence.split("”")[0] for sentence in said] == ["Position “4000", "Selection “190-210"]
    assert (session.position, session.selection) == (599, None)


def test_a_file_holds_what_was_written() -> None:
    text = named.written([ONE, OTHER], "f00d", "Library")
    assert named.read(text, "f00d") == [ONE, OTHER]
    assert json.loads(text)["recording"] == "Library"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file holds none"),
        ("{", "the file holds none"),
        ("[" * 100_000, "the file holds none"),
        ("[]", "the file holds none"),
        ('{"format": "other"}', "the file holds none"),
        ("x" * (named.LONGEST_FILE + 1), "the file holds none"),
        (named.written([ONE], "beef", "Another"), "are of another recording, “Another”"),
        (named.written([ONE], "f00d", "").replace('selections": [', 'selections": 1, "x": ['), "no list"),
        (named.written([Named("one", {"position": 3})], "f00d", ""), "number 1: its 'query' is no object of texts"),
        (named.written([Named(" ", {})], "f00d", ""), "the name is empty"),
        (named.written([ONE] * (named.MOST + 1), "f00d", ""), "no list of at most 500"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        named.read(text, "f00d")


def test_what_a_file_says_besides_is_left_out() -> None:
    text = named.written([Named("a", {"position": "1", "project": "x", "script": "y"})], "f00d", "")
    assert named.read(text, "f00d") == [Named("a", {"position": "1"})]


def test_a_name_is_there_once() -> None:
    newer = Named("one", {"position": "4"})
    assert named.with_one([ONE, OTHER], newer) == [newer, OTHER]
    assert named.with_all([ONE], [ONE, newer, OTHER]) == [ONE, Named("one (2)", {"position": "4"}), OTHER]
    assert named.renamed([ONE, OTHER], 0, "first") == [Named("first", ONE.query), OTHER]
    with pytest.raises(RecordingError, match="“other” is there already"):
        named.renamed([ONE, OTHER], 0, " other ")


def test_there_is_an_end_to_what_is_kept() -> None:
    full = [Named(str(number), {}) for number in range(named.MOST)]
    assert named.with_one(full, Named("7", {"position": "1"}))[7].query == {"position": "1"}
    with pytest.raises(RecordingError, match="there are 500 already"):
        named.with_one(full, ONE)
