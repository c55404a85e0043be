r"""What a line in the search box asks for.

========================== ======================================================================================
``moby dick``              a phrase of whole words, one a step, case and Unicode form ignored
``whal* *ing * un*ed``     parts of words: ``*`` is any characters of a word, alone it is any one word
``/^un.*ed$/ the``         a regular expression within a word, case as written; ``/.../i`` ignores it
``"New York" "*" "a:b"``   a word as it stands in quotes: blanks, ``*``, ``:`` and ``/`` mean themselves
``pos:NOUN pos:"a b"``     the label of a categorical annotation, or among those of a prediction; ``*`` as in words
``surprisal:>5``           the value of a scalar annotation; also ``>=5 <5 <=5 =5 5 2..4 2.. ..4``, both ends included
========================== ======================================================================================

Terms are separated by blanks. All that is asked of annotations holds at a hit's first step, wherever it is written;
alone it finds the stretches of steps where it holds. In quotes ``\"`` and ``\\`` are a quote and a backslash. A name's
blanks may be written as underscores. What looks like ``name:value`` but names no annotation is a word, and so are a
quote or a slash that stand alone.

Where every word of the vocabulary is one character, the same is searched for in the running text: plain words are
found anywhere in it, ``*`` is any characters but blanks (between others, as few as will do), and a regular expression
stands alone. Where the vocabulary has no blanks, as in DNA, those typed mean nothing.
"""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import regex

from lstmvis_panel.schema import ANNOTATIONS, Kind, Problem, RecordingError, kind_of, labels, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import xarray as xr

WHERE = "search"
LONGEST = 2000
"""Most characters of a search: what no one types, but a parser of regular expressions may choke on."""

MOST_COMPARED = 2000
"""Most labels among which those that are spelt alike are looked for."""

MOST_LISTED = 8
MOST_REPEATED = 100_000
"""How often all of a regular expression's ``{n}`` may repeat something, one within the other: it is written out."""

COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}

_PATTERN = re.compile(r"/(?!\s)((?:\\.|[^/\\])+)/(i?)(?=\s|$)", re.DOTALL)
_TERM = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^\s"])+(?=\s|$)|"(?=\s|$)', re.DOTALL)
_PIECE = re.compile(r'"((?:\\.|[^"\\])*)"|([^"]+|")', re.DOTALL)
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_QUICK = re.compile(r"(?:[^*+?{|]*[*+?|]){0,3}[^*+?{|]*", re.DOTALL)
_NOT_QUICK = re.compile(r"\(\?|\)[*+?]")
_NOT_STEADY = re.compile(r"[*+].", re.DOTALL)
_COMPARED = re.compile(rf"(>=|<=|>|<|=)?({_NUMBER})")
_BETWEEN = re.compile(rf"({_NUMBER})?\.\.({_NUMBER})?")


@dataclass(frozen=True)
class Word:
    """A word, or a part of one.

    Attributes
    ----------
    parts
        As from `folded`: what stands between any characters; only one if the word is meant as a whole.
    """

    parts: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether no part of the word is left open."""
        return len(self.parts) == 1

    def among(self, words: Sequence[str]) -> np.ndarray:
        """Tell which words, as from `folded`, it stands for: bool."""
        if self.is_whole:
            whole = self.parts[0]
            return np.array([word == whole for word in words], bool)
        first, *between, last = map(re.escape, self.parts)
        # Atomic: once a part is found, it is not looked for anew further on, which would take time without end.
        pattern = re.compile(first + "".join(f"(?>.*?{part})" for part in between) + f".*{last}", re.DOTALL)
        return np.array([pattern.fullmatch(word) is not None for word in words], bool)


@dataclass(frozen=True)
class Pattern:
    """A regular expression, as Python's, and what the package regex has beyond."""

    source: str
    ignores_case: bool = False

    @property
    def is_quick(self) -> bool:
        """Whether it has so few choices, and no choice within a repetition, that a short word can't take it long."""
        return _QUICK.fullmatch(self.source) is not None and _NOT_QUICK.search(self.source) is None

    @property
    def is_steady(self) -> bool:
        """Whether it is quick in a text of any length: what it may repeat ends it, so that nothing sends it back."""
        return self.is_quick and _NOT_STEADY.search(self.source) is None

    @property
    def compiled(self) -> regex.Pattern[str]:
        """What searches; the package keeps the latest ones."""
        return regex.compile(self.source, regex.IGNORECASE if self.ignores_case else 0)


@dataclass(frozen=True)
class Label:
    """A label of a categorical annotation, or one that is among those predicted."""

    name: str
    word: Word


@dataclass(frozen=True)
class Number:
    """Comparisons of a scalar annotation with numbers; all of them hold. The keys of `COMPARISONS` say which."""

    name: str
    comparisons: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Wanted:
    """What is searched for.

    Attributes
    ----------
    words
        A phrase.
    conditions
        What holds at its first step.
    """

    words: tuple[Word | Pattern, ...]
    conditions: tuple[Label | Number, ...]


class _Piece(NamedTuple):
    text: str
    is_quoted: bool


def parse_search(text: str, recording: xr.Dataset) -> Wanted:
    """Read what someone typed into the search box.

    Parameters
    ----------
    text
        In the language above.
    recording
        Whose annotations may be asked for; none of its steps is read.

    Returns
    -------
    Wanted

    Raises
    ------
    RecordingError
        If nothing is asked for, a quote or a regular expression is not closed or is wrong, an annotation has no such
        label, or a number is none.
    """
    if not text.strip():
        raise _error("is empty", 'type words, parts of words as in whal*, /a regular expression/ or "words as written"')
    if len(text) > LONGEST:
        raise _error(f"has {len(text):,} characters; at most {LONGEST:,} were expected")
    known = {_as_name(name): name for name in names_of(recording, *ANNOTATIONS)}
    words: list[Word | Pattern] = []
    conditions: list[Label | Number] = []
    for term in _terms(text):
        if isinstance(term, Pattern):
            words.append(term)
        elif (condition := _condition(term, known, recording)) is not None:
            conditions.append(condition)
        else:
            words.append(_word(term))
    return Wanted(tuple(words), tuple(conditions))


def folded(text: str) -> str:
    """Return a text without case, in one of the forms that Unicode has for the same text (its rule D145)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def unknown_name(text: str, recording: xr.Dataset) -> str | None:
    """Return what stands like an annotation's name before a colon, but names none; of a text that can be read."""
    known = {_as_name(name): name for name in names_of(recording, *ANNOTATIONS)}
    terms = [term for term in _terms(text) if not isinstance(term, Pattern) and not term[0].is_quoted]
    others = (term[0].text for term in terms if _condition(term, known, recording) is None)
    return next((match[1] for other in others if (match := re.match(r"([^\W\d][\w-]*):", other))), None)


def _terms(text: str) -> Iterator[Pattern | list[_Piece]]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif match := _PATTERN.match(text, at):
            yield _pattern(match[1], ignores_case=bool(match[2]))
            at = match.end()
        elif match := _TERM.match(text, at):
            if match[0][0] == "/" and match[0].strip("/"):
                raise _error(f"{match[0]} isn't closed", f'end it with a slash, or search for the word: "{match[0]}"')
            yield [
                _Piece(re.sub(r"\\(.)", r"\1", piece[1], flags=re.DOTALL), is_quoted=True)
                if piece[1] is not None
                else _Piece(piece[2], is_quoted=False)
                for piece in _PIECE.finditer(match[0])
            ]
            at = match.end()
        else:
            raise _error(f"{text[at:].strip()} has a quote that isn't closed", r"close it; \" in quotes is a quote")


def _pattern(source: str, *, ignores_case: bool) -> Pattern:
    counts = (re.sub(r"\D", "", braces.partition(",")[0]) for braces in re.findall(r"\{([^{}]*)", source))
    # Nine digits are too many already, and Python reads no more than some thousand.
    if math.prod(max(1, int(count[:9] or 1)) for count in counts) > MOST_REPEATED:
        what = f"/{source}/ may repeat something more than {MOST_REPEATED:,} times"
        raise _error(what, "make the first numbers in its braces smaller, as in {0,500}")
    pattern = Pattern(unicodedata.normalize("NFC", source), ignores_case)
    try:
        pattern.compiled  # noqa: B018 - whether it can be compiled
    except Exception as error:  # noqa: BLE001 - some that are wrong make its parser fail with errors of any type
        said = error if isinstance(error, regex.error) else "it can't be read"
        what = f"/{source}/ is no regular expression: {said}"
        raise _error(what, r"a backslash before a character makes it stand for itself, as in \( or \*") from None
    return pattern


def _condition(term: list[_Piece], known: dict[str, str], recording: xr.Dataset) -> Label | Number | None:
    """Return what a term asks of an annotation; None if it names none."""
    before = ""
    for number, (text, is_quoted) in enumerate(term):
        for colon in [] if is_quoted else [at for at, letter in enumerate(text) if letter == ":"]:
            name = known.get(_as_name(before + text[:colon]))
            if name is not None:
                return _asked(name, [_Piece(text[colon + 1 :], is_quoted=False), *term[number + 1 :]], recording)
        before += text
    return None


def _asked(name: str, value: list[_Piece], recording: xr.Dataset) -> Label | Number:
    if kind_of(recording.variables[name]) is Kind.SCALAR:
        return Number(name, _comparisons(name, "".join(piece.text for piece in value)))
    label, names = Label(name, _word(value)), labels(recording, name)
    known = [folded(each) for each in names]
    if not label.word.among(known).any():
        spelt = "".join(piece.text for piece in value)
        what = f"{name} has no label {spelt}" if spelt else f"{name}: asks for no label"
        raise _error(what, _nearest(folded(spelt), known, names))
    return label


def _comparisons(name: str, value: str) -> tuple[tuple[str, float], ...]:
    if match := _COMPARED.fullmatch(value):
        return ((match[1] or "=", float(match[2])),)
    ends = _BETWEEN.fullmatch(value)
    if ends is None or ends[0] == "..":
        what = f"{name}:{value} compares with no number"
        raise _error(what, f"{name} has numbers: write {name}:>5, {name}:<=0.5 or {name}:2..4, without blanks")
    return tuple((sign, float(end)) for sign, end in zip((">=", "<="), ends.groups(), strict=True) if end is not None)


def _nearest(spelt: str, known: list[str], names: np.ndarray) -> str:
    near = get_close_matches(spelt, known, cutoff=0.5) if len(known) <= MOST_COMPARED else []
    if near:
        return f"is it {' or '.join(dict.fromkeys(str(names[known.index(label)]) for label in near))}?"
    listed = ", ".join(map(str, names[:MOST_LISTED])) + (", ..." if len(names) > MOST_LISTED else "")
    return f"it has {listed}"


def _word(term: Iterable[_Piece]) -> Word:
    parts = [""]
    for text, is_quoted in term:
        first, *further = [text] if is_quoted else text.split("*")
        parts[-1] += first
        parts += further
    return Word(tuple(map(folded, parts)))


def _as_name(name: str) -> str:
    return re.sub(r"\s", "_", folded(name))


def _error(what: str, remedy: str = "") -> RecordingError:
    return RecordingError(Problem(WHERE, what, remedy))
