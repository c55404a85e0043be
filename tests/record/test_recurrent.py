"""States of recurrent modules at every step, against the same modules run one step at a time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstmvis_panel.record.recurrent import Recurrence, Run, Source
from tests.record.torch_models import fixed_numbers

ALL = frozenset({"hidden", "cell", "gates"})
CLOSE = {"atol": 1e-5, "rtol": 0}

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")


def traced(module: nn.Module, *inputs: Any, roles: frozenset[str] = ALL) -> tuple[Any, Run]:
    """Run a module and return its output and what was kept."""
    recurrence = Recurrence(roles)
    order = inputs[0].unsorted_indices if isinstance(inputs[0], PackedSequence) else None
    with torch.inference_mode(), recurrence:
        recurrence.begin("module", order)
        output = module(*inputs)
        run = recurrence.end()
    assert run is not None
    return output, run


def flat(output: Any) -> list[torch.Tensor]:
    """Return all tensors of an output, packed ones by their data."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [output.data] if isinstance(output, PackedSequence) else [part for item in output for part in flat(item)]


def one_direction(module: nn.RNNBase, layer: int, *, backward: bool) -> nn.RNNBase:
    """Return a module of one layer and direction with the weights of one in a larger module."""
    reads = module.input_size
    if layer:
        reads = (getattr(module, "proj_size", 0) or module.hidden_size) * (1 + module.bidirectional)
    options = {"proj_size": module.proj_size} if isinstance(module, nn.LSTM) else {}
    if type(module) is nn.RNN:
        options["nonlinearity"] = module.nonlinearity
    single = type(module)(reads, module.hidden_size, bias=module.bias, **options)
    end = f"_l{layer}" + "_reverse" * backward
    names = [name for name, _ in single.named_parameters()]
    single.load_state_dict({name: getattr(module, name.removesuffix("_l0") + end) for name in names})
    return single.to(module.weight_ih_l0.dtype)


def stepped(module: nn.RNNBase, row: torch.Tensor, initial: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    """Return hidden (and cell) states of a row (step, input), by calling PyTorch once a step."""
    state = [part[None, None] for part in initial]
    found: list[list[torch.Tensor]] = [[] for _ in state]
    for value in row:
        _, following = module(value[None, None], tuple(state) if len(state) > 1 else state[0])
        state = [following] if isinstance(following, torch.Tensor) else list(following)
        for kept, part in zip(found, state, strict=True):
            kept.append(part[0, 0])
    return found


def expected(
    module: nn.RNNBase, rows: list[torch.Tensor], initial: list[torch.Tensor]
) -> list[dict[tuple[int, str, str], torch.Tensor]]:
    """Return for each row the states (step, state) of each layer and direction; reversed rows are read reversed."""
    directions = ("forward", "backward") if module.bidirectional else ("",)
    results = []
    for number, row in enumerate(rows):
        values, result = row, {}
        for layer in range(module.num_layers):
            outputs = []
            for part, direction in enumerate(directions):
                backward = part == 1
                single = one_direction(module, layer, backward=backward)
                start = [state[layer * len(directions) + part, number] for state in initial]
                states = stepped(single, values.flip(0) if backward else values, start)
                stacked = [torch.stack(kept[::-1] if backward else kept) for kept in states]
                result |= {
                    (layer, direction, role): kept for role, kept in zip(("hidden", "cell"), stacked, strict=False)
                }
                outputs.append(stacked[0])
            values = torch.cat(outputs, dim=1)
        results.append(result)
    return results


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a module's options, lengths of rows, and a layout."""
    kind = draw(st.sampled_from(["LSTM", "GRU", "tanh", "relu"]))
    hidden = draw(st.integers(2, 5))
    return {
        "kind": kind,
        "sizes": (draw(st.integers(1, 4)), hidden),
        "options": {
            "num_layers": draw(st.integers(1, 3)),
            "bidirectional": draw(st.booleans()),
            "batch_first": draw(st.booleans()),
            "bias": draw(st.booleans()),
            "dropout": draw(st.sampled_from([0.0, 0.5])),
        }
        | ({"proj_size": draw(st.integers(0, hidden - 1))} if kind == "LSTM" else {}),
        "lengths": draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)),
        "layout": draw(st.sampled_from(["padded", "packed", "packed sorted", "unbatched"])),
        "initial": draw(st.booleans()),
        "seed": draw(st.integers(0, 1000)),
    }


def module_of(situation: dict[str, Any]) -> nn.RNNBase:
    """Build the module of a situation."""
    kind = situation["kind"]
    options = dict(situation["options"])
    if options["num_layers"] == 1:
        options["dropout"] = 0.0
    if kind in ("LSTM", "GRU"):
        return getattr(nn, kind)(*situation["sizes"], **options).eval()
    return nn.RNN(*situation["sizes"], nonlinearity=kind, **options).eval()


def lengths_of(situation: dict[str, Any]) -> list[int]:
    """Return the lengths of rows as the layout of a situation allows them."""
    lengths = situation["lengths"]
    return {
        "padded": [max(lengths)] * len(lengths),
        "packed": lengths,
        "packed sorted": sorted(lengths, reverse=True),
        "unbatched": lengths[:1],
    }[situation["layout"]]


def arguments_of(situation: dict[str, Any], module: nn.RNNBase, rows: list[Any], initial: list[Any]) -> list[Any]:
    """Return what the module is called with."""
    layout, lengths = situation["layout"], torch.tensor([len(row) for row in rows])
    inputs = nn.utils.rnn.pad_sequence(rows, batch_first=module.batch_first)
    if layout == "unbatched":
        inputs, initial = rows[0], [state[:, 0] for state in initial]
    elif layout != "padded":
        in_order = layout == "packed sorted"
        inputs = pack_padded_sequence(inputs, lengths, module.batch_first, enforce_sorted=in_order)
    if not situation["initial"]:
        return [inputs]
    return [inputs, tuple(initial) if len(initial) > 1 else initial[0]]


@given(situation=situations())
@settings(max_examples=80)
def test_all_states_are_those_of_the_module_run_step_by_step(situation: dict[str, Any]) -> None:
    lengths = lengths_of(situation)
    with fixed_numbers(situation["seed"]):
        module = module_of(situation)
        rows = [torch.randn(length, module.input_size) for length in lengths]
        widths = [getattr(module, "proj_size", 0) or module.hidden_size]
        widths += [module.hidden_size] if situation["kind"] == "LSTM" else []
        draw = torch.randn if situation["initial"] else torch.zeros
        parts = module.num_layers * (1 + module.bidirectional)
        initial = [draw(parts, len(rows), width) for width in widths]
    arguments = arguments_of(situation, module, rows, initial)
    with torch.no_grad():
        alone = module(*arguments)
        oracle = expected(module, rows, initial)
    output, run = traced(module, *arguments)
    for ours, theirs in zip(flat(output), flat(alone), strict=True):
        torch.testing.assert_close(ours, theirs, **CLOSE)
    states = {key for key in run.values if key.role in ("hidden", "cell")}
    assert states == {Source(*key) for key in oracle[0]}
    if situation["layout"].startswith("packed"):
        assert run.lengths is not None
        assert run.lengths.tolist() == lengths
    for number, (row, length) in enumerate(zip(oracle, lengths, strict=True)):
        for key, values in row.items():
            torch.testing.assert_close(run.values[Source(*key)][:length, number], values, **CLOSE)


def gates_by_hand(kind: str, weights: list[torch.Tensor], inputs: torch.Tensor, before: torch.Tensor) -> dict[str, Any]:
    """Return gates of one step in double precision, as PyTorch's documentation writes them."""
    of_input, of_hidden, bias_input, bias_hidden = (weight.double() for weight in weights)
    size, inputs, before = before.shape[-1], inputs.double(), before.double()

    def parts(block: int) -> tuple[torch.Tensor, torch.Tensor]:
        rows = slice(block * size, (block + 1) * size)
        return of_input[rows] @ inputs + bias_input[rows], of_hidden[rows] @ before + bias_hidden[rows]

    if kind == "LSTM":
        blocks = {"input gate": 0, "forget gate": 1, "candidate": 2, "output gate": 3}
        sums = {name: sum(parts(block)) for name, block in blocks.items()}
        return {name: value.tanh() if name == "candidate" else value.sigmoid() for name, value in sums.items()}
    reset, update = sum(parts(0)).sigmoid(), sum(parts(1)).sigmoid()
    from_input, from_hidden = parts(2)
    return {"reset gate": reset, "update gate": update, "candidate": (from_input + reset * from_hidden).tanh()}


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("backward", [False, True])
def test_gates(kind: str, *, backward: bool) -> None:
    with fixed_numbers(3):
        module = getattr(nn, kind)(3, 4, num_layers=2, bidirectional=True)
        inputs = torch.randn(5, 2, 3)
    direction, part = ("backward", 1) if backward else ("forward", 0)
    _, run = traced(module, inputs)
    below = torch.cat([run.values[Source(0, end, "hidden")] for end in ("forward", "backward")], dim=2)
    weights = [weight.detach() for weight in module.all_weights[2 + part]]
    hidden = run.values[Source(1, direction, "hidden")]
    for row in range(2):
        for step in range(5):
            at = step + 1 if backward else step - 1
            before = hidden[at, row] if 0 <= at < 5 else torch.zeros(4)
            for role, value in gates_by_hand(kind, weights, below[step, row], before).items():
                ours = run.values[Source(1, direction, role)][step, row]
                torch.testing.assert_close(ours.double(), value, **CLOSE)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_gates_make_the_states(kind: str) -> None:
    with fixed_numbers(4):
        module = getattr(nn, kind)(3, 6)
        inputs = torch.randn(7, 3, 3)
    _, run = traced(module, inputs)
    values = {source.role: value for source, value in run.values.items()}
    hidden = values["hidden"]
    before = torch.cat([torch.zeros(1, 3, 6), hidden[:-1]])
    if kind == "LSTM":
        cells = torch.cat([torch.zeros(1, 3, 6), values["cell"][:-1]])
        cell = values["forget gate"] * cells + values["input gate"] * values["candidate"]
        torch.testing.assert_close(values["cell"], cell, **CLOSE)
        made = values["output gate"] * cell.tanh()
    else:
        made = (1 - values["update gate"]) * values["candidate"] + values["update gate"] * before
    torch.testing.assert_close(hidden, made, **CLOSE)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell", "RNNCell"])
@pytest.mark.parametrize("shape", [(2, 3), (3,)])
def test_a_step_of_a_cell(kind: str, shape: tuple[int, ...], *, bias: bool) -> None:
    with fixed_numbers(5):
        cell = getattr(nn, kind)(3, 4, bias=bias)
        inputs = torch.randn(shape)
        state = torch.randn(*shape[:-1], 4)
    state = (state, state.flip(-1)) if kind == "LSTMCell" else state
    output, run = traced(cell, inputs, state)
    outputs = flat(output)
    with torch.no_grad():
        for ours, theirs in zip(outputs, flat(cell(inputs, state)), strict=True):
            torch.testing.assert_close(ours, theirs, atol=0, rtol=0)
    assert torch.equal(run.values[Source(0, "", "hidden")][0], torch.atleast_2d(outputs[0]))
    if kind == "LSTMCell":
        assert torch.equal(run.values[Source(0, "", "cell")][0], torch.atleast_2d(outputs[1]))
        made = run.values[Source(0, "", "output gate")][0] * torch.atleast_2d(outputs[1]).tanh()
        torch.testing.assert_close(made, torch.atleast_2d(outputs[0]), **CLOSE)
    elif kind == "GRUCell":
        update, candidate = (run.values[Source(0, "", role)][0] for role in ("update gate", "candidate"))
        made = (1 - update) * candidate + update * torch.atleast_2d(state)
        torch.testing.assert_close(made, torch.atleast_2d(outputs[0]), **CLOSE)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(dtype: torch.dtype) -> None:
    with fixed_numbers(6):
        module = nn.LSTM(3, 5, num_layers=2, bidirectional=True).to(dtype)
        inputs = torch.randn(6, 2, 3, dtype=dtype)
    with torch.no_grad():
        alone, (_, last) = module(inputs)
    (output, _), run = traced(module, inputs)
    assert torch.equal(output, alone)
    assert {values.dtype for values in run.values.values()} == {dtype}
    close = {"atol": 1e-5 if dtype is torch.float64 else 0.02, "rtol": 0}
    for part, source in enumerate([(0, "forward"), (0, "backward"), (1, "forward"), (1, "backward")]):
        end = 0 if source[1] == "backward" else -1
        torch.testing.assert_close(run.values[Source(*source, "cell")][end], last[part], **close)


def test_what_is_not_wanted_is_not_computed() -> None:
    _, run = traced(nn.LSTM(2, 3), torch.zeros(4, 1, 2), roles=frozenset({"cell"}))
    assert set(run.values) == {Source(0, "", "cell")}
    _, run = traced(nn.RNN(2, 3), torch.zeros(4, 1, 2), roles=frozenset({"cell", "gates"}))
    assert run.values == {}


def test_states_stay_when_the_model_changes_its_output_in_place() -> None:
    recurrence = Recurrence(ALL)
    with fixed_numbers(7):
        module, inputs = nn.GRU(2, 3), torch.randn(4, 1, 2)
    with torch.inference_mode(), recurrence:
        recurrence.begin("module")
        output, _ = module(inputs)
        run = recurrence.end()
        before = output.clone()
        output.zero_()
    assert run is not None
    assert torch.equal(run.values[Source(0, "", "hidden")], before)


def test_training_drops_out_between_layers_as_the_module_does() -> None:
    with fixed_numbers(8):
        module, inputs = nn.GRU(2, 3, num_layers=3, dropout=0.5), torch.randn(4, 2, 2)
    with fixed_numbers(9), torch.no_grad():
        alone, _ = module(inputs)
    with fixed_numbers(9):
        (output, _), _ = traced(module, inputs)
    torch.testing.assert_close(output, alone, **CLOSE)


def test_packed_rows_pad_to_the_longest() -> None:
    with fixed_numbers(10):
        module = nn.LSTM(2, 3, bidirectional=True, batch_first=True)
        inputs = torch.randn(3, 5, 2)
    packed = pack_padded_sequence(inputs, torch.tensor([2, 4, 1]), batch_first=True, enforce_sorted=False)
    (output, _), run = traced(module, packed)
    whole, _ = pad_packed_sequence(output, batch_first=True)
    ours = torch.cat([run.values[Source(0, end, "hidden")] for end in ("forward", "backward")], dim=2).transpose(0, 1)
    for row, length in enumerate([2, 4, 1]):
        assert torch.equal(ours[row, :length], whole[row, :length])
