"""The look of a session as a web address, and back.

An address is typed, mailed and edited by people. A value that can't be is put right, and what was done is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from lstmvis_panel import schema
from lstmvis_panel.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

LONGEST_NUMBER = 40
"""Characters of a number in an address; Python reads no longer ones than some thousand."""

KEYS = ("source", "position", "selection", "threshold", "left", "right", "word_width", "mapping", "theme")
"""Parameters of a session that an address holds."""


@dataclass(frozen=True)
class Restored:
    """Values for a session, and a sentence for each one that had to be put right."""

    values: dict[str, Any]
    notices: list[str]


def parsed(search: str) -> dict[str, str]:
    """Query parameters of the part of an address from ``?`` on; of two with one name the last."""
    return dict(parse_qsl(search.removeprefix("?"), keep_blank_values=True))


def encoded(query: Mapping[str, str]) -> str:
    """The part of an address from ``?`` on."""
    return "?" + urlencode(query, safe=",/")


def written(session: Session) -> dict[str, str]:
    """The session as query parameters. A value that says nothing, such as no selection, is left out."""
    query = {"project": session.project} if session.project else {}
    for key in KEYS:
        value = getattr(session, key)
        if value is None or (key == "selection" and session.refusal):
            continue
        if key == "selection":
            query[key] = f"{value[0]}-{value[1]}"
        elif isinstance(value, float):
            query[key] = f"{value:.6g}"
        else:
            query[key] = str(value)
    return query


def read(recording: xr.Dataset, query: Mapping[str, str]) -> Restored:
    """Values for a session on this recording, from query parameters.

    Parameters
    ----------
    recording
        The recording that the session will show.
    query
        Query parameters; those of other names are left alone.

    Returns
    -------
    Restored
        Only values that a session takes.
    """
    fresh = Session(recording)
    values: dict[str, Any] = {}
    notices: list[str] = []
    for key in KEYS:
        if key not in query:
            continue
        try:
            values[key], correction = _READERS.get(key, _choice)(fresh, key, query[key])
        except ValueError as error:
            notices.append(f"{_name(key)} “{query[key]}” in the address {error}")
        else:
            if correction:
                notices.append(f"{_name(key)} “{query[key]}” in the address {correction}")
    return Restored(values, notices)


def _name(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _choice(session: Session, key: str, text: str) -> tuple[str, str]:
    options = session.param[key].objects
    if text not in options:
        message = f"is none of {', '.join(options)}; {getattr(session, key)} is shown."
        raise ValueError(message)
    return text, ""


def _whole(session: Session, key: str, text: str) -> tuple[int, str]:
    low, high = session.param[key].bounds
    try:
        value = int(text[:LONGEST_NUMBER].replace(",", ""))
    except ValueError:
        message = f"is no whole number; {getattr(session, key)} is used."
        raise ValueError(message) from None
    inside = max(low, value if high is None else min(value, high))
    return inside, "" if inside == value else f"is outside {low}-{high}; {inside} is used."


def _real(session: Session, key: str, text: str) -> tuple[float, str]:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        message = f"is no number; {getattr(session, key)} is used."
        raise ValueError(message)
    return value, ""


def _selection(session: Session, _key: str, text: str) -> tuple[tuple[int, int], str]:
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and len(text) <= LONGEST_NUMBER):
        message = "is not two step numbers such as 120-124; nothing is selected."
        raise ValueError(message)
    start, stop = int(first), int(last)
    if not start < stop:
        message = "does not end after it starts; nothing is selected."
        raise ValueError(message)
    if stop > session.steps:
        if start >= session.steps:
            message = f"lies past the last step, {session.steps - 1}; nothing is selected."
            raise ValueError(message)
        return (start, session.steps), f"ends past the last step; it now ends there, at {session.steps}."
    edges = schema.document_edges(session.recording)
    if ((edges > start) & (edges < stop)).any():
        message = "runs across the border of two documents; nothing is selected."
        raise ValueError(message)
    return (start, stop), ""


_READERS = {
    "position": _whole,
    "left": _whole,
    "right": _whole,
    "word_width": _whole,
    "threshold": _real,
    "selection": _selection,
}
