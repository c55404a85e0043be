"""What a recording holds, in figures: shapes, ranges, and how many values are saturated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from lstmvis_panel.index import state_of
from lstmvis_panel.schema import (
    ANNOTATIONS,
    DOCUMENT,
    STEP,
    TOKEN,
    Kind,
    blocks,
    document_edges,
    kind_of,
    labels,
    linked_names,
    names_of,
    sources,
    transform_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import xarray as xr

SATURATED = 0.95
MOST = 0.5
HINT = (
    "Most values of {names} lie beyond +-{limit}: such states are on, or off, nearly everywhere, and whatever the "
    "threshold is, a selection says little. Train with a small penalty on the squares of the cell states (0.002 to "
    "0.01 of their mean), or look at the cell states before tanh."
)
LINKED = "{side}, linked with {others} by document: the same number is the same document in each."
PARTIAL = "Partial: the run that recorded it stopped. record(..., resume=True) goes on where it stopped."


@dataclass(frozen=True)
class SourceSummary:
    """The figures of one source.

    Attributes
    ----------
    name, layer, role, transform, dtype
        What the recording says of it; ``dtype`` is that of the model where it is known to have been another.
    steps, states
        Its shape.
    least, greatest, mean
        Of its values after the transform; NaN where none is finite.
    saturated
        Share of values v with abs(v) > 0.95 after the transform; None where values are not held between -1 and 1,
        and for gates, which may well be all open.
    not_finite
        Number of values that are NaN or infinite, which no other figure counts.
    index
        Whether there is an index for matching, and its size.
    """

    name: str
    layer: str
    role: str
    transform: str
    dtype: str
    steps: int
    states: int
    least: float
    greatest: float
    mean: float
    saturated: float | None
    not_finite: int
    index: str


@dataclass(frozen=True)
class Summary:
    """The figures of a recording; ``annotations`` are names with what each is.

    ``side`` is which side of a model it is ("encoder"), ``linked`` the files of the others; both empty for most models.
    """

    title: str
    steps: int
    words: int
    documents: int
    sources: list[SourceSummary]
    annotations: list[tuple[str, str]]
    partial: bool
    side: str = ""
    linked: tuple[str, ...] = ()


def summarize(recording: xr.Dataset, *, progress: bool = False) -> Summary:
    """Return the figures of a recording; reads every state once, block by block.

    Parameters
    ----------
    recording
        The recording.
    progress
        Whether to show a progress bar on the terminal.

    Raises
    ------
    RecordingError
        If the recording has no vocabulary, or a source names a transform that is not known.
    """
    names = sources(recording)
    total = sum(recording.sizes[STEP] for _ in names)
    with tqdm(total=total, unit="step", disable=not progress, leave=False) as bar:
        found = [_summarize_source(recording[name], bar) for name in names]
    return Summary(
        title=str(recording.attrs.get("title", "")),
        steps=recording.sizes[STEP],
        words=len(labels(recording, TOKEN)),
        documents=len(document_edges(recording)) - 1 if DOCUMENT in recording.coords else 0,
        sources=found,
        annotations=[(name, _annotation(recording, name)) for name in names_of(recording, *ANNOTATIONS)],
        partial=bool(recording.attrs.get("partial")),
        side=str(recording.attrs.get("side", "")),
        linked=tuple(linked_names(recording)),
    )


def as_text(summary: Summary) -> str:
    """Return a summary as text for the terminal."""
    documents = f", {summary.documents:,} documents" if summary.documents else ""
    lines = [f"{summary.title or 'Untitled'}: {summary.steps:,} steps, {summary.words:,} words{documents}", ""]
    head = ("source", "layer", "role", "shape", "dtype", "after", "range", "mean", "saturated", "index")
    lines += _table(head, [_row(source) for source in summary.sources], to_the_left={0, 2, 5, 9})
    if summary.annotations:
        lines += ["", *_table(("annotation", ""), summary.annotations, to_the_left={0, 1})]
    lines += [f"\n{note}" for note in notes(summary)]
    return "\n".join(lines)


def notes(summary: Summary) -> list[str]:
    """Return what a reader should know before looking at the states: a sentence or two each."""
    found = [PARTIAL] if summary.partial else []
    if summary.linked:
        side = f"The {summary.side} of a model" if summary.side else "One side of a model"
        found.append(LINKED.format(side=side, others=", ".join(summary.linked)))
    full = [source.name for source in summary.sources if source.saturated is not None and source.saturated > MOST]
    if full:
        found.append(HINT.format(names=", ".join(full), limit=SATURATED))
    found += [
        f"{source.not_finite:,} values of {source.name} are NaN or infinite. lstmvis validate says where."
        for source in summary.sources
        if source.not_finite
    ]
    return found


def _summarize_source(states: xr.DataArray, bar: tqdm[Any]) -> SourceSummary:
    transform = transform_of(states)
    least, greatest, total, count, beyond = np.inf, -np.inf, 0.0, 0, 0
    for part, values in blocks(states.variable):
        finite = values[np.isfinite(values)].astype(np.float32, copy=False)
        finite = np.tanh(finite) if transform == "tanh" else finite
        if finite.size:
            least, greatest = min(least, float(finite.min())), max(greatest, float(finite.max()))
            total += float(finite.sum(dtype=np.float64))
            beyond += int((np.abs(finite) > SATURATED).sum())
            count += finite.size
        bar.update(part.stop - part.start)
    is_bounded = count > 0 and least >= -1 and greatest <= 1 and not states.attrs.get("unsigned")
    attrs = states.attrs
    return SourceSummary(
        name=str(states.name),
        layer=str(attrs.get("layer", "")),
        role=str(attrs.get("role", "")),
        transform=transform,
        dtype=str(attrs.get("recorded_dtype", states.dtype)),
        steps=states.shape[0],
        states=states.shape[1],
        least=least if count else np.nan,
        greatest=greatest if count else np.nan,
        mean=total / count if count else np.nan,
        saturated=beyond / count if is_bounded else None,
        not_finite=states.size - count,
        index=state_of(states.variable),
    )


def _annotation(recording: xr.Dataset, name: str) -> str:
    variable = recording.variables[name]
    kind = kind_of(variable)
    if kind is Kind.CATEGORICAL:
        return f"{len(labels(recording, name)):,} labels"
    if kind is Kind.PREDICTION:
        return f"best {variable.shape[1]}"
    return f"numbers{', ' + str(variable.attrs['units']) if variable.attrs.get('units') else ''}"


def _row(source: SourceSummary) -> tuple[str, ...]:
    return (
        source.name,
        source.layer,
        source.role,
        f"{source.steps:,} x {source.states:,}",
        source.dtype,
        source.transform,
        f"{source.least:.3g} .. {source.greatest:.3g}",
        f"{source.mean:.3g}",
        "-" if source.saturated is None else f"{source.saturated:.1%}",
        source.index,
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, to_the_left: set[int]) -> list[str]:
    """Return rows under a head in aligned columns: texts to the left, figures to the right."""
    table = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    aligned = [
        [f"{text:{'<' if column in to_the_left else '>'}{widths[column]}}" for column, text in enumerate(row)]
        for row in table
    ]
    return ["  ".join(row).rstrip() for row in aligned]
