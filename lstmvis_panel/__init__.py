"""See what a sequence model has learned in its hidden states.

>>> import lstmvis_panel as lv
>>> lv.explore("data/parens/parens.h5")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from lstmvis_panel.fingerprint import fingerprint
from lstmvis_panel.matching import find_matches
from lstmvis_panel.quantiles import quantile_thresholds, state_quantiles
from lstmvis_panel.schema import Problem, RecordingError, validate
from lstmvis_panel.selection import Rule, on, select_states
from lstmvis_panel.starts import starts_in
from lstmvis_panel.store import open_projects, open_recording, save_recording
from lstmvis_panel.textsearch import search_text
from lstmvis_panel.thresholds import ThresholdProfile, profile_of

if TYPE_CHECKING:
    from lstmvis_panel.app import Explorer, explore

try:
    __version__ = version("lstmvis-panel")
except PackageNotFoundError:
    __version__ = "0+unknown"

__all__ = [
    "Explorer",
    "Problem",
    "RecordingError",
    "Rule",
    "ThresholdProfile",
    "explore",
    "find_matches",
    "fingerprint",
    "on",
    "open_projects",
    "open_recording",
    "profile_of",
    "quantile_thresholds",
    "save_recording",
    "search_text",
    "select_states",
    "starts_in",
    "state_quantiles",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Load the app only when it is asked for: a script that matches needs no Panel, and waits for none."""
    if name in {"Explorer", "explore"}:
        from lstmvis_panel import app  # noqa: PLC0415

        return getattr(app, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
