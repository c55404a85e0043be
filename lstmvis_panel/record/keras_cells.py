"""Hidden states, cell states and gates of Keras' recurrent layers at every step, on any backend.

What a layer is called with is kept while the model runs, and what it gives out. Where that is not its hidden states at
every step, the layer's own cell is run over its inputs once more. Cell states and gates follow from the hidden states
by the cell's equations, all steps at once: with x what the layer reads and h' the hidden states of the step before, an
LSTM's are

    i = s(Wi x + Ui h'),  f = s(Wf x + Uf h'),  g = tanh(Wg x + Ug h'),  o = s(Wo x + Uo h'),

and those of a GRU

    z = s(Wz x + Uz h'),  r = s(Wr x + Ur h'),  n = tanh(Wn x + r (Un h')),

biases left out; with ``reset_after=False`` n = tanh(Wn x + Un (r h')).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lstmvis_panel.record import batch
from lstmvis_panel.record.keras_finding import directions
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lstmvis_panel.record.keras_finding import Call

HIDDEN, CELL, GATES, CANDIDATE = "hidden", "cell", "gates", "candidate"
LSTM_GATES = ("input gate", "forget gate", CANDIDATE, "output gate")
GRU_GATES = ("update gate", "reset gate", CANDIDATE)
SIGMOIDS = ("sigmoid", "hard_sigmoid")
BFLOAT16 = "bfloat16"
DIMENSIONS = 3


class Source(NamedTuple):
    """Which values of a recurrent layer: those of which of its stacked cells (from 0), a direction, a role."""

    layer: int
    direction: str
    role: str


@dataclass(frozen=True)
class Values:
    """Values of one source.

    Attributes
    ----------
    values
        Shape (row, step, state), in the order of the tokens, also where the layer reads backward.
    dtype
        The dtype that the layer computes in.
    transform
        "tanh" for cell states that the layer looks at through tanh, else "none".
    unsigned
        Whether no value can be negative.
    """

    values: NDArray[Any]
    dtype: str
    transform: str = "none"
    unsigned: bool = False


def values_of(layer: Any, call: Call, roles: frozenset[str]) -> dict[Source, Values]:
    """Return states and gates of one call of a recurrent layer, at every step.

    Parameters
    ----------
    layer
        `keras.layers.RNN` or `Bidirectional`.
    call
        What it was called with.
    roles
        "hidden", "cell", "gates": what is wanted.

    Raises
    ------
    RecordingError
        If the layer does not read (row, step, input).
    """
    if len(call.sequences.shape) != DIMENSIONS:
        what = f"reads {tuple(call.sequences.shape)}; (row, step, input) was expected"
        raise RecordingError(Problem(f"layer {layer.name}", what, "leave it out with modules="))
    found: dict[Source, Values] = {}
    for (direction, part), initial in zip(directions(layer).items(), call.initial, strict=True):
        for number, run in enumerate(_known(part, call, initial, direction, roles) or _runs(part, call, initial)):
            values = run.states(roles) | (run.gates() if GATES in roles else {})
            found |= {Source(number, direction, role): value for role, value in values.items()}
    return found


@dataclass(frozen=True)
class _Run:
    """One cell run over a sequence.

    Attributes
    ----------
    inputs
        What it read, (row, step, input).
    initial
        The states it started from, each (row, state).
    after
        Its states after each step, each (row, step, state); both in the order of the tokens.
    """

    cell: Any
    inputs: Any
    initial: list[Any]
    after: list[Any]
    backward: bool

    def states(self, roles: frozenset[str]) -> dict[str, Values]:
        """Return hidden and cell states; those of a cell of an unknown kind as "state 2" and so on."""
        from keras import layers  # noqa: PLC0415 - an optional extra

        is_lstm = isinstance(self.cell, layers.LSTMCell)
        found = {}
        for number, values in enumerate(self.after, start=1):
            role = (HIDDEN, CELL)[number - 1] if number == 1 or is_lstm else f"state {number}"
            transform = "tanh" if role == CELL and _name(self.cell.activation) == "tanh" else "none"
            if (HIDDEN if role == HIDDEN else CELL) in roles:
                found[role] = Values(array_of(values), dtype_of(values), transform)
        return found

    def gates(self) -> dict[str, Values]:
        """Return the gates of an LSTM or GRU cell, none of others."""
        from keras import layers  # noqa: PLC0415 - an optional extra

        if not isinstance(self.cell, layers.LSTMCell | layers.GRUCell):
            return {}
        before = self._before()
        gates = self._lstm_gates(before) if isinstance(self.cell, layers.LSTMCell) else self._gru_gates(before)
        never = _name(self.cell.recurrent_activation) in SIGMOIDS
        return {
            role: Values(array_of(gate), dtype_of(gate), unsigned=never and role != CANDIDATE)
            for role, gate in gates.items()
        }

    def cells(self) -> Any:
        """Return the cell states of an LSTM, which follow from its hidden states: c = f c' + i g."""
        from keras import ops  # noqa: PLC0415 - an optional extra

        gates = self._lstm_gates(self._before())
        new, keep, cell = gates["input gate"] * gates[CANDIDATE], gates["forget gate"], self.initial[1]
        steps = range(new.shape[1])
        found = []
        for step in reversed(steps) if self.backward else steps:
            cell = keep[:, step] * cell + new[:, step]
            found.append(cell)
        return ops.stack(found[::-1] if self.backward else found, axis=1)

    def _before(self) -> Any:
        """Return the hidden states of the step before each step, in the order of reading."""
        from keras import ops  # noqa: PLC0415 - an optional extra

        hidden, first = self.after[0], self.initial[0][:, None]
        return ops.concatenate((hidden[:, 1:], first) if self.backward else (first, hidden[:, :-1]), axis=1)

    def _lstm_gates(self, before: Any) -> dict[str, Any]:
        from keras import ops  # noqa: PLC0415 - an optional extra

        cell = self.cell
        sums = ops.matmul(self.inputs, self._weight("kernel")) + ops.matmul(before, self._weight("recurrent_kernel"))
        parts = ops.split(sums + self._weight("bias") if cell.use_bias else sums, len(LSTM_GATES), axis=-1)
        return {
            role: cell.activation(part) if role == CANDIDATE else cell.recurrent_activation(part)
            for role, part in zip(LSTM_GATES, parts, strict=True)
        }

    def _gru_gates(self, before: Any) -> dict[str, Any]:
        from keras import ops  # noqa: PLC0415 - an optional extra

        cell, units, recurrent = self.cell, 2 * self.cell.units, self._weight("recurrent_kernel")
        of_input = ops.matmul(self.inputs, self._weight("kernel"))
        of_hidden = ops.matmul(before, recurrent if cell.reset_after else recurrent[:, :units])
        if cell.use_bias:
            bias = self._weight("bias")
            of_input = of_input + (bias[0] if cell.reset_after else bias)
            of_hidden = of_hidden + bias[1] if cell.reset_after else of_hidden
        gates = cell.recurrent_activation(of_input[..., :units] + of_hidden[..., :units])
        update, reset = ops.split(gates, 2, axis=-1)
        inner = reset * of_hidden[..., units:] if cell.reset_after else ops.matmul(reset * before, recurrent[:, units:])
        return dict(zip(GRU_GATES, (update, reset, cell.activation(of_input[..., units:] + inner)), strict=True))

    def _weight(self, name: str) -> Any:
        """Return a weight in the precision that the cell computes in."""
        from keras import ops  # noqa: PLC0415 - an optional extra

        return ops.cast(getattr(self.cell, name), self.cell.compute_dtype)


def _known(layer: Any, call: Call, initial: list[Any], direction: str, roles: frozenset[str]) -> list[_Run] | None:
    """Return the run of a layer whose hidden states are known, as it gave them out; None for any other.

    Where steps are masked, what it gave out there is not its state: cell states and gates can't follow from that.
    """
    from keras import layers, ops  # noqa: PLC0415 - an optional extra

    cell, hidden = layer.cell, call.given.get(direction)
    plain = type(cell) in (layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell)
    if hidden is None or not plain or (call.mask is not None and roles != {HIDDEN}):
        return None
    sequences, *states = (ops.cast(each, cell.compute_dtype) for each in (call.sequences, *initial))
    run = _Run(cell, sequences, states, [hidden], bool(layer.go_backwards))
    return [replace(run, after=[hidden, run.cells()]) if isinstance(cell, layers.LSTMCell) and CELL in roles else run]


def _runs(layer: Any, call: Call, initial: list[Any]) -> list[_Run]:
    """Run the cells of a layer over what it read, as the layer does: a step that is masked leaves all as it was."""
    from keras import ops, tree  # noqa: PLC0415 - an optional extra

    backward = bool(layer.go_backwards)
    cells = list(getattr(layer.cell, "cells", [layer.cell]))
    dtype = layer.cell.compute_dtype
    sequences, states = ops.cast(call.sequences, dtype), _apart(cells, [ops.cast(each, dtype) for each in initial])
    starts = states
    steps = range(sequences.shape[1])
    read: list[list[Any]] = [[] for _ in cells]
    after: list[list[list[Any]]] = [[] for _ in cells]
    for step in reversed(steps) if backward else steps:
        values, kept = sequences[:, step], None if call.mask is None else ops.cast(call.mask[:, step], "bool")[:, None]
        following = []
        for number, (cell, before) in enumerate(zip(cells, states, strict=True)):
            read[number].append(values)
            values, new = cell(values, before)
            new = tree.flatten(new)
            new = new if kept is None else [ops.where(kept, *pair) for pair in zip(new, before, strict=True)]
            after[number].append(new)
            following.append(new)
        states = following
    for cell in cells:
        # What a cell drops out it draws once a call; the layer's own call is to draw anew.
        for reset in ("reset_dropout_mask", "reset_recurrent_dropout_mask"):
            getattr(cell, reset, int)()

    def whole(each: list[Any]) -> Any:
        return ops.stack(each[::-1] if backward else each, axis=1)

    return [
        _Run(cell, whole(inputs), list(start), [whole(list(state)) for state in zip(*states, strict=True)], backward)
        for cell, inputs, start, states in zip(cells, read, starts, after, strict=True)
    ]


def _apart(cells: list[Any], states: list[Any]) -> list[list[Any]]:
    """Return which of a layer's states are those of each of its cells."""
    from keras import tree  # noqa: PLC0415 - an optional extra

    left = iter(states)
    return [[next(left) for _ in tree.flatten(cell.state_size)] for cell in cells]


def array_of(values: Any) -> NDArray[Any]:
    """Return a tensor of any backend as a numpy array; numpy has no bfloat16, so that becomes float32."""
    from keras import ops  # noqa: PLC0415 - an optional extra

    tensor = ops.convert_to_tensor(values)
    tensor = ops.cast(tensor, "float32") if dtype_of(tensor) == BFLOAT16 else tensor
    # Keras' way out of PyTorch's tensors is one that numpy warns of.
    return batch.array_of(tensor) if hasattr(tensor, "detach") else np.asarray(ops.convert_to_numpy(tensor))


def dtype_of(values: Any) -> str:
    """Return the name of a tensor's dtype."""
    from keras import backend  # noqa: PLC0415 - an optional extra

    return str(backend.standardize_dtype(values.dtype))


def rounded_to_bfloat16(values: NDArray[Any]) -> NDArray[Any]:
    """Return values rounded to what bfloat16 can hold, as float32."""
    from keras import ops  # noqa: PLC0415 - an optional extra

    return array_of(ops.cast(ops.convert_to_tensor(values), BFLOAT16))


def _name(activation: Any) -> str:
    return str(getattr(activation, "__name__", ""))
