from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmvis_panel.record.aligning import Pieces, align
from lstmvis_panel.record.carrying import carry
from lstmvis_panel.schema import RecordingError


def found(recorded: str, other: str, *, spaced: list[bool] | None = None) -> str:
    """Return what each token was found to be, `.` for nothing; the tokens and the pieces stand between spaces."""
    tokens, units = align(Pieces(recorded.split()), Pieces(other.split(), spaced), "other.txt")
    pieces = other.split()
    return " ".join(pieces[unit] if unit >= 0 else "." for unit in carry(units, tokens))


@pytest.mark.parametrize(
    ("recorded", "other", "is_found"),
    [
        ("the cat sat", "The cat sat", "The cat sat"),
        ("i don't know", "I do n't know", "I n't know"),
        ("i do n't know", "I don't know", "I don't don't know"),
        ("play ##ing ball", "playing ball", "playing playing ball"),
        ("`` hi '' he said", '" hi " he said', '" hi " he said'),
        ("\" ' '", "''' '", "''' ''' '"),
        ("-lrb- a -rrb-", "( a )", "( a )"),
        ("<s> a b </s> <s> c </s>", "a b c", ". a b . . c ."),
        ("e ́ a", "é a", "é é a"),
        # hidden words
        ("<unk> the <unk> the", "a the b the", "a the b the"),
        ("<unk> a <unk> b", "cat a dog b", "cat a dog b"),
        ("<unk>", "word", "word"),
        ("<unk> <unk> <unk>", "a b c", "a b c"),
        ("<unk> says hi to all", "do n't says hi to all", "n't says hi to all"),
        ("<unk> <unk> ran home to us all", "do n't ca n't ran home to us all", "n't n't ran home to us all"),
        ("a <unk> n d e f", "a n't n d e f", "a n't n d e f"),
        ("a <unk>", "a <unk>", "a <unk>"),
        ("a \ufffd \ufffd b", "a ñ ñ b", "a ñ ñ b"),
    ],
)
def test_tokens_are_found(recorded: str, other: str, is_found: str, caplog: pytest.LogCaptureFixture) -> None:
    assert found(recorded, other) == is_found
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("recorded", "other", "is_found"),
    [
        ("a b c N d e f g", "a b c 1,000 d e f g", "a b c 1,000 d e f g"),
        ("a b c colour d e f g", "a b c color d e f g", "a b c color d e f g"),
        ("a b c q d e f g", "a b c d e f g", "a b c . d e f g"),
        ("a b c d e f g", "a b c q d e f g", "a b c d e f g"),
        ("a b c ! d e f g", "a b c x y d e f g", "a b c x d e f g"),
        ("a b c x y d e f g", "a b c ! d e f g", "a b c ! ! d e f g"),
        ("a b c d", "a b c d e", "a b c d"),
        ("a b c d e", "a b c d", "a b c d ."),
        ("e", "d e", "e"),
        ("a an b c d", "a b c d", "a . b c d"),
        ("q a b c d", "q an a b c d", "q a b c d"),
    ],
)
def test_a_few_words_may_differ_and_that_is_said(
    recorded: str, other: str, is_found: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert found(recorded, other) == is_found
    assert "words differ at 1 places, here first" in caplog.text


@pytest.mark.parametrize(
    ("recorded", "other", "says"),
    [
        ("a b c", "x y z q", "can't be aligned"),
        ("the cat sat on the mat", "a b c d e f g h i j k l m n o p q r s", "can't be aligned"),
        ("<unk> <unk> ran home to us all", "a b c ran home to us all", "in more than one way"),
        ("a b c", "a b c d e f g h i j k l m n o p", "can't be aligned"),
        ("a b c d ! " * 20, "a b c d " * 20, "not the same text"),
        ("a b c d e f g h i j", "", "can't be aligned"),
    ],
)
def test_what_does_not_fit_is_refused(recorded: str, other: str, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        found(recorded, other)


def test_a_message_says_what_stands_on_either_side_and_where() -> None:
    recorded = Pieces(["see", "<unk>", "<unk>", "run", "up", "to", "us"], where=lambda token: f"step {token + 100}")
    other = Pieces(["see", "a", "b", "c", "run", "up", "to", "us"], where=lambda piece: f"line {piece + 10}")
    with pytest.raises(RecordingError) as caught:
        align(recorded, other, "chunks.txt")
    message = str(caught.value)
    assert message.startswith("chunks.txt, line 13: hidden words can be aligned in more than one way:")
    assert "'c run up to us' stands there, and 'run up to us' in the recording, step 103" in message


def test_white_space_tells_how_far_hidden_words_go() -> None:
    other = "well - known people , they say so"
    spaced = [True, False, False, True, False, True, True, True]
    assert found("<unk> <unk> they say so", other, spaced=spaced) == "known people they say so"


WORDS = st.text("abcß", min_size=1, max_size=6)


@st.composite
def two_sides(draw) -> tuple[list[str], list[str], list[int]]:
    """Draw words, the same words cut anew, some of them hidden, and the word that each token comes from."""
    words = draw(st.lists(WORDS, min_size=1, max_size=30))
    tokens, owners = [], []
    for number, word in enumerate(words):
        # Equal neighbours on both sides of a hidden word would leave its place open.
        if number % 6 == 3 and draw(st.booleans()):
            tokens.append("<unk>")
            owners.append(number)
            continue
        cut = draw(st.integers(0, len(word)))
        for piece in (word[:cut], word[cut:]):
            if piece:
                tokens.append(piece.upper() if draw(st.booleans()) else piece)
                owners.append(number)
    return tokens, words, owners


@given(two_sides())
@settings(max_examples=200)
def test_tokens_come_back_to_the_words_they_were_cut_from(sides: tuple[list[str], list[str], list[int]]) -> None:
    tokens, words, owners = sides
    ranges, units = align(Pieces(tokens), Pieces(words), "words")
    np.testing.assert_array_equal(carry(units, ranges), owners)


@given(st.lists(st.sampled_from(["a", "b", "ab", "<unk>"]), max_size=12), st.lists(st.sampled_from("ab"), max_size=12))
def test_nothing_is_ever_shifted(recorded: list[str], other: list[str]) -> None:
    """Whatever comes of it, equal words are found only at equal characters, and in order."""
    try:
        ranges, units = align(Pieces(recorded), Pieces(other), "other")
    except RecordingError:
        return
    stream = "".join(other)
    assert ranges.starts.size == len(recorded)
    assert units.stops.tolist() == list(range(1, len(stream) + 1))
    assert (np.diff(ranges.starts) >= 0).all()
    assert ((ranges.stops >= ranges.starts) & (ranges.stops <= len(stream))).all()
    overlap = ranges.stops[:-1] > ranges.starts[1:]
    # Only tokens that stand for one and the same word together share its characters.
    assert (~overlap | (ranges.starts[:-1] == ranges.starts[1:])).all()
    if not {"<unk>"} & set(recorded) and "".join(recorded) == stream:
        for token, start, stop in zip(recorded, ranges.starts, ranges.stops, strict=True):
            assert stream[start:stop] == token


def test_many_hidden_and_changed_words() -> None:
    """Thousands of places to repair; each one exactly."""
    rng = np.random.default_rng(3)
    vocabulary = ["".join(rng.choice(list("abcdefgh"), rng.integers(2, 8))) for _ in range(500)]
    words = [vocabulary[code] for code in rng.integers(0, 500, 20_000)]
    pieces: list[str] = []
    spaced: list[bool] = []
    owners = []
    for number, word in enumerate(words):
        parts = [word[:2], word[2:]] if len(word) > 4 else [word]
        pieces += parts
        spaced += [True, False][: len(parts)]
        owners += [number] * len(parts)
    hidden = rng.random(len(words)) < 0.2
    tokens = ["<unk>" if hides else word for word, hides in zip(words, hidden, strict=True)]
    ranges, units = align(Pieces(tokens), Pieces(pieces, spaced), "pieces")
    found_words = np.append(owners, -1)[carry(units, ranges)]
    np.testing.assert_array_equal(found_words, np.arange(len(words)))
    starts = {number: owners.index(number) for number in range(50)}
    assert all(ranges.starts[number] == units.starts[starts[number]] for number in range(50))
