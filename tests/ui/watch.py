"""Listens to all pages of one visitor: console, uncaught errors, every request."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import Error as PlaywrightError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

OWN_HOSTS = {"localhost", "127.0.0.1"}
HOSTLESS_SCHEMES = {"about", "blob", "data", "file"}


def leaves_the_machine(url: str) -> bool:
    """Tell whether a request for the URL would go to another machine."""
    parts = urlsplit(url)
    return parts.scheme not in HOSTLESS_SCHEMES and parts.hostname not in OWN_HOSTS


class Watch:
    """What the pages of one browser context said and asked for, from its first page on.

    Parameters
    ----------
    context
        The visitor to watch; it must have no page yet.
    foreign
        Patterns of console errors that come from a page that is not ours, JupyterLab's for one.
    """

    def __init__(self, context: BrowserContext, foreign: Sequence[str] = ()) -> None:
        self.console: list[str] = []
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._context = context
        self._foreign = [re.compile(pattern) for pattern in foreign]
        context.on("console", self._on_console)
        context.on("weberror", self._on_web_error)
        context.on("request", self._on_request)
        context.on("page", self._on_page)

    def problems(self) -> list[str]:
        """Return a line for each error in a page and for each request to another machine."""
        # What the browser has sent is handed over while a call waits for its answer; a closed one has sent it all.
        with suppress(PlaywrightError):
            self._context.cookies()
        strangers = sorted({url for url in self.requests if leaves_the_machine(url)})
        return [*self.errors, *(f"request to another host: {url}" for url in strangers)]

    def _on_console(self, message: ConsoleMessage) -> None:
        place = message.location
        line = f"{message.type}: {message.text} ({place['url']}:{place['lineNumber']})"
        self.console.append(line)
        if message.type == "error" and not any(pattern.search(line) for pattern in self._foreign):
            self.errors.append(f"console {line}")

    def _on_web_error(self, error: WebError) -> None:
        self.errors.append(f"uncaught {error.error.stack or error.error}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_page(self, page: Page) -> None:
        page.on("websocket", self._on_web_socket)

    def _on_web_socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
