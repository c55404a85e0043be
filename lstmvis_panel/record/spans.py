"""Annotations of spans of characters in the documents' texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.record.annotations import chunks
from lstmvis_panel.record.carrying import NONE, Ranges, carry
from lstmvis_panel.record.documents import Original, documents, originals, place
from lstmvis_panel.record.text_files import line_problem, read_lines
from lstmvis_panel.schema import STEP, Problem, RecordingError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    import xarray as xr

COLUMNS = 4
NAMED = 5  # documents named in a message


@dataclass(frozen=True)
class Span:
    """A span of a document's text: first character, the one after the last, label; and where it is said."""

    document: str
    start: int
    stop: int
    label: str
    where: str


def from_spans(
    recording: xr.Dataset,
    spans: Iterable[tuple[str, int, int, str]],
    name: str,
    *,
    texts: Sequence[str] | None = None,
    words: Sequence[str] | Sequence[Sequence[str]] | None = None,
    description: str = "",
) -> dict[str, xr.Variable]:
    """Make an annotation out of spans of characters of the documents' texts.

    Parameters
    ----------
    recording
        The recording.
    spans
        Document (its label, or its number from 0 where there are no labels), first character, the one after the last,
        label. Where several overlap, the one that starts first counts, of those the longest.
    name
        Name of the annotation.
    texts
        The text of each document that the spans were made over; its tokens joined as `documents.written` does it if
        left out.
    words
        Original words, one a step, where tokens are lower-cased or hidden.
    description
        A sentence for whoever looks at it.

    Returns
    -------
    dict of str to xarray.Variable
        Type and part, see `annotations.chunks`: a step of which some characters lie in a span belongs to it, of
        several spans to the one that holds most of its characters, of equals the first.

    Raises
    ------
    RecordingError
        If a span lies outside its text, no document has that label, or the tokens are not found in the text.
    """
    listed = [Span(*span, where=f"span {number}") for number, span in enumerate(spans)]
    return _carried(recording, listed, name, originals(documents(recording), texts, words), description)


def read_spans(
    recording: xr.Dataset,
    path: str | os.PathLike[str],
    name: str,
    *,
    texts: Sequence[str] | None = None,
    words: Sequence[str] | Sequence[Sequence[str]] | None = None,
) -> dict[str, xr.Variable]:
    """Read spans of characters from a TSV file with the columns document, start, stop, label; see `from_spans`.

    Blank lines, lines that start with ``#``, and a first line with the columns' names count for nothing.

    Raises
    ------
    RecordingError
        Naming file and line.
    """
    file = Path(path).name
    spans: list[Span] = []
    for number, line in enumerate(read_lines(path)):
        fields = line.split("\t")
        if not line.strip() or line.startswith("#") or (not spans and fields[1:3] == ["start", "stop"]):
            continue
        if len(fields) < COLUMNS:
            what = f"has {len(fields)} columns; document, start, stop, label were expected, parted by tabs"
            raise line_problem(path, number, what)
        document, start, stop, label = fields[:COLUMNS]
        try:
            spans.append(Span(document, int(start), int(stop), label, where=f"{file}, line {number + 1}"))
        except ValueError:
            what = f"{start!r} and {stop!r} are no numbers of characters; whole numbers were expected"
            raise line_problem(path, number, what) from None
    if not spans:
        raise RecordingError(Problem(file, "holds no span"))
    return _carried(recording, spans, name, originals(documents(recording), texts, words), "")


def _carried(
    recording: xr.Dataset, spans: list[Span], name: str, texts: list[Original], description: str
) -> dict[str, xr.Variable]:
    """Find the steps of all spans, document by document."""
    chunk = np.full(recording.sizes[STEP], NONE, dtype=np.int64)
    spans_of: dict[str, list[int]] = {}
    for number, span in enumerate(spans):
        spans_of.setdefault(span.document, []).append(number)
    some = documents(recording)
    if unknown := spans_of.keys() - {each.label for each in some}:
        first = next(span for span in spans if span.document in unknown)
        names = ", ".join(repr(each.label) for each in some[:NAMED]) + (" ..." if len(some) > NAMED else "")
        what = f"there is no document {first.document!r}; the recording's are {names}"
        raise RecordingError(Problem(first.where, what))
    counts = Counter(each.label for each in some)
    if shared := next((span for span in spans if counts[span.document] > 1), None):
        what = f"may be of any of {counts[shared.document]} documents: all are called {shared.document!r}"
        raise RecordingError(Problem(shared.where, what, "give each document a label of its own when recording"))
    for document, original in zip(some, texts, strict=True):
        numbers = np.array(spans_of.get(document.label, []), dtype=np.int64)
        if not numbers.size:
            continue
        text, tokens = place(document, text=original.text, words=original.words)
        for number in numbers:
            _check(spans[number], len(text.text))
        starts = text.at([spans[number].start for number in numbers])
        stops = text.at([spans[number].stop for number in numbers])
        found = carry(Ranges.of(starts, stops), tokens)
        chunk[document.first : document.first + found.size] = np.append(numbers, NONE)[found]
    return chunks(name, chunk, [span.label for span in spans], description=description)


def _check(span: Span, length: int) -> None:
    if not 0 <= span.start < span.stop <= length:
        what = f"goes from {span.start} to {span.stop}; 0 <= start < stop <= {length}, the text's length, was expected"
        raise RecordingError(Problem(span.where, what, "give the text that the spans were made over"))
    if not span.label:
        raise RecordingError(Problem(span.where, "has no label"))
