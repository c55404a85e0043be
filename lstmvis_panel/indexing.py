"""Building the indexes of a recording ahead, on the terminal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from lstmvis_panel.index import build_index, is_worthwhile, state_of
from lstmvis_panel.schema import STEP, Problem, RecordingError, sources
from lstmvis_panel.store import open_recording

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence


def build_all(
    path: str | os.PathLike[str], names: Sequence[str] | None = None, *, progress: bool = False
) -> Iterator[str]:
    """Build the indexes of a recording's sources, where there are none.

    Parameters
    ----------
    path
        The recording.
    names
        Its sources in question; all if not given. Small ones need no index.
    progress
        Whether to show a progress bar on the terminal.

    Yields
    ------
    str
        Of each source what there is now.

    Raises
    ------
    RecordingError
        If the recording can't be opened, has no such source, or an index can't be built.
    """
    recording = open_recording(path)
    known = sources(recording)
    if unknown := [name for name in names or [] if name not in known]:
        what = f"has no source {', '.join(unknown)}"
        raise RecordingError(Problem(str(path), what, f"it has {', '.join(known)}"))
    for name in names or known:
        variable = recording.variables[name]
        if is_worthwhile(variable):
            with tqdm(
                total=recording.sizes[STEP], desc=f"index of {name}", unit="step", disable=not progress, leave=False
            ) as bar:
                build_index(variable, partial(_advance, bar))
        yield f"{name}: {state_of(variable)}"


def _advance(bar: tqdm[Any], steps: int) -> None:
    bar.update(steps)
