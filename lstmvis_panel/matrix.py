"""What the word matrix shows (section 4.3 of the paper), and the strip where tokens are no words.

Labelled data in, the components' plain values out. Everything is sent column by column, each text and each picture
once, numbers as bytes, since a browser waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.alignment import MATCH, OFFSET, PICTURES, TOKEN_PICTURE, TOKEN_VALUE, tokens_at
from lstmvis_panel.colours import annotation_scale, ends_text, ink_on, number_text, title
from lstmvis_panel.schema import STEP, Kind, kind_of, token_look, words
from lstmvis_panel.style import mix

if TYPE_CHECKING:
    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.style import Theme

BANDS = 32
"""Most components of a vector in a row of the matrix, which is no higher; beyond, neighbours are averaged."""

FAINTEST, MASK_SHADES = 0.2, 9
"""Strength of a colour behind a word where no selected state is on, and the number of strengths up to full."""

BLANK = "–"
"""What is said of a number that is none."""

STRIP_PICTURE = 96
"""Most rows and columns in px of a picture in the strip: twice its height, for fine screens."""

EXACT, ALL = 6, 9
"""Digits of a number that is pointed at, and of a whole one."""

WORDS_SAID = 8
"""Selected words that are said in full."""

WORDS_HEIGHT, NUMBER_HEIGHT, PICTURE_HEIGHT = 24, 56, 44
"""Height in px of the strip's cells."""

VECTOR_HEIGHT, VECTOR_FOOT = 60, 6
"""The same of a vector's components all together, at most, and of what lies below them."""


def rows_of(words: np.ndarray, inside: xr.DataArray, table: xr.Dataset, own: int | None, before: int) -> dict[str, Any]:
    """Words around matches.

    Parameters
    ----------
    words
        Shape ``(match, offset)``, each a str.
    inside
        bool, dimensions ``("match", "offset")``: where there is a step at all.
    table
        Matches as from `find_matches`.
    own
        Row of the selection itself.
    before
        Steps left of the start.

    Returns
    -------
    dict
        ``texts``, each word once, and ``codes`` into them (bytes of int32) row by row, -1 outside the document;
        ``starts``; ``lengths``; ``own``, -1 for none; ``before``; ``columns``.
    """
    places = {word: place for place, word in enumerate(dict.fromkeys(words.ravel().tolist()))}
    codes = np.array([places[word] for word in words.ravel().tolist()], np.int64)
    return {
        "texts": list(places),
        "codes": _row_by_row(codes, inside),
        "starts": table.start.values.tolist(),
        "lengths": table.length.values.tolist(),
        "own": -1 if own is None else own,
        "before": before,
        "columns": words.shape[1],
    }


def remark_of(values: xr.DataArray, inside: xr.DataArray, scale: ColourScale) -> dict[str, Any]:
    """What a heatmap's values are in words: ``texts``, and ``codes`` into them as in `rows_of`."""
    different, codes = np.unique(values.values, return_inverse=True)
    return {"texts": [scale.text(value) for value in different.tolist()], "codes": _row_by_row(codes, inside)}


def fills_of(
    values: xr.DataArray, inside: xr.DataArray, scale: ColourScale, theme: Theme, on: xr.DataArray | None = None
) -> dict[str, Any]:
    """A heatmap's colours behind the words.

    Parameters
    ----------
    values
        What the heatmap shows, dimensions ``("match", "offset")``.
    inside
        bool, the same shape: where there is a step at all.
    scale
        Colours of the values.
    theme
        Colours of the page.
    on
        The share (0-1) of the selected states that are on, the same shape; where it is low, colours fade. None for full
        colours.

    Returns
    -------
    dict
        ``colours``, ``inks`` to read on each, ``places`` in both (bytes of int32) row by row, -1 for none; words on no
        colour take ``ink``.
    """
    colours, places = list(scale.colours), scale.places(values.values)
    if on is not None:
        strengths = np.linspace(FAINTEST, 1, MASK_SHADES)
        colours = [mix(theme.card, colour, strength) for colour in colours for strength in strengths]
        level = np.rint(np.clip(on.values, 0, 1) * (MASK_SHADES - 1)).astype(np.int64)
        places = np.where(places < 0, -1, places * MASK_SHADES + level)
    inks = [ink_on(colour, theme) for colour in colours]
    return {"ink": theme.ink, "colours": colours, "inks": inks, "places": _row_by_row(places, inside)}


def legend_of(scale: ColourScale, about: str = "") -> dict[str, Any]:
    """What colours mean, as a page says it: ``title``, ``legend``, ``gradual`` and ``about``, what is said besides."""
    return {
        "title": scale.title,
        "legend": [list(key) for key in scale.legend],
        "gradual": scale.gradual,
        "about": about,
    }


def _row_by_row(codes: np.ndarray, inside: xr.DataArray) -> bytes:
    """Return whole numbers as bytes of int32, -1 where there is no step."""
    return np.where(inside.values, codes.reshape(inside.shape), -1).astype("<i4").tobytes()


def texts_of(recording: xr.Dataset, tokens: xr.Dataset, words: np.ndarray, digits: int = 3) -> np.ndarray:
    """What is said of tokens in words, shape and dtype (object) of ``words``.

    Parameters
    ----------
    recording
        The recording.
    tokens
        What they are instead of words, as from `tokens_at`.
    words
        Their words, shape ``(match, offset)``.
    digits
        Significant digits of a number that is not whole.
    """
    if TOKEN_VALUE not in tokens:
        return words
    values = tokens[TOKEN_VALUE].values.reshape(words.size, -1)
    texts = np.empty(words.size, dtype=object)
    if kind_of(recording[str(token_look(recording))]) is Kind.VECTOR:
        texts[:] = [_vector_text(vector) for vector in values]
    else:
        texts[:] = [_number_text(value, digits) for value in values[:, 0]]
    return texts.reshape(words.shape)


def tokens_of(recording: xr.Dataset, tokens: xr.Dataset, theme: Theme, most: int | None = None) -> dict[str, Any]:
    """Tokens that are no words, as `tokens.js` paints them row by row; nothing where they are words.

    Parameters
    ----------
    recording
        The recording.
    tokens
        What they are, as from `tokens_at`.
    theme
        Colours to take.
    most
        Most components of a vector, None for all; beyond, neighbours are averaged.

    Returns
    -------
    dict
        ``kind`` and ``title``; the theme's ``ink``, ``card`` and ``warm`` (of a count). Numbers: ``values`` (bytes of
        float64, NaN for blank) from ``low`` to ``high``, said in ``ends``. Vectors: the same (bytes of float32,
        ``components`` to a step) with ``colours``. Images: ``pixels`` (bytes, red, green, blue) of each, ``rows`` x
        ``columns``, and which one stands where in ``places``, -1 for none.
    """
    look = token_look(recording)
    if look is None:
        return {}
    kind = kind_of(recording[look])
    said: dict[str, Any] = {"title": title(look), "ink": theme.ink, "card": theme.card, "warm": theme.ramp[1]}
    if kind is Kind.IMAGE:
        pictures, places = tokens[PICTURES].values, tokens[TOKEN_PICTURE].values
        rows, columns = pictures.shape[1:3]
        shown = {"pixels": pictures.tobytes(), "rows": rows, "columns": columns, "places": places.ravel().tolist()}
        return {"kind": "image", **said, **shown}
    scale, values = annotation_scale(recording, look, theme), tokens[TOKEN_VALUE].values
    low, high = scale.limits
    said |= {"low": low, "high": high, "ends": ends_text(low, high)}
    if kind is Kind.SCALAR:
        return {"kind": "number", **said, "values": values.astype("<f8").tobytes()}
    bands = values if most is None else _averaged(values, most)
    shown = {"values": bands.astype("<f4").tobytes(), "components": bands.shape[-1]}
    return {"kind": "vector", **said, **shown, "colours": list(scale.colours)}


def strip_of(recording: xr.Dataset, first: int, shown: int, theme: Theme) -> dict[str, Any]:
    """What the word strip shows of the steps from ``first`` on: ``words``, and ``tokens`` as from `tokens_of`."""
    said = words(recording, first, first + shown)
    if token_look(recording) is None:
        return {"words": said}
    tokens = tokens_at(recording, _steps(first, len(said)), STRIP_PICTURE)
    texts = texts_of(recording, tokens, np.array([said], dtype=object), EXACT)
    return {"words": texts[0].tolist(), "tokens": tokens_of(recording, tokens, theme)}


def strip_height(recording: xr.Dataset) -> int:
    """Height in px of the strip's cells: as many whole px for each component of a vector as there is room for."""
    look = token_look(recording)
    if look is None:
        return WORDS_HEIGHT
    variable = recording.variables[look]
    if kind_of(variable) is not Kind.VECTOR:
        return PICTURE_HEIGHT if kind_of(variable) is Kind.IMAGE else NUMBER_HEIGHT
    components = variable.shape[1]
    whole = components * max(VECTOR_HEIGHT // components, 1)
    return min(whole, VECTOR_HEIGHT) + VECTOR_FOOT


def phrase_of(recording: xr.Dataset, start: int, stop: int) -> str:
    """Say the steps ``start:stop`` in a few words: those that they are, numbers, or where vectors stand."""
    look = token_look(recording)
    if look is not None and kind_of(recording.variables[look]) is Kind.VECTOR:
        return f"step {start:,}" if stop - start == 1 else f"steps {start:,} to {stop - 1:,}"
    stop = min(stop, recording.sizes[STEP])
    if stop - start <= WORDS_SAID:
        return " ".join(_said(recording, start, stop))
    return " ".join([*_said(recording, start, start + 4), "…", *_said(recording, stop - 3, stop)])


def _said(recording: xr.Dataset, start: int, stop: int) -> list[str]:
    """Words, or numbers where tokens are numbers."""
    said = words(recording, start, stop)
    look = token_look(recording)
    if look is None or kind_of(recording.variables[look]) is not Kind.SCALAR:
        return said
    tokens = tokens_at(recording, _steps(start, len(said)))
    texts: list[str] = texts_of(recording, tokens, np.array([said], dtype=object))[0].tolist()
    return texts


def _steps(first: int, count: int) -> xr.DataArray:
    """Neighbouring steps, as one row."""
    return xr.DataArray(np.arange(first, first + count)[None], dims=(MATCH, OFFSET))


def _number_text(value: float, digits: int) -> str:
    """Return a number in so many digits, a whole one in full."""
    whole = abs(value) < 10**ALL and value == np.rint(value)
    return BLANK if np.isnan(value) else number_text(value, ALL if whole else digits)


def _vector_text(vector: np.ndarray) -> str:
    """Return "16 components, −0.2 to 0.9"; blank ones don't count for the ends."""
    count = f"{len(vector)} component{'s' * (len(vector) != 1)}"
    finite = vector[np.isfinite(vector)]
    return f"{count}, {number_text(finite.min())} to {number_text(finite.max())}" if finite.size else count


def _averaged(values: np.ndarray, most: int) -> np.ndarray:
    """Average neighbours along the last axis so that no more than ``most`` are left."""
    length = values.shape[-1]
    if length <= most:
        return values
    starts = np.arange(most) * length // most
    with np.errstate(invalid="ignore", over="ignore"):
        means: np.ndarray = np.add.reduceat(values, starts, axis=-1) / np.diff([*starts, length])
    return means
