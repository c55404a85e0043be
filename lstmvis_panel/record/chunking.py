"""Chunks out of their tags: IOB1, BIO (IOB2), BIOES, BILOU."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.record.carrying import NONE
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

TAG = re.compile(r"(?P<part>[BIOESLUM])(?:-(?P<type>.+))?")
OUTSIDE = frozenset({"", "_"})  # what some files have for O
BEGINS, ENDS = frozenset("BSU"), frozenset("ESLU")


def are_tags(values: Sequence[str]) -> bool:
    """Tell whether all of these are tags of chunks, and some chunk begins."""
    kinds = set(values) - OUTSIDE
    matches = [TAG.fullmatch(value) for value in kinds]
    return bool(kinds) and all(matches) and any(match is not None and match["part"] != "O" for match in matches)


def read_tags(
    tags: Sequence[str], starts: Sequence[bool], where: Callable[[int], str]
) -> tuple[NDArray[np.int64], list[str] | None]:
    """Find the chunks that tags stand for.

    A chunk begins at ``B``, ``S`` or ``U``, and at any other tag that follows none of its type: at the start of a
    sentence, after ``O``, after an end (``E``, ``L``), after another type. So all schemes are read alike, also IOB1,
    where ``B`` only parts neighbours of one type; the evaluation of CoNLL-2000 reads them so.

    Parameters
    ----------
    tags
        A tag for each word: ``B-NP``, ``I-NP``, ``O``; or without types, ``B``, ``I``, ``O``.
    starts
        Whether a sentence starts at a word: no chunk goes on across that.
    where
        Says where a tag stands, for messages.

    Returns
    -------
    tuple of numpy.ndarray and list of str
        The number of each word's chunk, -1 outside, shape (words,); and the type of each chunk, None where tags have
        no types.

    Raises
    ------
    RecordingError
        If one is no tag.
    """
    chunk = np.full(len(tags), NONE, dtype=np.int64)
    types: list[str] = []
    open_type: str | None = None
    for number, (tag, is_start) in enumerate(zip(tags, starts, strict=True)):
        match = TAG.fullmatch(tag or "O") or (tag in OUTSIDE and TAG.fullmatch("O")) or None
        if match is None:
            what = f"{tag!r} is no tag of a chunk; B-TYPE, I-TYPE or O was expected (also E, S, L, U)"
            raise RecordingError(Problem(where(number), what, "name another column, or read it as plain labels"))
        part, kind = match["part"], match["type"] or ""
        if part == "O":
            open_type = None
            continue
        if part in BEGINS or is_start or open_type != kind:
            types.append(kind)
        chunk[number] = len(types) - 1
        open_type = None if part in ENDS else kind
    return chunk, types if any(types) else None
