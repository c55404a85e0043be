"""What section 5.1 of the paper finds in a model that counts parentheses, as figures: matches lie on one level.

Works on the recording alone; needs no PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.parens.language import DEEPEST, FIRST_DIGIT, OPEN
from lstmvis_panel.matching import find_matches
from lstmvis_panel.selection import select_states

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

SOURCE, THRESHOLD = "cell2", 0.3


@dataclass(frozen=True)
class Found:
    """What comes of selecting each ``( 4``, or another parenthesis with its digit, in turn.

    Attributes
    ----------
    level
        The level that the parenthesis opens and the digit states.
    left
        How many steps before the selection its states are off.
    states
        How many states each selection has, shape (selection,).
    on_level
        Share of the best matches of each selection that lie on its level as a whole, shape (selection,).
    begin_alike
        Share of these matches that begin with a parenthesis to its level, shape (selection,).
    lengths
        How many different lengths these matches have, shape (selection,).
    base
        Share of all steps that lie on the level.
    """

    level: int
    left: int
    states: NDArray[np.int64]
    on_level: NDArray[np.float64]
    begin_alike: NDArray[np.float64]
    lengths: NDArray[np.int64]
    base: float

    def __str__(self) -> str:
        """Return all of it as a sentence."""
        return (
            f"( {self.level}, left limit {self.left}, over {len(self.states)} selections of {self.states.min()} to "
            f"{self.states.max()} states: {self.on_level.mean():.1%} of the best matches lie on level {self.level} "
            f"as a whole (at worst {self.on_level.min():.1%}), as {self.base:.1%} of all steps do; "
            f"{self.begin_alike.mean():.1%} begin with a parenthesis to it; they have {np.median(self.lengths):.0f} "
            f"lengths ({self.lengths.min()} to {self.lengths.max()})"
        )


def opened(recording: xr.Dataset, level: int) -> NDArray[np.bool_]:
    """Tell of each step whether a parenthesis opens this level, shape (step,)."""
    return (recording["token"].to_numpy() == OPEN) & (recording["nesting_level"].to_numpy() == level)


def phrases(recording: xr.Dataset, level: int) -> NDArray[np.int64]:
    """Return the steps of all ``( 4``, or the like: a parenthesis that opens the level, with a digit after it."""
    digit = recording["token"].to_numpy()[1:] == FIRST_DIGIT + level
    return np.flatnonzero(opened(recording, level)[:-1] & digit)


def select_each(recording: xr.Dataset, level: int, left: int) -> Found:
    """Select each parenthesis to a level, and the digit after it, in turn; see where the 50 best matches lie."""
    on_level, opens = recording["nesting_level"].to_numpy() == level, opened(recording, level)
    states = recording[SOURCE].load()
    selections = [
        tuple(select_states(states, start, start + 2, THRESHOLD, left).tolist())
        for start in phrases(recording, level).tolist()
    ]
    # Many selections have the same states, and so the same matches.
    matched = {selected: ranges(states, selected, left) for selected in set(selections)}
    whole = {key: [on_level[first:stop].all() for first, stop in some] for key, some in matched.items()}
    begin = {key: [opens[first] for first, _ in some] for key, some in matched.items()}
    lengths = {key: len({stop - first for first, stop in some}) for key, some in matched.items()}
    return Found(
        level=level,
        left=left,
        states=np.array([len(selected) for selected in selections]),
        on_level=np.array([np.mean(whole[selected] or [False]) for selected in selections]),
        begin_alike=np.array([np.mean(begin[selected] or [False]) for selected in selections]),
        lengths=np.array([lengths[selected] for selected in selections]),
        base=float(on_level.mean()),
    )


def ranges(states: xr.DataArray, selected: tuple[int, ...], left: int) -> list[tuple[int, int]]:
    """Return first step and end (exclusive) of each match."""
    matches = find_matches(states, np.array(selected, dtype=np.int64), THRESHOLD, left)
    starts = matches["start"].to_numpy()
    return list(zip(starts.tolist(), (starts + matches["length"].to_numpy()).tolist(), strict=True))


def report(recording: xr.Dataset) -> list[str]:
    """Return what is found at each level that a parenthesis opens, a sentence each."""
    levels = [level for level in range(DEEPEST, 0, -1) if len(phrases(recording, level))]
    return [str(select_each(recording, level, left)) for level in levels for left in (0, 1)]
