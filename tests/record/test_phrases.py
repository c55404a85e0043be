"""Verb phrases of parses written by hand: heads and labels as spaCy's English models give them."""

from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Doc

from lstmvis_panel.record.phrases import verb_phrases

# word, part of speech, label, head
SEEN = """He PRON nsubjpass 5
has AUX aux 5
not PART neg 5
yet ADV advmod 5
been AUX auxpass 5
seen VERB ROOT 5
by ADP agent 5
them PRON pobj 6"""
WANTED = """She PRON nsubj 1
wanted VERB ROOT 1
to PART aux 3
give VERB xcomp 1
it PRON dobj 3
up ADP prt 3
very ADV advmod 7
quickly ADV advmod 3"""
TALL = """She PRON nsubj 2
really ADV advmod 2
is AUX ROOT 2
n't PART neg 2
tall ADJ acomp 2"""
QUESTION = """Did AUX aux 2
she PRON nsubj 2
go VERB ROOT 2
too ADV advmod 4
far ADV advmod 2"""
NONE = """A DET det 1
cat NOUN ROOT 1"""


def parsed(lines: str) -> Doc:
    words, parts, labels, heads = zip(*(line.split() for line in lines.splitlines()), strict=True)
    return Doc(spacy.blank("en").vocab, words=words, pos=parts, deps=labels, heads=[int(head) for head in heads])


@pytest.mark.parametrize(
    ("lines", "phrases"),
    [
        (SEEN, ["has not yet been seen"]),
        (WANTED, ["wanted", "to give"]),
        (TALL, ["really is n't"]),
        (QUESTION, ["go too far"]),
        (NONE, []),
    ],
)
def test_a_verb_with_all_that_helps_it_and_stands_next_to_it(lines: str, phrases: list[str]) -> None:
    doc = parsed(lines)
    assert [doc[start:stop].text for start, stop in verb_phrases(doc)] == phrases
