"""Selections that a visitor keeps under a name, and the file that they travel in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lstmvis_panel import address
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lstmvis_panel.session import Session

FORMAT = "lstmvis named selections"
WHERE = "named selections"

LONGEST_NAME = 80
"""Characters of a name."""

MOST = 500
"""Most selections that are kept of one recording."""

LONGEST_FILE = 2_000_000
"""Characters of a file; what is longer is none of these."""

NOT_KEPT = ("project", "theme", "sought")
"""What an address says that is no part of what is looked at."""


@dataclass(frozen=True)
class Named:
    """A look at a recording, under a name.

    Attributes
    ----------
    name
        What it is called.
    query
        As from `address.written`.
    """

    name: str
    query: dict[str, str]

    @property
    def about(self) -> str:
        """What it shows, in a few words."""
        selection, source = self.query.get("selection"), self.query.get("source", "")
        place = f"steps {selection}" if selection else f"step {self.query.get('position', '0')}"
        return f"{place} · {source} · threshold {self.query.get('threshold', '')}"


def look_of(session: Session, name: str) -> Named:
    """Return what a session shows now, under a name.

    Raises
    ------
    RecordingError
        If the name is empty.
    """
    query = address.written(session)
    return Named(_name(name), {key: value for key, value in query.items() if key not in NOT_KEPT})


def written(kept: Iterable[Named], fingerprint: str, title: str) -> str:
    """Return the file of selections that were kept, as JSON.

    Parameters
    ----------
    kept
        The selections.
    fingerprint
        Of the recording that they are of, as from `fingerprint.fingerprint`.
    title
        Of the recording, for who reads the file.
    """
    selections = [{"name": named.name, "query": named.query} for named in kept]
    content = {"format": FORMAT, "recording": title, "fingerprint": fingerprint, "selections": selections}
    return json.dumps(content, ensure_ascii=False, indent=1)


def read(text: str, fingerprint: str) -> list[Named]:
    """Return the selections that a file holds.

    Parameters
    ----------
    text
        As from `written`.
    fingerprint
        Of the recording that is shown.

    Raises
    ------
    RecordingError
        If the text is no such file, or one of another recording.
    """
    content = _content(text)
    if content.get("fingerprint") != fingerprint:
        title = str(content.get("recording", ""))[:LONGEST_NAME]
        what = f"are of another recording{f', “{title}”' if title else ''}"
        raise RecordingError(Problem(WHERE, what, "open that one to import them"))
    selections = content.get("selections")
    if not isinstance(selections, list) or len(selections) > MOST:
        raise RecordingError(Problem(WHERE, f"'selections' is no list of at most {MOST}", _REMEDY))
    return [_named(number, item) for number, item in enumerate(selections, 1)]


def with_one(kept: Iterable[Named], named: Named) -> list[Named]:
    """Return the selections with one more; it takes the place of another of its name.

    Raises
    ------
    RecordingError
        If there is no room for more.
    """
    selections = list(kept)
    places = [place for place, other in enumerate(selections) if other.name == named.name]
    if places:
        selections[places[0]] = named
        return selections
    if len(selections) >= MOST:
        raise RecordingError(Problem(WHERE, f"there are {MOST} already", "export them, and delete some"))
    return [*selections, named]


def with_all(kept: Iterable[Named], more: Iterable[Named]) -> list[Named]:
    """Return the selections with all of a file; of two that differ, the file's gets another name.

    Raises
    ------
    RecordingError
        If there is no room for more.
    """
    selections = list(kept)
    for named in more:
        if named not in selections:
            selections = with_one(selections, Named(_free_name(named.name, selections), named.query))
    return selections


def renamed(kept: Iterable[Named], row: int, name: str) -> list[Named]:
    """Return the selections, one of them with another name.

    Raises
    ------
    RecordingError
        If the name is empty, or another's.
    """
    selections, wanted = list(kept), _name(name)
    if any(other.name == wanted for place, other in enumerate(selections) if place != row):
        raise RecordingError(Problem(WHERE, f"“{wanted}” is there already", "choose another name"))
    selections[row] = Named(wanted, selections[row].query)
    return selections


_REMEDY = "choose a file that was exported here"


def _name(text: str) -> str:
    name = " ".join(text.split())[:LONGEST_NAME]
    if not name:
        raise RecordingError(Problem(WHERE, "the name is empty", "type one"))
    return name


def _free_name(name: str, selections: Iterable[Named]) -> str:
    taken = {other.name for other in selections}
    numbered = (f"{name} ({number})" for number in range(2, MOST + 2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _content(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text) if len(text) <= LONGEST_FILE else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RecordingError(Problem(WHERE, "the file holds none", _REMEDY))
    return content


def _named(number: int, item: Any) -> Named:
    query = item.get("query") if isinstance(item, dict) else None
    if not isinstance(query, dict) or not all(isinstance(value, str) for value in query.values()):
        raise RecordingError(Problem(f"{WHERE}, number {number}", "its 'query' is no object of texts", _REMEDY))
    return Named(_name(str(item.get("name", ""))), {key: value for key, value in query.items() if key in address.KEYS})
