"""What colour a value has: of an annotation, or of how many selected states are on.

A scale depends on the recording and the theme alone, so that a label keeps its colour from one match to the next, and
in every picture. Values in, colours out; nothing here draws.
"""

from __future__ import annotations

import math
import weakref
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.flags import present
from lstmvis_panel.schema import Kind, RecordingError, blocks, kind_of, labels
from lstmvis_panel.style import FOREMOST, Theme, ramp

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

SHADES = 64
"""Colours of a scalar's ramp: as many as the eye can tell apart, few enough to send often."""

COUNT_SHADES = 256
"""Most colours of a count's ramp; up to here every count has one of its own."""

READABLE = 4.5
"""Least contrast of text with what lies behind it (WCAG 2.2, 1.4.3)."""

LINEAR_BELOW = 0.04045
"""Part of sRGB's range where values are in proportion to light (IEC 61966-2-1)."""

DIGITS, EXACT = 3, 9
"""Significant digits of a number, and of one that has been rounded already."""

POSITIONAL = (1e-5, 1e9)
"""Numbers from the one to the other are written without an exponent."""


@dataclass(frozen=True)
class ColourScale(ABC):
    """Colours of the values of one heatmap.

    Parameters
    ----------
    title
        What the values are, in words.
    colours
        The colours in order, ``#rrggbb``; a colour map for pictures.
    limits
        Levels at the outer edges of the first and the last colour.
    """

    title: str
    colours: tuple[str, ...]
    limits: tuple[float, float]

    @abstractmethod
    def levels(self, values: np.ndarray) -> np.ndarray:
        """What a picture draws for values: float64 of the same shape, within the limits, NaN for blank."""

    @abstractmethod
    def text(self, value: float) -> str:
        """Say a value in words; empty where there is nothing to say."""

    @property
    @abstractmethod
    def legend(self) -> list[tuple[str, str]]:
        """What the colours mean: a colour and its text each, only both ends where colours run into each other."""

    @property
    def gradual(self) -> bool:
        """Whether the colours run into each other."""
        return True

    def places(self, values: np.ndarray) -> np.ndarray:
        """Where in ``colours`` values stand.

        Parameters
        ----------
        values
            Any shape; codes, counts or floats, as the annotation has them.

        Returns
        -------
        numpy.ndarray
            int64, the same shape; -1 for blank. Falls on the colours just as a picture of the levels does.
        """
        levels, (low, high) = self.levels(values), self.limits
        with np.errstate(invalid="ignore"):
            shares = np.nan_to_num((levels - low) / (high - low))
        places = np.clip(np.floor(shares * len(self.colours)), 0, len(self.colours) - 1)
        return np.where(np.isnan(levels), -1, places).astype(np.int64)

    def colour(self, value: float) -> str | None:
        """Return the colour of one value, None for blank."""
        place = int(self.places(np.asarray(value)))
        return None if place < 0 else self.colours[place]


@dataclass(frozen=True)
class CountScale(ColourScale):
    """How many of ``total`` states are on."""

    total: int

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Return the counts, at most the total."""
        return np.clip(np.asarray(values, dtype=np.float64), 0, self.total)

    def text(self, value: float) -> str:
        """Return "1 of 9 states on"."""
        return f"{int(value)} of {self.total} state{'s' * (self.total != 1)} on"

    @property
    def legend(self) -> list[tuple[str, str]]:
        """None and all."""
        return [(self.colours[0], "0"), (self.colours[-1], str(self.total))]


@dataclass(frozen=True)
class ScalarScale(ColourScale):
    """A number between two ends; what lies beyond takes the colour of the end."""

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Return the values, moved to the nearer end where they lie beyond it; NaN stays."""
        return np.clip(np.asarray(values, dtype=np.float64), *self.limits)

    def text(self, value: float) -> str:
        """Return "surprisal 0.5"."""
        return "" if np.isnan(value) else f"{self.title} {number_text(value)}"

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Both ends."""
        low, high = ends_text(*self.limits)
        return [(self.colours[0], low), (self.colours[-1], high)]


@dataclass(frozen=True)
class LabelScale(ColourScale):
    """One of several labels; those that are rare in the recording share the last colour.

    Parameters
    ----------
    labels
        The label of each code.
    position
        Place in ``colours`` of each code, shape ``(labels,)``.
    """

    labels: tuple[str, ...]
    position: tuple[int, ...]

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Return the place of each code's colour; codes without a label are blank."""
        codes = np.asarray(values, dtype=np.int64)
        known = (codes >= 0) & (codes < len(self.position))
        positions = np.asarray([*self.position, 0], dtype=np.float64)
        return np.where(known, positions[np.where(known, codes, -1)], np.nan)

    def text(self, value: float) -> str:
        """Return the label, with the title before it where it is a mere number or sign."""
        if not 0 <= value < len(self.labels):
            return ""
        label = self.labels[int(value)]
        return label if any(c.isalpha() for c in label) else f"{self.title} {label}"

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Return each label that has a colour of its own, and "other" if some have none."""
        rest = len(self.colours) - 1
        own = [(self.colours[p], text) for p, text in zip(self.position, self.labels, strict=True) if p < rest]
        return own + [(self.colours[rest], "other")] * (len(own) < len(self.labels))

    @property
    def gradual(self) -> bool:
        """Labels are apart from each other."""
        return False


def count_scale(total: int, theme: Theme) -> CountScale:
    """Colours of the match count.

    Parameters
    ----------
    total
        Number of selected states.
    theme
        Colours to take.
    """
    shades = min(total + 1, COUNT_SHADES)
    return CountScale("match count", tuple(ramp(*theme.ramp, shades)), (-0.5, total + 0.5), total)


def annotation_scale(recording: xr.Dataset, name: str, theme: Theme) -> LabelScale | ScalarScale:
    """Colours of an annotation, or of the vectors that tokens are; the same whatever is selected.

    Parameters
    ----------
    recording
        The recording; a categorical annotation is read through once, and so are numbers that name no range.
    name
        A categorical or scalar annotation, a variable of vectors, or weights of predictions.
    theme
        Colours to take.

    Raises
    ------
    RecordingError
        If the variable is none of them.
    """
    kind = kind_of(recording[name])
    if kind is Kind.CATEGORICAL:
        return _label_scale(recording, name, theme)
    if kind is Kind.SCALAR:
        return ScalarScale(title(name), tuple(ramp(*theme.scale, SHADES)), _limits(recording, name))
    if kind is Kind.VECTOR:
        return _vector_scale(recording, name, theme)
    if kind is Kind.WEIGHTS:
        return _weight_scale(recording, name, theme)
    raise RecordingError(f"{name}: has kind {kind}; only a categorical or scalar annotation has colours")


def title(name: str) -> str:
    """Name of a variable as words."""
    return name.replace("_", " ")


def titled(names: Iterable[str]) -> dict[str, str]:
    """Return names by their titles, in their order; those that share a title by themselves, so that none is lost."""
    names = list(names)
    often = Counter(map(title, names))
    return {title(name) if often[title(name)] == 1 else name: name for name in names}


def ink_on(colour: str, theme: Theme) -> str:
    """Colour for text on a colour: the theme's ink where that can be read, else black or white."""
    if contrast(theme.ink, colour) >= READABLE:
        return theme.ink
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """How well two colours stand apart, 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= LINEAR_BELOW else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def number_text(value: float, digits: int = DIGITS) -> str:
    """Write a number with so many significant digits, and an exponent where it would be long."""
    low, high = POSITIONAL
    if value == 0 or low <= abs(value) < high or not np.isfinite(value):
        text = np.format_float_positional(value + 0.0, precision=digits, fractional=False, trim="-")  # -0.0 is 0 too
    else:
        text = np.format_float_scientific(value, precision=digits - 1, trim="-", exp_digits=1).replace("e+", "e")
    return text.replace("-", "\N{MINUS SIGN}")


def ends_text(low: float, high: float) -> list[str]:
    """Both ends of a range in as many digits as its length deserves: 0 and 18.5, where it begins at 0.00124."""
    decimals = DIGITS - 1 - math.floor(math.log10(high - low))
    return [number_text(round(end, decimals), EXACT) for end in (low, high)]


def _vector_scale(recording: xr.Dataset, name: str, theme: Theme) -> ScalarScale:
    """Colours of components: those of a scalar; with negative ones among them, two ramps that meet at 0."""
    low, high = _limits(recording, name)
    if low >= 0:
        return ScalarScale(title(name), tuple(ramp(*theme.scale, SHADES)), (low, high))
    reach, (negative, zero, positive) = max(-low, high), theme.signed
    colours = (*ramp(negative, zero, SHADES // 2), *ramp(zero, positive, SHADES // 2))
    return ScalarScale(title(name), colours, (-reach, reach))


def _weight_scale(recording: xr.Dataset, name: str, theme: Theme) -> ScalarScale:
    """Colours of weights: from 0 to 1 for chances, else from the least to the greatest."""
    low, high = _limits(recording, name)
    limits = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
    return ScalarScale(title(name), tuple(ramp(*theme.weights, SHADES)), limits)


def _label_scale(recording: xr.Dataset, name: str, theme: Theme) -> LabelScale:
    texts = tuple(str(text) for text in labels(recording, name))
    if (one := present(texts)) is not None:
        # No and yes are the ends of a number from 0 to 1: a flag looks as the chance does that a model gives to it.
        ends = tuple(int(code == one) for code in range(len(texts)))
        return LabelScale(title(name), (*theme.scale, theme.rest), (-0.5, 2.5), texts, ends)
    chosen = _coloured(_counts(recording, name, len(texts)), len(theme.categories))
    position = np.full(len(texts), len(chosen))
    position[chosen] = np.arange(len(chosen))
    colours = (*theme.categories[: len(chosen)], theme.rest)
    return LabelScale(title(name), colours, (-0.5, len(colours) - 0.5), texts, tuple(position.tolist()))


def _coloured(counts: np.ndarray, most: int) -> np.ndarray:
    """Codes of the labels that have a colour of their own, in the order of the colours.

    The foremost colours go to the most frequent labels, but in the labels' order: levels 1, 2, 3 read best as they are
    counted.
    """
    frequent = np.argsort(-counts, kind="stable")[:most]
    frequent = frequent[counts[frequent] > 0]
    return np.concatenate([np.sort(frequent[:FOREMOST]), np.sort(frequent[FOREMOST:])])


def _limits(recording: xr.Dataset, name: str) -> tuple[float, float]:
    given = recording[name].attrs.get("range")
    low, high = (float(given[0]), float(given[1])) if given is not None else _extent(recording, name)
    return (low, high) if high > low else (low, low + 1.0)


_READ: dict[tuple[int, str], np.ndarray | tuple[float, float]] = {}
"""What was found in reading an annotation through, by recording and name; shared by all visitors."""


def _counts(recording: xr.Dataset, name: str, size: int) -> np.ndarray:
    """How often each label occurs, shape ``(labels,)``."""
    found = _READ.get((id(recording), name))
    if not isinstance(found, np.ndarray):
        found = np.zeros(size, np.int64)
        for _, codes in blocks(recording.variables[name]):
            found += np.bincount(codes[(codes >= 0) & (codes < size)], minlength=size)
        _remember(recording, name, found)
    return found


def _extent(recording: xr.Dataset, name: str) -> tuple[float, float]:
    """Least and greatest finite value; 0 and 1 if there is none."""
    found = _READ.get((id(recording), name))
    if not isinstance(found, tuple):
        finite = (block[np.isfinite(block)] for _, block in blocks(recording.variables[name]))
        ends = [(float(block.min()), float(block.max())) for block in finite if block.size]
        found = (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 1.0)
        _remember(recording, name, found)
    return found


def _remember(recording: xr.Dataset, name: str, found: np.ndarray | tuple[float, float]) -> None:
    key = (id(recording), name)
    _READ[key] = found
    weakref.finalize(recording, _READ.pop, key, None)
