"""What the tracks under the words show (section 4.2 of the paper): annotations of the steps shown, a cell a step.

Labelled data in, the component's plain values out. Only the steps shown are read; colours are those of
`annotation_scale`, so that they stay the same from one window to the next and in the match view.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.colours import LabelScale, annotation_scale, ends_text, ink_on, number_text, title
from lstmvis_panel.flags import is_flag, says_nothing
from lstmvis_panel.schema import STEP, Kind, document_edges, kind_of, labels, names_of, words

if TYPE_CHECKING:
    import xarray as xr

    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.style import Theme

HEIGHTS = {"labels": 18, "numbers": 24, "predictions": 16, "flags": 8}
"""Height in px of a row, by the look of its track."""

DIGITS = 3
"""Significant digits of a number that is pointed at."""

SHARE_DIGITS = 4
"""Digits of a bar's height as a share of its row: finer than any pixel."""

NO_COLOURS: dict[str, Any] = {"colours": [], "inks": [], "legend": [], "gradual": True}
"""The look of predictions without weights."""

GROUPS = {"Labels": Kind.CATEGORICAL, "Numbers": Kind.SCALAR, "Predictions": Kind.PREDICTION}
"""What annotations are called in the list of those that can be added."""


def track_of(recording: xr.Dataset, name: str, first: int, shown: int, theme: Theme) -> dict[str, Any]:
    """One annotation at the steps from ``first`` on, as a track.

    Parameters
    ----------
    recording
        The recording.
    name
        A categorical, scalar or prediction annotation.
    first, shown
        Which steps, and how many.
    theme
        Colours to take.

    Returns
    -------
    dict
        ``name``, ``title``, ``about`` (its description) and ``look``: "labels", "flags", "numbers" or "predictions";
        ``tall``, the height of a row in px. ``colours`` with the ``inks`` to read on each; what they mean in
        ``legend``, pairs of a colour and a text, which are the two ends where the colours are ``gradual``. ``texts``,
        each once. ``rows``, from the top, each with its ``label`` and a list per step: ``places`` in the colours and
        ``codes`` into the texts, -1 for none.
        Numbers have the heights of their ``bars``, from 0 to 1, None for blank, the height of 0 as ``base``, and the
        ``ends`` of their range in words.
        Predictions have their ``weights`` in digits, empty where there is none, and in ``true`` the columns where the
        next word is the predicted one.
    """
    variable = recording[name]
    said = {"name": name, "title": title(name), "about": str(variable.attrs.get("description", ""))}
    predicted = kind_of(variable) is Kind.PREDICTION
    shows = (_predictions if predicted else _values)(recording, name, first, shown, theme)
    return said | shows | {"tall": HEIGHTS[shows["look"]]}


def addable(recording: xr.Dataset, tracks: list[str]) -> list[list[Any]]:
    """Annotations that are not among the tracks: a group's name, and the name and the title of each in it."""
    groups = []
    for group, kind in GROUPS.items():
        rest = [[name, title(name)] for name in names_of(recording, kind) if name not in tracks]
        groups += [[group, rest]] if rest else []
    return groups


def _values(recording: xr.Dataset, name: str, first: int, shown: int, theme: Theme) -> dict[str, Any]:
    scale = annotation_scale(recording, name, theme)
    values = recording[name].isel({STEP: slice(first, first + shown)}).values
    cells = _labels(scale, values) if isinstance(scale, LabelScale) else _numbers(scale, values)
    if is_flag(recording, name):
        cells = _as_flags(cells)
    return _look_of(scale, theme) | cells


def _look_of(scale: ColourScale, theme: Theme) -> dict[str, Any]:
    return {
        "colours": list(scale.colours),
        "inks": [ink_on(colour, theme) for colour in scale.colours],
        "legend": [list(entry) for entry in scale.legend],
        "gradual": scale.gradual,
    }


def _labels(scale: LabelScale, codes: np.ndarray) -> dict[str, Any]:
    there = (codes >= 0) & (codes < len(scale.labels))
    texts, told = _told_once([scale.labels[code] for code in codes[there].tolist()])
    row = {"label": scale.title, "places": scale.places(codes).tolist(), "codes": _spread(there, told).tolist()}
    return {"look": "labels", "texts": texts, "rows": [row]}


def _numbers(scale: ColourScale, values: np.ndarray) -> dict[str, Any]:
    levels, (low, high) = scale.levels(values), scale.limits
    there = ~np.isnan(levels)
    texts, told = _told_once([number_text(value, DIGITS) for value in values[there].tolist()])
    heights = np.round((levels - low) / (high - low), SHARE_DIGITS).tolist()
    row = {
        "label": scale.title,
        "places": scale.places(values).tolist(),
        "codes": _spread(there, told).tolist(),
        "bars": [height if known else None for height, known in zip(heights, there.tolist(), strict=True)],
    }
    base = float(np.clip(-low / (high - low), 0, 1))
    return {"look": "numbers", "texts": texts, "ends": ends_text(low, high), "base": base, "rows": [row]}


def _as_flags(cells: dict[str, Any]) -> dict[str, Any]:
    """The same with no colour where nothing is there."""
    row, silent = cells["rows"][0], [says_nothing(text) for text in cells["texts"]]
    pairs = zip(row["places"], row["codes"], strict=True)
    places = [-1 if code < 0 or silent[code] else place for place, code in pairs]
    return {"look": "flags", "texts": cells["texts"], "rows": [{**row, "places": places}]}


def _predictions(recording: xr.Dataset, name: str, first: int, shown: int, theme: Theme) -> dict[str, Any]:
    part, names = {STEP: slice(first, first + shown)}, labels(recording, name)
    codes, weights, look = recording[name].isel(part).values, None, NO_COLOURS
    places, said = np.full(codes.shape, -1), np.full(codes.shape, "", dtype=object)
    if (weighed := str(recording[name].attrs.get("weights"))) in recording.variables:
        scale, weights = annotation_scale(recording, weighed, theme), recording[weighed].isel(part).values
        look, places = _look_of(scale, theme), scale.places(weights)
        said = np.vectorize(_weight_text, otypes=[object])(weights)
    best = _best_first(codes, weights)
    codes, places, said = (np.take_along_axis(values, best, axis=1) for values in (codes, places, said))
    there = (codes >= 0) & (codes < len(names))
    texts, told = _told_once(names[codes[there]].tolist())
    true = there & _come_true(recording, names, codes, first)
    rows = _ranks(_spread(there, told), np.where(there, places, -1), said, true)
    return {"look": "predictions", "texts": texts, "rows": rows, **look}


def _ranks(codes: np.ndarray, places: np.ndarray, weights: np.ndarray, true: np.ndarray) -> list[dict[str, Any]]:
    """A row for each rank, of arrays of the shape ``(step, rank)``."""
    return [
        {
            "label": str(rank + 1) if rank else "top 1",
            "places": places[:, rank].tolist(),
            "codes": codes[:, rank].tolist(),
            "weights": weights[:, rank].tolist(),
            "true": np.flatnonzero(true[:, rank]).tolist(),
        }
        for rank in range(codes.shape[1])
    ]


def _weight_text(weight: float) -> str:
    return "" if math.isnan(weight) else number_text(weight, DIGITS)


def _best_first(codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Places of each step's predictions from the best on, shape ``(step, rank)``; what is none comes last.

    Without weights they stay in the file's order.
    """
    worth = np.zeros(codes.shape) if weights is None else np.nan_to_num(weights.astype(np.float64), nan=-np.inf)
    return np.lexsort((-worth, codes < 0), axis=1)


def _come_true(recording: xr.Dataset, names: np.ndarray, codes: np.ndarray, first: int) -> np.ndarray:
    """Where a prediction is the word of the next step of the same document, shape ``(step, rank)``."""
    following = np.arange(first, first + len(codes)) + 1
    inside = ~np.isin(following, document_edges(recording))
    said = np.full(len(codes), None, dtype=object)
    told = words(recording, first + 1, first + 1 + len(codes))  # one less at the recording's end, which is an edge
    said[: len(told)] = told
    said[~inside] = None
    same: np.ndarray = names[np.clip(codes, 0, len(names) - 1)] == said[:, None]
    return same


def _told_once(texts: list[str]) -> tuple[list[str], list[int]]:
    """The different texts in order of appearance, and where in them each one is."""
    places: dict[str, int] = {}
    codes = [places.setdefault(text, len(places)) for text in texts]
    return list(places), codes


def _spread(there: np.ndarray, codes: list[int]) -> np.ndarray:
    """Codes at the places where there are any, -1 elsewhere."""
    spread = np.full(there.shape, -1, np.int64)
    spread[there] = codes
    return spread
