"""Workers that share a search: those of a Dask scheduler, or others that are asked in the same way."""

from __future__ import annotations

import atexit
import os
import threading
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from lstmvis_panel.index import is_worthwhile
from lstmvis_panel.schema import Problem, RecordingError
from lstmvis_panel.shared_source import can_be_shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import xarray as xr
    from distributed import Client

SCHEDULER_VARIABLE = "LSTMVIS_SCHEDULER"
"""Names the address of the scheduler that the app gives large searches to."""

SECONDS_TO_CONNECT = 10
INSTALL = "pip install 'lstmvis-panel[dask]'"
SAME_VERSION = f"install the same version on all machines: {INSTALL}"


class Future(Protocol):
    """What will be a result."""

    def add_done_callback(self, function: Callable[[Any], object], /) -> object:
        """Have a function called, in any thread, once there is a result or none to come."""


class Pool(Protocol):
    """Workers, wherever they are."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Have a function called by a worker; arguments that are futures stand for their results."""

    def result(self, future: Any, /) -> Any:
        """Return the result of a future that is done, or raise what was raised in its place."""

    def cancel(self, futures: Sequence[Any], /) -> None:
        """Let go of what nobody waits for any more."""


class Cluster:
    """The workers of a Dask scheduler. Those that die are replaced by it, and what they had done is done again.

    Parameters
    ----------
    client
        Connected to the scheduler.
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    def __str__(self) -> str:
        """Return for example ``tcp://host:8786 (workers: 4, threads: 16)``."""
        threads = self.client.nthreads().values()
        return f"{self.address} (workers: {len(threads)}, threads: {sum(threads)})"

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        return str(self.client.scheduler.address) if self.client.scheduler else "the scheduler"

    @property
    def is_connected(self) -> bool:
        """Whether the scheduler can still be asked."""
        return bool(self.client.status == "running")

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Have a function called by a worker, for this caller alone: another's may be cancelled."""
        future: Future = self.client.submit(function, *arguments, pure=False)
        return future

    def result(self, future: Any, /) -> Any:
        """Return the result of a future.

        Raises
        ------
        RecordingError
            If the scheduler is gone, or workers died again and again; or as the worker raised it.
        """
        from distributed import KilledWorker  # noqa: PLC0415 - only who has a scheduler needs it
        from distributed.client import FutureCancelledError  # noqa: PLC0415

        try:
            return future.result()
        except KilledWorker as error:
            what, remedy = f"workers died again and again ({error})", "give them more memory, or look at their logs"
        except (ImportError, RuntimeError) as error:
            what, remedy = f"workers can't do what they are asked ({error})", SAME_VERSION
        except (FutureCancelledError, OSError) as error:
            if future.status == "error":
                what, remedy = f"a worker can't read the source ({error})", "look at its logs"
            else:
                what, remedy = f"the scheduler can't be reached any more ({error})", "start it again, then search again"
        raise RecordingError(Problem(self.address, what, remedy))

    def cancel(self, futures: Sequence[Any], /) -> None:
        """Let the workers drop what they have not begun; what they are at ends with its block."""
        if self.is_connected:
            self.client.cancel(list(futures))


_clusters: dict[str, Cluster] = {}
_connecting = threading.Lock()


def connect(address: str) -> Cluster:
    """Return this process's one connection to a scheduler.

    Parameters
    ----------
    address
        As ``tcp://host:8786``.

    Raises
    ------
    RecordingError
        If Dask is not installed, no scheduler answers there, or a worker has another version of this package.
    """
    if find_spec("distributed") is None:
        raise RecordingError(Problem("scheduler", "needs the packages dask and distributed", INSTALL))
    with _connecting:
        known = _clusters.get(address)
        if known is not None and known.is_connected:
            return known
        if known is not None:
            known.client.close()
        _clusters[address] = cluster = Cluster(_client(address))
        return cluster


def disconnect() -> None:
    """Close all connections of this process."""
    with _connecting:
        while _clusters:
            _, cluster = _clusters.popitem()
            cluster.client.close()


def pool_of(scheduler: str | Pool | Client) -> Pool:
    """Return the workers of a scheduler that is given by its address or by a client of it; others as they are."""
    if isinstance(scheduler, str):
        return connect(scheduler)
    return Cluster(scheduler) if hasattr(scheduler, "scheduler_info") else scheduler


def scheduler_for(states: xr.DataArray) -> str | None:
    """Return the address of the scheduler that the app gives searches in a source to; None if it searches by itself.

    A small source is searched sooner than a scheduler is asked, and one that is still being recorded by nobody else.
    """
    address = os.environ.get(SCHEDULER_VARIABLE)
    return address if address and is_worthwhile(states.variable) and can_be_shared(states) else None


def _client(address: str) -> Client:
    from distributed import Client  # noqa: PLC0415 - takes a second to load

    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        what, remedy = f"no Dask scheduler answers ({error})", "start one with: dask scheduler"
        raise RecordingError(Problem(address, what, remedy)) from None
    if problems := [*_version_problems(client)]:
        client.close()
        raise RecordingError(problems)
    atexit.register(disconnect)  # once, however often it is asked for
    return client


def _version_problems(client: Client) -> Iterator[Problem]:
    """Ask which version each worker has: one that has none would end at the first task, without a word."""
    for worker, found in client.run(_version, on_error="return").items():
        if isinstance(found, Exception):
            yield Problem(str(worker), f"the worker can't load lstmvis_panel ({found})", SAME_VERSION)
        elif found != VERSION:
            yield Problem(str(worker), f"the worker has version {found}; {VERSION} was expected", SAME_VERSION)


def _version() -> str:
    try:
        return version("lstmvis-panel")
    except PackageNotFoundError:
        return "unknown"


VERSION = _version()
