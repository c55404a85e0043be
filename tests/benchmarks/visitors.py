"""Many visitors at once: ``python -m tests.benchmarks.visitors``.

The real server, in several processes, and visitors who speak to it as a browser does, over HTTP and a websocket, but
draw nothing: so that what is measured is the server's. Each drags the threshold; the next move is sent as soon as the
last one has been answered, as a page does. Once as pages do that draw the drag by themselves, once with all drawn by
the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from lstmvis_panel import save_recording
from tests.benchmarks.latency import recording_of
from tests.tools.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tornado.websocket import WebSocketClientConnection

ASKED = 400
"""Median ms to new data that is asked for."""

SETTLED = 120
"""Seconds for all pages to be loaded, or for a move to be answered."""


@dataclass
class Visitor:
    """A page that is open.

    Attributes
    ----------
    line
        Its websocket.
    axis, state
        Ids of the models that a drag of the threshold is sent to, and that answers.
    taken
        ms from each move to the answer.
    lost
        Moves without one.
    """

    line: WebSocketClientConnection
    axis: str
    state: str
    taken: list[float] = field(default_factory=list)
    lost: int = 0
    threshold: float = 0.0

    async def say(self, event: dict[str, Any]) -> None:
        """Send an event as BokehJS does."""
        event = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": {"type": "event", **event}}
        for part in ({"msgid": os.urandom(8).hex(), "msgtype": "PATCH-DOC"}, {}, {"events": [event]}):
            await self.line.write_message(json.dumps(part))

    async def drag(self, moves: int, *, previewed: bool) -> None:
        """Move the threshold from place to place, and let go."""
        for serial in range(1, moves + 1):
            done = serial == moves
            self.threshold = round(0.1 + 0.5 * (serial * 7 % 10) / 10, 3)
            data = {"threshold": self.threshold, "done": done, "previewed": previewed, "serial": serial}
            entries = [["model", {"id": self.axis}], ["data", {"type": "map", "entries": list(data.items())}]]
            sent = time.perf_counter()
            await self.say({"name": "data_event", "values": {"type": "map", "entries": entries}})
            try:
                await asyncio.wait_for(self.answered(serial), SETTLED)
                self.taken.append(1000 * (time.perf_counter() - sent))
            except TimeoutError:
                self.lost += 1

    async def answered(self, serial: int) -> None:
        """Wait for the message that has what a move has changed."""
        while True:
            for event in (await _message(self.line)).get("events", []):
                if event.get("attr") == "seen" and event["model"]["id"] == self.state and event["new"] >= serial:
                    return

    async def rest(self, seconds: float) -> None:
        """Read what comes until nothing has come for a while."""
        with suppress(TimeoutError):
            while True:
                await asyncio.wait_for(_message(self.line), seconds)


async def _message(line: WebSocketClientConnection) -> dict[str, Any]:
    """Read a message: its header, its content and its buffers come one by one."""
    header = json.loads(await _part(line))
    await _part(line)
    content = json.loads(await _part(line))
    for _ in range(header.get("num_buffers", 0)):
        await _part(line)
        await _part(line)
    return dict(content, msgtype=header["msgtype"])


async def _part(line: WebSocketClientConnection) -> str | bytes:
    part = await line.read_message()
    if part is None:
        raise ConnectionError("the server has closed the connection")
    return part


async def come(url: str) -> Visitor:
    """Open a page."""
    query = "project=w&position=2000&selection=2003-2006&left=0&tracks=level"
    client = AsyncHTTPClient(force_instance=True)  # one for each, as each has a browser
    page = await client.fetch(f"{url}/lstmvis?{query}", connect_timeout=SETTLED, request_timeout=SETTLED)
    token = re.search(r'"token":"([^"]+)"', page.body.decode())
    assert token is not None
    address = f"{url.replace('http', 'ws')}/lstmvis/ws?{query}"
    request = HTTPRequest(address, connect_timeout=SETTLED, request_timeout=SETTLED, headers={"Origin": url})
    line = await websocket_connect(request, subprotocols=["bokeh", token[1]], max_message_size=1 << 28)
    await _message(line)
    for part in ({"msgid": "pull", "msgtype": "PULL-DOC-REQ"}, {}, {}):
        await line.write_message(json.dumps(part))
    reply: dict[str, Any] = {}
    while reply.get("msgtype") != "PULL-DOC-REPLY":
        reply = await _message(line)
    axis = next(part for part in _parts(reply) if part.get("attributes", {}).get("class_name") == "ThresholdAxis")
    visitor = Visitor(line, axis["id"], axis["attributes"]["data"]["id"])
    await visitor.say({"name": "document_ready", "values": {"type": "map"}})
    return visitor


def _parts(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        yield content
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from _parts(part)


async def visit(url: str, count: int, moves: int, *, previewed: bool) -> list[Visitor]:
    """Have so many visitors drag at once, when all of their pages rest."""
    visitors = await asyncio.gather(*(come(url) for _ in range(count)))
    await asyncio.gather(*(visitor.rest(3) for visitor in visitors))
    await asyncio.gather(*(visitor.drag(moves, previewed=previewed) for visitor in visitors))
    for visitor in visitors:
        visitor.line.close()
    return list(visitors)


def measured(states: int, processes: int, count: int, moves: int) -> dict[str, list[Visitor]]:
    """Serve a recording, and have it visited."""
    with tempfile.TemporaryDirectory() as folder:
        save_recording(recording_of(20_000, states), Path(folder) / "w.h5")
        log = Path(folder) / "server.log"
        with serving(Path(folder), "--processes", str(processes), log_file=log) as server:
            ways = {"drawn by the pages": True, "drawn by the server": False}
            return {name: asyncio.run(visit(server.url, count, moves, previewed=way)) for name, way in ways.items()}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", type=int, default=650)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--moves", type=int, default=20)
    given = parser.parse_args()
    title = f"{given.visitors} visitors, {given.processes} processes, 20,000 steps x {given.states} states; "
    table = Table(
        "drags", "asked, ms", "median, ms", "lowest", "highest", "moves", "lost",
        title=f"{title}{platform.node()}, {platform.machine()}",
    )  # fmt: skip
    for name, visitors in measured(given.states, given.processes, given.visitors, given.moves).items():
        taken = [ms for visitor in visitors for ms in visitor.taken]
        spread = [f"{value:.0f}" for value in (statistics.median(taken), min(taken), max(taken))]
        lost = sum(visitor.lost for visitor in visitors)
        table.add_row(name, str(ASKED), *spread, str(len(taken)), str(lost))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
