"""How a figure is put together: parts below one another, parts side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmvis_panel import svg

if TYPE_CHECKING:
    from collections.abc import Iterable

GAP = 14
"""px between parts that have nothing to do with one another."""

SMALL = 11
"""Size of letters in px of all that is no title."""

BESIDE = 8
"""px between the first step and what stands left of it."""


@dataclass(frozen=True)
class Block:
    """A part of the figure: shapes from its own upper left corner on."""

    parts: list[str]
    width: float
    height: float


def below_one_another(blocks: Iterable[Block], apart: float = 0) -> Block:
    """Stack blocks, their left edges in line."""
    parts, width, y = [], 0.0, 0.0
    for block in blocks:
        parts.append(svg.group(block.parts, 0, y))
        width, y = max(width, block.width), y + block.height + apart
    return Block(parts, width, max(y - apart, 0))


def side_by_side(blocks: Iterable[Block], apart: float = 0) -> Block:
    """Put blocks in a row, their upper edges in line."""
    parts, height, x = [], 0.0, 0.0
    for block in blocks:
        parts.append(svg.group(block.parts, x, 0))
        height, x = max(height, block.height), x + block.width + apart
    return Block(parts, max(x - apart, 0), height)


def on_their_feet(blocks: list[Block]) -> list[Block]:
    """Make blocks as high as the highest of them, so that their lower edges are in line."""
    height = max(block.height for block in blocks)
    return [Block([svg.group(block.parts, 0, height - block.height)], block.width, height) for block in blocks]
