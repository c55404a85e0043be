"""How far a recording is, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def shown(batches: Iterable[Any], name: str, *, progress: bool) -> Iterable[Any]:
    """Return batches that show a bar on the terminal as they are gone through; nothing where there is no terminal."""
    if not progress:
        return batches
    try:
        from tqdm import tqdm  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError:
        return batches
    try:
        total = len(batches)  # type: ignore[arg-type]
    except TypeError:
        total = None
    bar: Iterable[Any] = tqdm(batches, desc=name, total=total, unit="batch", disable=None)
    return bar
