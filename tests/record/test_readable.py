"""Tokens read as people write them, whatever marks a tokenizer puts into them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.record.readable import (
    BEGINS,
    BLANK,
    GOES_ON,
    SPECIAL,
    WORD_START_LABELS,
    readable_vocabulary,
)
from tests.record import tiny_transformers as tiny


def read(tokenizer, text):
    codes = tokenizer(text)["input_ids"]
    vocabulary = readable_vocabulary(tokenizer)
    return [vocabulary.texts[code] for code in codes], vocabulary.word_starts(np.array(codes)).to_numpy().tolist()


def test_byte_level_tokens_have_no_byte_marks() -> None:
    texts, kinds = read(tiny.byte_level(), "the cats sat\n\u2013<|end|>a")
    assert texts == ["the", "cats", "sat", "\\n", "\u2013", "<|end|>", "a"]
    assert kinds == [BEGINS, BEGINS, BEGINS, BLANK, BEGINS, SPECIAL, BEGINS]


def test_bytes_that_are_no_whole_character_are_written_as_numbers() -> None:
    texts, kinds = read(tiny.byte_level(), "\U0001f642")
    assert len(texts) > 1
    assert "".join(texts) == r"\xf0\x9f\x99\x82"
    assert kinds == [BEGINS] + [GOES_ON] * (len(texts) - 1)


def test_a_space_of_its_own_can_be_seen() -> None:
    texts, kinds = read(tiny.byte_level(), "a   cat ")
    assert "".join(texts) == "a\u2423\u2423cat\u2423"
    assert kinds == [{"a": BEGINS, "cat": BEGINS}.get(text, BLANK) for text in texts]


def test_metaspace_tokens() -> None:
    texts, kinds = read(tiny.metaspace(), "the cat\n\u00e9")
    assert texts == ["<s>", "the", "cat", "\\n", "\\xc3", "\\xa9"]
    assert kinds == [SPECIAL, BEGINS, BEGINS, BLANK, BEGINS, GOES_ON]


def test_word_pieces() -> None:
    texts, kinds = read(tiny.word_piece(), "the catsat on \U0001f642")
    assert texts == ["[CLS]", "the", "cats", "at", "on", "[UNK]", "[SEP]"]
    assert kinds == [SPECIAL, BEGINS, BEGINS, GOES_ON, BEGINS, SPECIAL, SPECIAL]


def _without_backend(tokens):
    """Return what a tokenizer shows of itself that is written in Python: its tokens."""
    vocabulary = {token: code for code, token in enumerate(tokens)}
    return SimpleNamespace(get_vocab=lambda: vocabulary, added_tokens_decoder={}, all_special_ids=[0])


@pytest.mark.parametrize(
    ("tokens", "expected", "kinds"),
    [
        (["<s>", "lo", "wer</w>", "est</w>"], ["lo", "wer", "est"], [BEGINS, GOES_ON, BEGINS]),
        (["<s>", "lo@@", "wer", "en@@"], ["lo", "wer", "en"], [BEGINS, GOES_ON, BEGINS]),
        (["<s>", "\u2581lo", "wer", "\u2581a"], ["lo", "wer", "a"], [BEGINS, GOES_ON, BEGINS]),
        (["<s>", "lo", "##wer", "##est"], ["lo", "wer", "est"], [BEGINS, GOES_ON, GOES_ON]),
        (["<s>", "low", "er", "a b"], ["low", "er", "a b"], [BEGINS, BEGINS, BEGINS]),
    ],
    ids=["last", "inner", "metaspace", "pieces", "words"],
)
def test_marks_are_found_where_a_tokenizer_does_not_name_them(tokens, expected, kinds) -> None:
    vocabulary = readable_vocabulary(_without_backend(dict.fromkeys(tokens)))
    assert list(vocabulary.texts) == ["<s>", *expected]
    assert vocabulary.word_starts(np.array([1, 2, 3])).to_numpy().tolist() == kinds


def test_codes_without_a_token_are_named_by_their_number() -> None:
    vocabulary = readable_vocabulary(tiny.byte_level(), size=305)
    assert vocabulary.texts[-1] == "<unused 304>"
    assert len(vocabulary.texts) == len(vocabulary.kinds) == 305


def test_every_label_can_be_seen_and_no_mark_is_left() -> None:
    for tokenizer in (tiny.byte_level(), tiny.metaspace(), tiny.word_piece()):
        for text in readable_vocabulary(tokenizer).texts:
            assert text
            assert text.isprintable()
            assert text == text.strip()
            assert not set(text) & {"\u0120", "\u010a", "\u2581"}


@given(st.lists(st.text("abcehtmnos.,", min_size=1, max_size=6), min_size=1, max_size=8))
def test_words_can_be_put_together_again(words) -> None:
    text = " ".join(words)
    for tokenizer in (tiny.byte_level(), tiny.metaspace()):
        pieces, kinds = read(tokenizer, text)
        labels = [WORD_START_LABELS[kind] for kind in kinds]
        joined = "".join(
            {"begins a word": " ", "goes on": ""}.get(label, "") + ("" if label in WORD_START_LABELS[2:] else piece)
            for piece, label in zip(pieces, labels, strict=True)
        )
        assert joined.strip() == text
