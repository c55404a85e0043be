"""Watching a PyTorch model for one forward pass: recurrent modules, named ones, embeddings; then all is undone."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from lstmvis_panel.record.layout import tensors_of
from lstmvis_panel.record.recurrent import Recurrence, Run
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import Tensor

State = Any
"""What a recurrent module takes as its initial state: a tensor, or two for an LSTM."""


@dataclass(frozen=True)
class Embedded:
    """A call of an embedding: which, with what codes, and what it gave out (kept for gradients only)."""

    name: str
    module: nn.Embedding
    codes: Tensor
    output: Tensor | None


@dataclass
class Trace:
    """What a model did in one forward pass, call by call."""

    output: Any = None
    runs: dict[str, list[Run]] = field(default_factory=dict)
    activations: dict[str, list[Tensor]] = field(default_factory=dict)
    embedded: list[Embedded] = field(default_factory=list)
    scores: list[Tensor] = field(default_factory=list)


@dataclass
class Watch:
    """Runs a model and keeps what its modules compute.

    Parameters
    ----------
    model
        The model. Its mode and its hooks are the same after each pass as before.
    recurrent, hooked
        Modules to record, by path: their states, or what they give out.
    roles
        "hidden", "cell", "gates": which states.
    scores
        A module that gives out the logits, if named.
    gradients
        Whether gradients with respect to embeddings are wanted.
    carry
        Whether recurrent modules called without an initial state go on from where they were.
    """

    model: nn.Module
    recurrent: Mapping[str, nn.Module]
    hooked: Mapping[str, nn.Module]
    roles: frozenset[str]
    scores: nn.Module | None = None
    gradients: bool = False
    carry: bool = False
    carried: dict[tuple[str, int], State] = field(default_factory=dict)

    def run(self, forward: Callable[[], Any]) -> Trace:
        """Run the model in evaluation mode, and return what it did."""
        trace = Trace()
        recurrence = Recurrence(self.roles)
        with ExitStack() as stack:
            stack.enter_context(evaluating(self.model))
            for name, module in self.recurrent.items():
                self._watch_recurrent(stack, name, module, recurrence, trace)
            for name, module in self.hooked.items():
                calls = trace.activations.setdefault(name, [])
                _on_output(stack, module, partial(_keep, calls))
            if self.scores is not None:
                _on_output(stack, self.scores, lambda output: trace.scores.append(_tensor(output)))
            for name, module in self.model.named_modules():
                if isinstance(module, nn.Embedding):
                    self._watch_embedding(stack, name, module, trace)
            stack.enter_context(self.differentiating())
            if self.gradients:
                # The fused functions of graphics processors have no gradient outside of training.
                stack.enter_context(torch.backends.cudnn.flags(enabled=False))
            stack.enter_context(recurrence)
            trace.output = forward()
        return trace

    @contextmanager
    def differentiating(self) -> Iterator[None]:
        """While entered, gradients can be had if they are wanted, and cost nothing if not, whatever the caller does."""
        # Not in inference mode: a model may keep a tensor, and tensors made there can't be trained with later.
        with torch.inference_mode(mode=False), torch.set_grad_enabled(self.gradients):
            yield

    def _watch_recurrent(
        self, stack: ExitStack, name: str, module: nn.Module, recurrence: Recurrence, trace: Trace
    ) -> None:
        runs = trace.runs.setdefault(name, [])
        readings = 0

        def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            nonlocal readings
            inputs = args[0] if args else kwargs.get("input")
            order = inputs.unsorted_indices if isinstance(inputs, PackedSequence) else None
            recurrence.begin(name, order)
            given = args[1] if len(args) > 1 else kwargs.get("hx")
            if not self.carry or given is not None:
                return None
            readings += 1
            state = self.carried.get((name, readings))
            return None if state is None else ((inputs, state), {})

        def after(_: nn.Module, __: Any, output: Any) -> None:
            if (run := recurrence.end()) is not None:
                runs.append(run)
            if self.carry and readings and output is not None:
                self.carried[name, readings] = _last_state(module, output)

        handles = (
            module.register_forward_pre_hook(before, with_kwargs=True),
            # Called even if the module fails: what began must end.
            module.register_forward_hook(after, always_call=True),
        )
        for handle in handles:
            stack.callback(handle.remove)

    def _watch_embedding(self, stack: ExitStack, name: str, module: nn.Embedding, trace: Trace) -> None:
        def before(_: nn.Module, args: tuple[Any, ...]) -> None:
            if args and isinstance(args[0], torch.Tensor) and args[0].numel():
                _check_range(name, module, args[0])

        def after(_: nn.Module, args: tuple[Any, ...], output: Tensor) -> Tensor | None:
            # Cut off from the weights, so that a gradient goes no further than it must.
            leaf = output.detach().requires_grad_() if self.gradients else None
            if args and isinstance(args[0], torch.Tensor):
                trace.embedded.append(Embedded(name, module, args[0], leaf))
            # A copy, which the model may change in place.
            return None if leaf is None else leaf.clone()

        for handle in (module.register_forward_pre_hook(before), module.register_forward_hook(after)):
            stack.callback(handle.remove)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode, and each of its modules back to its own afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


def _keep(calls: list[Tensor], output: Any) -> None:
    # A copy: the model may go on in place.
    calls.append(_tensor(output).detach().clone())


def _on_output(stack: ExitStack, module: nn.Module, keep: Callable[[Any], Any]) -> None:
    def after(_: nn.Module, __: Any, output: Any) -> None:
        keep(output)

    stack.callback(module.register_forward_hook(after).remove)


def _tensor(output: Any) -> Tensor:
    """Return what a module gave out: the first tensor where there are several, a packed sequence padded."""
    first = output[0] if type(output) in (tuple, list) and output else output
    if isinstance(first, PackedSequence):
        return pad_packed_sequence(first, batch_first=True)[0]
    tensors = tensors_of(first)
    if not tensors:
        what = f"a module gave out {type(output).__name__}; a tensor was expected, or several"
        raise RecordingError(Problem("hooks", what, "name a module below or above it"))
    return tensors[0]


def _last_state(module: nn.Module, output: Any) -> State:
    """Return where a recurrent module can go on from."""
    state = output if isinstance(module, nn.RNNCellBase) else output[1]
    return tuple(part.detach().clone() for part in state) if isinstance(state, tuple) else state.detach().clone()


def _check_range(name: str, module: nn.Embedding, codes: Tensor) -> None:
    least, most = int(codes.min()), int(codes.max())
    if least < 0 or most >= module.num_embeddings:
        wrong = least if least < 0 else most
        what = f"the embedding {name!r} has codes 0 to {module.num_embeddings - 1}; it was given {wrong}"
        raise RecordingError(Problem("batches", what, "give the codes that the model was trained with"))
