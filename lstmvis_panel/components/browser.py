"""What the components share: their files, and the way a gesture reaches the server."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import param
from panel.custom import JSComponent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent


def script(name: str, *shared: str) -> str:
    """The module of a component, behind the shared scripts that it uses; ESM of Panel can't import its neighbours."""
    return "\n".join((HERE / f"{part}.js").read_text(encoding="utf-8") for part in (*shared, name))


def stylesheet(name: str) -> str:
    """The stylesheet beside a component's script."""
    return (HERE / f"{name}.css").read_text(encoding="utf-8")


@contextmanager
def at_once() -> Iterator[None]:
    """Send all that changes on the page in one message, plots included.

    Bokeh looks through everything on the page whenever a plot has changed, to find what is new; here it does so once.
    Before the message is sent, so that what is new belongs to the page by then. Panel's hold does
    where no plot changes.
    """
    document, failure = pn.state.curdoc, None
    with pn.io.hold(), nullcontext() if document is None else document.models.freeze():
        try:
            yield
        except Exception as error:  # noqa: BLE001 - Bokeh's would never look again
            failure = error
    if failure is not None:
        raise failure


class Component(JSComponent):
    """A component that keeps what was set last.

    What is set while messages are held back, Panel (1.9.4) takes for news from the browser, and sets it once more some
    50 ms later. By then something newer may have been set, which that would undo here, though not in the browser.
    """

    _esm: ClassVar[str] = "export function render() {}"

    def _update_model(self, events: dict[str, Any], msg: dict[str, Any], *where: Any) -> None:
        for name in msg:
            self._events.pop(name, None)
        super()._update_model(events, msg, *where)


class GestureComponent(Component):
    """A component whose gestures come as messages, one at a time.

    The browser draws a gesture by itself and sends its newest state once the last one was answered (`seen`), so that
    gestures never queue up behind a slow answer. All that a gesture changes reaches the browser in one message.
    """

    gesture: dict[str, Any] = param.Dict(default={}, doc="Newest state of the gesture.")
    seen: int = param.Integer(default=0, doc="Serial number of the last gesture that was answered.")

    _rename: ClassVar[dict[str, str | None]] = {"gesture": None}

    def on_gesture(self, heard: Callable[[dict[str, Any]], object]) -> None:
        """Call ``heard`` with each gesture, also with one that is the same as the last."""
        self.param.watch(lambda event: heard(event.new), "gesture", onlychanged=False)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        message = dict(data)
        serial = int(message.pop("serial", 0))
        try:
            with pn.io.hold():
                self.gesture = message
        finally:
            self.seen = serial
