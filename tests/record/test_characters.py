from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.record.characters import Role, Text, comparable, role_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The", "the"),
        ("Straße", "STRASSE"),
        ("İstanbul", "i̇stanbul"),
        ("ΣΑΣ", "σας"),
        ("é", "é"),
        ("café", "cafe"),
        ("ﬁn", "fin"),
        ("``", '"'),
        ("''", "”"),
        ("don’t", "don't"),
        ("—", "--"),
        ("-LRB-", "("),
        ("1\\/2", "1/2"),
        ("##ing", "ing"),
        ("ing@@", "ing"),
        ("the</w>", "the"),
        ("▁the", "the"),
        (" the", "the"),
        ("soft\u00adhyphen", "softhyphen"),
        ("…", "..."),
        ("New York", "NewYork"),
    ],
)
def test_what_equals_what(one: str, other: str) -> None:
    assert comparable(one) == comparable(other) != ""


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("'", '"'), ("-", "--"), ("(", ")"), ("##", "#")])
def test_what_stays_apart(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@pytest.mark.parametrize(
    ("token", "role"),
    [
        ("word", Role.LITERAL),
        ("<", Role.LITERAL),
        ("<3", Role.LITERAL),
        ("[1]", Role.LITERAL),
        ("<unk>", Role.WILD),
        ("[UNK]", Role.WILD),
        ("[MASK]", Role.WILD),
        ("<num>", Role.WILD),
        ("\ufffd", Role.WILD),
        ("<eos>", Role.EMPTY),
        ("</s>", Role.EMPTY),
        ("<|endoftext|>", Role.EMPTY),
        ("[CLS]", Role.EMPTY),
        (" ", Role.EMPTY),
        ("▁", Role.EMPTY),
        ("", Role.EMPTY),
        ("\u0301", Role.MARK),
    ],
)
def test_what_a_token_stands_for(token: str, role: Role) -> None:
    assert role_of(token) is role


@given(st.text())
def test_a_text_is_compared_as_its_characters_one_by_one(text: str) -> None:
    stream, positions = Text(text).stream, Text(text).positions
    assert positions.shape == (len(text) + 1,)
    for number, letter in enumerate(text):
        assert stream[positions[number] : positions[number + 1]] == Text(letter).stream
    assert positions[-1] == len(stream)


@given(st.text())
def test_forms_and_case_of_a_text_make_no_difference(text: str) -> None:
    stream = Text(text).stream
    for form in ("NFC", "NFD", "NFKC"):
        assert Text(unicodedata.normalize(form, text)).stream == stream
    assert Text(text.casefold()).stream == stream


def test_offsets_in_the_stream() -> None:
    text = Text('a "ß" b')
    assert text.stream == "a''ss''b"
    np.testing.assert_array_equal(text.at([0, 1, 2, 3, 4, 5, 6, 7]), [0, 1, 1, 3, 5, 7, 7, 8])
