"""Recording PyTorch models: batch by batch through the model, document by document to disk."""

from __future__ import annotations

import inspect
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from lstmvis_panel.record import modules
from lstmvis_panel.record.batch import YIELD_BATCH, Batch, Rows, as_batch, as_batches
from lstmvis_panel.record.earlier import BatchesRead, fingerprint
from lstmvis_panel.record.progress import shown
from lstmvis_panel.record.side import Side
from lstmvis_panel.record.watching import Watch
from lstmvis_panel.record.writer import Writer
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lstmvis_panel.record.options import Options
    from lstmvis_panel.record.steps import Steps
    from lstmvis_panel.record.watching import Trace


def record_pytorch(model: nn.Module, batches: Any, path: Path, options: Options) -> Path:
    """Record a PyTorch model; see `lstmvis_panel.record.record`."""
    batches = as_batches(batches)
    recorder = Recorder(model, options, tuple(options.modules)) if isinstance(options.modules, dict) else None
    if isinstance(batches, list | tuple):
        # All of them are at hand: what is wrong with one should not show after hours.
        for number, given in enumerate(batches):
            batch = as_batch(given)
            recorder = recorder or Recorder(model, options, batch.sides)
            recorder.check(batch, number)
    writers: list[Writer] = []
    read = BatchesRead()
    with ExitStack() as stack:
        for number, given in enumerate(shown(batches, path.name, progress=options.progress)):
            batch = as_batch(given)
            recorder = recorder or Recorder(model, options, batch.sides)
            rows = recorder.check(batch, number)
            read.add(rows)
            read.check(writers)
            if writers and not options.carry and all(number < writer.done for writer in writers):
                recorder.skip(rows)
                continue
            trace, steps = recorder.run(batch, rows)
            if not writers:
                writers = recorder.writers(stack, path, trace, steps)
                read.check(writers)
            recorder.write(steps, writers, read)
        if recorder is None or not writers:
            raise RecordingError(Problem("batches", "has no batches", "an iterator that was used up gives none again"))
        read.check_all(writers)
    return paths_of(path, recorder.names)[0]


def paths_of(path: Path, sides: Sequence[str]) -> list[Path]:
    """Return where each side's recording goes: ``states.encoder.h5`` and so on; ``path`` itself for a single one."""
    return [path.with_name(f"{path.stem}.{side}{path.suffix}") if side else path for side in sides]


class Recorder:
    """Runs a model over batches and hands on what it did.

    Parameters
    ----------
    model
        The model.
    options
        What was asked for.
    names
        Of the model's sides; one empty name for most models. Logits are about the tokens of the last.
    """

    def __init__(self, model: nn.Module, options: Options, names: Sequence[str]) -> None:
        self.model, self.options, self.names = model, options, tuple(names)
        if any(names) and not isinstance(options.modules, dict):
            what = f"must say which modules are of which side; the batches have tokens of {', '.join(names)}"
            example = ", ".join(f"{name!r}: 'PATH OF A MODULE'" for name in names)
            raise RecordingError(Problem("modules", what, f"modules={{{example}}}"))
        self.sides = [
            Side(model, options.of_side(name), predicts=number == len(names) - 1, name=name)
            for number, name in enumerate(names)
        ]
        scores = options.logits
        self.watch = Watch(
            model,
            recurrent={name: module for side in self.sides for name, module in side.recurrent.items()},
            hooked={name: module for side in self.sides for name, module in side.hooked.items()},
            roles=options.roles,
            scores=modules.module_named(model, scores, "logits") if isinstance(scores, str) else None,
            gradients=options.saliency is not None,
            carry=options.carry,
        )
        if options.carry:
            self._check_directions()

    def check(self, batch: Batch, number: int) -> list[Rows]:
        """Check a batch as far as that needs no model, and return its tokens on each side."""
        if batch.sides != self.names:
            what = f"has tokens of {_listed(batch.sides)}; {_listed(self.names)} was expected"
            raise RecordingError(Problem(f"batch {number}", what, "give tokens={side: codes} as modules names sides"))
        rows = [side.checked(batch, number) for side in self.sides]
        self._check_arguments(batch, number)
        return rows

    def skip(self, rows: Sequence[Rows]) -> None:
        """Count the documents of a batch that an earlier run has written."""
        for side, each in zip(self.sides, rows, strict=True):
            side.appender.skip(side.named(each))

    def run(self, batch: Batch, rows: Sequence[Rows]) -> tuple[Trace, list[Steps]]:
        """Run the model over a batch and return what it did, for each side."""
        if self.options.carry and self.sides[0].begins_document(rows[0]):
            self.watch.carried.clear()
        trace = self.watch.run(lambda: self._forward(batch))
        if self.options.carry and not self.watch.carried and self.options.call is None:
            what = "has nothing to carry: each recurrent module is called with an initial state of its own"
            remedy = "give call=, a function (model, *inputs) that keeps the states itself"
            raise RecordingError(Problem("carry", what, remedy))
        self._check_all_carried(trace)
        with self.watch.differentiating():
            pairs = zip(self.sides, rows, strict=True)
            return trace, [side.recorded(side.named(each), trace) for side, each in pairs]

    def _check_all_carried(self, trace: Trace) -> None:
        """Check that no recurrent module starts anew while others go on."""
        carried = {name for name, _ in self.watch.carried}
        anew = [name for name, runs in trace.runs.items() if runs and name not in carried]
        if self.options.carry and self.options.call is None and anew:
            what = (
                f"goes on in {_listed(sorted(carried))}, but {_listed(anew)} is called with an initial state of its own"
            )
            remedy = "let the model give none, or give call=, a function (model, *inputs) that keeps all states itself"
            raise RecordingError(Problem("carry", what, remedy))

    def writers(self, stack: ExitStack, path: Path, trace: Trace, steps: Sequence[Steps]) -> list[Writer]:
        """Open a file for each side, now that all is known to be well."""
        paths = paths_of(path, self.names)
        found, model = [], fingerprint(weights_of(self.model))
        for side, out, first in zip(self.sides, paths, steps, strict=True):
            others = [other.name for other in paths if other != out]
            linked = {"side": side.name, "linked": others[0] if len(others) == 1 else others} if others else {}
            writer = Writer(
                out,
                title=self.options.title or out.stem,
                description=self.options.description,
                attrs={**(self.options.attrs or {}), **linked},
                constants=side.constants(trace),
                labels=side.labels(first),
                compress=self.options.compress,
                resume=self.options.resume,
                model=model,
            )
            found.append(stack.enter_context(writer))
        return found

    def write(self, steps: Sequence[Steps], writers: Sequence[Writer], read: BatchesRead) -> None:
        """Append a batch to the files that do not have it yet."""
        for side, each, writer in zip(self.sides, steps, writers, strict=True):
            if read.count <= writer.done:
                side.appender.skip(each.rows)
            else:
                side.appender.append(each, writer)
                writer.commit(read.count, read.fingerprint)

    def _forward(self, batch: Batch) -> Any:
        parameter = next(self.model.parameters(), None)
        positional, keywords = batch.arguments
        moved = [on_device(value, parameter) for value in positional]
        named = {name: on_device(value, parameter) for name, value in keywords.items()}
        if self.options.call is not None:
            return self.options.call(self.model, *moved, **named)
        return self.model(*moved, **named)

    def _check_arguments(self, batch: Batch, number: int) -> None:
        """Check that the model's forward takes as many arguments as the batch has."""
        if self.options.call is not None:
            return
        positional, keywords = batch.arguments
        try:
            inspect.signature(self.model.forward).bind(*positional, **keywords)
        except TypeError as error:
            what = f"can't be passed to the model's forward: {error}"
            raise RecordingError(Problem(f"batch {number}", what, f"{YIELD_BATCH}, or give call=")) from None

    def _check_directions(self) -> None:
        for name, module in self.watch.recurrent.items():
            if getattr(module, "bidirectional", False):
                what = f"can't be had of {name or 'the model'}, which reads backward too, from what is not there yet"
                remedy = "leave out carry, and give whole documents as rows"
                raise RecordingError(Problem("carry", what, remedy))


def weights_of(model: nn.Module) -> Iterator[NDArray[np.uint8]]:
    """Yield a model's weights and buffers as bytes, on whatever device and of whatever dtype they are."""
    for values in model.state_dict().values():
        if isinstance(values, torch.Tensor):
            yield values.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy()


def on_device(value: Any, like: nn.Parameter | None) -> Any:
    """Return an input where the model's weights are; arrays as tensors, of the weights' dtype if they are floats."""
    if isinstance(value, np.ndarray):
        is_code = value.dtype.kind in "iub"
        tensor = torch.tensor(value.astype(np.int64) if is_code else value)
        return tensor if like is None else tensor.to(like.device, tensor.dtype if is_code else like.dtype)
    if isinstance(value, torch.Tensor | PackedSequence):
        return value if like is None else value.to(like.device)  # type: ignore[arg-type]
    if isinstance(value, dict):
        return {name: on_device(item, like) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(on_device(item, like) for item in value)
    return value


def _listed(sides: Sequence[str]) -> str:
    return ", ".join(sides) or "one side"
