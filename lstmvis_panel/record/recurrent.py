"""Hidden states, cell states and gates of PyTorch's recurrent layers at every step.

PyTorch hands out the last layer's hidden states and the last step's cell states only. Every `torch.nn.LSTM`, `GRU`,
`RNN` and Cell comes down to a few functions (`torch.lstm`, `torch.gru_cell` ...), after all checks of the arguments. A
`Recurrence` stands between the module and that function: it has the same function run one layer after the other, which
is the same work, and keeps what each layer gives out. Cell states and gates, if wanted, are computed from these hidden
states by the layer's own equations, all steps in one product; the model's output is always PyTorch's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence
from torch.overrides import TorchFunctionMode

from lstmvis_panel.record import equations
from lstmvis_panel.record.equations import CELL, HIDDEN
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

LAYERED: dict[Any, str] = {torch.lstm: "lstm", torch.gru: "gru", torch.rnn_tanh: "rnn", torch.rnn_relu: "rnn"}
SINGLE: dict[Any, str] = {
    torch.lstm_cell: "lstm",
    torch.gru_cell: "gru",
    torch.rnn_tanh_cell: "rnn",
    torch.rnn_relu_cell: "rnn",
}
DIRECTIONS = ("forward", "backward")


class Source(NamedTuple):
    """Which values of a recurrent module: those of a layer (from 0), a direction ("" if there is one), a role."""

    layer: int
    direction: str
    role: str


@dataclass(frozen=True)
class Run:
    """What one call of a recurrent module computed.

    Parameters
    ----------
    values
        Shape (step, row, state) each, in the rows' own order, whatever the module's.
    lengths
        How many steps each row has, for a packed sequence; beyond them values mean nothing.
    """

    values: dict[Source, Tensor]
    lengths: Tensor | None = None


@dataclass(frozen=True)
class Layers:
    """One call of the function that runs all layers of a module, padded or packed."""

    function: Callable[..., Any]
    kind: str
    inputs: Tensor
    batch_sizes: Tensor | None
    initial: tuple[Tensor, ...]  # (layer and direction, row, state): hidden, and cell for an LSTM
    weights: Sequence[Tensor]
    has_biases: bool
    count: int
    dropout: float
    training: bool
    bidirectional: bool
    batch_first: bool

    @classmethod
    def of(cls, function: Callable[..., Any], arguments: Sequence[Any]) -> Layers:
        """Take apart the arguments as `torch.nn.RNNBase` passes them on."""
        if isinstance(arguments[3], bool):  # padded: no sizes of batches stand before the initial states
            inputs, initial, weights, biases, count, dropout, training, bidirectional, batch_first = arguments
            batch_sizes = None
        else:
            inputs, batch_sizes, initial, weights, biases, count, dropout, training, bidirectional = arguments
            batch_first = False
        return cls(
            function=function,
            kind=LAYERED[function],
            inputs=inputs,
            batch_sizes=batch_sizes,
            initial=(initial,) if isinstance(initial, torch.Tensor) else tuple(initial),
            weights=weights,
            has_biases=biases,
            count=count,
            dropout=dropout,
            training=training,
            bidirectional=bidirectional,
            batch_first=batch_first,
        )

    @property
    def directions(self) -> tuple[str, ...]:
        """The names of the directions; one without a name where a layer has one."""
        return DIRECTIONS if self.bidirectional else ("",)

    def run(self, watch: Callable[[int, Tensor, Tensor], None]) -> tuple[Tensor, ...]:
        """Run one layer after the other; return what running all of them at once would.

        Parameters
        ----------
        watch
            Called with each layer's number, what it read and what it gave out, laid out as the module's input is.
        """
        values, last = self.inputs, []
        for layer in range(self.count):
            if layer and self.dropout:
                values = torch.dropout(values, self.dropout, self.training)
            read = values
            values, *ends = self._layer(layer, read)
            last.append(ends)
            watch(layer, read, values)
        return values, *(torch.cat(ends) for ends in zip(*last, strict=True))

    def weights_of(self, layer: int) -> list[Sequence[Tensor]]:
        """Return the weights of a layer, for each direction."""
        size = len(self.weights) // (self.count * len(self.directions))
        first = layer * len(self.directions)
        return [self.weights[part * size : (part + 1) * size] for part in range(first, first + len(self.directions))]

    def initial_of(self, layer: int) -> tuple[Tensor, ...]:
        """Return the states that a layer starts from, shape (direction, row, state)."""
        first = layer * len(self.directions)
        return tuple(state[first : first + len(self.directions)] for state in self.initial)

    def by_step(self, values: Tensor) -> Tensor:
        """Return values as (step, row, ...), whatever the module's layout."""
        if self.batch_sizes is not None:
            return pad_packed_sequence(PackedSequence(values, self.batch_sizes))[0]
        return values.transpose(0, 1) if self.batch_first else values

    def lengths(self) -> Tensor | None:
        """Return the lengths of a packed sequence's rows, in the module's order."""
        if self.batch_sizes is None:
            return None
        rows = torch.arange(int(self.batch_sizes[0]))
        return (self.batch_sizes[:, None] > rows).sum(dim=0)

    def _layer(self, layer: int, inputs: Tensor) -> tuple[Tensor, ...]:
        initial = tuple(state.contiguous() for state in self.initial_of(layer))
        data = (inputs,) if self.batch_sizes is None else (inputs, self.batch_sizes)
        states = initial if self.kind == "lstm" else initial[0]
        weights = [weight for direction in self.weights_of(layer) for weight in direction]
        options = (self.has_biases, 1, 0.0, self.training, self.bidirectional)
        layout = (self.batch_first,) if self.batch_sizes is None else ()
        result: tuple[Tensor, ...] = self.function(*data, states, weights, *options, *layout)
        return result


@dataclass
class _Running:
    """A recurrent module that is running now, and what it has computed."""

    name: str
    order: Tensor | None
    run: Run | None = field(default=None)


class Recurrence(TorchFunctionMode):
    """While entered, keeps what the recurrent modules compute between `begin` and `end`.

    Parameters
    ----------
    roles
        "hidden", "cell", "gates": what to keep.
    """

    def __init__(self, roles: frozenset[str]) -> None:
        super().__init__()
        self.roles = roles
        self._running: list[_Running] = []

    def begin(self, name: str, order: Tensor | None = None) -> None:
        """Say which module runs now, and which of its rows is which, where it sorted them."""
        self._running.append(_Running(name, order))

    def end(self) -> Run | None:
        """Return what the module computed that began last; None if it called none of PyTorch's functions."""
        return self._running.pop().run

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function of torch; the recurrent ones layer by layer."""
        del types
        if not self._running or not (func in LAYERED or func in SINGLE) or kwargs:
            return func(*args, **(kwargs or {}))
        running = self._running[-1]
        if running.run is not None:
            what = "computes several times in one call, so that nobody can tell which states are its own"
            remedy = f"name it in hooks=, to record what it gives out: hooks=[{running.name!r}]"
            raise RecordingError(Problem(f"module {running.name!r}", what, remedy))
        if func in SINGLE:
            result = func(*args)
            running.run = self._single(SINGLE[func], args, result)
            return result
        layers = Layers.of(func, args)
        values: dict[Source, Tensor] = {}

        def watch(layer: int, read: Tensor, given: Tensor) -> None:
            with torch.no_grad():
                values.update(self._layer(layers, layer, read.detach(), given.detach(), order=running.order))

        result = layers.run(watch)
        lengths = layers.lengths()
        if lengths is not None and running.order is not None:
            lengths = lengths[running.order.cpu()]
        running.run = Run(values, lengths)
        return result

    def _layer(
        self, layers: Layers, number: int, read: Tensor, given: Tensor, *, order: Tensor | None
    ) -> dict[Source, Tensor]:
        """Return what is wanted of a layer, shape (step, row, state) each."""
        read, given, lengths = layers.by_step(read), layers.by_step(given), layers.lengths()
        initial = layers.initial_of(number)
        found: dict[Source, Tensor] = {}
        outputs = given.chunk(len(layers.directions), dim=2)
        for part, weights in enumerate(layers.weights_of(number)):
            backward, hidden = part == 1, outputs[part]
            # The last layer's is what the model goes on with, and may change in place.
            values = {HIDDEN: hidden.clone() if number + 1 == layers.count else hidden} if HIDDEN in self.roles else {}
            if self.roles - {HIDDEN}:
                before = equations.before(hidden, initial[0][part].detach(), lengths, backward=backward)
                layer = equations.Layer(layers.kind, weights, has_biases=layers.has_biases)
                cell = initial[1][part].detach() if layers.kind == "lstm" else None
                values |= layer.states(read, before, cell, lengths, backward=backward, roles=self.roles)
            for role, value in values.items():
                rows = value if order is None else value.index_select(1, order)
                found[Source(number, layers.directions[part], role)] = rows
        return found

    def _single(self, kind: str, arguments: Sequence[Any], result: Any) -> Run:
        """Return what is wanted of a Cell's step, shape (1, row, state) each."""
        with torch.no_grad():
            inputs, before, *weights = arguments
            after = result if kind == "lstm" else (result,)
            found = dict(zip((HIDDEN, CELL), (state.detach().clone()[None] for state in after), strict=False))
            values = {role: value for role, value in found.items() if role in self.roles}
            if "gates" in self.roles:
                hidden, cell = before if kind == "lstm" else (before, None)
                used = [weight for weight in weights if weight is not None]
                layer = equations.Layer(kind, used, has_biases=len(used) > 2)  # noqa: PLR2004 - two matrices, or more
                states = (inputs.detach()[None], hidden.detach()[None], None if cell is None else cell.detach())
                values |= layer.states(*states, None, backward=False, roles=frozenset({"gates"}))
        return Run({Source(0, "", role): value for role, value in values.items()})
