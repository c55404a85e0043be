"""Figures that the pages of the examples state, to hold the committed files to."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def stated(figure: str) -> object:
    """Return what equals a figure as it is printed, ``90.3 %`` or ``66.7``: all that is rounded to it."""
    number = figure.removesuffix("%").strip().replace(",", "")
    unit = 0.01 if figure.endswith("%") else 1.0
    # A little more than half of the last digit: what lies half-way is rounded to either side.
    return pytest.approx(float(number) * unit, abs=0.501 * 10.0 ** -len(number.partition(".")[2]) * unit)


def table(page: Path, *header: str) -> dict[str, list[str]]:
    """Return the table of a page whose header starts with these cells: by the first cell of each row, the others."""
    lines = iter(page.read_text(encoding="utf-8").splitlines())
    if not any(_cells(line)[: len(header)] == list(header) for line in lines):
        raise LookupError(f"{page} has no table that starts with {header}.")
    next(lines)
    rows = map(_cells, takewhile(lambda line: line.startswith("|"), lines))
    return {first: others for first, *others in rows}


def _cells(line: str) -> list[str]:
    """Return the cells of a row, without marks of emphasis and code."""
    return [cell.strip(" *`") for cell in line.strip().strip("|").split("|")]
