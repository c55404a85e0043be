"""A tokenizer's tokens as people read them: no byte marks, the space before a word kept as an annotation.

Tokenizers mark spaces and bytes inside their tokens: GPT-2 writes a space as ``Ġ``, SentencePiece as ``▁``, WordPiece
starts the pieces within a word with ``##``, others end its last piece with ``</w>``. Here each token becomes its own
text, and where words begin is an annotation. Two tokens may then read the same (``the`` with and without a space before
it); their codes stay distinct.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr

from lstmvis_panel.schema import STEP, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

WORD_START = "word_start"
WORD_START_LABELS = ("begins a word", "goes on", "white space", "special token")
BEGINS, GOES_ON, BLANK, SPECIAL = range(4)
DESCRIPTION = "Whether the token begins a word (a space, white space or nothing stands before it) or goes on with one."
SPACE, META_SPACE, PIECE = " ", "▁", "##"
VISIBLE_SPACE = "␣"
LAST, INNER = "</w>", "@@"
"""Marks at the end of a word's last piece, and at the end of all its pieces but the last."""

BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
UNUSED = "<unused {}>"


@dataclass(frozen=True)
class Readable:
    """A tokenizer's vocabulary, readable.

    Attributes
    ----------
    texts
        The text of each code.
    kinds
        int8, shape (code,): BEGINS, GOES_ON, BLANK or SPECIAL, as far as the token alone tells.
    breaks
        bool, shape (code,): whether the token after it begins a word whatever its own marks say.
    """

    texts: tuple[str, ...]
    kinds: NDArray[np.int8]
    breaks: NDArray[np.bool_]

    def word_starts(self, codes: NDArray[Any]) -> xr.Variable:
        """Return which tokens begin a word, as a categorical annotation.

        Parameters
        ----------
        codes
            Shape (step,): the tokens' codes, from a document's first on.
        """
        kinds = self.kinds[codes].copy()
        follows_break = np.ones(len(codes), bool)
        follows_break[1:] = self.breaks[codes[:-1]]
        kinds[(kinds == GOES_ON) & follows_break] = BEGINS
        attrs = {"kind": Kind.CATEGORICAL.value, "labels": f"{WORD_START}_label", "description": DESCRIPTION}
        return xr.Variable(STEP, kinds, attrs)


@dataclass(frozen=True)
class _Piece:
    """What one token says of itself."""

    text: str
    kind: int
    breaks: bool


def readable_vocabulary(tokenizer: Any, size: int = 0) -> Readable:
    r"""Return the readable form of all that a tokenizer knows.

    A byte that is no whole character reads as ``\xe2``, a newline as ``\n``; a space at either end that is not the one
    before a word as ``␣``. Special and other added tokens stay as they are.

    Parameters
    ----------
    tokenizer
        A tokenizer of transformers.
    size
        How many codes there are at least: a model may know more than its tokenizer does. Those without a token are
        named ``<unused 50258>``.
    """
    tokens = {code: token for token, code in tokenizer.get_vocab().items()}
    added = {code: token.content for code, token in tokenizer.added_tokens_decoder.items()}
    special = set(tokenizer.all_special_ids) | {
        code for code, token in tokenizer.added_tokens_decoder.items() if token.special
    }
    # Some tokenizers list those that stand for bytes as special.
    special -= {code for code in special if BYTE_TOKEN.fullmatch(tokens.get(code, ""))}
    added = {code: text for code, text in added.items() if not BYTE_TOKEN.fullmatch(text)}
    scheme = _scheme(tokenizer, tokens.values())
    pieces = []
    for code in range(max(size, max(tokens, default=-1) + 1, max(added, default=-1) + 1)):
        if code in special:
            pieces.append(_Piece(added.get(code) or tokens[code], SPECIAL, breaks=True))
        elif code in added:
            pieces.append(_Piece(_visible(added[code]), BEGINS, breaks=False))
        elif code in tokens:
            pieces.append(scheme(tokens[code]))
        else:
            pieces.append(_Piece(UNUSED.format(code), SPECIAL, breaks=True))
    kinds = np.array([piece.kind for piece in pieces], np.int8)
    return Readable(tuple(piece.text for piece in pieces), kinds, np.array([piece.breaks for piece in pieces], bool))


Scheme: TypeAlias = "Callable[[str], _Piece]"
"""Reads one token."""


def _scheme(tokenizer: Any, tokens: Iterable[str]) -> Scheme:
    """Return the function that reads a token, by how the tokenizer turns tokens back into text."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    decoder = json.loads(backend.to_str())["decoder"] if backend is not None else None
    steps = list(_decoders(decoder))
    types = {step["type"] for step in steps}
    texts = {step.get("pattern", {}).get("String") for step in steps if step["type"] == "Replace"}
    if "ByteLevel" in types:
        return _of_bytes
    if "Metaspace" in types or META_SPACE in texts:
        return _of_spaces
    if "WordPiece" in types:
        return _of_pieces
    return _of_last if "BPEDecoder" in types else _guessed(tokens)


def _guessed(tokens: Iterable[str]) -> Scheme:
    """Return the function that reads a token, by the mark that most tokens have; for tokenizers that don't tell."""
    marks: dict[Scheme, Callable[[str], bool]] = {
        _of_bytes: lambda token: token.startswith("Ġ"),
        _of_spaces: lambda token: token.startswith(META_SPACE),
        _of_pieces: lambda token: token.startswith(PIECE) and token != PIECE,
        _of_last: lambda token: token.endswith(LAST),
        _of_inner: lambda token: token.endswith(INNER),
    }
    tokens = list(tokens)
    counts = {scheme: sum(map(marked, tokens)) for scheme, marked in marks.items()}
    best = max(counts, key=lambda scheme: counts[scheme])
    return best if counts[best] > 1 else _plain


def _decoders(decoder: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Go through a decoder's steps, those within a sequence too."""
    if decoder is None:
        return
    if decoder["type"] == "Sequence":
        yield from chain.from_iterable(map(_decoders, decoder["decoders"]))
    else:
        yield decoder


def _byte_marks() -> dict[str, int]:
    """Return the byte that each letter stands for in byte-level tokens: printable ones for themselves, as in GPT-2."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + place): byte for place, byte in enumerate(others)}


BYTE_MARKS = _byte_marks()


def _of_bytes(token: str) -> _Piece:
    if not all(letter in BYTE_MARKS for letter in token):
        return _plain(token)
    return _spaced(bytes(BYTE_MARKS[letter] for letter in token).decode("utf-8", errors="backslashreplace"))


def _of_spaces(token: str) -> _Piece:
    if byte := BYTE_TOKEN.fullmatch(token):
        return _spaced(bytes.fromhex(byte[1]).decode("utf-8", errors="backslashreplace"))
    return _spaced(token.replace(META_SPACE, SPACE))


def _of_pieces(token: str) -> _Piece:
    # Such a piece goes on with a word wherever it stands: others begin one, so nothing before it needs to say so.
    if token.startswith(PIECE) and token != PIECE:
        return _Piece(_visible(token.removeprefix(PIECE)), GOES_ON, breaks=False)
    return _Piece(_visible(token), BEGINS, breaks=False)


def _of_last(token: str) -> _Piece:
    ends = token.endswith(LAST) and token != LAST
    return _Piece(_visible(token.removesuffix(LAST) if ends else token), GOES_ON, breaks=ends)


def _of_inner(token: str) -> _Piece:
    inner = token.endswith(INNER) and token != INNER
    return _Piece(_visible(token.removesuffix(INNER) if inner else token), GOES_ON, breaks=not inner)


def _plain(token: str) -> _Piece:
    return _Piece(_visible(token), BEGINS, breaks=False)


def _spaced(text: str) -> _Piece:
    """Read a text whose first space, if it has one, is that before a word."""
    if text.isspace():
        return _Piece(_visible(text), BLANK, breaks=True)
    kind = BEGINS if text[:1].isspace() else GOES_ON
    return _Piece(_visible(text.removeprefix(SPACE)), kind, breaks=text[-1:].isspace())


def _visible(text: str) -> str:
    """Return a text with nothing in it that can't be seen: spaces at its ends, control characters, an empty one."""
    inner = text.strip(SPACE)
    before = len(text) - len(text.lstrip(SPACE)) if inner else len(text)
    after = len(text) - before - len(inner)
    seen = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in inner)
    return VISIBLE_SPACE * before + seen + VISIBLE_SPACE * after or "''"
