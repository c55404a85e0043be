"""A visitor's look at a recording, as the query of an address.

A copied address shows the same again. Each value of an address is checked by itself: one that can't be is put right
and said, and the others are taken all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import param

from lstmvis_panel import schema
from lstmvis_panel.documents import documents_of
from lstmvis_panel.questions import VALUE
from lstmvis_panel.session import Session
from lstmvis_panel.wanted import LONGEST, parse_search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import xarray as xr

LONGEST_NUMBER = 40
"""Characters of a number in an address; Python reads no longer ones than some thousand."""

ALWAYS = ("source", "position", "selection", "threshold", "left", "right", "word_width", "mapping", "theme")
"""Parameters of a session that an address holds whatever they are."""

CHANGED = (
    "rule", "unit", "stack", "pinned", "kept", "alone", "order", "tracks", "mask",
    "heatmaps", "match_mask", "distinct", "top", "before", "after", "match_width",
    "lengths", "document", "starting", "sought",
)  # fmt: skip
"""Those that it holds where they are not what the recording shows first."""

DECIDING = ("source", "rule", "unit")
"""Those that decide what the others can be; they are read first."""

KEYS = tuple(dict.fromkeys([*DECIDING, *ALWAYS, *CHANGED]))
"""Parameters of a session that an address holds. Thresholds of stacked sources stand with their names."""

APART, BESIDE = ",", "@"
"""Between the members of a list; between a stacked source and its threshold. In names they are quoted."""


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
    return "?" + urlencode(query, safe=",/@")


def written(session: Session) -> dict[str, str]:
    """The session as query parameters. A value that says nothing, such as no selection, is left out."""
    fresh = Session(session.recording, threshold=session.threshold)  # which spares it reading for a first one
    query = {"project": session.project} if session.project else {}
    for key in KEYS:
        value = getattr(session, key)
        if _says_nothing(session, key):
            continue
        if key in ALWAYS or value != getattr(fresh, key):
            query[key] = _WRITERS.get(key, _written)(session, value)
    return query


def _says_nothing(session: Session, key: str) -> bool:
    """Whether a value is none, or selects or finds nothing."""
    value = getattr(session, key)
    refused = {"selection": bool(session.refusal), "sought": len(session.sought) > LONGEST}
    return value is None or refused.get(key, False)


def _written(_session: Session, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    return _joined(value) if isinstance(value, list) else str(value)


def _number(value: float) -> str:
    """The shortest text that is read as the same number: a rounded threshold can select other states."""
    return repr(float(value)).removesuffix(".0")


def _joined(names: Iterable[Any]) -> str:
    return APART.join(quote(str(name), safe=" ") for name in names)


def _written_numbers(_session: Session, value: tuple[int, int]) -> str:
    return f"{value[0]}-{value[1]}"


def _written_stack(session: Session, value: list[str]) -> str:
    return APART.join(f"{quote(name, safe=' ')}{BESIDE}{_number(session.threshold_of(name))}" for name in value)


def _written_document(_session: Session, value: int) -> str:
    return str(value + 1)  # counted as the page does


_WRITERS: dict[str, Callable[[Session, Any], str]] = {
    "document": _written_document,
    "selection": _written_numbers,
    "lengths": _written_numbers,
    "stack": _written_stack,
}


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
            found, correction = _reader(fresh, key)(fresh, key, query[key])
        except ValueError as error:
            notices.append(f"{_name(key)} “{query[key]}” in the address {error}")
        else:
            values |= found if isinstance(found, dict) else {key: found}
            if correction:
                notices.append(f"{_name(key)} “{query[key]}” in the address {correction}")
        if key in DECIDING:
            fresh.param.update(**values)
    return Restored(values, notices)


def _name(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _reader(session: Session, key: str) -> Any:
    if key in _READERS:
        return _READERS[key]
    kinds = {param.ListSelector: _choices, param.Selector: _choice, param.Boolean: _yes_or_no, param.Integer: _whole}
    return next(reader for kind, reader in kinds.items() if isinstance(session.param[key], kind))


def _choice(session: Session, key: str, text: str) -> tuple[str, str]:
    options = session.param[key].objects
    if text not in options:
        message = f"is none of {', '.join(options)}; {getattr(session, key)} is shown."
        raise ValueError(message)
    return text, ""


def _choices(session: Session, key: str, text: str) -> tuple[list[str], str]:
    return _known(dict.fromkeys(unquote(name) for name in text.split(APART) if name), session.param[key].objects)


def _known(names: Iterable[str], options: list[str]) -> tuple[list[str], str]:
    """Those of the names that are options, and what to say of the others."""
    names = list(names)
    strange = [name for name in names if name not in options]
    correction = f"names {', '.join(strange)}, which is not here; the others are shown." if strange else ""
    return [name for name in names if name in options], correction


def _yes_or_no(session: Session, key: str, text: str) -> tuple[bool, str]:
    if text not in {"yes", "no"}:
        message = f"is neither yes nor no; {_written(session, getattr(session, key))} is used."
        raise ValueError(message)
    return text == "yes", ""


def _integer(text: str) -> int | None:
    try:
        return int(text[:LONGEST_NUMBER].replace(",", ""))
    except ValueError:
        return None


def _whole(session: Session, key: str, text: str) -> tuple[int, str]:
    low, high = session.param[key].bounds
    value = _integer(text)
    if value is None:
        message = f"is no whole number; {getattr(session, key)} is used."
        raise ValueError(message)
    inside = max(low, value if high is None else min(value, high))
    return inside, "" if inside == value else f"is outside {low}-{high}; {inside} is used."


def _match_width(session: Session, key: str, text: str) -> tuple[int, str]:
    if _integer(text) is None:
        message = "is no whole number; the words of matches are as wide as there is room for."
        raise ValueError(message)
    return _whole(session, key, text)


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _real(session: Session, key: str, text: str) -> tuple[float, str]:
    value = _finite(text)
    if value is None:
        message = f"is no number; {getattr(session, key)} is used."
        raise ValueError(message)
    return value, ""


def _threshold(session: Session, key: str, text: str) -> tuple[float, str]:
    value, correction = _real(session, key, text)
    if session.unit == VALUE or 0 <= value <= 1:
        return value, correction
    inside = min(max(value, 0.0), 1.0)
    return inside, f"is no quantile, which lies between 0 and 1; {_number(inside)} is used."


def _stack(session: Session, _key: str, text: str) -> tuple[dict[str, Any], str]:
    parts = [part.partition(BESIDE) for part in text.split(APART) if part]
    thresholds = {unquote(name): _finite(number) for name, _, number in parts}
    names, correction = _known(thresholds, session.param.stack.objects)
    good = {name: number for name in names if (number := thresholds[name]) is not None}
    return {"stack": names, "thresholds": good}, correction


def _states(session: Session, _key: str, text: str) -> tuple[list[int], str]:
    width = session.states.shape[1]
    numbers = [_integer(part) for part in text.split(APART) if part]
    known = sorted({number for number in numbers if number is not None and 0 <= number < width})
    correction = "" if len(known) == len(numbers) else f"names states that are not here; {len(known)} are pinned."
    return known, correction


def _state(session: Session, _key: str, text: str) -> tuple[int, str]:
    number = _integer(text)
    if number is None or not 0 <= number < session.states.shape[1]:
        message = "is no state here; all are shown."
        raise ValueError(message)
    return number, ""


def _two_numbers(text: str) -> tuple[int, int] | None:
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and len(text) <= LONGEST_NUMBER):
        return None
    return int(first), int(last)


def _lengths(_session: Session, _key: str, text: str) -> tuple[tuple[int, int], str]:
    lengths = _two_numbers(text)
    if lengths is None or not 1 <= lengths[0] <= lengths[1]:
        message = "is not the least and the greatest number of steps such as 2-5; matches of any length are shown."
        raise ValueError(message)
    return lengths, ""


def _document(session: Session, _key: str, text: str) -> tuple[int, str]:
    number, count = _integer(text), len(documents_of(session.recording))
    if number is None or not 1 <= number <= count:
        message = f"is none of the {count:,} documents, which count from 1; matches in all of them are shown."
        raise ValueError(message)
    return number - 1, ""


def _starting(session: Session, _key: str, text: str) -> tuple[str, str]:
    try:
        parse_search(text, session.recording)
    except schema.RecordingError as error:
        message = f"can't be read: {error}; matches are shown wherever they start."
        raise ValueError(message) from None
    return text, ""


def _text(_session: Session, _key: str, text: str) -> tuple[str, str]:
    return text, ""  # what can't be searched for, the search box says


def _selection(session: Session, _key: str, text: str) -> tuple[tuple[int, int], str]:
    numbers = _two_numbers(text)
    if numbers is None:
        message = "is not two step numbers such as 120-124; nothing is selected."
        raise ValueError(message)
    start, stop = numbers
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
    "threshold": _threshold, "selection": _selection, "stack": _stack, "pinned": _states, "kept": _states,
    "alone": _state, "match_width": _match_width, "lengths": _lengths, "document": _document, "starting": _starting,
    "sought": _text,
}  # fmt: skip
