"""The cheapest way along two texts where a plain walk fails: hidden words, words left out, added or changed."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from lstmvis_panel.record.characters import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

# So many words in a row have to be equal for a way to count as found; more where several ways are equally cheap.
ANCHORS = (4, 12, 40)
MOST_STATES = 20_000
DEAREST = 60
# A hidden word is one piece; further ones cost, and more so behind white space.
JOINED, SPACED, LONGEST_HIDDEN = 1, 3, 16
# A word that only one side has; a word that one side has in place of one or more of the other.
MISSING, CHANGED, CHANGED_MORE, MOST_CHANGED = 8, 9, 2, 4
NO_WAY = "the two can't be aligned"
SEVERAL_WAYS = "hidden words can be aligned in more than one way"


@dataclass(frozen=True, eq=False)
class Bounds:
    """Where the pieces of a text start in its characters.

    Parameters
    ----------
    bounds
        The start of each piece, and the end of the last.
    at
        The number of the piece that starts at a place; of those without characters the last, which others follow.
    """

    bounds: list[int]
    at: dict[int, int]

    @classmethod
    def of(cls, bounds: list[int]) -> Bounds:
        """Return the bounds of pieces."""
        return cls(bounds, {bound: number for number, bound in enumerate(bounds)})

    def after(self, place: int) -> int:
        """Return where the piece that starts at a place ends."""
        return self.bounds[self.at[place] + 1]


@dataclass(frozen=True, eq=False)
class Sides:
    """Two texts to be aligned, as they are compared.

    Parameters
    ----------
    tokens, roles
        The one in tokens.
    stream
        The other, all of its characters.
    wholes
        Its pieces.
    parts
        These once more, cut where a hidden word may end: into words, signs and clitics.
    spaced
        Whether white space stands before a part, and at the end.
    """

    tokens: list[str]
    roles: list[Role]
    stream: str
    wholes: Bounds
    parts: Bounds
    spaced: list[bool]


@dataclass(frozen=True, eq=False)
class Repair:
    """The way found, or why there is none.

    Parameters
    ----------
    starts, stops
        The characters of each token from the first one on.
    at
        Where in the stream the way ends.
    differences
        Token and place in the stream wherever the two truly differ.
    problem
        Why there is no way; empty where there is one.
    """

    starts: list[int] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    at: int = 0
    differences: list[tuple[int, int]] = field(default_factory=list)
    problem: str = ""


class _State(NamedTuple):
    """How far both sides are read, how many words in a row were equal before, and whether a piece was just left out."""

    token: int
    at: int
    equal: int
    left_out: bool = False


class _Taken(Enum):
    """What a token or piece is taken for."""

    EQUAL = auto()
    HIDDEN = auto()
    NOTHING = auto()  # it stands for no text
    ADDED = auto()  # the other text has no such word
    LEFT_OUT = auto()  # the tokens have no such word
    CHANGED = auto()


class _Move(NamedTuple):
    """What the next tokens or the next piece are taken for, its cost, and where it leads."""

    taken: _Taken
    cost: int
    token: int
    at: int
    ranges: tuple[tuple[int, int], ...]


def repair(sides: Sides, start: tuple[int, int], stuck: int) -> Repair:
    """Find the one cheapest way from a certain place to beyond a token at which the walk failed.

    Dijkstra's search over (token, character); it ends where both texts have been equal for some words again, or with
    both texts. Its work is bounded, so that a long text with some such places is still aligned in linear time.

    Parameters
    ----------
    sides
        The texts.
    start
        Token and place in the stream up to which all is certain.
    stuck
        The token that failed.
    """
    found = None
    for anchor in ANCHORS:
        found = _search(sides, start, stuck, anchor)
        if found is None or not found.problem:
            break
    return found or Repair(problem=NO_WAY)


def _search(sides: Sides, start: tuple[int, int], stuck: int, anchor: int) -> Repair | None:
    """Return the cheapest way, one with a problem where several are equally cheap, None where there is none."""
    first = _State(*start, 0)
    costs, ways = {first: 0}, {first: 1}
    came: dict[_State, tuple[_State, _Move]] = {}
    # A move always goes forward on one side, so by cost and then place all that leads to a state comes before it.
    queue = [(0, first.token + first.at, first)]
    done: set[_State] = set()
    goals: list[_State] = []
    while queue and len(done) < MOST_STATES:
        cost, _, state = heapq.heappop(queue)
        if goals and cost > costs[goals[0]]:
            break
        if state in done:
            continue
        done.add(state)
        if _is_goal(sides, state, stuck, anchor):
            goals.append(state)
            continue
        for move in _moves(sides, state):
            then, total = _after(state, move, anchor), cost + move.cost
            if total < costs.get(then, DEAREST + 1):
                costs[then], ways[then], came[then] = total, ways[state], (state, move)
                heapq.heappush(queue, (total, then.token + then.at, then))
            elif total == costs.get(then):
                ways[then] += ways[state]
    if not goals or len(done) >= MOST_STATES:
        return None
    if sum(ways[goal] for goal in goals) > 1:
        return Repair(problem=SEVERAL_WAYS if costs[goals[0]] < MISSING else NO_WAY)
    return _way_to(goals[0], came)


def _is_goal(sides: Sides, state: _State, stuck: int, anchor: int) -> bool:
    at_end = state.token == len(sides.tokens) and state.at == len(sides.stream)
    return at_end or (state.token > stuck and state.equal >= anchor and state.at in sides.parts.at)


def _after(state: _State, move: _Move, anchor: int) -> _State:
    if move.taken is _Taken.NOTHING:
        return _State(move.token, move.at, state.equal, state.left_out)
    equal = min(state.equal + 1, anchor) if move.taken is _Taken.EQUAL else 0
    return _State(move.token, move.at, equal, move.taken is _Taken.LEFT_OUT)


def _way_to(goal: _State, came: dict[_State, tuple[_State, _Move]]) -> Repair:
    moves = []
    state = goal
    while state in came:
        before, move = came[state]
        moves.append((before, move))
        state = before
    moves.reverse()
    ranges = [each for _, move in moves for each in move.ranges]
    differing = {_Taken.ADDED, _Taken.LEFT_OUT, _Taken.CHANGED}
    differences = [(before.token, before.at) for before, move in moves if move.taken in differing]
    return Repair([start for start, _ in ranges], [stop for _, stop in ranges], goal.at, differences)


def _moves(sides: Sides, state: _State) -> Iterator[_Move]:
    """Yield all that the next token or piece can be taken for."""
    token, at = state.token, state.at
    is_start = at < len(sides.stream) and at in sides.parts.at
    # What differs is whole pieces, but for the rest of one whose beginning was equal.
    pieces = sides.wholes if at in sides.wholes.at else sides.parts
    if token < len(sides.tokens):
        role, text = sides.roles[token], sides.tokens[token]
        if role in {Role.EMPTY, Role.MARK}:
            start = max(at - 1, 0) if role is Role.MARK else at
            yield _Move(_Taken.NOTHING, 0, token + 1, at, ((start, at),))
            return
        if sides.stream.startswith(text, at):
            yield _Move(_Taken.EQUAL, 0, token + 1, at + len(text), ((at, at + len(text)),))
        elif role is Role.WILD and is_start:
            yield from _hidden(sides, token, sides.parts.at[at])
        # Left out first, then added: the other order would be the same way once more.
        if not state.left_out:
            yield _Move(_Taken.ADDED, MISSING, token + 1, at, ((at, at),))
        if is_start:
            yield from _changed(pieces, pieces.at[at], token, len(sides.tokens))
    if is_start:
        yield _Move(_Taken.LEFT_OUT, MISSING, token, pieces.after(at), ())


def _hidden(sides: Sides, token: int, part: int) -> Iterator[_Move]:
    """Yield a token that hides its word, for one part, for two and so on."""
    bounds = sides.parts.bounds
    cost = 0
    for last in range(part + 1, min(part + 1 + LONGEST_HIDDEN, len(bounds))):
        yield _Move(_Taken.HIDDEN, cost, token + 1, bounds[last], ((bounds[part], bounds[last]),))
        cost += SPACED if sides.spaced[last] else JOINED


def _changed(pieces: Bounds, piece: int, token: int, tokens: int) -> Iterator[_Move]:
    """Yield one token in place of some pieces, and some tokens in place of one piece."""
    bounds = pieces.bounds
    for count in range(1, MOST_CHANGED + 1):
        cost = CHANGED + CHANGED_MORE * (count - 1)
        if piece + count < len(bounds):
            yield _Move(
                _Taken.CHANGED, cost, token + 1, bounds[piece + count], ((bounds[piece], bounds[piece + count]),)
            )
        if 1 < count <= tokens - token:
            ranges = ((bounds[piece], bounds[piece + 1]),) * count
            yield _Move(_Taken.CHANGED, cost, token + count, bounds[piece + 1], ranges)
