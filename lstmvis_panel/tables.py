"""Matches as a table, for other programs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from lstmvis_panel import schema
from lstmvis_panel.alignment import MATCH, OFFSET, TOKEN_VALUE, annotation_key, tokens_at
from lstmvis_panel.matrix import EXACT, texts_of

if TYPE_CHECKING:
    from collections.abc import Container

    from lstmvis_panel.questions import Matches

WORDS_AT_MOST = 500
"""Words of one match that are written out; longer ones end in a sign that says so."""


def matches_table(recording: xr.Dataset, matches: Matches) -> pd.DataFrame:
    """Return matches as rows, best first, with their words and what stands at their start.

    Parameters
    ----------
    recording
        The recording.
    matches
        The answer to a query.

    Returns
    -------
    pandas.DataFrame
        ``start``, ``stop`` (exclusive), ``length``, ``overlap``, ``union``; ``selection``, whether the row is the
        selection's own; ``document``, where there are documents; ``before``, ``words``, ``after``; and each
        annotation's value at the start: labels as text.
    """
    table, aligned = matches.table, matches.aligned
    start, stop = table.start.values, table.start.values + table.length.values
    columns = {
        "start": start,
        "stop": stop,
        **{name: table[name].values for name in ("length", "overlap", "union")},
        "selection": np.arange(len(start)) == (-1 if matches.own is None else matches.own),
        **_documents(recording, start),
        **_words(recording, matches, start, stop),
    }
    at_start = aligned.sel({OFFSET: 0})
    for name in schema.names_of(recording, schema.Kind.CATEGORICAL, schema.Kind.SCALAR):
        columns[_free(name, columns)] = _said(recording, name, at_start)
    return pd.DataFrame(columns)


def csv_of(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8, with a mark that spreadsheets need to read it as such."""
    written: str = table.to_csv(index=False)
    return written.encode("utf-8-sig")


def parquet_of(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    held = io.BytesIO()
    table.to_parquet(held, index=False)
    return held.getvalue()


def _documents(recording: xr.Dataset, start: np.ndarray) -> dict[str, np.ndarray]:
    if schema.DOCUMENT not in recording.coords:
        return {}
    numbers = recording[schema.DOCUMENT].values[start]
    if "labels" not in recording[schema.DOCUMENT].attrs:
        return {schema.DOCUMENT: numbers}
    return {schema.DOCUMENT: _writable(schema.labels(recording, schema.DOCUMENT))[numbers]}


def _words(recording: xr.Dataset, matches: Matches, start: np.ndarray, stop: np.ndarray) -> dict[str, np.ndarray]:
    aligned = matches.aligned
    words = _texts(recording, aligned, schema.labels(recording, schema.TOKEN)[aligned.token.values])
    inside, offsets = aligned.aligned_step.values >= 0, aligned[OFFSET].values
    lengths = (stop - start)[:, None]

    def said(where: np.ndarray) -> np.ndarray:
        rows = zip(words, where & inside, strict=True)
        return np.array([" ".join(row[there]) for row, there in rows], dtype=object)

    return {
        "before": said(np.broadcast_to(offsets < 0, inside.shape)),
        "words": np.array([_phrase(recording, *pair) for pair in zip(start, stop, strict=True)], dtype=object),
        "after": said(offsets >= lengths),
    }


def _phrase(recording: xr.Dataset, start: int, stop: int) -> str:
    end = min(stop, start + WORDS_AT_MOST)
    words, look = np.array([schema.words(recording, start, end)], dtype=object), schema.token_look(recording)
    tokens = xr.Dataset()
    if look is not None and schema.kind_of(recording[look]) is not schema.Kind.IMAGE:
        tokens = tokens_at(recording, xr.DataArray(np.arange(start, end)[None], dims=(MATCH, OFFSET)))
    said = _texts(recording, tokens, words)[0]
    return " ".join([*said, "…"] if stop > end else said)


def _texts(recording: xr.Dataset, tokens: xr.Dataset, words: np.ndarray) -> np.ndarray:
    """Words, or what tokens are instead of words: with the minus sign that other programs read, vectors in brackets."""
    said = texts_of(recording, tokens, words, EXACT)
    if TOKEN_VALUE not in tokens:
        return _writable(said)
    form = "[{}]" if tokens[TOKEN_VALUE].ndim > said.ndim else "{}"
    plain = [form.format(text.replace("\N{MINUS SIGN}", "-")) for text in said.ravel().tolist()]
    return np.array(plain, dtype=object).reshape(said.shape)


def _writable(texts: np.ndarray) -> np.ndarray:
    """Texts that UTF-8 can hold: a half of a character, from bytes that are no text, becomes a question mark."""
    sound = [text.encode(errors="replace").decode() for text in texts.ravel().tolist()]
    return np.array(sound, dtype=object).reshape(texts.shape)


def _said(recording: xr.Dataset, name: str, at_start: xr.Dataset) -> np.ndarray:
    values = at_start[annotation_key(name)].values
    if schema.kind_of(recording[name]) is schema.Kind.SCALAR:
        return values
    labels = _writable(schema.labels(recording, name))
    known = (values >= 0) & (values < len(labels))
    said = np.full(values.shape, None, dtype=object)
    said[known] = labels[values[known]]
    return said


def _free(name: str, taken: Container[str]) -> str:
    """Return a name that no column has: those of ours come first."""
    while name in taken:
        name = annotation_key(name)
    return name
