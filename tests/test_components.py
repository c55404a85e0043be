"""What the components share, without a browser."""

from __future__ import annotations

from bokeh.document import Document

from lstmvis_panel.components.state_list import StateList


def test_what_is_set_last_is_not_undone_by_older_news_of_itself() -> None:
    """Panel takes what is set while messages are held back for news from the browser, which it hears a moment later."""
    shown = StateList()
    model = shown.get_root(Document())
    shown._events["count"] = 3
    shown.count = 5
    shown._process_events(shown._events)
    assert (shown.count, model.data.count) == (5, 5)
