"""BED intervals over recordings of genomes, a base a step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.record.annotations import coded
from lstmvis_panel.record.carrying import NONE, Ranges, carry
from lstmvis_panel.record.documents import documents
from lstmvis_panel.record.name_owners import Names
from lstmvis_panel.record.text_files import line_problem, read_lines
from lstmvis_panel.schema import STEP, Problem, RecordingError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import xarray as xr

WINDOW = re.compile(r"(?P<chrom>.+):(?P<start>\d[\d,]{0,30})-(?P<stop>\d[\d,]{0,30})(?:\([+.]\))?")
NO_WINDOW = re.compile(r".+:[\d,]*-[\d,]*")
SKIPPED = re.compile(r"(?:#|track\b|browser\b)")
STRANDS = frozenset({"+", "-", "."})
COLUMNS, NAME, STRAND = 3, 3, 5
MOST_TRACKS = 64
NAMED = 5  # windows and chromosomes named in a message


@dataclass(frozen=True)
class Interval:
    """A line of a BED file: bases ``start`` to ``stop`` (exclusive), counted from 0, of a chromosome."""

    chrom: str
    start: int
    stop: int
    name: str = ""
    strand: str = "."


@dataclass(frozen=True)
class Window:
    """The part of a chromosome that a document is, a step a base, and the document's first step."""

    chrom: str
    start: int
    stop: int
    first: int


def read_bed(path: str | os.PathLike[str]) -> list[Interval]:
    """Read the intervals of a BED file: chrom, start, end, and where they are there name, score, strand.

    Columns are parted by tabs, or by other white space where there are no tabs; ``track``, ``browser`` and ``#`` lines
    count for nothing.

    Raises
    ------
    RecordingError
        Naming file and line.
    """
    intervals = []
    for number, line in enumerate(read_lines(path)):
        if not line.strip() or SKIPPED.match(line):
            continue
        fields = line.split("\t" if "\t" in line else None)
        if len(fields) < COLUMNS:
            what = f"has {len(fields)} columns; chrom, start, end were expected"
            raise line_problem(path, number, what)
        try:
            start, stop = int(fields[1]), int(fields[2])
        except ValueError:
            what = f"{fields[1]!r} and {fields[2]!r} are no positions; whole numbers were expected"
            raise line_problem(path, number, what) from None
        if not 0 <= start <= stop:
            raise line_problem(path, number, f"goes from {start} to {stop}; 0 <= start <= end was expected")
        strand = fields[STRAND].strip() if len(fields) > STRAND else "."
        if strand not in STRANDS:
            raise line_problem(path, number, f"has the strand {strand!r}; +, - or . was expected")
        name = fields[NAME].strip() if len(fields) > NAME else ""
        intervals.append(Interval(fields[0].strip(), start, stop, name, strand))
    return intervals


def windows_of(recording: xr.Dataset, labels: Sequence[str] | None = None) -> list[Window]:
    """Return which part of a chromosome each document is.

    Parameters
    ----------
    recording
        The recording.
    labels
        A label for each document in place of its own: a chromosome, that starts with the document, or
        ``chr22:20000000-20010000``, counted from 0, end exclusive; where that makes one base less than there are
        steps, from 1, end inclusive, as genome browsers write it.

    Raises
    ------
    RecordingError
        If a window does not have as many bases as its document has steps.
    """
    some = documents(recording)
    if labels is not None and len(labels) != len(some):
        raise RecordingError(Problem("windows", f"are {len(labels)}; the recording has {len(some)} documents"))
    windows = []
    for number, document in enumerate(some):
        label = document.label if labels is None else labels[number]
        steps = len(document.words)
        match = WINDOW.fullmatch(label)
        if match is None and NO_WINDOW.fullmatch(label):
            what = "has a start or an end that is no number; a part of a chromosome, as chr22:2000-3000, was expected"
            raise RecordingError(Problem(f"window {label}", what))
        if match is None:
            windows.append(Window(label, 0, steps, document.first))
            continue
        start, stop = (int(match[end].replace(",", "")) for end in ("start", "stop"))
        if stop - start + 1 == steps and start > 0:
            start -= 1
        if stop - start != steps:
            what = f"has {stop - start:,} bases; the document's {steps:,} steps were expected"
            raise RecordingError(Problem(f"window {label}", what, "a step has to be a base"))
        windows.append(Window(match["chrom"], start, stop, document.first))
    return windows


def from_bed(
    recording: xr.Dataset,
    intervals: str | os.PathLike[str] | Sequence[Interval],
    name: str | None = None,
    *,
    windows: Sequence[str] | None = None,
    description: str = "",
) -> dict[str, xr.Variable]:
    """Make annotations of the intervals of a BED file.

    Parameters
    ----------
    recording
        The recording; its documents' labels say which part of the genome each is (see `windows_of`).
    intervals
        The file, or the intervals.
    name
        Name of one annotation that holds the intervals' names, of several at a base that of the one that starts first,
        of those the longest; 1 and 0 where intervals have no names. If left out, each name becomes an annotation of
        its own, 1 within its intervals and 0 elsewhere.
    windows
        Labels in place of the documents'.
    description
        A sentence for whoever looks at it.

    Returns
    -------
    dict of str to xarray.Variable
        Categorical annotations with their labels.

    Raises
    ------
    RecordingError
        Naming file and line; or if no interval lies in any document, or there are very many names and ``name`` is left
        out.
    """
    from_file = isinstance(intervals, list | tuple)
    where = "intervals" if from_file else Path(intervals).name  # type: ignore[arg-type]
    listed: Sequence[Interval] = intervals if from_file else read_bed(intervals)  # type: ignore[assignment, arg-type]
    here, ranges = _in_steps(listed, windows_of(recording, windows), where)
    names = [interval.name for interval in here]
    steps = recording.sizes[STEP]
    if name is None:
        return _tracks(sorted({each.name for each in listed}), names, ranges, steps, where, description)
    if not any(names):
        return _covered(name, ranges, steps, description)
    every_step = np.arange(steps, dtype=np.int64)
    which = carry(ranges, Ranges(every_step, every_step + 1))
    known = sorted({each.name for each in listed if each.name})
    codes = {label: code for code, label in enumerate(known)}
    of_interval = np.array([*(codes.get(each, NONE) for each in names), NONE])
    return coded(name, of_interval[which], known, description=description)


def _in_steps(intervals: Sequence[Interval], windows: Sequence[Window], where: str) -> tuple[list[Interval], Ranges]:
    """Return the intervals that lie in a window, once for each, and their steps."""
    of_chrom: dict[str, list[Window]] = {}
    for window in sorted(windows, key=lambda window: window.start):
        of_chrom.setdefault(window.chrom, []).append(window)
    edges = {chrom: np.maximum.accumulate([each.stop for each in some]) for chrom, some in of_chrom.items()}
    found: list[Interval] = []
    starts, stops = [], []
    for interval in intervals:
        some = of_chrom.get(interval.chrom, [])
        first = int(np.searchsorted(edges[interval.chrom], interval.start, side="right")) if some else 0
        for window in some[first:]:
            if window.start >= interval.stop:
                break
            start, stop = max(interval.start, window.start), min(interval.stop, window.stop)
            if start < stop:
                found.append(interval)
                starts.append(start - window.start + window.first)
                stops.append(stop - window.start + window.first)
    if not found:
        chroms = ", ".join(sorted({interval.chrom for interval in intervals})[:NAMED]) or "nothing"
        parts = ", ".join(f"{each.chrom}:{each.start}-{each.stop}" for each in windows[:NAMED])
        what = f"no interval lies in a document: the file has {chroms}, the documents are {parts}"
        raise RecordingError(Problem(where, what, "label documents by chromosome and window, or give --window"))
    return found, Ranges.of(starts, stops)


def _tracks(
    known: list[str], names: list[str], ranges: Ranges, steps: int, where: str, description: str
) -> dict[str, xr.Variable]:
    if "" in known:
        raise RecordingError(Problem(where, "has intervals without a name", "say what to call them (--name)"))
    if len(known) > MOST_TRACKS:
        what = f"has {len(known):,} names; an annotation of its own for each is possible for {MOST_TRACKS} at most"
        raise RecordingError(Problem(where, what, "put all of them into one (--name)"))
    variables: dict[str, xr.Variable] = {}
    taken, problems = Names(()), []
    for each in known:
        mine = np.array([name == each for name in names])
        made = _covered(each, Ranges(ranges.starts[mine], ranges.stops[mine]), steps, description)
        problems += taken.take(f"{where}, name {each!r}", made, called=each)
        variables |= made
    if problems:
        raise RecordingError(problems)
    return variables


def _covered(name: str, ranges: Ranges, steps: int, description: str) -> dict[str, xr.Variable]:
    """Make an annotation that is 1 within the ranges and 0 elsewhere."""
    begins = np.bincount(ranges.starts, minlength=steps + 1)
    ends = np.bincount(ranges.stops, minlength=steps + 1)
    return coded(name, np.cumsum(begins - ends)[:steps] > 0, ["0", "1"], description=description)
