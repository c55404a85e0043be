"""A recording's documents as texts, and where in a text each of their tokens lies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel import schema
from lstmvis_panel.record.aligning import Pieces, align
from lstmvis_panel.record.carrying import Ranges
from lstmvis_panel.record.characters import BRACKETS, CLITICS, PIECE, WORD_OR_SIGN, Role, Text, comparable, role_of
from lstmvis_panel.schema import DOCUMENT, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

# What a token that hides its word is written as. Of nine words tried once on six beginnings of chapters, this one and
# "stuff" were told apart by nothing: the model gave 51 % of the hidden words the part of speech that it gives the words
# themselves ("unk" 41 %, "<unk>" 13 %). For the words around them all but "it" came to 96 or 97 %.
HIDDEN = "thing"
MARKED_SHARE = 0.1


@dataclass(frozen=True)
class Document:
    """A document of a recording.

    Parameters
    ----------
    label
        Its label; its number, from 0, where the recording has no labels.
    first
        Its first step.
    words
        Its tokens.
    """

    label: str
    first: int
    words: Sequence[str]


def documents(recording: xr.Dataset) -> list[Document]:
    """Return the documents of a recording in their order; all of it as one where it has none."""
    edges = schema.document_edges(recording)
    words = schema.words(recording, 0, int(edges[-1]))
    names = [str(number) for number in range(len(edges) - 1)]
    if DOCUMENT in recording.coords and "labels" in recording.variables[DOCUMENT].attrs:
        labels = schema.labels(recording, DOCUMENT)
        names = [str(labels[code]) for code in recording.variables[DOCUMENT].to_numpy()[edges[:-1]]]
    return [
        Document(name, int(start), words[start:stop])
        for name, start, stop in zip(names, edges[:-1], edges[1:], strict=True)
    ]


@dataclass(frozen=True)
class Original:
    """What is known of a document as it was written.

    Parameters
    ----------
    text
        Its text.
    words
        Its words before they were lower-cased or hidden, one a token.
    """

    text: str | None = None
    words: Sequence[str] | None = None


def originals(
    some: Sequence[Document],
    texts: Sequence[str] | None,
    words: Sequence[str] | Sequence[Sequence[str]] | None,
) -> list[Original]:
    """Return what is known of each document.

    Parameters
    ----------
    some
        All documents of a recording.
    texts
        The text of each document.
    words
        The original word of each step: one list, or one a document.

    Raises
    ------
    RecordingError
        If there are not as many texts as documents, or not as many words as steps.
    """
    for what, given in (("texts", texts), ("words", None if _is_flat(words) else words)):
        if given is not None and len(given) != len(some):
            raise RecordingError(Problem(what, f"are of {len(given)} documents; the recording has {len(some)}"))
    lists: list[Any] = list(words or [])
    if _is_flat(words):
        edges = [*(each.first for each in some), max(len(lists), some[-1].first)]
        lists = [lists[start:stop] for start, stop in pairwise(edges)]
    for each, of_one in zip(some, lists, strict=False):
        if len(of_one) != len(each.words):
            what = f"are {len(of_one):,}; one for each of its {len(each.words):,} steps was expected"
            raise RecordingError(Problem(f"words of document {each.label}", what))
    return [
        Original(None if texts is None else texts[number], None if words is None else lists[number])
        for number in range(len(some))
    ]


def _is_flat(words: Sequence[str] | Sequence[Sequence[str]] | None) -> bool:
    return bool(words) and words is not None and isinstance(words[0], str)


def place(
    document: Document, *, text: str | None = None, words: Sequence[str] | None = None, name: str = "text"
) -> tuple[Text, Ranges]:
    """Return the text of a document, and where its tokens lie among the characters that are compared.

    Parameters
    ----------
    document
        The document.
    text
        What it was made of; its tokens joined where that is not known (see `written`).
    words
        Its words as they were before they were lower-cased or hidden, one a token.
    name
        What the text is called in messages.

    Raises
    ------
    RecordingError
        If the tokens can't be found in the text.
    """
    tokens = document.words if words is None else words
    if text is None:
        joined, starts, stops = written(tokens, as_they_are=words is not None)
        found = Text(joined)
        ranges = Ranges.of(found.at(starts), found.at(stops))
        marks = np.array([start == stop and role_of(token) is Role.MARK for token, start, stop in _zip(tokens, ranges)])
        return found, Ranges(np.where(marks, np.maximum(ranges.starts - 1, 0), ranges.starts), ranges.stops)
    pieces = [*WORD_OR_SIGN.finditer(text)]
    spaced = [not (match.start() and not text[match.start() - 1].isspace()) for match in pieces]
    recorded = Pieces(tokens, where=lambda token: f"document {document.label}, step {document.first + token}")
    other = Pieces([match[0] for match in pieces], spaced, lambda piece: _line(text, pieces[piece].start()))
    ranges, _ = align(recorded, other, name)
    return Text(text), ranges


def written(tokens: Sequence[str], *, as_they_are: bool = False) -> tuple[str, list[int], list[int]]:
    """Join tokens to a text.

    A space stands between two tokens, but none before a clitic (``n't``), and none where tokens say themselves where
    spaces are: single characters, and pieces written like `` the``, ``▁the``, ``##ing``, ``ing@@`` or ``the</w>``.

    Parameters
    ----------
    tokens
        The tokens.
    as_they_are
        Whether they are words as someone wrote them; else ``<unk>`` is written ``thing``, other markers as a new line.

    Returns
    -------
    tuple of str and two lists of int
        The text, and where in it each token starts and stops.
    """
    joined = _joined_by_themselves(tokens)
    ends_words = any(token.endswith("</w>") for token in set(tokens))
    spelled = {token: token if as_they_are else _spelled(token) for token in set(tokens)}
    clitics = {token for token in spelled if comparable(token) in CLITICS}
    parts: list[str] = []
    starts, stops, at, glue = [], [], 0, True
    for token in tokens:
        part = spelled[token]
        if not (glue or joined or token in clitics or token.startswith("##")):
            parts.append(" ")
            at += 1
        parts.append(part)
        starts.append(at)
        at += len(part)
        stops.append(at)
        glue = (ends_words and not token.endswith("</w>")) or token.removesuffix("@@") not in {"", token}
    return "".join(parts), starts, stops


def _joined_by_themselves(tokens: Sequence[str]) -> bool:
    kinds = {token for token in tokens if role_of(token) is not Role.WILD and not (token and comparable(token) == "")}
    marked = sum(token[:1] in {" ", "▁"} for token in kinds)
    return marked > MARKED_SHARE * len(kinds) or all(len(token) == 1 for token in kinds)


def _spelled(token: str) -> str:
    role = role_of(token)
    if role is Role.WILD:
        return HIDDEN
    if role is Role.EMPTY and comparable(token):
        return "\n"
    if piece := PIECE.fullmatch(token):
        return piece[1] or piece[2]
    return BRACKETS.get(token.lower(), token).replace("▁", " ")


def _zip(tokens: Sequence[str], ranges: Ranges) -> zip[tuple[str, int, int]]:
    return zip(tokens, ranges.starts.tolist(), ranges.stops.tolist(), strict=True)


def _line(text: str, offset: int) -> str:
    return f"line {text.count(chr(10), 0, offset) + 1}, character {offset}"
