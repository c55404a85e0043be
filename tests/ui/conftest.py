"""What every browser test shares: the browser, the server, and the watch over console and network."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lstmvis_panel import save_recording
from tests.drawn import recording_of
from tests.library import library, many
from tests.tools.browser import launch_options
from tests.tools.serving import EXAMPLES, Server, serving
from tests.ui.screen import Screen
from tests.ui.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, ViewportSize

FAILED = pytest.StashKey[bool]()
WATCHES = pytest.StashKey[list[Watch]]()
SERVERS = pytest.StashKey[list[Server]]()
LOG_LINES = 60

CYRILLIC = "Где дом? Дом там, где ГДД. Лад"


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


class Stay:
    """A visitor who stays: one page for each recording, for the tests of a file that need no page of their own.

    Opening a page takes a browser and a server seconds, coming to another address of the same recording a moment.

    Parameters
    ----------
    visitor
        Makes a browser context.
    window
        Width and height of the page; a test may change it for itself.
    """

    def __init__(self, visitor: Callable[[], BrowserContext], window: ViewportSize) -> None:
        self._visitor = visitor
        self._window = window
        self._context: BrowserContext | None = None
        self._screens: dict[tuple[str, str], Screen] = {}
        self.watch: Watch | None = None

    def open(self, server: Server, project: str, **query: Any) -> Screen:
        """Show an address, as `Screen.open` does."""
        if self._context is None:
            self._context = self._visitor()
            self.watch = Watch(self._context)
        screen = self._screens.get((server.url, project))
        if screen is not None and screen.shows(project):
            screen.page.bring_to_front()
            screen.page.set_viewport_size(self._window)
            return screen.come_to(project=project, **query)
        screen = self._screens[server.url, project] = Screen(self._context.new_page(), server.url)
        return screen.open(project=project, **query)

    def leave(self) -> None:
        """Close the pages; the next test gets new ones."""
        if self._context is not None:
            self._context.close()
        self._context = self.watch = None
        self._screens.clear()


@pytest.fixture(scope="module")
def staying(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Stay]:
    """The visitor of a file; tests ask for `stay`."""
    visitor = Stay(partial(browser.new_context, **browser_context_args), browser_context_args["viewport"])
    yield visitor
    visitor.leave()


@pytest.fixture
def stay(staying: Stay, request: pytest.FixtureRequest) -> Iterator[Callable[..., Screen]]:
    """Return ``open(server, project, **query) -> Screen`` on a page that earlier tests of the file have used as well.

    The test fails if the page went wrong meanwhile; after any failure the next test gets a page of its own.
    """
    yield staying.open
    watch = staying.watch
    problems = watch.problems() if watch is not None else []
    if watch is not None and (problems or FAILED in request.node.stash):
        request.node.stash.setdefault(WATCHES, []).append(watch)
        staying.leave()
    if problems:
        pytest.fail("the page went wrong:\n" + "\n".join(problems), pytrace=False)


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
    save_recording(recording_of(CYRILLIC, "." * len(CYRILLIC)), folder / "cyrillic.h5")
    return start_server(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lay beside a failure what the servers and the pages said."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    if report.failed and report.when in {"call", "teardown"}:
        for server in item.config.stash.get(SERVERS, []):
            log = "\n".join(server.log.splitlines()[-LOG_LINES:])
            report.sections.append((f"server {server.url}", log))
        for watch in item.stash.get(WATCHES, []):
            report.sections.append(("browser console", "\n".join(watch.console)))
    return report
