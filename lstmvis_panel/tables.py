"""Matches as a table, for other programs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from lstmvis_panel import schema
from lstmvis_panel.alignment import MATCH, OFFSET, annotation_key

if TYPE_CHECKING:
    import pandas as pd

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
        # A column of ours keeps its name.
        columns[name if name not in columns else annotation_key(name)] = _said(recording, name, at_start)
    return xr.Dataset({name: (MATCH, values) for name, values in columns.items()}).to_dataframe()


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
    return {schema.DOCUMENT: schema.labels(recording, schema.DOCUMENT)[numbers]}


def _words(recording: xr.Dataset, matches: Matches, start: np.ndarray, stop: np.ndarray) -> dict[str, np.ndarray]:
    vocabulary, aligned = schema.labels(recording, schema.TOKEN), matches.aligned
    inside, offsets = aligned.aligned_step.values >= 0, aligned[OFFSET].values
    lengths = (stop - start)[:, None]

    def said(where: np.ndarray) -> np.ndarray:
        rows = zip(aligned.token.values, where & inside, strict=True)
        return np.array([" ".join(vocabulary[codes[there]]) for codes, there in rows], dtype=object)

    return {
        "before": said(np.broadcast_to(offsets < 0, inside.shape)),
        "words": np.array([_phrase(recording, *pair) for pair in zip(start, stop, strict=True)], dtype=object),
        "after": said(offsets >= lengths),
    }


def _phrase(recording: xr.Dataset, start: int, stop: int) -> str:
    words = schema.words(recording, start, min(stop, start + WORDS_AT_MOST))
    return " ".join([*words, "…"] if stop - start > WORDS_AT_MOST else words)


def _said(recording: xr.Dataset, name: str, at_start: xr.Dataset) -> np.ndarray:
    values = at_start[annotation_key(name)].values
    if schema.kind_of(recording[name]) is schema.Kind.SCALAR:
        return values
    labels = schema.labels(recording, name)
    known = (values >= 0) & (values < len(labels))
    said = np.full(values.shape, None, dtype=object)
    said[known] = labels[values[known]]
    return said
