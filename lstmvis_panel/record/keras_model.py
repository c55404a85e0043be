"""Recording Keras 3 models: batch by batch through the model, document by document to disk."""

from __future__ import annotations

import inspect
import re
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.record.batch import Batch, Rows, as_batch, as_batches, rows_of
from lstmvis_panel.record.earlier import BatchesRead, fingerprint
from lstmvis_panel.record.keras_cells import (
    BFLOAT16,
    CELL,
    DIMENSIONS,
    HIDDEN,
    Source,
    Values,
    array_of,
    dtype_of,
    rounded_to_bfloat16,
    values_of,
)
from lstmvis_panel.record.keras_finding import (
    call_of,
    chosen_recurrent,
    directions,
    given_by,
    intercepted,
    layer_named,
    nothing_found,
    vocabulary_of,
)
from lstmvis_panel.record.keras_outputs import LABEL, KerasOutputs
from lstmvis_panel.record.progress import shown
from lstmvis_panel.record.steps import Appender, Steps, Track
from lstmvis_panel.record.writer import Writer
from lstmvis_panel.schema import STEP, VOCABULARY, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from lstmvis_panel.record.keras_finding import Call
    from lstmvis_panel.record.options import Options


COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""What makes Keras' messages bold or coloured on a terminal."""


def record_keras(model: Any, batches: Any, path: Path, options: Options) -> Path:
    """Record a Keras 3 model; see `lstmvis_panel.record.record`.

    Recorded are the states of all LSTM, GRU and SimpleRNN layers (`keras.layers.RNN` with any cells), also within
    `Bidirectional`, at every step, whether or not a layer returns its sequences. What a layer masks is padding and is
    dropped, where batches have no lengths. Outputs that went through softmax are as good as logits.

    Parameters
    ----------
    model
        The model, on any backend.
    batches
        Codes (row, step), tuples or dicts as the model takes them, or `Batch`.
    path
        Where to.
    options
        What was asked for.

    Returns
    -------
    pathlib.Path
        The recording.

    Raises
    ------
    RecordingError
        If something can't be recorded as asked.
    """
    recorder = _Recorder.of(model, options)
    with ExitStack() as stack:
        stack.enter_context(_kept(recorder.recurrent))
        writers: list[Writer] = []
        read = BatchesRead()
        for number, given in enumerate(shown(as_batches(batches), path.name, progress=options.progress)):
            batch = as_batch(given)
            rows = recorder.rows(batch, number)
            read.add([rows])
            read.check(writers)
            # A layer that keeps its states from batch to batch has to see all of them.
            if writers and number < writers[0].done and not recorder.is_stateful:
                recorder.appender.skip(rows)
                continue
            steps = recorder.run(batch, rows, number)
            if not writers:
                writers = [stack.enter_context(recorder.writer(path, steps))]
                read.check(writers)
            if number < writers[0].done:
                recorder.appender.skip(steps.rows)
            else:
                recorder.appender.append(steps, writers[0])
                writers[0].commit(read.count, read.fingerprint)
        if not read.count:
            raise RecordingError(Problem("batches", "has no batches", "an iterator that was used up gives none again"))
        read.check_all(writers)
    return path


@dataclass
class _Trace:
    """What a model did with a batch: its layers' calls, outputs of hooked ones, the layer that gives logits."""

    output: Any = None
    calls: dict[str, list[Call]] = field(default_factory=dict)
    activations: dict[str, list[Any]] = field(default_factory=dict)
    scores: list[Any] = field(default_factory=list)


@dataclass
class _Recorder:
    """Runs a model over batches and hands on what it did.

    Attributes
    ----------
    recurrent, hooked
        Layers that are recorded, by name: their states, or what they give out.
    scores
        The layer that gives out logits, if it was named.
    appender
        Writes what was found.
    outputs
        Finds scores of words and classes.
    count
        Rows read so far.
    """

    model: Any
    options: Options
    recurrent: dict[str, Any]
    hooked: dict[str, Any]
    scores: dict[str, Any]
    appender: Appender
    outputs: KerasOutputs
    count: int = 0

    @classmethod
    def of(cls, model: Any, options: Options) -> _Recorder:
        """Look at the model and say what will be recorded of it."""
        for name, wanted in (("carry", options.carry), ("saliency", options.saliency is not None)):
            if wanted:
                remedy = "make the layers stateful" if name == "carry" else "leave it out"
                raise RecordingError(Problem(name, "is not there for Keras models", remedy))
        hooks = (options.hooks,) if isinstance(options.hooks, str) else tuple(options.hooks)
        hooked = {name: layer_named(model, name, "hooks") for name in hooks}
        recurrent = chosen_recurrent(model, options.modules)
        if not recurrent and not hooked:
            raise RecordingError(nothing_found(model))
        scores = {name: layer_named(model, name, "logits") for name in [options.logits] if isinstance(name, str)}
        appender = Appender(vocabulary_of(model, options.vocabulary), options, dict(options.annotations))
        return cls(model, options, recurrent, hooked, scores, appender, KerasOutputs(model, options, appender))

    @property
    def is_stateful(self) -> bool:
        """Whether a layer keeps its states from batch to batch."""
        return any(part.stateful for layer in self.recurrent.values() for part in directions(layer).values())

    def rows(self, batch: Batch, number: int) -> Rows:
        """Return the tokens of a batch; rows are counted, so each batch is to come here once."""
        rows = rows_of(batch, self.appender.vocabulary, f"batch {number}", self.options.padding)
        if rows.documents is None:
            names = tuple(f"document {self.count + row + 1}" for row in range(rows.shape[0]))
            rows = replace(rows, documents=names)
        self.count += rows.shape[0]
        return rows

    def run(self, batch: Batch, rows: Rows, number: int) -> Steps:
        """Run the model over a batch and return what it did."""
        with _without_gradients():
            trace = self._traced(batch, number)
            if batch.lengths is None and self.options.padding is None:
                rows = _masked(rows, trace, number)
            tracks = self._states(trace, rows, number) | self._activations(trace, rows, number)
            steps = Steps(rows, tracks)
            return self.outputs.added(steps, trace.output, trace.scores)

    def writer(self, path: Path, steps: Steps) -> Writer:
        """Open the file, now that all is known to be well."""
        options, appender = self.options, self.appender
        labels = {} if appender.vocabulary.words is None else {VOCABULARY: list(appender.vocabulary.words)}
        used = set(steps.rows.annotations or ()) | ({LABEL} if steps.rows.labels is not None else set())
        labels |= {f"{name}_label": list(texts) for name, texts in appender.labels.items() if name in used}
        return Writer(
            path,
            title=options.title or path.stem,
            description=options.description,
            attrs=options.attrs,
            constants=self.outputs.constants(),
            labels=labels,
            compress=options.compress,
            resume=options.resume,
            model=fingerprint(array_of(variable) for variable in self._weights()),
        )

    def _weights(self) -> list[Any]:
        """Return the model's weights; what stateful layers keep from batch to batch is none of them."""
        kept = {
            id(state)
            for layer in self.recurrent.values()
            for part in directions(layer).values()
            for state in _flat(part.states if part.stateful else [])
        }
        return [variable for variable in self.model.weights if id(variable) not in kept]

    def _traced(self, batch: Batch, number: int) -> _Trace:
        trace = _Trace()

        def watch(name: str, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
            if name in self.recurrent:
                calls = trace.calls.setdefault(name, [])
                if result is None:
                    calls.append(call_of(layer, args, kwargs))
                else:
                    calls[-1] = replace(calls[-1], given=given_by(layer, result))
            if result is not None and name in self.hooked:
                trace.activations.setdefault(name, []).append(result)
            if result is not None and name in self.scores:
                trace.scores.append(result)

        positional, keywords = batch.arguments
        call = self.options.call or _called
        try:
            if not self.model.built:
                # Its first call builds it, and calls its layers more than once.
                call(self.model, *positional, **keywords)
            with intercepted({**self.recurrent, **self.hooked, **self.scores}, watch):
                trace.output = call(self.model, *positional, **keywords)
        except (TypeError, ValueError) as error:
            what = f"the model failed: {COLOUR.sub('', str(error))}"
            raise RecordingError(Problem(f"batch {number}", what, "give what the model takes, or call=")) from error
        return trace

    def _states(self, trace: _Trace, rows: Rows, number: int) -> dict[str, Track]:
        tracks = {}
        below = 0
        for name, layer in self.recurrent.items():
            calls = trace.calls.get(name, [])
            if len(calls) != 1:
                what = f"is called {len(calls)} times; once a batch was expected"
                raise RecordingError(Problem(f"layer {name!r}", what, "leave it out with modules="))
            shape = tuple(calls[0].sequences.shape[:2])
            if shape != rows.shape:
                what = f"reads {shape[1]} steps of {shape[0]} rows; the tokens have {rows.shape[1]} of {rows.shape[0]}"
                remedy = "give the tokens that it reads, Batch(inputs, tokens=...), or leave it out with modules="
                raise RecordingError(Problem(f"batch {number}, layer {name!r}", what, remedy))
            found = values_of(layer, calls[0], self.options.roles)
            prefix = f"{name}/" if len(self.recurrent) > 1 else ""
            for source, values in found.items():
                track = self._state(prefix + _source_name(source), source, values, below)
                tracks[prefix + _source_name(source)] = track
            below += 1 + max((source.layer for source in found), default=0)
        return tracks

    def _state(self, name: str, source: Source, values: Values, below: int) -> Track:
        layer = below + source.layer + 1
        what = source.role if source.role not in {HIDDEN, CELL} else f"{source.role} state"
        direction = f", read {source.direction}" if source.direction else ""
        attrs = {
            "kind": Kind.STATES.value,
            "layer": layer,
            "role": source.role,
            "transform": values.transform,
            "unsigned": int(values.unsigned),
            "description": f"{what.capitalize()} of layer {layer}{direction}.",
        }
        flat = values.values.reshape(*values.values.shape[:2], -1)
        return Track(*_stored(flat, self.options.dtype_name or values.dtype, (STEP, f"{name}_state"), attrs))

    def _activations(self, trace: _Trace, rows: Rows, number: int) -> dict[str, Track]:
        tracks = {}
        for name in self.hooked:
            given = [_first(result) for result in trace.activations.get(name, [])]
            if len(given) != 1 or tuple(given[0].shape[:2]) != rows.shape or len(given[0].shape) < DIMENSIONS:
                shapes = ", ".join(str(tuple(each.shape)) for each in given[:3]) or "nothing: it was not called"
                what = f"gave out {shapes}; {(*rows.shape, '...')} was expected, a value for each token"
                raise RecordingError(Problem(f"batch {number}, hooks, {name!r}", what, "name another layer"))
            values = array_of(given[0])
            about = f"What the layer {name} gave out."
            attrs = {
                "kind": Kind.STATES.value,
                "role": "output",
                "transform": "none",
                "unsigned": 0,
                "description": about,
            }
            dtype = self.options.dtype_name or dtype_of(given[0])
            flat = values.reshape(*values.shape[:2], -1)
            tracks[name] = Track(*_stored(flat, dtype, (STEP, f"{name}_state"), attrs))
        return tracks


@contextmanager
def _kept(recurrent: Mapping[str, Any]) -> Iterator[None]:
    """Give layers that keep their states from batch to batch those back that they had before."""
    stateful = [part for layer in recurrent.values() for part in directions(layer).values() if part.stateful]
    before = [[None if state is None else array_of(state).copy() for state in _flat(part.states)] for part in stateful]
    try:
        yield
    finally:
        for part, values in zip(stateful, before, strict=True):
            for state, value in zip(_flat(part.states), values, strict=True):
                if state is not None:
                    state.assign(0 * array_of(state) if value is None else value)


def _called(model: Any, *positional: Any, **keywords: Any) -> Any:
    """Run a model as in use, not as in training."""
    parameters = inspect.signature(model.call).parameters
    return model(*positional, **keywords, **({"training": False} if "training" in parameters else {}))


def _masked(rows: Rows, trace: _Trace, number: int) -> Rows:
    """Return rows without the steps that the layers mask.

    Raises
    ------
    RecordingError
        If a mask leaves out steps between others.
    """
    masks = [call.mask for calls in trace.calls.values() for call in calls if call.mask is not None]
    if not masks or tuple(masks[0].shape) != rows.shape:
        return rows
    mask = array_of(masks[0]).astype(bool)
    lengths = mask.sum(axis=1).astype(np.int64)
    starts = np.where(mask.any(axis=1), mask.argmax(axis=1), 0).astype(np.int64)
    holes = np.flatnonzero((mask.shape[1] - mask[:, ::-1].argmax(axis=1) - starts != lengths) & (lengths > 0))
    if holes.size:
        what = f"masks steps between others in row {holes[0]}; only padding at the ends can be left out"
        raise RecordingError(
            Problem(f"batch {number}", what, "give the lengths of the rows, Batch(inputs, lengths=...)")
        )
    return replace(rows, starts=starts, stops=starts + lengths)


def _source_name(source: Source) -> str:
    direction = f"_{source.direction}" if source.direction else ""
    return f"{source.role.replace(' ', '_')}{source.layer + 1}{direction}"


def _stored(
    values: NDArray[Any], dtype: str, dims: tuple[str, ...], attrs: Mapping[str, Any]
) -> tuple[NDArray[Any], tuple[str, ...], Mapping[str, Any], Mapping[str, Any]]:
    """Return what makes a track of values: in a dtype; numpy has no bfloat16, float32 holds all of it."""
    if dtype != BFLOAT16:
        return values.astype(dtype, copy=False), dims, attrs, {}
    return rounded_to_bfloat16(values), dims, attrs, {"recorded_dtype": BFLOAT16}


def _first(result: Any) -> Any:
    return _flat(result)[0]


def _flat(nested: Any) -> list[Any]:
    from keras import tree  # noqa: PLC0415 - an optional extra

    return list(tree.flatten(nested))


@contextmanager
def _without_gradients() -> Iterator[None]:
    from keras import backend  # noqa: PLC0415 - an optional extra

    if backend.backend() == "torch":
        import torch  # noqa: PLC0415 - the backend

        context: Any = torch.no_grad()
    else:
        context = nullcontext()
    with context:
        yield
