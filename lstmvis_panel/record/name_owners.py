"""Who has which names in a recording: two variables, or a variable and another's dimension, must not share one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.record.shapes import DOCUMENT_LABEL
from lstmvis_panel.schema import DOCUMENT, STEP, TOKEN, VOCABULARY, WORD, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

RESERVED = frozenset({STEP, WORD, TOKEN, VOCABULARY, DOCUMENT, DOCUMENT_LABEL})
"""Names that a recording itself has, of variables and dimensions, or may come to have."""


class Names:
    """The names of a recording that is being put together, and whose each is.

    Parameters
    ----------
    reserved
        Those of the recording itself.
    """

    def __init__(self, reserved: Iterable[str] = RESERVED) -> None:
        self._owners = dict.fromkeys(reserved, "the recording itself")

    def take(self, owner: str, names: Iterable[str], *, called: str = "") -> list[Problem]:
        """Take names, and return which of them somebody else has already.

        Parameters
        ----------
        owner
            Who takes them, as messages say it: ``annotations['pos']``.
        names
            Its names: its own, those of its labels, weights, dimensions.
        called
            Which of them its user chose.
        """
        problems = []
        for name in names:
            other = self._owners.setdefault(name, owner)
            if other != owner and name == called:
                problems.append(Problem(owner, f"is a name that {other} has already", "choose another"))
            elif other != owner:
                what = f"needs the name {name!r}, which {other} has already"
                problems.append(Problem(owner, what, "choose another name for one of them"))
        return problems
