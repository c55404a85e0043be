"""Annotations made over other tokens than the recording's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.record.aligning import Pieces, align
from lstmvis_panel.record.annotations import categorical, chunks
from lstmvis_panel.record.carrying import NONE, Ranges, carry
from lstmvis_panel.record.chunking import are_tags, read_tags
from lstmvis_panel.record.documents import documents
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr
    from numpy.typing import NDArray


def _place(number: int) -> str:
    return f"word {number}"


@dataclass(frozen=True, eq=False)
class AnnotatedTokens:
    """Words with an annotation.

    Parameters
    ----------
    words
        The words, those of all documents of a recording one after another.
    values
        The label or the tag of each, None for none.
    sentence_starts
        Whether a sentence starts at a word; no chunk goes on across that. Only at the first if left out.
    spaced
        Whether white space stands before a word; None where that is not known.
    where
        Says where a word stands, for messages.
    source
        What the words come from, for messages.
    """

    words: Sequence[str]
    values: Sequence[str | None]
    sentence_starts: Sequence[bool] | None = None
    spaced: Sequence[bool] | None = None
    where: Callable[[int], str] = field(default=_place)
    source: str = "annotation"


def from_tokens(
    recording: xr.Dataset, annotated: AnnotatedTokens, name: str, *, tags: bool | None = None, description: str = ""
) -> dict[str, xr.Variable]:
    """Carry an annotation of words to the steps of a recording whose tokens are those words, split in any way.

    Both are compared character by character without white space, case and accents; ``<unk>`` stands for any word (see
    `aligning.align`). A step that holds several words has the label of the one that holds most of its characters, of
    equals the first; a chunk counts as one, a word outside of all chunks as one.

    Parameters
    ----------
    recording
        The recording.
    annotated
        The words and their labels.
    name
        Name of the annotation.
    tags
        Whether labels are tags of chunks (``B-NP``, ``I-NP``, ``O``); told by the labels if left out.
    description
        A sentence for whoever looks at it.

    Returns
    -------
    dict of str to xarray.Variable
        Labels, or for chunks type and part, see `annotations.chunks`.

    Raises
    ------
    RecordingError
        Where words and tokens can't be aligned, or a tag is none.
    """
    values = [value or "" for value in annotated.values]
    if len(values) != len(annotated.words):
        raise RecordingError(Problem(annotated.source, f"has {len(values)} labels for {len(annotated.words)} words"))
    some = documents(recording)
    words = [word for each in some for word in each.words]
    step_of = Pieces(words, where=lambda step: f"step {step}" if step < len(words) else "the end")
    tokens, units = align(step_of, Pieces(annotated.words, annotated.spaced, annotated.where), annotated.source)
    if not (are_tags(values) if tags is None else tags):
        found = carry(units, tokens)
        return categorical(name, [values[unit] if unit >= 0 else None for unit in found], description=description)
    starts = annotated.sentence_starts or [number == 0 for number in range(len(values))]
    chunk, types = read_tags(values, starts, lambda number: f"{annotated.source}, {annotated.where(number)}")
    return chunks(name, carry_chunks(chunk, units, tokens), types, description=description)


def carry_chunks(chunk: NDArray[np.int64], words: Ranges, tokens: Ranges) -> NDArray[np.int64]:
    """Say for each token which chunk it belongs to.

    Parameters
    ----------
    chunk
        The number of each word's chunk, ascending from 0, -1 outside.
    words
        The characters of each word.
    tokens
        The characters of each token.

    Returns
    -------
    numpy.ndarray
        int64, shape (tokens,), -1 outside.
    """
    inside, outside = np.flatnonzero(chunk >= 0), np.flatnonzero(chunk < 0)
    numbers, first = np.unique(chunk[inside], return_index=True)
    last = np.append(first[1:], inside.size) - 1
    starts = np.concatenate([words.starts[inside[first]], words.starts[outside]])
    stops = np.concatenate([words.stops[inside[last]], words.stops[outside]])
    found = carry(Ranges(starts, stops), tokens)
    return np.append(numbers, NONE)[np.where(found < numbers.size, found, NONE)]
