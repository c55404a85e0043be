"""Pictures of image files, small enough to be tokens on a screen."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.schema import Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

THUMBNAIL = "thumbnail"
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
HIGHEST, WIDEST = 48, 96
"""Most rows and columns of a thumbnail in px."""

BACKGROUND = 255
SHOWN = 5


def thumbnail_variable(paths: Sequence[Path], dimension: str) -> xr.Variable:
    """Return thumbnails of image files.

    Parameters
    ----------
    paths
        The files, in any format that Pillow reads.
    dimension
        The first dimension.

    Returns
    -------
    xarray.Variable
        uint8, dimensions (``dimension``, ``thumbnail_row``, ``thumbnail_column``, ``thumbnail_channel``), the last
        red, green, blue. No picture is enlarged; those smaller than the largest stand in the middle of white.

    Raises
    ------
    RecordingError
        If Pillow is not installed, or files can't be read as images.
    """
    pictures: list[NDArray[np.uint8]] = []
    problems: list[Problem] = []
    image = _pillow()
    for path in paths:
        try:
            pictures.append(_shrunk(image, path))
        # Pillow raises whatever the format's decoder does.
        except Exception as error:  # noqa: BLE001
            what = "there is no such file" if isinstance(error, FileNotFoundError) else f"is no image ({error})"
            problems.append(Problem(f"tokens, {path}", what))
    if problems:
        more = len(problems) - SHOWN
        rest = [Problem("tokens", f"{more:,} more image files can't be read")] if more > 0 else []
        raise RecordingError(problems[:SHOWN] + rest)
    rows, columns = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    together = np.full((len(pictures), rows, columns, 3), BACKGROUND, np.uint8)
    for picture, place in zip(pictures, together, strict=True):
        top, left = (rows - picture.shape[0]) // 2, (columns - picture.shape[1]) // 2
        place[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    dims = (dimension, *(f"{THUMBNAIL}_{part}" for part in ("row", "column", "channel")))
    return xr.Variable(dims, together, {"kind": Kind.IMAGE.value})


def _pillow() -> Any:
    try:
        return import_module("PIL.Image")
    except ModuleNotFoundError:
        remedy = "pip install 'lstmvis-panel[convert]'"
        raise RecordingError(Problem("tokens", "are image files, and reading them needs Pillow", remedy)) from None


def _shrunk(image: Any, path: Path) -> NDArray[np.uint8]:
    with image.open(path) as opened:
        # On white where it is transparent, as it would be on most pages.
        seen = opened.convert("RGBA")
        ground = image.new("RGBA", seen.size, (BACKGROUND, BACKGROUND, BACKGROUND, BACKGROUND))
        picture = image.alpha_composite(ground, seen).convert("RGB")
        picture.thumbnail((WIDEST, HIGHEST))
        return np.asarray(picture)
