"""What every browser test shares: the browser, the server, and the watch over console and network."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from lstmvis_panel import save_recording
from tests.drawn import recording_of
from tests.library import library, many
from tests.tools.browser import launch_options
from tests.tools.serving import EXAMPLES, Server, serving
from tests.ui.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

WATCHES = pytest.StashKey[list[Watch]]()
SERVERS = pytest.StashKey[list[Server]]()
LOG_LINES = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder, so that ``-m "not ui"`` leaves the browser out."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker("ui")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium that is there, with no traffic of its own."""
    return browser_type_launch_args | launch_options()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A window as on a small laptop, unless the test asks for another."""
    return {"viewport": {"width": 1400, "height": 900}} | browser_context_args


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that makes a visitor of his own; the test fails if any visitor's page went wrong.

    pytest-playwright's ``context`` and ``page`` come from here too, so that every page of a test is watched,
    one that opens in a new tab among them.
    """
    foreign = [mark.args[0] for mark in request.node.iter_markers("foreign_console")]
    watches = request.node.stash.setdefault(WATCHES, [])

    def watched(**options: Any) -> BrowserContext:
        context = new_context(**options)
        watches.append(Watch(context, foreign))
        return context

    yield watched
    problems = [problem for watch in watches for problem in watch.problems()]
    if problems:
        pytest.fail("the pages went wrong:\n" + "\n".join(problems), pytrace=False)


@pytest.fixture(scope="session")
def start_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Server]]:
    """Return ``start(folder, *options) -> Server``, the real command; all servers end with the session."""
    logs = tmp_path_factory.mktemp("servers")
    servers = request.config.stash.setdefault(SERVERS, [])
    with ExitStack() as running:

        def start(folder: Path, *options: str) -> Server:
            log_file = logs / f"{len(servers)}.log"
            server = running.enter_context(serving(folder, *options, log_file=log_file))
            servers.append(server)
            return server

        yield start


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Server]) -> Server:
    """``lstmvis serve`` on the bundled examples."""
    return start_server(EXAMPLES)


@pytest.fixture(scope="session")
def library_server(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """``lstmvis serve`` on the library, on thousands of documents, and on a recording without any."""
    folder = tmp_path_factory.mktemp("library")
    save_recording(library(), folder / "library.h5")
    save_recording(many(3000), folder / "many.h5")
    save_recording(recording_of("abcdefghij" * 40, ".##......." * 40), folder / "drawn.h5")
    return start_server(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lay beside a failure what the servers and the pages said."""
    report = yield
    if report.failed and report.when in {"call", "teardown"}:
        for server in item.config.stash.get(SERVERS, []):
            log = "\n".join(server.log.splitlines()[-LOG_LINES:])
            report.sections.append((f"server {server.url}", log))
        for watch in item.stash.get(WATCHES, []):
            report.sections.append(("browser console", "\n".join(watch.console)))
    return report
