"""What the word matrix shows (section 4.3 of the paper): labelled data in, the component's plain values out.

Everything is sent column by column, and each text once, since a browser waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.colours import ink_on

if TYPE_CHECKING:
    import xarray as xr

    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.style import Theme


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
        ``words``, a list per row with None outside the document; ``starts``; ``lengths``; ``own``, -1 for none;
        ``before``; ``columns``.
    """
    return {
        "words": [
            [word if there else None for word, there in zip(*row, strict=True)]
            for row in zip(words.tolist(), inside.values.tolist(), strict=True)
        ],
        "starts": table.start.values.tolist(),
        "lengths": table.length.values.tolist(),
        "own": -1 if own is None else own,
        "before": before,
        "columns": words.shape[1],
    }


def remark_of(values: xr.DataArray, inside: xr.DataArray, scale: ColourScale) -> dict[str, Any]:
    """What a heatmap's values are in words: ``texts``, and ``codes`` into them row by row, -1 for nothing."""
    different, codes = np.unique(values.values, return_inverse=True)
    codes = np.where(inside.values, codes.reshape(values.shape), -1)
    return {"texts": [scale.text(value) for value in different.tolist()], "codes": codes.ravel().tolist()}


def fills_of(values: xr.DataArray, inside: xr.DataArray, scale: ColourScale, theme: Theme) -> dict[str, Any]:
    """A heatmap's colours: ``colours``, ``inks`` to read on each, ``places`` in both row by row, -1 for none.

    Words on no colour take ``ink``.
    """
    places = np.where(inside.values, scale.places(values.values), -1)
    inks = [ink_on(colour, theme) for colour in scale.colours]
    return {"ink": theme.ink, "colours": list(scale.colours), "inks": inks, "places": places.ravel().tolist()}
