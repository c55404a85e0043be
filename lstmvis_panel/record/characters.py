"""Texts as two tokenizers can agree on them: without white space, case, accents and kinds of quotes and dashes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

# Marks on characters, what can't be seen, and what only breaks lines.
DROPPED = frozenset({"Mn", "Me", "Cf", "Cc", "Zs", "Zl", "Zp"})
# A double quote is two single ones, so that `` and '' need no context to equal it; an em dash is two hyphens.
SAME = {
    **dict.fromkeys("`\u2018\u2019\u201a\u201b\u2032\u02bc", "'"),
    **dict.fromkeys('"\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb', "''"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **dict.fromkeys("\u2014\u2015", "--"),
    "\u2044": "/",
    "▁": "",  # how SentencePiece writes a space
}
SPACES = re.compile(r"[\s▁]*")
BRACKETS = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "-lcb-": "{", "-rcb-": "}"}
# What says that a piece goes on with the word before (WordPiece), goes on in the next one, or ends a word.
PIECE = re.compile(r"##(.+)|(.+?)(?:@@|</w>)", re.DOTALL)
# Numbers are whole; English clitics are apart from their word, as treebanks and their models have them.
WORD_OR_SIGN = re.compile(
    r"(?i)\d+(?:[.,]\d+)+|\w+(?=n['\u2019]t\b)|n['\u2019]t\b|['\u2019](?:s|m|re|ve|ll|d)\b|\w+|[^\w\s]"
)
CLITICS = frozenset({"n't", "'s", "'m", "'re", "'ve", "'ll", "'d"})
MARKER = re.compile(r"<[^<>\s]+>|\[(?:UNK|MASK|CLS|SEP|PAD|BOS|EOS)\]")
EMPTY_MARKER = re.compile(
    r"(?i)<\|.*\|>|\[(?:CLS|SEP|PAD|BOS|EOS)\]|</?(?:s|p|bos|eos|sos|go|start|end|pad|cls|sep|nl|newline|br)/?>"
)
UNREADABLE = "\ufffd"  # what stands for a part of a character


class Role(IntEnum):
    """What a token stands for in a text."""

    LITERAL = 0  # itself
    WILD = 1  # some text of which it does not tell, as `<unk>`
    EMPTY = 2  # no text at all: the end of a sentence, white space
    MARK = 3  # an accent on the character before


class _Table(dict[int, str]):
    """What each character is compared as, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter in SAME:
            found = SAME[letter]
        else:
            plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
            kept = (each for each in plain if unicodedata.category(each) not in DROPPED)
            found = "".join(SAME.get(each, each) for each in kept)
        self[code] = found
        return found


_table = _Table()


def comparable(token: str) -> str:
    r"""Return a token's characters as they are compared with those of another text.

    Compatibility forms are taken apart and case-folded (NFKD), accents and white space dropped, quotes and dashes made
    alike; the treebanks' ``-LRB-`` is a bracket, their ``\/`` a slash, ``##ing`` and ``ing@@`` just ``ing``.
    """
    plain = BRACKETS.get(token.lower(), token)
    if piece := PIECE.fullmatch(plain):
        plain = piece[1] or piece[2]
    return plain.replace("\\/", "/").replace("\\*", "*").translate(_table)


def role_of(token: str) -> Role:
    """Tell what a token stands for: itself, a text it hides, none at all, or a mark on the character before."""
    if UNREADABLE in token:
        return Role.WILD
    if MARKER.fullmatch(token):
        return Role.EMPTY if EMPTY_MARKER.fullmatch(token) else Role.WILD
    if comparable(token):
        return Role.LITERAL
    return Role.EMPTY if SPACES.fullmatch(token) else Role.MARK


def compared(tokens: Iterable[str]) -> dict[str, tuple[str, Role]]:
    """Return what each of these tokens is compared as, and its role, having looked at each only once."""
    return {token: (comparable(token), role_of(token)) for token in set(tokens)}


@dataclass(frozen=True)
class Text:
    """A text, and its characters as they are compared: the stream.

    Parameters
    ----------
    text
        The text as it was written.
    """

    text: str

    @cached_property
    def stream(self) -> str:
        """The characters that are compared, without white space."""
        return self.text.translate(_table)

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """Where each character of the text starts in the stream, and the stream's end; shape (characters + 1,)."""
        # surrogatepass: half a character, as some files hold, is compared like any other.
        codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        kinds, which = np.unique(codes, return_inverse=True)
        lengths = np.array([len(_table[int(code)]) for code in kinds], dtype=np.int64)
        return np.concatenate([[0], np.cumsum(lengths[which])]).astype(np.int64)

    def at(self, offsets: ArrayLike) -> NDArray[np.int64]:
        """Return where offsets into the text, 0 to its length, lie in the stream."""
        return self.positions[np.asarray(offsets, dtype=np.int64)]
