"""Verb phrases out of a dependency parse."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc, Token

HELPERS = frozenset({"aux", "auxpass", "neg", "prt", "advmod"})
HELPING = frozenset({"AUX", "PART", "ADV", "ADP"})


def verb_phrases(doc: Doc) -> Iterator[tuple[int, int]]:
    """Find the verb phrases of a parsed text.

    A phrase is a verb (or an auxiliary that helps no other, as in "she is tall") with all that helps it and stands
    next to it without a gap: auxiliaries, the particles of verbs and infinitives, negation, adverbs, and adverbs of
    those. Objects are no part of it, so "has not yet been seen by him" holds "has not yet been seen".

    Parameters
    ----------
    doc
        A text parsed with the labels that spaCy's English models use.

    Yields
    ------
    tuple of two ints
        First token and the one after the last. Phrases never share a token.
    """
    for head in doc:
        if head.pos_ == "VERB" or (head.pos_ == "AUX" and head.dep_ not in HELPERS):
            if head.dep_ in HELPERS:
                continue
            first = last = head.i
            while first > 0 and _helps(doc[first - 1], head):
                first -= 1
            while last + 1 < len(doc) and _helps(doc[last + 1], head):
                last += 1
            yield first, last + 1


def _helps(token: Token, head: Token) -> bool:
    """Tell whether a token helps a verb, itself or through an adverb."""
    while token.dep_ in HELPERS and token.pos_ in HELPING:
        if token.head.i == head.i:
            return True
        if token.dep_ != "advmod":
            return False
        token = token.head
    return False
