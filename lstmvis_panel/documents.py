"""The documents of a recording, by number and by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.schema import DOCUMENT, document_edges, labels
from lstmvis_panel.wanted import folded

if TYPE_CHECKING:
    import xarray as xr


LONGEST_NUMBER = 18
"""Digits of a number that can be one of a document."""


@dataclass(frozen=True, eq=False)
class Documents:
    """Where documents begin and what they are called; made by `documents_of`. Numbers count from 0.

    Attributes
    ----------
    edges
        int64: the first step of each, and the end.
    names
        Of each; empty where they have none.
    """

    edges: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.edges) - 1

    def at(self, step: int) -> int:
        """Return the number of the document that a step is in."""
        return int(np.searchsorted(self.edges, step, side="right")) - 1

    def start(self, number: int) -> int:
        """Return the first step of a document."""
        return int(self.edges[number])

    def steps(self, number: int) -> int:
        """Return the length of a document."""
        return int(self.edges[number + 1] - self.edges[number])

    def name(self, number: int) -> str:
        """Return what a document is called; the empty string where it has no name."""
        return self.names[number] if self.names else ""

    @cached_property
    def _often(self) -> Counter[str]:
        return Counter(self.names)

    def label(self, number: int) -> str:
        """Return what to call a document on the screen.

        Parameters
        ----------
        number
            Any; also one that no document has.

        Returns
        -------
        str
            Its name, followed by its number where others have the same name; where it has none, its number. The number
            counts from 1 here.
        """
        name = self.name(number) if 0 <= number < len(self) else ""
        if not name:
            return f"document {number + 1}"
        return name if self._often[name] == 1 else f"{name} ({number + 1})"

    def meant(self, text: str) -> int | None:
        """Return the one document that a text means: the first of this label or name, or else the one of this number.

        Parameters
        ----------
        text
            A label, a name, or a number, counted from 1; case counts.

        Returns
        -------
        int or None
            Its number, None if there is none.
        """
        wanted = text.strip()
        same = (number for number in range(len(self)) if wanted in {self.label(number), self.name(number)} - {""})
        return next(same, self._numbered(wanted))

    def _numbered(self, text: str) -> int | None:
        """Return the document of the number that a text is."""
        number = _number(text)
        return number if number is not None and 0 <= number < len(self) else None

    def found(self, text: str) -> list[int]:
        """Return the documents that a text means: the one of this number, counted from 1, and those so named.

        Parameters
        ----------
        text
            A number, or a part of a name, case ignored; the empty string means all.

        Returns
        -------
        list of int
            The one of this number first, the others in their order.
        """
        wanted = folded(text.strip())
        if not wanted:
            return list(range(len(self)))
        named = [number for number, name in enumerate(self.names) if wanted in folded(name)]
        numbered = self._numbered(wanted)
        return list(dict.fromkeys(named if numbered is None else [numbered, *named]))


def documents_of(recording: xr.Dataset) -> Documents:
    """Return the documents of a recording; one without documents is all one, without a name."""
    edges = document_edges(recording)
    if DOCUMENT not in recording.coords or "labels" not in recording.coords[DOCUMENT].attrs:
        return Documents(edges, ())
    codes = recording.coords[DOCUMENT].to_numpy()[edges[:-1]]
    names = labels(recording, DOCUMENT)
    return Documents(edges, tuple(str(names[code]) for code in codes))


def _number(text: str) -> int | None:
    """Return the number that a text means, from 0 on."""
    plain = text.replace(",", "")
    return int(plain) - 1 if plain.isascii() and plain.isdecimal() and len(plain) <= LONGEST_NUMBER else None
