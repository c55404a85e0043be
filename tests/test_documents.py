from __future__ import annotations

import numpy as np
import pytest

from lstmvis_panel.documents import Documents, documents_of
from tests.library import NAMES, library, many


def test_a_step_is_in_its_document() -> None:
    documents = documents_of(library())
    assert [documents.at(step) for step in (0, 199, 200, 399, 400, 599)] == [0, 0, 1, 1, 2, 2]
    assert [documents.start(number) for number in range(3)] == [0, 200, 400]
    assert documents.steps(1) == 200
    assert documents.names == NAMES


def test_without_documents_all_is_one_without_a_name() -> None:
    documents = documents_of(library().drop_vars("document"))
    assert (len(documents), documents.at(599), documents.steps(0), documents.name(0)) == (1, 0, 600, "")


def test_documents_are_called_by_their_names_or_by_numbers_from_1() -> None:
    unnamed, named = documents_of(many(2000)), documents_of(library())
    assert [unnamed.label(number) for number in (0, 1233, 2000)] == ["document 1", "document 1234", "document 2001"]
    assert [named.label(number) for number in range(4)] == [*NAMES, "document 4"]


def test_a_name_that_several_have_is_followed_by_the_number() -> None:
    documents = Documents(np.arange(5), ("log", "note", "log", ""))
    labels = ["log (1)", "note", "log (3)", "document 4"]
    assert [documents.label(number) for number in range(4)] == labels
    assert [documents.meant(label) for label in labels] == [0, 1, 2, 3]
    assert [documents.meant(text) for text in ("log", "2", "Note", "5", "")] == [0, 1, None, None, None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [0, 1, 2]), ("2", [1]), (" 3 ", [2]), ("0", []), ("4", []), ("the ", [1, 2]), ("LOOM", [0]), ("x", []),
        ("-1", []), ("9" * 5000, []), ("²", []),
    ],
)  # fmt: skip
def test_documents_are_found_by_number_and_by_name(text: str, found: list[int]) -> None:
    assert documents_of(library()).found(text) == found


def test_the_one_of_a_number_comes_before_those_that_it_is_in_the_name_of() -> None:
    recording = library().assign_coords(document_label=["part 2", "1984", "2"])
    recording["document_label"].attrs["kind"] = "labels"
    assert documents_of(recording).found("2") == [1, 0, 2]


def test_numbers_of_thousands_are_found_as_they_are_written() -> None:
    assert documents_of(many(2000)).found("1,234") == [1233]
