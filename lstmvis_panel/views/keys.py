"""The keys, in one table: the page listens to them, and the help panel says what they do."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """Keys that do the same."""

    action: str
    strokes: tuple[str, ...]


class Row(NamedTuple):
    """What the help says in a line: keys, and what each of them does."""

    does: str
    keys: tuple[Key, ...]


def row(does: str, **strokes: str) -> Row:
    """Return a row of keys by their actions, in which an underscore is a blank; strokes that do the same are words."""
    return Row(does, tuple(Key(action.replace("_", " "), tuple(keys.split())) for action, keys in strokes.items()))


GROUPS: dict[str, tuple[Row, ...]] = {
    "Go": (
        row("five steps back, forward", back="ArrowLeft", forward="ArrowRight"),
        row("a page of words back, forward", page_back="PageUp", page_forward="PageDown"),
        row("the first step, the last", first_step="Home", last_step="End"),
        row("the selection", to_selection="s"),
        row("next place where the selected states are on, previous", next_on="o", previous_on="O"),
        row("next document, previous", next_document="d", previous_document="D"),
        row("a document by its number or name", find_document="g"),
        row("a step by its number", find_step="j"),
    ),
    "To a part of the page": (
        row("the threshold, the words, the tracks", to_threshold="1", to_words="2", to_tracks="3"),
        row("the list of states, the lengths of matches, the matches", to_states="4", to_lengths="5", to_matches="6"),
    ),
    "Search": (
        row("search for words", search="/"),
        row("next hit", next_hit="n F3"),
        row("previous hit", previous_hit="N shift+F3"),
    ),
    "Look": (
        row("wider words, narrower", wider="+ =", narrower="-"),
        row("tracks faded where few selected states are on", mask="m"),
        row("next source, previous", next_source="l", previous_source="L"),
        row("one more source stacked, the last one taken off", stack="a", unstack="A"),
        row("light or dark", theme="t"),
    ),
    "Select": (
        row("raise the threshold, lower it", threshold_up=".", threshold_down=","),
        row("propose a threshold", propose="p"),
        row("next rule such as |v| ≥ l, previous", next_rule="v", previous_rule="V"),
        row("a value or a quantile as threshold", unit="q"),
        row("one more step before that must be off, one fewer", left_more="[", left_fewer="{"),
        row("one more step after that must be off, one fewer", right_more="]", right_fewer="}"),
        row("pin the state that is pointed at, or let it follow", pin_state="k"),
        row("pin all that are listed, or let them follow", pin_list="K"),
        row("sort the states by number or by mean", order="i"),
        row("clear the selection; amid a drag, take it back", clear="Escape"),
    ),
    "Match": (
        row("next heatmap as colours of the words, previous", next_colours="h", previous_colours="H"),
        row("these colours faded where few selected states are on", match_mask="M"),
        row("matches that share steps with better ones, or none", distinct="x"),
        row("more rows, the best ones again", more_rows="r", fewer_rows="R"),
        row("wider words of matches, narrower", wider_matches="w", narrower_matches="W"),
        row("these words as wide as there is room for", fit_matches="z"),
        row("clear the filters", clear_filters="f"),
    ),
    "Keep": (
        row("undo", undo="u ctrl+z"),
        row("redo", redo="U ctrl+shift+z ctrl+y"),
        row("named selections", named="b"),
        row("copy the link", copy_link="c"),
        row("export", export="e"),
        row("this help", help="?"),
    ),
}

FOCUSED = {
    "On the words, once they have the focus": (
        (("ArrowLeft", "ArrowRight"), "move the cursor"),
        (("shift+ArrowLeft", "shift+ArrowRight"), "extend the selection"),
        (("Enter", "Space"), "select the word"),
    ),
    "On the threshold": (
        (("ArrowUp", "ArrowDown"), "by 0.01, by more where values reach further"),
        (("PageUp", "PageDown"), "ten times as far"),
    ),
    "On a number in the list of states": (
        (("Enter",), "show the state alone, or all again"),
        (("k",), "pin it, or let it follow the selection"),
        (("Delete",), "take it out of the list"),
    ),
    "On the name of a track or a heatmap": (
        (("ArrowUp", "ArrowDown"), "move the track"),
        (("ArrowLeft", "ArrowRight"), "move the heatmap"),
        (("Delete",), "remove it"),
    ),
    "On the matches, the tracks, the bars of lengths": (
        (("ArrowLeft", "ArrowRight"), "from cell to cell, with their values"),
        (("shift+ArrowLeft", "shift+ArrowRight"), "more lengths"),
        (("Enter",), "show the match above, filter by the lengths"),
        (("ctrl+Enter",), "show the match in a new tab"),
    ),
    "In the search": (
        (("ArrowUp", "ArrowDown"), "choose one of the hits"),
        (("Enter",), "go there, or to the next hit"),
        (("shift+Enter",), "select it, or go to the previous hit"),
    ),
    "By mouse": (
        (("drag",), "over words or lines: select"),
        (("ctrl+wheel",), "over words, lines, tracks or matches: zoom"),
        (("shift+wheel",), "along the steps"),
    ),
}
"""What has keys of its own, in words."""

BY_TAB = (
    "another recording",
    "a number typed: the step, the threshold, a state to add, the steps of context",
    "a source to stack, to match on or to take away",
    "a track or a heatmap to add",
    "what matches start with, or in which document; a filter to remove",
    "the states of the selection again, and no others",
    "a search again that has failed; a notice to close",
)
"""What has no key of its own: Tab leads there, and then Enter, Space or arrows, as in any form."""

SIGNS = {
    "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "PageUp": "Page ↑", "PageDown": "Page ↓",
    "Escape": "Esc", "ctrl": "Ctrl", "shift": "Shift", "-": "−",
}  # fmt: skip

ACTIONS = {key.action: key for rows in GROUPS.values() for row in rows for key in row.keys}


def strokes() -> dict[str, str]:
    """Return the action of each key, as `Keyboard` takes them."""
    return {stroke: key.action for key in ACTIONS.values() for stroke in key.strokes}


def said(stroke: str) -> str:
    """Return what stands on the key."""
    parts = stroke.split("+") if len(stroke) > 1 else [stroke]
    return " ".join(SIGNS.get(part, part.upper() if len(parts) > 1 and len(part) == 1 else part) for part in parts)


def table() -> list[dict[str, object]]:
    """Return the help panel's groups, each with its rows of keys and what they do."""
    groups = {title: [(_strokes_of(row), row.does) for row in rows] for title, rows in GROUPS.items()}
    by_tab: list[tuple[tuple[str, ...], str]] = [((), does) for does in BY_TAB]
    return [
        {"title": title, "rows": [{"keys": [said(stroke) for stroke in keys], "does": does} for keys, does in rows]}
        for title, rows in {**groups, **FOCUSED, "By Tab, then Enter, Space or arrows": by_tab}.items()
    ]


def _strokes_of(row: Row) -> tuple[str, ...]:
    return tuple(stroke for key in row.keys for stroke in key.strokes)
