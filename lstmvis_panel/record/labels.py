"""Label sets of a recording that is being written: fixed ones, and those that grow with every text that is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNKNOWN = "<unk>"
SHOWN = 5


class LabelSet:
    """Labels and their codes.

    Parameters
    ----------
    name
        Its name in the recording.
    texts
        The labels so far.
    is_fixed
        Whether no others may come.

    Attributes
    ----------
    texts : list of str
        All labels; a code is a position among them.
    written : int
        How many of them are in the file.
    """

    def __init__(self, name: str, texts: Sequence[str] = (), *, is_fixed: bool) -> None:
        self.name = name
        self.is_fixed = is_fixed
        self.texts = [spelled(text) for text in texts]
        self.written = 0
        self._codes = {text: code for code, text in reversed([*enumerate(self.texts)])}

    def encode(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return the codes of texts; a set that is not fixed takes in those that are new.

        Raises
        ------
        RecordingError
            If the set is fixed, a text is not in it, and neither is ``<unk>``.
        """
        if self.is_fixed:
            return self._known(texts)
        return np.fromiter((self._code(text) for text in texts), np.int32, len(texts))

    def append(self, text: str) -> int:
        """Add a label, whether there is an equal one or not, and return its code."""
        code = len(self.texts)
        self.texts.append(spelled(text))
        self._codes.setdefault(self.texts[-1], code)
        return code

    def _code(self, text: str) -> int:
        code = self._codes.get(text)
        if code is None:
            code = self._codes.get(spelled(text))
        return self.append(text) if code is None else code

    def _known(self, texts: Sequence[str]) -> NDArray[np.int32]:
        unknown = self._codes.get(UNKNOWN, -1)
        found = (self._codes.get(text, unknown) for text in map(spelled, texts))
        codes = np.fromiter(found, np.int32, len(texts))
        if (codes < 0).any():
            strange = dict.fromkeys(text for text, code in zip(texts, codes, strict=True) if code < 0)
            first = ", ".join(map(repr, [*strange][:SHOWN]))
            what = f"has no label for {len(strange)} of the texts: {first}{', ...' if len(strange) > SHOWN else ''}"
            raise RecordingError(Problem(self.name, what, f"add them, or {UNKNOWN!r}, which stands for all others"))
        return codes


def texts_array(texts: Sequence[str]) -> NDArray[np.object_]:
    """Return labels as a recording holds them."""
    array = np.empty(len(texts), dtype=object)
    array[:] = list(texts)
    return array


def spelled(text: str) -> str:
    r"""Return a text as a file can hold it: what is no character, or ends a text in HDF5, is spelled out (``\x00``)."""
    if not isinstance(text, str):
        raise RecordingError(Problem("labels", f"hold {text!r}, which is no text", "turn each into a str"))
    if text.isprintable():
        return text
    return text.replace("\0", r"\x00").encode("utf-8", errors="backslashreplace").decode()
