"""Hidden states out of your own model, as a recording that the app opens.

>>> from lstmvis_panel.record import record
>>> record(model, batches, "states.h5", vocabulary=words)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstmvis_panel.record.annotations import categorical, chunks, scalar
    from lstmvis_panel.record.arrays import from_arrays
    from lstmvis_panel.record.attach import annotate, annotate_file
    from lstmvis_panel.record.batch import Batch
    from lstmvis_panel.record.bed import from_bed
    from lstmvis_panel.record.conll import from_conll
    from lstmvis_panel.record.entry import record
    from lstmvis_panel.record.retokenized import from_tokens
    from lstmvis_panel.record.tagging import tag_with_spacy
    from lstmvis_panel.record.writer import Writer

__all__ = [
    "Batch",
    "Writer",
    "annotate",
    "annotate_file",
    "categorical",
    "chunks",
    "from_arrays",
    "from_bed",
    "from_conll",
    "from_tokens",
    "record",
    "scalar",
    "tag_with_spacy",
]

_MODULES = {
    "Batch": "batch",
    "Writer": "writer",
    "annotate": "attach",
    "annotate_file": "attach",
    "categorical": "annotations",
    "chunks": "annotations",
    "from_arrays": "arrays",
    "from_bed": "bed",
    "from_conll": "conll",
    "from_tokens": "retokenized",
    "record": "entry",
    "scalar": "annotations",
    "tag_with_spacy": "tagging",
}


def __getattr__(name: str) -> Any:
    """Load a name's module only when it is asked for: each needs another library, and none needs all of them."""
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
