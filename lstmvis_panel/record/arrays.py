"""A recording out of arrays, from whatever model they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lstmvis_panel.record.annotations import label_name
from lstmvis_panel.record.argument_kinds import count_problems, list_problems, mapping_problems, unlisted_problems
from lstmvis_panel.record.array_parts import (
    LABEL,
    Given,
    annotation_variables,
    label_variables,
    plain,
    source_of,
    value_problems,
)
from lstmvis_panel.record.array_predictions import prediction_of
from lstmvis_panel.record.assembly import Assembly
from lstmvis_panel.record.extent import extent_of
from lstmvis_panel.record.name_owners import Names
from lstmvis_panel.record.tokens import tokens_of
from lstmvis_panel.schema import TOKEN, VOCABULARY, Kind, Problem, RecordingError, kind_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from lstmvis_panel.record.array_parts import Source
    from lstmvis_panel.record.array_predictions import Scores

Made = TypeVar("Made")
ENDINGS = {"states": ("_state",), "annotations": (), "predictions": ("_rank", "_weight")}
"""By argument: what comes after a name in the further names that one of its values needs."""


def from_arrays(  # noqa: PLR0913 - what there may be of a recording
    tokens: Any,
    states: Mapping[str, Any],
    *,
    lengths: Sequence[int] | NDArray[Any] | None = None,
    documents: Sequence[Any] | NDArray[Any] | None = None,
    vocabulary: Any = None,
    annotations: Mapping[str, Any] | None = None,
    predictions: Mapping[str, Any] | None = None,
    top: int = 5,
    labels: Sequence[Any] | None = None,
    transforms: Mapping[str, str] | None = None,
    layers: Mapping[str, int] | None = None,
    roles: Mapping[str, str] | None = None,
    title: str = "",
    description: str = "",
    path: str | os.PathLike[str] | None = None,
    compress: bool = False,
) -> xr.Dataset:
    """Make a recording out of arrays.

    Parameters
    ----------
    tokens
        What stands at each step: texts; integer codes; numbers (float); vectors (step, component); image files. A list
        or array as long as the steps, or a row for each document.
    states
        Hidden states by name: float16, float32, float64 or bfloat16, all of shape (step, state), or all of shape
        (document, step, state), padded. Arrays, tensors, or what can be sliced, as a memory map; they are read block
        by block where ``path`` is given.
    lengths
        Steps of each document: of padded rows, or of documents that follow one another and add up to all steps. Rows
        of tokens tell them too.
    documents
        A name for each document; or, without lengths, for each step that of its document.
    vocabulary
        The words in the order of their codes, or a mapping of words to codes. Without it texts are numbered as they
        come.
    annotations
        By name: a text or None (categorical), or a number (scalar), for each step.
    predictions
        By name: what is expected at the next step; ``(codes or words, weights or None)``, both (step, rank), the best
        first; or logits or chances of all words, (step, word).
    top
        How many predictions are kept of logits or chances.
    labels
        One for each document: its class, which becomes the annotation ``label``.
    transforms
        By source: ``"tanh"`` for cell states, whose tanh is what is looked at; ``"none"`` where left out.
    layers, roles
        By source: number of the layer; ``"hidden"``, ``"cell"`` ... A role left out is "cell" where the name says
        so (``cell``, ``cell1``, ``rnn.cell_state``), else "hidden".
    title, description
        What the recording says of itself.
    path
        Where to write it: ``.h5``, ``.hdf5``, ``.nc`` or ``.zarr``. What is there is replaced once all is written.
    compress
        Whether it is compressed there.

    Returns
    -------
    xarray.Dataset
        The recording; in memory, or, with ``path``, as `open_recording` gives it.

    Raises
    ------
    RecordingError
        With everything in which the arguments are wrong or disagree, each named.
    """
    tokens, lengths, documents, labels = map(plain, (tokens, lengths, documents, labels))
    problems = [
        *unlisted_problems("tokens", tokens),
        *list_problems(lengths=lengths, documents=documents, labels=labels),
        *mapping_problems(states=states, annotations=annotations, predictions=predictions),
        *mapping_problems(transforms=transforms, layers=layers, roles=roles),
        *count_problems("top", top),
    ]
    if problems:
        raise RecordingError(problems)
    states, annotations, predictions = states or {}, annotations or {}, predictions or {}
    names = Names()
    problems = _name_problems(names, states, annotations, predictions, has_labels=labels is not None)
    sources, found = _sources(states, transforms or {}, layers or {}, roles or {})
    problems += found
    if not sources:
        raise RecordingError(problems)
    extent, found = extent_of({source.name: source.array for source in sources}, tokens, lengths, documents)
    if not found and not extent.steps:
        found = [Problem("states", "has no steps; 1 at least was expected")]
    if found:
        # Without it nothing else can be compared.
        raise RecordingError(problems + found)
    collect = _Collector(problems)
    told = collect(lambda: tokens_of(extent.flatten(tokens, "tokens"), vocabulary))
    problems += names.take("tokens", () if told is None else told.further_names)
    for source in sources:
        problems += value_problems(source, extent) if source.dtype.kind == "f" else []
    named = (collect(lambda: label_variables(labels, extent)) if labels is not None else None) or {}
    for name, values in annotations.items():
        made = collect(partial(annotation_variables, name, values, extent)) or {}
        problems += names.take(f"annotations[{name!r}]", made.keys() - {name})
        named |= made
    expected: list[Scores | Given] = []
    for name, given in predictions.items():
        if told is not None:
            found_here = collect(partial(prediction_of, name, given, extent, told.vocabulary, top))
            expected += [found_here] if found_here is not None else []
    if problems or told is None:
        raise RecordingError(problems)
    tracks = {name: variable for name, variable in named.items() if kind_of(variable) is not Kind.LABELS}
    label_sets = {name: list(variable.to_numpy()) for name, variable in named.items() if name not in tracks}
    assembly = Assembly(
        extent,
        (Given({TOKEN: told.variable}), *sources, Given(told.variables | tracks), *expected),
        told.constants,
        {VOCABULARY: told.vocabulary.texts} | label_sets,
        {name: text for name, text in (("title", title), ("description", description)) if text},
    )
    return assembly.in_memory() if path is None else assembly.write(Path(path), compress=compress)


@dataclass
class _Collector:
    """Does one thing after the other, and notes what is wrong with each."""

    problems: list[Problem]

    def __call__(self, make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except RecordingError as error:
            self.problems += error.problems
            return None


def _name_problems(names: Names, *arguments: Mapping[str, Any], has_labels: bool) -> list[Problem]:
    """Return which names of states, annotations and predictions are taken, or given twice."""
    problems = []
    for (argument, endings), given in zip(ENDINGS.items(), arguments, strict=True):
        for name in given:
            where = f"{argument}[{name!r}]"
            if isinstance(name, str) and name:
                problems += names.take(where, [name, *(name + ending for ending in endings)], called=name)
            else:
                problems.append(Problem(where, "is no name; a text was expected"))
    problems += names.take("labels", [LABEL, label_name(LABEL)]) if has_labels else []
    if not arguments[0]:
        problems.append(Problem("states", "is empty; {name: array of hidden states} was expected"))
    return problems


def _sources(
    states: Mapping[str, Any], transforms: Mapping[str, str], layers: Mapping[str, int], roles: Mapping[str, str]
) -> tuple[list[Source], list[Problem]]:
    about = {"transforms": transforms, "layers": layers, "roles": roles}
    problems = [
        Problem(f"{argument}[{name!r}]", "names no source", f"states has {', '.join(map(repr, states))}")
        for argument, given in about.items()
        for name in given
        if name not in states
    ]
    sources = []
    for name, value in states.items():
        attrs: dict[str, Any] = {"kind": Kind.STATES.value, "role": str(roles.get(name, _role_named(name)))}
        attrs |= {"layer": layers[name]} if name in layers else {}
        attrs |= {"transform": transforms.get(name, "none"), "unsigned": 0}
        source, found = source_of(name, value, attrs)
        sources.append(source)
        problems += found
    return sources, problems


def _role_named(name: str) -> str:
    """Return what states are by their name."""
    return "cell" if "cell" in re.findall("[a-z]+", name.lower()) else "hidden"
