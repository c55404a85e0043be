"""The parts of the header, driven without a browser."""

from __future__ import annotations

import asyncio
from threading import Event, get_ident
from typing import Any

import pytest

from lstmvis_panel.history import History
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.session import Session
from lstmvis_panel.views.background import Newest
from lstmvis_panel.views.documents import PAGE as DOCUMENTS_LISTED
from lstmvis_panel.views.documents import DocumentsView
from lstmvis_panel.views.header import Header
from lstmvis_panel.views.named import NamedView
from lstmvis_panel.views.search import PAGE, SearchView
from tests.drawn import recording_of
from tests.library import library, many


def header_of(session: Session, projects: dict[str, str] | None = None) -> Header:
    return Header(session, projects or {}, History(session))


# -- documents --------------------------------------------------------------------------------------------------------


def test_the_header_says_which_document_it_is() -> None:
    session = Session(library())
    view = DocumentsView(session, lambda _sentence: None)
    assert view.box.resting == "1 of 3 · Loomings"
    session.position = 200
    assert view.box.resting == "2 of 3 · The Carpet-Bag"


def test_of_thousands_of_documents_the_first_are_listed_and_any_is_found() -> None:
    view = DocumentsView(Session(many(5000)), lambda _sentence: None)
    view.box._handle_msg({"typed": ""})
    assert (view.box.total, len(view.box.rows)) == (5000, DOCUMENTS_LISTED)
    view.box._handle_msg({"more": DOCUMENTS_LISTED})
    assert view.box.rows[-1]["number"] == f"{2 * DOCUMENTS_LISTED}"
    view.box._handle_msg({"entered": "4321", "back": False})
    assert view.session.position == 4320 * 3


def test_past_the_last_document_there_is_none() -> None:
    said: list[str] = []
    view = DocumentsView(Session(library(), position=450), said.append)
    view.box._handle_msg({"step": 1})
    assert (view.session.position, said) == (450, ["This is the last document."])
    view.box._handle_msg({"step": -1})
    assert view.session.position == 200


def test_a_document_that_is_not_there_is_said() -> None:
    view = DocumentsView(Session(library()), lambda _sentence: None)
    view.box._handle_msg({"entered": "nowhere", "back": False})
    assert (view.box.wrong, view.box.note) == (True, "None of 3 documents has this number or name.")
    assert view.session.position == 0


# -- search -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def search(said: list[str]) -> SearchView:
    return SearchView(Session(library()), said.append)


def test_what_is_typed_is_found_with_its_context(search: SearchView) -> None:
    search.box._handle_msg({"typed": "great whal*"})
    assert search.box.total == 60
    row = search.box.rows[1]
    assert (row["number"], row["words"]) == ("11", "great whale")
    assert row["before"].endswith("sank . The")
    assert row["after"].startswith(" swam and")


def test_running_text_is_shown_as_it_runs() -> None:
    view = SearchView(Session(recording_of("to be or not", "............")), lambda _sentence: None)
    view.look_for("be")
    assert [(row["before"], row["words"], row["after"]) for row in view.box.rows] == [("to ", "be", " or not")]


def test_values_of_annotations_are_found(search: SearchView) -> None:
    search.look_for("whal* pos:NOUN")
    assert search.box.total == 120


@pytest.mark.parametrize(("text", "reason"), [("/(/", "/(/"), ("pos:NOUNS", "NOUN")])
def test_what_cannot_be_searched_for_is_said(search: SearchView, text: str, reason: str) -> None:
    search.look_for("whale")
    search.look_for(text)
    assert search.box.wrong
    assert reason in search.box.note
    assert (search.box.total, search.session.found) == (0, None)


def test_nothing_found_and_nothing_asked(search: SearchView) -> None:
    search.look_for("harpoon")
    assert search.box.note.startswith("Nothing found.")
    assert not search.box.wrong
    search.look_for("")
    assert (search.box.note, search.session.found) == ("", None)


@pytest.mark.parametrize("text", ["poss:NOUN", "whale poss:NOUN", "poss:", 'poss:"NOUN"'])
def test_an_annotation_that_is_not_there_is_said(search: SearchView, text: str) -> None:
    search.look_for(text)
    assert search.box.note == "Nothing found: there is no annotation poss. There are: pos."
    assert not search.box.wrong


@pytest.mark.parametrize("text", ["pos:NOUN harpoon", '"poss:NOUN"', "12:30", "/poss:/", ":"])
def test_what_names_no_annotation_is_not_taken_for_one(search: SearchView, text: str) -> None:
    search.look_for(text)
    assert search.box.note.startswith("Nothing found. ")


def test_the_empty_box_names_a_label_of_this_recording(search: SearchView) -> None:
    assert search.box.hint == "words, /regex/, pos:DET"
    drawn = recording_of("to be", ".....")
    assert SearchView(Session(drawn), print).box.hint == "words, /regex/, capital:small"
    spelt = drawn.assign(capital_label=("capital_label", ["not so", "*"], {"kind": "labels"}))
    assert SearchView(Session(spelt), print).box.hint == "words, /regex/"


def test_hits_are_gone_to_one_after_the_other_and_round(search: SearchView, said: list[str]) -> None:
    search.look_for("whaler")
    places = []
    for back in (False, False, True, True):
        search.step(back=back)
        places.append(search.session.position)
    assert places == [7, 17, 7, 597]
    assert said == ["No hit before this one; on from the end."]
    search.step()
    assert search.session.position == 7
    assert (search.box.at, said[1]) == (0, "No hit after this one; on from the beginning.")


def test_enter_searches_and_goes_there_then_to_the_next(search: SearchView) -> None:
    for place in (2, 12):
        search.box._handle_msg({"entered": "whale", "back": False})
        assert search.session.position == place


def test_a_hit_is_opened_and_selected(search: SearchView) -> None:
    search.look_for("great whale")
    search.box._handle_msg({"chosen": 3, "take": False})
    assert (search.session.position, search.session.selection) == (31, None)
    search.box._handle_msg({"chosen": 4, "take": True})
    assert (search.session.position, search.session.selection) == (41, (41, 43))


def test_more_hits_follow(search: SearchView) -> None:
    search.look_for("*")
    assert (search.box.total, len(search.box.rows)) == (600, PAGE)
    search.box._handle_msg({"more": PAGE})
    search.box._handle_msg({"more": PAGE})  # asked once more before the answer was there
    assert [row["number"] for row in search.box.rows] == [str(step) for step in range(2 * PAGE)]


def test_what_an_address_searches_for_is_found_at_first() -> None:
    session = Session(library(), sought="great whal*")
    view = SearchView(session, lambda _sentence: None)
    assert (view.box.text, view.box.total, len(session.found or ())) == ("great whal*", 60, 60)


def test_what_is_typed_and_what_is_set_are_the_same(search: SearchView) -> None:
    search.box._handle_msg({"typed": "whaler"})
    assert (search.session.sought, search.box.text) == ("whaler", "whaler")
    search.session.sought = "/wh(/"
    assert (search.box.text, search.box.wrong, search.session.found) == ("/wh(/", True, None)
    search.session.sought = ""
    assert (search.box.text, search.box.note, search.box.total) == ("", "", 0)


# -- named selections -------------------------------------------------------------------------------------------------


def test_the_list_is_kept_by_the_recording() -> None:
    keys_of = []
    for recording in (library(), library(), library().isel(step=slice(0, 100))):
        view = NamedView(Session(recording))
        view.list._handle_msg({"opened": True})
        keys_of.append(view.list.key)
    assert keys_of[0] == keys_of[1] != keys_of[2]
    assert keys_of[0].startswith("lstmvis.named.")


def test_a_list_that_cannot_be_read_is_said() -> None:
    view = NamedView(Session(library()))
    view.list._handle_msg({"opened": True})
    view.list._handle_msg({"stored": "{"})
    assert view.list.note["wrong"]
    assert view.list.entries == []


def test_what_is_asked_of_a_row_that_is_gone_is_passed_over() -> None:
    view = NamedView(Session(library()))
    for message in ({"delete": 0}, {"go": 3}, {"rename": [1, "x"]}):
        view.list._handle_msg(message)
    assert view.kept == []


# -- work off the loop ------------------------------------------------------------------------------------------------


def test_only_the_newest_question_is_answered() -> None:
    newest, started = Newest("Counting"), Event()
    answers: list[int] = []
    failures: list[str] = []

    def endless(cancelled: Any) -> int:
        started.set()
        while not cancelled():
            pass
        raise Cancelled

    async def ask() -> None:
        answered = asyncio.Event()

        def take(thread: int) -> None:
            answers.append(thread)
            answered.set()

        newest.ask(endless, take, failures.append)
        await asyncio.to_thread(started.wait)
        newest.ask(lambda _cancelled: get_ident(), take, failures.append)
        await answered.wait()

    asyncio.run(ask())
    assert len(answers) == 1
    assert answers[0] != get_ident()
    assert failures == []


@pytest.mark.parametrize("error", [RecordingError("no such word"), ZeroDivisionError("by zero")])
def test_what_fails_says_why(error: Exception) -> None:
    def fail(_cancelled: Any) -> None:
        raise error

    failures: list[str] = []
    Newest("Counting").ask(fail, lambda _answer: pytest.fail("there is no answer"), failures.append)
    assert failures == [str(error)]
