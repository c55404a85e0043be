"""The keys, in one table: the page listens to them, and the help panel says what they do."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """Keys that do the same."""

    strokes: tuple[str, ...]
    does: str
    action: str


GROUPS: dict[str, tuple[Key, ...]] = {
    "Go": (
        Key(("ArrowLeft",), "five steps back", "back"),
        Key(("ArrowRight",), "five steps forward", "forward"),
        Key(("PageUp",), "a page of words back", "page back"),
        Key(("PageDown",), "a page of words forward", "page forward"),
        Key(("Home",), "the first step", "first step"),
        Key(("End",), "the last step", "last step"),
        Key(("s",), "the selection", "to selection"),
        Key(("o",), "next place where the selected states are on", "next on"),
        Key(("O",), "previous place where they are on", "previous on"),
        Key(("d",), "next document", "next document"),
        Key(("D",), "previous document", "previous document"),
        Key(("g",), "a document by its number or name", "find document"),
    ),
    "Search": (
        Key(("/",), "search for words", "search"),
        Key(("n", "F3"), "next hit", "next hit"),
        Key(("N", "shift+F3"), "previous hit", "previous hit"),
    ),
    "Look": (
        Key(("+", "="), "wider words", "wider"),
        Key(("-",), "narrower words", "narrower"),
        Key(("m",), "tracks faded where few selected states are on", "mask"),
        Key(("t",), "light or dark", "theme"),
    ),
    "Select": (
        Key(("[",), "one more step before that must be off", "left more"),
        Key(("{",), "one fewer", "left fewer"),
        Key(("]",), "one more step after that must be off", "right more"),
        Key(("}",), "one fewer", "right fewer"),
        Key(("p",), "propose a threshold", "propose"),
        Key(("Escape",), "clear the selection", "clear"),
    ),
    "Keep": (
        Key(("u", "ctrl+z"), "undo", "undo"),
        Key(("U", "ctrl+shift+z", "ctrl+y"), "redo", "redo"),
        Key(("b",), "named selections", "named"),
        Key(("c",), "copy the link", "copy link"),
        Key(("?",), "this help", "help"),
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
        (("Delete",), "take it out of the list"),
    ),
    "On the name of a track or a heatmap": (
        (("ArrowUp", "ArrowDown"), "move the track"),
        (("ArrowLeft", "ArrowRight"), "move the heatmap"),
        (("Delete",), "remove it"),
    ),
    "On the matches, the tracks, the bars of lengths": (
        (("ArrowLeft", "ArrowRight"), "from cell to cell, with their values"),
        (("Enter",), "show the match above, filter by the length"),
        (("ctrl+Enter",), "show the match in a new tab"),
    ),
    "By mouse": (
        (("drag",), "over words or lines: select"),
        (("ctrl+wheel",), "over words, lines or tracks: zoom"),
        (("shift+wheel",), "along the steps"),
    ),
}
"""What has keys of its own, in words."""

SIGNS = {
    "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "PageUp": "Page ↑", "PageDown": "Page ↓",
    "Escape": "Esc", "ctrl": "Ctrl", "shift": "Shift", "-": "−",
}  # fmt: skip

ACTIONS = {key.action: key for keys in GROUPS.values() for key in keys}


def strokes() -> dict[str, str]:
    """Return the action of each key, as `Keyboard` takes them."""
    return {stroke: key.action for key in ACTIONS.values() for stroke in key.strokes}


def said(stroke: str) -> str:
    """Return what stands on the key."""
    parts = stroke.split("+") if len(stroke) > 1 else [stroke]
    return " ".join(SIGNS.get(part, part.upper() if len(parts) > 1 and len(part) == 1 else part) for part in parts)


def table() -> list[dict[str, object]]:
    """Return the help panel's groups, each with its rows of keys and what they do."""
    groups = {title: [(key.strokes, key.does) for key in keys] for title, keys in GROUPS.items()} | FOCUSED
    return [
        {"title": title, "rows": [{"keys": [said(stroke) for stroke in keys], "does": does} for keys, does in rows]}
        for title, rows in groups.items()
    ]
