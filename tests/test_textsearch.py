"""Where words are, in words and in characters of any script, and what is told of a search that can't be read."""

from __future__ import annotations

import gc
import re
import unicodedata
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given
from hypothesis import strategies as st

from lstmvis_panel import expressions, tokentext
from lstmvis_panel.hits import LONGEST_SHOWN, Hits, context_of
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.schema import RecordingError, document_edges
from lstmvis_panel.textsearch import search_text
from lstmvis_panel.wanted import Pattern, parse_search
from tests.recordings import recording_of, texts, two_sentences
from tests.watched import WatchedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def of(tokens: str | list[str], documents: Sequence[int] | None = None) -> xr.Dataset:
    """Return a recording of words (a text is split at blanks)."""
    words = tokens.split() if isinstance(tokens, str) else list(tokens)
    return recording_of(np.zeros((len(words), 1)), words=words, documents=documents)


def characters(text: str | list[str], documents: Sequence[int] | None = None) -> xr.Dataset:
    """Return a recording of characters."""
    return of(list(text), documents)


def found(recording: xr.Dataset, text: str) -> list[tuple[int, int]]:
    """Return the steps of the hits."""
    hits = search_text(recording, text)
    assert hits.starts.dtype == hits.stops.dtype == np.int64
    return list(zip(hits.starts.tolist(), hits.stops.tolist(), strict=True))


# ------------------------------------------------------------------------------------------------------------ in words

WHALE = "Call me Ishmael . The whale ; the white Whale , whaling , a whale"
#        0    1  2       3 4   5     6 7   8     9     10 11     12 13 14


@pytest.mark.parametrize(
    ("text", "starts", "length"),
    [
        ("whale", [5, 9, 14], 1),
        ("WHALE", [5, 9, 14], 1),
        ("the whale", [4], 2),
        ("  the   white whale ", [7], 3),
        ("whal", [], 1),
        ("whal*", [5, 9, 11, 14], 1),
        ("*ing", [11], 1),
        ("w*a*e", [5, 9, 14], 1),
        ("*h*a*l*", [2, 5, 9, 11, 14], 1),
        ("wha*hale", [], 1),
        ("the * whale", [7], 3),
        ("* whale", [4, 8, 13], 2),
        ("whale *", [5, 9], 2),
        ("/^[Ww]hale$/", [5, 9, 14], 1),
        ("/^whale$/", [5, 14], 1),
        ("/^whale$/i", [5, 9, 14], 1),
        ("/hal/", [5, 9, 11, 14], 1),
        ("/^t/i /^w/", [4, 7], 2),
        ("/^t/i whale", [4], 2),
        ('"whal*"', [], 1),
        ("nowhere", [], 1),
        (" ".join(["*"] * 16), [], 16),
        (" ".join(["*"] * 15), [0], 15),
    ],
)
def test_words_are_found(text: str, starts: list[int], length: int) -> None:
    assert found(of(WHALE), text) == [(start, start + length) for start in starts]


def test_phrases_that_overlap_are_all_found() -> None:
    assert found(of("na na na na"), "na na") == [(0, 2), (1, 3), (2, 4)]


def test_no_phrase_crosses_from_one_document_into_the_next() -> None:
    recording = of("a b a b a b", documents=[0, 0, 0, 1, 1, 2])
    assert found(recording, "a b") == [(0, 2)]
    assert found(recording, "b a") == [(1, 3), (3, 5)]
    assert found(recording, "a") == [(0, 1), (2, 3), (4, 5)]


@pytest.mark.parametrize(
    ("words", "text", "starts"),
    [
        (["كتاب", "الكتاب", "قلم"], "*كتاب", [0, 1]),
        (["我们", "喜欢", "鲸鱼"], "喜欢 鲸*", [1]),
        (["Straße", "STRASSE", "STRAẞE", "Strase"], "straße", [0, 1, 2]),
        (["café", "cafe\N{COMBINING ACUTE ACCENT}", "CAFÉ", "cafe"], "café", [0, 1, 2]),
        (["café", "cafe\N{COMBINING ACUTE ACCENT}", "cafe"], "cafe\N{COMBINING ACUTE ACCENT}", [0, 1]),
        (["café", "cafe\N{COMBINING ACUTE ACCENT}", "cafe"], "/^caf.$/", [0, 1, 2]),
        (["ΣΟΦΟΣ", "σοφος", "σοφοσ"], "σοφος", [0, 1, 2]),
        (["🐋", "👩‍🚀", "👩", "ab"], "👩‍🚀", [1]),
        (["🐋", "👩‍🚀", "👩", "ab"], "👩*", [1, 2]),
        (["नमस्ते", "नम"], "नम*", [0, 1]),
    ],
)
def test_every_script_is_searched(words: list[str], text: str, starts: list[int]) -> None:
    assert [start for start, _ in found(of(words), text)] == starts


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ('"New York"', [0]),
        ('"*"', [1]),
        ("*", list(range(11))),
        ('"/"', [2]),
        ("/", [2]),
        ('"/usr/bin"', [3]),
        ('"a:b"', [4]),
        ("a:b", [4]),
        ('"pos:NOUN"', [5]),
        ('""', [6]),
        ('" "', [7]),
        ('"', [8]),
        (r'"\""', [8]),
        (r'"\\"', [9]),
        ("\\", [9]),
        ("//", [10]),
        ('a":"*', [4]),
        ("/ /usr/", [2]),
    ],
)
def test_in_quotes_every_word_can_be_searched_for(text: str, starts: list[int]) -> None:
    words = ["New York", "*", "/", "/usr/bin", "a:b", "pos:NOUN", "", " ", '"', "\\", "//"]
    recording = two_sentences().isel(step=[0] * len(words)).drop_vars(["vocabulary", "document"])
    recording = recording.assign(
        token=("step", np.arange(len(words)), {"kind": "token", "labels": "vocabulary"}),
        vocabulary=("words", texts(*words), {"kind": "labels"}),
    )
    assert [start for start, _ in found(recording, text)] == starts


# ------------------------------------------------------------------------------------------------------- in characters

PROSE = "The sea, the\nSEA: seaside"
#        0123456789012 3456789


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("sea", [(4, 7), (13, 16), (18, 21)]),
        ("the sea", [(0, 7), (9, 16)]),
        ("e s", [(2, 5), (11, 14)]),
        ("sea*", [(4, 8), (13, 17), (18, 25)]),
        ("*side", [(18, 25)]),
        ("s*d", [(18, 24)]),
        ("the *", [(0, 8), (9, 17)]),
        ("* sea", [(0, 7), (9, 16)]),
        ('" sea"', [(3, 7), (12, 16), (17, 21)]),
        (r"/\bsea\b/", [(4, 7)]),
        (r"/(?i)\bsea\b/", [(4, 7), (13, 16)]),
        (r"/sea\b/i", [(4, 7), (13, 16)]),
        (r"/^The|side$/", [(0, 3), (21, 25)]),
        (r"/the\s/", [(9, 13)]),
        ("/x*/", []),
        ('""', []),
        ("nowhere", []),
        ("a" * 100, []),
    ],
)
def test_characters_are_searched_as_running_text(text: str, spans: list[tuple[int, int]]) -> None:
    assert found(characters(PROSE), text) == spans


def test_texts_that_overlap_are_all_found() -> None:
    assert found(characters("aaaa"), "aa") == [(0, 2), (1, 3), (2, 4)]


def test_blanks_mean_nothing_where_the_vocabulary_has_none() -> None:
    recording = characters("ACGTACCT")
    assert found(recording, "A C") == found(recording, "AC") == found(recording, '"A C"') == [(0, 2), (4, 6)]
    assert found(recording, "A*T") == [(0, 4), (4, 8)]
    assert found(recording, "*C*") == [(1, 2), (5, 6), (6, 7)]
    assert found(recording, "A * G") == [(0, 3)]
    assert found(recording, "/(?:ACGT){s<=1}/") == [(0, 4), (4, 8)]


@pytest.mark.parametrize("text", ["ab", "a*b", "/ab/", "/a.*b/"])
def test_no_text_crosses_from_one_document_into_the_next(text: str) -> None:
    assert found(characters("abab", documents=[0, 1, 1, 1]), text) == [(2, 4)]


def test_expressions_begin_and_end_with_each_document() -> None:
    assert found(characters("abcabc", documents=[0, 0, 0, 1, 1, 1]), "/^a|c$/") == [(0, 1), (2, 3), (3, 4), (5, 6)]


def test_special_words_are_one_character_that_is_no_letter() -> None:
    recording = characters(["a", "<unk>", "b", "", "u", "[PAD]"])
    assert found(recording, "/a.b/") == [(0, 3)]
    assert found(recording, r"/\w+/") == [(0, 1), (2, 3), (4, 5)]
    assert found(recording, "u") == [(4, 5)]
    assert found(recording, "<unk>") == [(1, 2)]
    assert found(recording, "a<unk>b") == [(0, 3)]
    assert found(recording, "bu") == [(2, 5)]
    assert found(recording, "[pad]") == [(5, 6)]


def test_no_character_is_cut_in_two() -> None:
    recording = characters(["a", "ß", "s", "s"])
    assert found(recording, "ass") == [(0, 2)]
    assert found(recording, "ss") == [(1, 2), (2, 4)]
    assert found(recording, "s") == [(2, 3), (3, 4)]
    assert found(recording, "asss") == [(0, 3)]


@pytest.mark.parametrize(
    ("text", "search", "spans"),
    [
        (list("我爱鲸鱼"), "鲸鱼", [(2, 4)]),
        (list("الكتاب"), "كتاب", [(2, 6)]),
        (["c", "é", "e\N{COMBINING ACUTE ACCENT}", "e"], "é", [(1, 2), (2, 3)]),
        (["c", "é", "e\N{COMBINING ACUTE ACCENT}", "e"], "/e/", [(3, 4)]),
        (["👩‍🚀", "👩", "🇩🇪"], "👩", [(1, 2)]),
        (["👩‍🚀", "👩", "🇩🇪"], "👩‍🚀👩", [(0, 2)]),
    ],
)
def test_characters_of_every_script(text: list[str], search: str, spans: list[tuple[int, int]]) -> None:
    assert found(characters(text), search) == spans


def test_one_longer_word_makes_words_of_them_all() -> None:
    assert found(of(["a", "b", "ab", "<unk>"]), "ab") == [(2, 3)]
    assert found(of(["<unk>", "<s>"]), "<unk>") == [(0, 1)]


# ------------------------------------------------------------------------------------------------------ in annotations


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("pos:NOUN", [(1, 2), (5, 6)]),
        ("pos:noun", [(1, 2), (5, 6)]),
        ("POS:*", [(0, 3), (4, 7)]),
        ("pos:*e*", [(0, 1), (2, 3), (4, 5), (6, 7)]),
        ("the pos:DET", [(0, 1), (4, 5)]),
        ("pos:DET the dog", [(4, 6)]),
        ("the dog pos:NOUN", []),
        ("* pos:VERB *", [(2, 4), (6, 8)]),
        ("surprisal:>5", [(6, 8)]),
        ("surprisal:>=5", [(5, 8)]),
        ("surprisal:<2", [(0, 2)]),
        ("surprisal:<=2", [(0, 3)]),
        ("surprisal:3", [(3, 4)]),
        ("surprisal:=3", [(3, 4)]),
        ("surprisal:2..4", [(2, 4), (4, 5)]),
        ("surprisal:6..", [(6, 8)]),
        ("surprisal:..1.5", [(0, 2)]),
        ("surprisal:-1e1..+.5", [(0, 1)]),
        ("surprisal:1..6 pos:NOUN", [(1, 2), (5, 6)]),
        ("best:cat", [(0, 1), (4, 5)]),
        ("best:dog", [(3, 4), (7, 8)]),
        ("poss:NOUN", []),
    ],
)
def test_values_of_annotations_are_found(text: str, spans: list[tuple[int, int]]) -> None:
    assert found(two_sentences(), text) == spans


def test_names_and_labels_may_have_blanks() -> None:
    recording = (
        two_sentences()
        .rename(pos="Part of:speech")
        .assign(pos_label=("pos_label", texts("a b", "a*b", "axb"), {"kind": "labels"}))
    )
    for name in ("part_of:speech", '"part of:speech"', '"Part of":speech'):
        assert found(recording, f'{name}:"a b"') == [(0, 1), (4, 5)]
        assert found(recording, f'{name}:"a*b"') == [(1, 2), (5, 6)]
        assert found(recording, f"{name}:a*b") == [(0, 3), (4, 7)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_number_is_compared_in_the_precision_of_the_values(dtype: type) -> None:
    recording = two_sentences()
    values = np.array([0.3, 0.1, np.nan, np.inf, -np.inf, 0.3, 0.7, 0], dtype)
    recording["surprisal"] = ("step", values, {"kind": "scalar"})
    assert found(recording, "surprisal:0.3") == [(0, 1), (5, 6)]
    assert found(recording, "surprisal:>0.3") == [(3, 4), (6, 7)]
    assert found(recording, "surprisal:<=0.1") == [(1, 2), (4, 5), (7, 8)]
    assert found(recording, "surprisal:<1e300") == [(0, 2), (4, 8)]


def test_annotations_are_found_in_characters_too() -> None:
    recording = characters("abab").assign(number=("step", np.arange(4), {"kind": "scalar"}))
    assert found(recording, "b number:>1") == [(3, 4)]
    assert found(recording, "number:1..2") == [(1, 3)]


# ----------------------------------------------------------------------------------------- what can't be searched for


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "search: is empty"),
        (" \t ", "search: is empty"),
        ("a" * 2001, "has 2,001 characters; at most 2,000"),
        ("/a(/", r"/a(/ is no regular expression: missing ) at position 2 - a backslash"),
        ("the /[/", "/[/ is no regular expression"),
        ("/a{1i</", "/a{1i</ is no regular expression"),
        ("/(?:(?:a{1000}){1000}){1000}/", "may repeat something more than 100,000 times - make"),
        ("/a{1 0 0 0 0 0 0 0 0 0}/", "may repeat something more than 100,000 times - make"),
        ("/un", "/un isn't closed - end it with a slash"),
        ("the /usr/bin", '/usr/bin isn\'t closed - end it with a slash, or search for the word: "/usr/bin"'),
        ('the "white whale', "\"white whale has a quote that isn't closed"),
        ('"a"b"', "quote that isn't closed"),
        ("pos:NUON", "pos has no label NUON - is it NOUN?"),
        ("pos:x*", "pos has no label x* - it has DET, NOUN, VERB"),
        ("pos:", "pos: asks for no label - it has DET, NOUN, VERB"),
        ("the pos: NOUN", "pos: asks for no label"),
        ("surprisal:> 5", "surprisal:> compares with no number - surprisal has numbers: write surprisal:>5"),
        ("surprisal:..", "surprisal:.. compares with no number"),
        ("surprisal:high", "surprisal:high compares with no number"),
        ("best:dgo", "best has no label dgo - is it dog?"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(RecordingError) as error:
        search_text(two_sentences(), text)
    assert said in str(error.value)


def test_an_expression_stands_alone_in_running_text() -> None:
    with pytest.raises(RecordingError, match=r"/sea/ stands beside other words, but .* - write all in one expression"):
        search_text(characters(PROSE), "the /sea/")


@pytest.mark.parametrize("recording", [of(["a" * 40 + "b", "word"]), characters("a" * 40 + "b")])
def test_an_expression_without_end_is_ended(recording: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "SECONDS", 0.05)
    with pytest.raises(RecordingError, match=r"/\^\(a\|aa\)\+\$/ takes longer than 0.05 s - a repetition within"):
        search_text(recording, "/^(a|aa)+$/")


@pytest.mark.parametrize(
    ("recording", "text"),
    [
        (of("the whale the sea"), "the whale"),
        (of("the whale the sea"), "/e$/"),
        (two_sentences(), "pos:NOUN pos:NOUN"),
        (characters("abcabc"), "/b/"),
    ],
)
def test_a_search_ends_when_nobody_waits(recording: xr.Dataset, text: str) -> None:
    answers = iter([False, True])
    assert len(search_text(recording, text, lambda: False))
    with pytest.raises(Cancelled):
        search_text(recording, text, lambda: True)
    with pytest.raises(Cancelled):
        search_text(recording, text, lambda: next(answers))


def test_many_words_share_the_time_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "SECONDS", 0.0)
    with pytest.raises(RecordingError, match="takes longer"):
        search_text(of("a b cd"), "/x/")


@pytest.mark.parametrize("source", ["^un.*ed$", "[aeiou]+x?", "a|b|c|d", r"\\(a", "a.*b.*c+"])
def test_few_choices_are_quick(source: str) -> None:
    assert Pattern(source).is_quick


@pytest.mark.parametrize("source", ["(a+)+", "(a|aa)*", "(?R)", "a{9}", "a*a*a*a*", "(a|aa)(a|aa)(a|aa)(a|aa)", "(a)?"])
def test_many_choices_or_nested_ones_are_not(source: str) -> None:
    assert not Pattern(source).is_quick


@pytest.mark.parametrize("source", ["e", "[aeiou]", r"\w+", "the|an?", "(e|a)", r"\be.*"])
def test_what_repeats_nothing_but_its_end_is_steady(source: str) -> None:
    assert Pattern(source).is_steady


@pytest.mark.parametrize("source", [r"\w+x", "a+?b", ".*.*", "(a+)", "(a|b)*", "(?i)e", "a{9}", "a|b|c|d|e"])
def test_what_may_be_sent_back_is_not(source: str) -> None:
    assert not Pattern(source).is_steady


@pytest.mark.parametrize("text", ["/a|b/", "/a.?/", r"/(?<!x)\w/"])
def test_hits_that_are_taken_few_at_once_are_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = characters("abababaxxabaa", documents=[0] * 7 + [1] * 6)
    hits = found(recording, text)
    monkeypatch.setattr(expressions, "AT_ONCE", 3)
    assert found(recording, text) == hits != []


@given(st.text(alphabet='ab/"*:\\ ()[]{}|?+^$.<>=!1,pos', max_size=20))
def test_whatever_is_typed_is_read_or_told_of(text: str) -> None:
    with suppress(RecordingError):
        wanted = parse_search(text, SENTENCES)
        assert wanted.words or wanted.conditions


# ------------------------------------------------------------------------------------------- against plain Python

SENTENCES = two_sentences()
WORDS = ["a", "b", "ab", "AB", "ba", "é", "e\N{COMBINING ACUTE ACCENT}", "ß", "ss", "*"]
PARTS = ["a", "B", "ab", "É", "SS", "*", "a*", "*b", "*a*", "/^a/", "/b$/", "/^.$/", '"*"']
LETTERS = ["a", "b", " ", "\n", "A", "ß", "s", "é", "<unk>", ""]
QUERIES = ["a", "ab", "a b", "ss", "s", "a*", "*b", "a*b", "/a+/", "/a*/", "/a+b/", "/^a/", "/[^a]b/", "/b$/", "/é/"]


def same(text: str) -> str:
    """Return what a text is compared by."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def means(part: str) -> Callable[[str], bool]:
    """Return what decides whether a word is meant."""
    if part.startswith("/"):
        return lambda word: re.search(part[1:-1], unicodedata.normalize("NFC", word)) is not None
    if part.startswith('"'):
        return lambda word: same(word) == same(part.strip('"'))
    pattern = ".*".join(re.escape(same(piece)) for piece in part.split("*"))
    return lambda word: re.fullmatch(pattern, same(word), re.DOTALL) is not None


@st.composite
def documents(draw: st.DrawFn, tokens: list[str]) -> tuple[list[str], list[int]]:
    """Draw tokens and the number of each one's document."""
    words = draw(st.lists(st.sampled_from(tokens), min_size=1, max_size=24))
    breaks = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    return words, np.cumsum(breaks).tolist()


@given(documents(WORDS), st.lists(st.sampled_from(PARTS), min_size=1, max_size=3), st.booleans())
def test_every_phrase_is_found(
    drawn: tuple[list[str], list[int]],
    phrase: list[str],
    limited: bool,  # noqa: FBT001
) -> None:
    words, document = [*drawn[0], "longer"], [*drawn[1], drawn[1][-1]]
    values = np.arange(len(words)) % 3
    recording = of(words, document).assign(level=("step", values, {"kind": "scalar"}))
    expected = [
        (start, start + len(phrase))
        for start in range(len(words) - len(phrase) + 1)
        if document[start] == document[start + len(phrase) - 1]
        and all(means(part)(words[start + place]) for place, part in enumerate(phrase))
        and (not limited or values[start] >= 1)
    ]
    assert found(recording, " ".join([*phrase, *["level:>=1"] * limited])) == expected


@example((["a", "", "a"], [0, 1, 1]), "/^a/")
@given(documents(LETTERS), st.sampled_from(QUERIES))
def test_every_text_is_found(drawn: tuple[list[str], list[int]], query: str) -> None:
    # A blank is in the vocabulary, else one that is typed would mean nothing.
    tokens, document = [*drawn[0], " "], [*drawn[1], drawn[1][-1]]
    recording = characters(tokens, document)
    expected = []
    for first, end in pairwise(document_edges(recording).tolist()):
        expected += [(first + start, first + stop) for start, stop in spans_of(tokens[first:end], query)]
    assert found(recording, query) == expected


def spans_of(tokens: list[str], query: str) -> list[tuple[int, int]]:
    """Return from which to which token what is wanted goes."""
    is_expression = query.startswith("/")
    if is_expression:
        tokens = [token if len(token) == 1 else "\N{OBJECT REPLACEMENT CHARACTER}" for token in tokens]
    else:
        tokens = [" " if token.isspace() else same(token) for token in tokens]
    edges = [sum(map(len, tokens[:step])) for step in range(len(tokens) + 1)]
    text = "".join(tokens)
    if is_expression:
        spans = [match.span() for match in re.finditer(query[1:-1], text) if match.group()]
    elif "*" in query:
        pattern = {"a*": r"a\S*", "*b": r"(?<!\S)\S*b", "a*b": r"a\S*?b"}[query]
        spans = [match.span() for match in re.finditer(pattern, text)]
    else:
        spans = [(at, at + len(query)) for at in range(len(text)) if text.startswith(query, at)]
    begins = {edge: step for step, edge in enumerate(edges)}  # of tokens without text, the one that follows them
    return [(begins[start], edges.index(stop)) for start, stop in spans if start in edges and stop in edges]


# ------------------------------------------------------------------------------------------------------------ the hits


def test_hits_are_gone_through_forward_and_back() -> None:
    hits = search_text(of("x a x a x"), "a")
    assert len(hits) == 2
    assert [hits.next_after(step) for step in range(-1, 5)] == [1, 1, 3, 3, None, None]
    assert [hits.previous_before(step) for step in range(6)] == [None, None, 1, 1, 3, 3]


def test_no_hit_is_next_to_anything() -> None:
    hits = search_text(of("x y"), "a")
    assert (len(hits), hits.next_after(0), hits.previous_before(1)) == (0, None, None)


def test_hits_are_shown_among_the_words_of_their_document() -> None:
    recording = two_sentences()
    hits = search_text(recording, "* pos:NOUN *")
    rows = context_of(recording, hits, 0, 10, 3, 1)
    assert [(row.start, row.stop) for row in rows] == [(1, 3), (5, 7)]
    assert [(row.before, row.words, row.after) for row in rows] == [
        (("the",), ("cat", "sat"), (".",)),
        (("the",), ("dog", "ran"), (".",)),
    ]
    assert context_of(recording, hits, 1, 1, 0, 0)[0].words == ("dog", "ran")
    assert context_of(recording, hits, 2, 1, 0, 0) == []


def test_of_a_long_hit_only_the_beginning_is_shown() -> None:
    recording = characters("a" * 100 + "b")
    (row,) = context_of(recording, search_text(recording, "/a+/"), 0, 1, 2, 2)
    assert (row.start, row.stop, len(row.words), row.after) == (0, 100, LONGEST_SHOWN, ())


def test_only_what_is_shown_is_read() -> None:
    recording = of("a b " * 500)
    file = WatchedFile(recording["token"].to_numpy())
    recording["token"] = ("step", xr.core.indexing.LazilyIndexedArray(file), recording["token"].attrs)
    hits = Hits("b", np.array([101, 301]), np.array([102, 302]))
    assert [row.before for row in context_of(recording, hits, 1, 1, 2, 3)] == [("b", "a")]
    assert file.reads == [(299, 305)]


# ------------------------------------------------------------------------------------------------- tokens in memory


def test_tokens_are_read_once_and_forgotten_with_the_recording() -> None:
    recording = of("a b " * 50)
    file = WatchedFile(recording["token"].to_numpy())
    recording["token"] = ("step", xr.core.indexing.LazilyIndexedArray(file), recording["token"].attrs)
    assert len(search_text(recording, "a")) == len(search_text(recording, "b")) == 50
    assert file.reads == [(0, 100)]
    kept = id(recording)
    assert kept in tokentext._tokens
    del recording
    gc.collect()
    assert kept not in tokentext._tokens
