"""Names of a recording's variables: each is given once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Mapping

Named = TypeVar("Named")
REMEDY = "rename one of them, or leave it out"


def united(parts: Mapping[str, Mapping[str, Named]]) -> dict[str, Named]:
    """Return all that is named, together.

    Parameters
    ----------
    parts
        What is named, by what it is: ``{"states": {"hidden1": ...}, "hooks": {...}}``.

    Raises
    ------
    RecordingError
        If a name is given twice, so that one would take the other's place.
    """
    owners: dict[str, str] = {}
    problems = []
    for owner, named in parts.items():
        for name in named:
            if name in owners:
                problems.append(Problem(f"{owner}, {name!r}", f"has the name of one of the {owners[name]}", REMEDY))
            owners.setdefault(name, owner)
    if problems:
        raise RecordingError(problems)
    return {name: value for named in parts.values() for name, value in named.items()}
