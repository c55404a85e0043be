"""Where the tokens of one text lie in another that has the same words, cut, spelled or hidden differently."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.record.carrying import Ranges
from lstmvis_panel.record.characters import CLITICS, WORD_OR_SIGN, Role, comparable, compared
from lstmvis_panel.record.repairing import Bounds, Repair, Sides, repair
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)
# So many words after a hidden one have to be equal before it counts as found; or so many, equal and hidden, in all.
CONFIRM, LONGEST_UNCONFIRMED = 4, 64
SHOWN = 8  # words on either side in a message
# So many places may differ, and this share of all tokens, before the two count as different texts.
FEW, SHARE = 3, 0.1
DIFFERENT = "the two are not the same text"


def _nowhere(piece: int) -> str:
    return f"piece {piece}"


@dataclass(frozen=True, eq=False)
class Pieces:
    """One of the two texts to be aligned, in pieces.

    Parameters
    ----------
    texts
        The tokens, or a text's words and signs.
    spaced
        Whether white space stands before a piece; None where that is not known.
    where
        Says where a piece stands, for messages: a file's line, a step.
    """

    texts: Sequence[str]
    spaced: Sequence[bool] | None = None
    where: Callable[[int], str] = field(default=_nowhere)


def align(recorded: Pieces, other: Pieces, name: str) -> tuple[Ranges, Ranges]:
    """Find the characters of each token in another text, and those of that text's own pieces.

    The two are walked along together: a token has to be spelled as the text goes on; one that hides its word stands
    for one piece. Where that fails, the cheapest way on is searched from the last certain place (see `repairing`);
    places where words truly differ are told in the log.

    Parameters
    ----------
    recorded
        The recording's tokens.
    other
        The text that holds them too.
    name
        What the other text is called in messages.

    Returns
    -------
    tuple of Ranges
        Of the recorded tokens and of the other's pieces, in characters of the other text as they are compared. A token
        that stands for no text has a range without characters. Linear in the length of the texts.

    Raises
    ------
    RecordingError
        Where the two can't be aligned, or in several ways that are equally good; it says what stands on either side.
    """
    sides, bounds = _sides(recorded, other)
    walk = _Walk(sides)
    differences: list[tuple[int, int]] = []
    while (stuck := walk.on()) is not None:
        found = repair(sides, walk.safe, stuck)
        if found.problem:
            raise RecordingError(_problem(recorded, other, name, walk.furthest, sides, found.problem))
        differences += found.differences
        if len(differences) > FEW + SHARE * max(walk.token, 1):
            raise RecordingError(_problem(recorded, other, name, differences[0], sides, DIFFERENT))
        walk.take(found)
    if differences:
        first = _problem(
            recorded, other, name, differences[0], sides, f"words differ at {len(differences)} places, here first"
        )
        log.warning("%s", first)
    starts, stops = np.array(walk.starts, dtype=np.int64), np.array(walk.stops, dtype=np.int64)
    return Ranges.of(starts, stops), Ranges.of(bounds[:-1], bounds[1:])


def _sides(recorded: Pieces, other: Pieces) -> tuple[Sides, list[int]]:
    """Return both texts as they are compared, and where the other's pieces start in its stream, and end."""
    looks = compared(recorded.texts)
    cuts = {text: _cut(text) for text in set(other.texts)}
    # Without white space to go by, a word's clitics (do n't) stand with it.
    spaced = ["".join(cuts[text]) not in CLITICS for text in other.texts]
    spaced = spaced if other.spaced is None else list(other.spaced)
    bounds = [0, *accumulate(sum(map(len, cuts[text])) for text in other.texts)]
    parts = [part for text in other.texts for part in cuts[text]]
    part_spaced = [
        is_spaced and not number
        for text, is_spaced in zip(other.texts, spaced, strict=True)
        for number in range(len(cuts[text]))
    ]
    part_bounds = [0, *accumulate(map(len, parts))]
    sides = Sides(
        tokens=[looks[text][0] for text in recorded.texts],
        roles=[looks[text][1] for text in recorded.texts],
        stream="".join(parts),
        parts=Bounds.of(part_bounds),
        wholes=Bounds.of(bounds),
        spaced=[*part_spaced, True],
    )
    return sides, bounds


def _cut(text: str) -> list[str]:
    """Cut a piece where a hidden word may end in it, as it is compared: Smith | 's; no other rule reaches into it."""
    whole = comparable(text)
    parts = [part for match in WORD_OR_SIGN.finditer(text) if (part := comparable(match[0]))]
    return parts if "".join(parts) == whole else [whole]


class _Walk:
    """Where a walk along both texts is: what each token up to here was found to be."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.starts: list[int] = []
        self.stops: list[int] = []
        self.at = 0
        self.safe = self.furthest = (0, 0)

    @property
    def token(self) -> int:
        """The next token."""
        return len(self.starts)

    def on(self) -> int | None:
        """Walk on as far as the texts are equal; return the token that stopped it, None at the end of both."""
        sides = self.sides
        stream, tokens, roles, wholes, parts = sides.stream, sides.tokens, sides.roles, sides.wholes, sides.parts
        hidden, equal = False, 0
        at = self.at
        for number in range(self.token, len(tokens)):
            role, stop = roles[number], at
            start = at
            if role in {Role.LITERAL, Role.WILD} and stream.startswith(tokens[number], at):
                stop += len(tokens[number])
                equal += 1
            elif role is Role.WILD and at < len(stream) and at in parts.at:
                stop = (wholes if at in wholes.at else parts).after(at)
                hidden, equal = True, 0
            elif role is Role.MARK and at > 0:
                start = at - 1
            elif role in {Role.LITERAL, Role.WILD}:
                self.at, self.furthest = at, (number, at)
                return number
            self.starts.append(start)
            self.stops.append(stop)
            at = stop
            if (not hidden or equal >= CONFIRM or number - self.safe[0] > LONGEST_UNCONFIRMED) and at in parts.at:
                self.safe, hidden = (number + 1, at), False
        self.at = at
        if at < len(stream):
            self.furthest = (len(tokens), at)
            return len(tokens)
        return None

    def take(self, found: Repair) -> None:
        """Replace what was found since the last certain place."""
        first = self.safe[0]
        self.starts[first:], self.stops[first:] = found.starts, found.stops
        self.at = found.at
        self.safe = self.token, self.at


def _problem(recorded: Pieces, other: Pieces, name: str, place: tuple[int, int], sides: Sides, what: str) -> Problem:
    token, at = place
    piece = int(np.searchsorted(sides.wholes.bounds, at, side="right")) - 1
    here = _quoted(other.texts, piece)
    there = _quoted(recorded.texts, token)
    where = other.where(piece) if piece < len(other.texts) else "at its end"
    step = recorded.where(token) if token < len(recorded.texts) else "after its last step"
    return Problem(
        f"{name}, {where}",
        f"{what}: {here} stands there, and {there} in the recording, {step}",
        "both have to hold the same words in the same order; give the original words or text of hidden ones",
    )


def _quoted(texts: Sequence[str], first: int) -> str:
    shown = " ".join(texts[first : first + SHOWN])
    return repr(shown) if shown else "nothing more"
