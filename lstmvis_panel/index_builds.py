"""Indexes that are built in the background, each in a thread of its own and for all visitors of the process."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lstmvis_panel.identity import identity_of
from lstmvis_panel.index import being_built, build_index, is_worthwhile, open_index
from lstmvis_panel.schema import RecordingError

if TYPE_CHECKING:
    from collections.abc import Hashable

    import xarray as xr

_log = logging.getLogger(__name__)


class _Ended(Exception):  # noqa: N818 - nothing went wrong
    """Ends a build where the process ends."""


class Build:
    """The index of a source on its way.

    Parameters
    ----------
    variable
        The source.

    Attributes
    ----------
    share : float
        How much of the source has been read, from 0 to 1.
    failure : str
        Why there is no index; empty while it is built, and if there is one.
    """

    def __init__(self, variable: xr.Variable) -> None:
        self.share = 0.0
        self.failure = ""
        self._variable = variable
        self._noted = ExitStack()
        # Noted before anyone can ask: who searches by now reads the file, and begins no copy in memory.
        self._noted.enter_context(being_built(variable))
        # The process may end meanwhile: what is half built then is removed by whoever builds next.
        self._thread = threading.Thread(target=self._build, name="lstmvis-index", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to come."""
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _build(self) -> None:
        with self._noted:
            try:
                build_index(self._variable, self._advance)
            except _Ended:
                self.failure = "the process ends"
            except RecordingError as error:
                self.failure = str(error)
                _log.warning("%s", error)
            except Exception as error:  # noqa: BLE001 - whatever it was, matching goes on without, and says so
                self.failure = f"the index can't be built ({error})"
                _log.exception("The index of %s can't be built", self._variable.dims)

    def _advance(self, steps: int) -> None:
        if _ending.is_set():
            raise _Ended
        self.share += steps / self._variable.shape[0]


_builds: dict[Hashable, Build] = {}
_starting = threading.Lock()
_ending = threading.Event()


def build_in_background(variable: xr.Variable) -> Build | None:
    """Begin to build the index of a source, if it is worth one and has none.

    Parameters
    ----------
    variable
        The source.

    Returns
    -------
    Build or None
        The one that is under way, or has failed: that is not tried again by this process. None if the source has an
        index, needs none or can have none.
    """
    identity = identity_of(variable)
    if identity is None or not is_worthwhile(variable) or open_index(variable) is not None:
        return None
    with _starting:
        build = _builds.get(identity[0])
        if build is None or (build.is_done and not build.failure):
            build = _builds[identity[0]] = Build(variable)
        return build


def end_builds() -> None:
    """End all that is being built, and leave nothing of it."""
    _ending.set()
    for build in list(_builds.values()):
        build.wait()
    _builds.clear()
    _ending.clear()
