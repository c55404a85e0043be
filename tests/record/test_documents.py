from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.record.documents import Document, documents, originals, place, written
from lstmvis_panel.schema import RecordingError
from tests.recordings import recording_of, two_sentences


def test_documents_with_labels_with_numbers_and_none() -> None:
    found = documents(two_sentences())
    assert [(each.label, each.first, list(each.words)) for each in found] == [
        ("a", 0, ["the", "cat", "sat", "."]),
        ("b", 4, ["the", "dog", "ran", "."]),
    ]
    numbered = recording_of(np.zeros((3, 1)), documents=[5, 5, 9])
    assert [(each.label, each.first) for each in documents(numbered)] == [("0", 0), ("1", 2)]
    assert [each.label for each in documents(recording_of(np.zeros((3, 1))))] == ["0"]


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["I", "do", "n't", "know", "."], "I don't know ."),
        (["the", "dog", "'s", "-LRB-", "big", "-RRB-"], "the dog's ( big )"),
        (["the", "<unk>", "<eos>", "a"], "the thing \n a"),
        (["play", "##ing", "a"], "playing a"),
        (["pl@@", "ay", "a"], "play a"),
        (["pl", "ay</w>", "a</w>"], "play a"),
        (["▁play", "ing", "▁a"], " playing a"),
        ([" the", "▁cat", "s"], " the cats"),
        (["t", "h", "e", " ", "c"], "the c"),
        (["A", "C", "G"], "ACG"),
        ([], ""),
    ],
)
def test_tokens_are_joined_as_they_say(tokens: list[str], text: str) -> None:
    joined, starts, stops = written(tokens)
    assert joined == text
    assert len(starts) == len(stops) == len(tokens)
    assert all(0 <= start <= stop <= len(text) for start, stop in zip(starts, stops, strict=True))


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)))
def test_words_stand_in_the_text_where_it_is_said(words: list[str]) -> None:
    text, starts, stops = written(words, as_they_are=True)
    assert [text[start:stop] for start, stop in zip(starts, stops, strict=True)] == words


def test_tokens_are_placed_in_the_original_text() -> None:
    document = Document("a", 10, ["i", "<unk>", "n't", "know", "<unk>", "."])
    text, tokens = place(document, text="I  don't know\nIshmael.")
    assert [text.stream[start:stop] for start, stop in zip(tokens.starts, tokens.stops, strict=True)] == [
        "i",
        "do",
        "n't",
        "know",
        "ishmael",
        ".",
    ]


def test_tokens_that_are_not_in_the_text() -> None:
    document = Document("Emma", 10, ["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    with pytest.raises(RecordingError) as caught:
        place(
            document, text="a b c\nsomething quite different follows here, and goes on for some time.", name="emma.txt"
        )
    message = str(caught.value)
    assert message.startswith("emma.txt, line 2, character 6: ")
    assert "'something quite different follows here , and goes' stands there" in message
    assert "'d e f g h i' in the recording, document Emma, step 13" in message


def test_an_accent_belongs_to_the_character_before() -> None:
    _, tokens = place(Document("a", 0, ["e", "\u0301", "a"]))
    assert list(zip(tokens.starts, tokens.stops, strict=True)) == [(0, 1), (0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("texts", "words", "says"),
    [
        (["only one"], None, "texts: are of 1 documents; the recording has 2"),
        (None, [["the", "cat", "sat", "."]], "words: are of 1 documents; the recording has 2"),
        (None, ["the"], "words of document a: are 1; one for each of its 4 steps was expected"),
        (None, ["x"] * 9, "words of document b: are 5; one for each of its 4 steps was expected"),
        (None, [], "words: are of 0 documents; the recording has 2"),
        (None, [["a"] * 4, ["b"] * 3], "words of document b: are 3; one for each of its 4 steps was expected"),
    ],
)
def test_originals_of_the_wrong_number(texts: list[str] | None, words: list | None, says: str) -> None:
    with pytest.raises(RecordingError) as caught:
        originals(documents(two_sentences()), texts, words)
    assert says in str(caught.value)


def test_words_in_one_list_or_one_a_document() -> None:
    words = [["The", "Cat", "Sat", "."], ["The", "Dog", "Ran", "."]]
    for given_words in (words, [*words[0], *words[1]]):
        assert [list(each.words or []) for each in originals(documents(two_sentences()), None, given_words)] == words
