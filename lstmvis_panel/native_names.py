"""Names and attributes as a netCDF file can hold them, and back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

JSON = "json:"
# HDF5 takes "/" for a folder, and Zarr a backslash too; netCDF takes a space for the end of a name, and the rest for
# nothing at all.
FORBIDDEN = re.compile(r"[%/\\\s\x00-\x1f\x7f\ud800-\udfff]|^\.+$|^_")


def encode_name(name: Hashable) -> str:
    """Return a name that HDF5 and netCDF take, readable where it can be: ``lstm%2Fcell`` for ``lstm/cell``."""
    return FORBIDDEN.sub(lambda match: "".join(_percent(letter) for letter in match[0]), str(name))


def decode_name(name: Hashable) -> str:
    """Return the name that `encode_name` was given."""
    return unquote(str(name), errors="surrogatepass")


def encode_attrs(attrs: Mapping[Any, Any], where: str) -> dict[str, Any]:
    """Return attributes as netCDF holds them: texts, numbers, lists of numbers; all others as JSON.

    Raises
    ------
    RecordingError
        If one can't be written as JSON either.
    """
    try:
        return {encode_name(name): _encode(value) for name, value in attrs.items()}
    except (TypeError, ValueError) as error:
        what = f"has an attribute that is neither text, number nor JSON ({error})"
        raise RecordingError(Problem(where, what, "delete it, or turn it into text")) from None


def decode_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the attributes that `encode_attrs` was given, arrays as lists."""
    return {decode_name(name): _decode(value) for name, value in attrs.items()}


def _encode(value: Any) -> Any:
    plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    if isinstance(plain, str) and not plain.startswith(JSON) and plain.isprintable() and plain:
        return str(plain)
    if type(plain) is float or (type(plain) is int and abs(plain) < 2**63):
        return plain
    if isinstance(plain, list | tuple) and len(plain) > 1 and {type(item) for item in plain} == {float}:
        return np.array(plain)
    return JSON + json.dumps(plain)


def _decode(value: Any) -> Any:
    plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    if isinstance(plain, bytes):
        plain = plain.decode("utf-8", errors="replace")
    return json.loads(plain.removeprefix(JSON)) if isinstance(plain, str) and plain.startswith(JSON) else plain


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", errors="surrogatepass"))
