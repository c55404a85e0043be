"""The equations of LSTM and GRU layers: cell states and gates at every step, from the hidden states that are known.

With x what the layer reads, h and c its hidden and cell states, and s the sigmoid function, `torch.nn.LSTM` computes

    i = s(Wi x + Ui h'),  f = s(Wf x + Uf h'),  g = tanh(Wg x + Ug h'),  o = s(Wo x + Uo h'),  c = f c' + i g,

and `torch.nn.GRU`

    r = s(Wr x + Ur h'),  z = s(Wz x + Uz h'),  n = tanh(Wn x + r (Un h')),

biases left out; h' and c' are those of the step before. As all h' are known here, the products of all steps are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import linear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

HIDDEN, CELL, GATES = "hidden", "cell", "gates"
LSTM_GATES = ("input gate", "forget gate", "candidate", "output gate")
GRU_GATES = ("reset gate", "update gate", "candidate")
SIGNED = frozenset({HIDDEN, CELL, "candidate"})
"""Roles whose values may be negative; all others come out of a sigmoid."""


def before(hidden: Tensor, initial: Tensor, lengths: Tensor | None, *, backward: bool) -> Tensor:
    """Return the hidden states of the step before each step, in the order of reading.

    Parameters
    ----------
    hidden
        Shape (step, row, state).
    initial
        Shape (row, state): what stands before the first step read.
    lengths
        How many steps each row has, None if all of them.
    backward
        Whether rows are read from their last step to their first.
    """
    if not backward:
        return torch.cat([initial[None], hidden[:-1]])
    shifted = torch.cat([hidden[1:], initial[None]])
    if lengths is not None:
        rows = torch.arange(len(lengths), device=hidden.device)
        shifted[lengths.to(hidden.device) - 1, rows] = initial
    return shifted


@dataclass(frozen=True)
class Layer:
    """One layer and direction of an LSTM or GRU.

    Parameters
    ----------
    kind
        "lstm", "gru" or "rnn"; the last has neither cell states nor gates.
    weights
        As PyTorch orders them: of the input, of the hidden state, their biases if there are, a projection if there is.
    has_biases
        Whether there are biases.
    """

    kind: str
    weights: Sequence[Tensor]
    has_biases: bool

    def states(
        self,
        inputs: Tensor,
        hidden: Tensor,
        cell: Tensor | None,
        lengths: Tensor | None,
        *,
        backward: bool,
        roles: frozenset[str],
    ) -> dict[str, Tensor]:
        """Return cell states and gates, as far as wanted and as far as the layer has them.

        Parameters
        ----------
        inputs
            Shape (step, row, input).
        hidden
            Shape (step, row, state): the hidden states of the step before, see `before`.
        cell
            Shape (row, state): the initial cell state of an LSTM.
        lengths
            How many steps each row has, None if all of them.
        backward
            Whether rows are read from their last step to their first.
        roles
            "cell", "gates": what is wanted.

        Returns
        -------
        dict of str to torch.Tensor
            By role, shape (step, row, state) each, the weights' dtype.
        """
        if self.kind == "gru" and GATES in roles:
            return self._gru(inputs, hidden)
        if self.kind == "lstm" and cell is not None and roles & {CELL, GATES}:
            return self._lstm(inputs, hidden, cell, lengths, backward=backward, roles=roles)
        return {}

    def _products(self, inputs: Tensor, hidden: Tensor, blocks: slice) -> tuple[Tensor, Tensor]:
        """Return the weighted inputs and hidden states, those rows of the weights that are asked for."""
        of_input, of_hidden = self.weights[0][blocks], self.weights[1][blocks]
        biases = [bias[blocks] for bias in self.weights[2:4]] if self.has_biases else [None, None]
        return linear(inputs, of_input, biases[0]), linear(hidden, of_hidden, biases[1])

    def _lstm(
        self,
        inputs: Tensor,
        hidden: Tensor,
        cell: Tensor,
        lengths: Tensor | None,
        *,
        backward: bool,
        roles: frozenset[str],
    ) -> dict[str, Tensor]:
        # The output gate comes last in PyTorch's order, and the cell state does without it.
        names = LSTM_GATES if GATES in roles else LSTM_GATES[:-1]
        from_input, from_hidden = self._products(inputs, hidden, slice(0, len(names) * cell.shape[-1]))
        parts = from_input.add_(from_hidden).chunk(len(names), dim=-1)
        gates = {
            name: part.tanh() if name in SIGNED else part.sigmoid() for name, part in zip(names, parts, strict=True)
        }
        found: dict[str, Tensor] = {}
        if CELL in roles:
            new = gates["input gate"] * gates["candidate"]
            found[CELL] = accumulated(gates["forget gate"], new, cell, lengths, backward=backward)
        return found | (gates if GATES in roles else {})

    def _gru(self, inputs: Tensor, hidden: Tensor) -> dict[str, Tensor]:
        from_input, from_hidden = self._products(inputs, hidden, slice(None))
        reset, update, candidate = from_input.chunk(3, dim=-1)
        of_reset, of_update, of_candidate = from_hidden.chunk(3, dim=-1)
        reset = (reset + of_reset).sigmoid()
        values = (reset, (update + of_update).sigmoid(), (candidate + reset * of_candidate).tanh())
        return dict(zip(GRU_GATES, values, strict=True))


def accumulated(forget: Tensor, new: Tensor, cell: Tensor, lengths: Tensor | None, *, backward: bool) -> Tensor:
    """Return c = forget * c' + new at every step, shape (step, row, state), from the initial ``cell`` (row, state)."""
    cells = torch.empty_like(new)
    steps = range(len(new))
    ends = lengths.to(new.device) if lengths is not None and backward else None
    for step in reversed(steps) if backward else steps:
        following = torch.addcmul(new[step], forget[step], cell)
        # Read backward, a short row starts later than the others: until then it stays where it was.
        cell = following if ends is None else torch.where((ends > step)[:, None], following, cell)
        cells[step] = cell
    return cells
