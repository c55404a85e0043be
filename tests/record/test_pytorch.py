"""Recordings of PyTorch models, end to end: what is in the file is what the model alone does with each document."""

from __future__ import annotations

import shutil
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

import lstmvis_panel as lv
from lstmvis_panel.checking import problems_of
from lstmvis_panel.record.batch import Batch
from lstmvis_panel.record.entry import record
from lstmvis_panel.schema import RecordingError, document_edges, labels, sources, words
from tests.record.torch_models import WORDS, Classifier, LanguageModel, Translator, alone, codes, seeded, stepped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import xarray as xr

CLOSE = {"atol": 1e-5, "rtol": 0}


def recorded(model: nn.Module, batches: Any, folder: Path, **options: Any) -> xr.Dataset:
    """Record a model and open what came of it, which must be faultless."""
    recording = lv.open_recording(record(model, batches, folder / "states.h5", **options))
    assert lv.validate(recording) == []
    return recording


def documents(recording: xr.Dataset) -> list[slice]:
    """Return the steps of each document."""
    edges = document_edges(recording)
    return [slice(int(start), int(stop)) for start, stop in pairwise(edges)]


def assert_read_alone(recording: xr.Dataset, model: Any, rows: list[torch.Tensor]) -> None:
    """Check tokens and states of all documents against the model that reads each by itself."""
    parts = documents(recording)
    assert len(parts) == len(rows)
    for part, row in zip(parts, rows, strict=True):
        assert recording["token"].values[part].tolist() == row.tolist()
        for name, values in alone(model, row).items():
            np.testing.assert_allclose(recording[name].values[part], values, **CLOSE)


def test_batches(tmp_path: Path) -> None:
    model, batches = seeded(LanguageModel), [codes(4, 7, seed=1), codes(2, 5, seed=2)]
    recording = recorded(model, batches, tmp_path, vocabulary=WORDS)
    assert sources(recording) == ["hidden1", "cell1", "hidden2", "cell2"]
    assert recording["cell2"].attrs | {"description": ""} == {
        "kind": "states",
        "layer": 2,
        "role": "cell",
        "transform": "tanh",
        "unsigned": 0,
        "description": "",
    }
    assert recording["hidden1"].dtype == np.float32
    assert list(labels(recording, "token")) == WORDS
    assert words(recording, 0, 3) == [f"w{code}" for code in batches[0][0, :3]]
    assert_read_alone(recording, model, [row for batch in batches for row in batch])


def test_a_recording_can_be_searched(tmp_path: Path) -> None:
    recording = recorded(seeded(LanguageModel), [codes(8, 20)], tmp_path, vocabulary=WORDS)
    states = recording["hidden1"]
    selected = lv.select_states(states, 3, 5, 0.0)
    assert len(selected) > 0
    matches = lv.find_matches(states, selected, 0.0)
    ranges = zip(matches["start"].values, matches["start"].values + matches["length"].values, strict=True)
    assert any(start <= 3 and stop >= 5 for start, stop in ranges)
    assert matches["overlap"].values[0] == len(selected)
    assert "partial" not in recording.attrs


@pytest.mark.parametrize("way", ["lengths", "padding", "padding_idx", "packed"])
def test_padding(tmp_path: Path, way: str) -> None:
    lengths = torch.tensor([3, 6, 1])
    tokens = codes(3, 6)
    tokens[torch.arange(6) >= lengths[:, None]] = 0
    rows = [row[:length] for row, length in zip(tokens, lengths, strict=True)]
    model, options, batch = seeded(LanguageModel), {}, Batch(tokens)
    if way == "lengths":
        batch = Batch(tokens, lengths=lengths)
    elif way == "padding":
        options = {"padding": 0}
    elif way == "padding_idx":
        model.embedding.padding_idx = 0
    else:
        model, batch = seeded(Classifier), Batch((tokens, lengths), tokens)
    recording = recorded(model, [batch], tmp_path, vocabulary=WORDS, **options)
    assert recording.sizes["step"] == 10
    assert_read_alone(recording, model, rows)


def test_padding_on_the_left(tmp_path: Path) -> None:
    tokens = torch.tensor([[0, 0, 3, 4], [5, 6, 7, 8]])
    recording = recorded(seeded(LanguageModel), [tokens], tmp_path, vocabulary=WORDS, padding=0)
    assert recording["token"].values.tolist() == [3, 4, 5, 6, 7, 8]
    assert [part.start for part in documents(recording)] == [0, 2]


def test_packed_inputs(tmp_path: Path) -> None:
    rows = [codes(2, seed=1), codes(5, seed=2), codes(3, seed=3)]

    class Packed(LanguageModel):
        def forward(self, tokens: Any) -> Any:
            return self.rnn(tokens._replace(data=self.embedding(tokens.data)))

    model = seeded(Packed)
    recording = recorded(model, [pack_sequence(rows, enforce_sorted=False)], tmp_path, vocabulary=WORDS)
    assert_read_alone(recording, model, rows)


def test_rows_that_are_all_padding_are_no_documents(tmp_path: Path) -> None:
    tokens = torch.tensor([[1, 2], [0, 0], [3, 0]])
    recording = recorded(seeded(LanguageModel), [tokens], tmp_path, vocabulary=WORDS, padding=0)
    assert recording["token"].values.tolist() == [1, 2, 3]
    assert list(labels(recording, "document")) == ["document 1", "document 3"]


def test_many_documents(tmp_path: Path) -> None:
    batches = [
        Batch(codes(3, 4, seed=1), documents=["a", "b", "b"]),
        Batch(codes(2, 4, seed=2), documents=["b", "a"]),
    ]
    recording = recorded(seeded(LanguageModel), batches, tmp_path, vocabulary=WORDS)
    assert list(labels(recording, "document")) == ["a", "b", "a"]
    assert document_edges(recording).tolist() == [0, 4, 16, 20]
    assert np.bincount(recording["document"].values).tolist() == [4, 12, 4]


def test_documents_are_counted_over_batches(tmp_path: Path) -> None:
    recording = recorded(seeded(LanguageModel), [codes(1, 2), codes(30, 1)], tmp_path, vocabulary=WORDS)
    assert list(labels(recording, "document"))[-1] == "document 31"
    assert document_edges(recording).tolist() == [0, *range(2, 33)]


@pytest.mark.parametrize("labelled", ["codes", "names", "nothing but codes"])
def test_classification(tmp_path: Path, labelled: str) -> None:
    names, classes = ["bad", "fair", "good"], [2, 0, 1, 2]
    tokens, lengths = codes(4, 5), torch.tensor([5, 2, 4, 1])
    given = [names[code] for code in classes] if labelled == "names" else torch.tensor(classes)
    options = {} if labelled == "nothing but codes" else {"annotations": {"label": names}}
    model = seeded(Classifier)
    batch = Batch((tokens, lengths), tokens, lengths, labels=given)
    recording = recorded(model, [batch], tmp_path, vocabulary=WORDS, saliency="predicted", **options)
    with torch.no_grad():
        answers = model.eval()(tokens, lengths).argmax(dim=1).tolist()
    expected = names if options else ["0", "1", "2"]
    for name, truth in (("label", classes), ("predicted_label", answers)):
        assert list(labels(recording, name)) == expected
        for part, code in zip(documents(recording), truth, strict=True):
            assert set(recording[name].values[part]) == {code}
    assert np.isfinite(recording["saliency"].values).all()
    assert_read_alone(recording, model, [row[:length] for row, length in zip(tokens, lengths, strict=True)])


def test_encoder_and_decoder(tmp_path: Path) -> None:
    source, target = codes(3, 6), torch.tensor([[1, 2, 3, 0], [4, 5, 6, 1], [2, 2, 0, 0]])
    source_lengths, target_lengths = torch.tensor([6, 4, 6]), torch.tensor([3, 4, 2])
    batch = Batch(
        (source, target),
        tokens={"encoder": source, "decoder": target},
        lengths={"encoder": source_lengths, "decoder": target_lengths},
        documents=["one", "two", "three"],
    )
    model, path = seeded(Translator), tmp_path / "pairs.h5"
    first = record(
        model,
        [batch],
        path,
        modules={"encoder": "encoder", "decoder": "decoder"},
        vocabulary={"encoder": WORDS, "decoder": list("abcdefg")},
        top=2,
        surprisal=True,
        saliency="true",
    )
    assert first == tmp_path / "pairs.encoder.h5"
    encoder, decoder = (lv.open_recording(tmp_path / f"pairs.{side}.h5") for side in ("encoder", "decoder"))
    assert lv.validate(encoder) == lv.validate(decoder) == []
    assert (encoder.attrs["linked"], decoder.attrs["linked"]) == ("pairs.decoder.h5", "pairs.encoder.h5")
    assert list(labels(encoder, "document")) == list(labels(decoder, "document")) == ["one", "two", "three"]
    assert "top_predictions" not in encoder
    assert list(labels(decoder, "top_predictions")) == list("abcdefg")
    with torch.no_grad():
        for row, (part, other) in enumerate(zip(documents(encoder), documents(decoder), strict=True)):
            read = model.source(source[row])
            states = stepped(model.encoder, read)["hidden1"]
            count = int(source_lengths[row])
            np.testing.assert_allclose(encoder["hidden1"].values[part], states[:count], **CLOSE)
            state = torch.from_numpy(states[-1:])
            for step, code in zip(range(other.start, other.stop), target[row], strict=False):
                state = model.decoder(model.target(code[None]), state)
                np.testing.assert_allclose(decoder["hidden1"].values[step], state[0].numpy(), **CLOSE)
                best = model.readout(state)[0].argsort(descending=True)[:2]
                assert decoder["top_predictions"].values[step].tolist() == best.tolist()


def test_documents_have_the_same_numbers_on_both_sides(tmp_path: Path) -> None:
    """Also where one side has no steps of a document, the first or the last of all among them."""
    full = codes(3, 2) % 6 + 1
    batches = []
    for empty in (0, 2):
        source = full.clone()
        source[empty] = 0
        batches.append(Batch((source, full), {"encoder": source, "decoder": full}))
    options = {"modules": {"encoder": "encoder", "decoder": "decoder"}, "vocabulary": {"encoder": WORDS}}
    options["vocabulary"]["decoder"] = list("abcdefg")
    path = tmp_path / "pairs.h5"
    with pytest.raises(RuntimeError):
        record(seeded(Translator), interrupted(batches, 1, RuntimeError), path, padding=0, **options)
    record(seeded(Translator), batches, path, padding=0, resume=True, **options)
    encoder, decoder = (lv.open_recording(tmp_path / f"pairs.{side}.h5") for side in ("encoder", "decoder"))
    assert encoder["document"].values.tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert decoder["document"].values.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert list(labels(encoder, "document")) == list(labels(decoder, "document"))
    assert problems_of(tmp_path / "pairs.encoder.h5") == problems_of(tmp_path / "pairs.decoder.h5") == []


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_states_are_carried_from_window_to_window(tmp_path: Path, kind: str) -> None:
    model, text = seeded(LanguageModel, kind), codes(1, 23)
    windows = [text[:, start : start + 5] for start in range(0, 23, 5)]
    recording = recorded(model, iter(windows), tmp_path, vocabulary=WORDS, carry=True, surprisal=True)
    assert "document" not in recording.coords
    assert_read_alone(recording, model, [text[0]])
    with torch.no_grad():
        chances = model.eval()(text)[0].log_softmax(dim=1)
    expected = [-float(chances[step - 1, text[0, step]]) for step in range(1, 23)]
    assert np.isnan(recording["surprisal"].values[0])
    np.testing.assert_allclose(recording["surprisal"].values[1:], expected, **CLOSE)


def test_named_documents_start_anew_where_states_are_carried(tmp_path: Path) -> None:
    model, first, second = seeded(LanguageModel), codes(1, 6, seed=1), codes(1, 4, seed=2)
    batches = [
        Batch(first[:, :3], documents=["first"]),
        Batch(first[:, 3:], documents=["first"]),
        Batch(second, documents=["second"]),
    ]
    recording = recorded(model, batches, tmp_path, vocabulary=WORDS, carry=True, surprisal=True)
    assert_read_alone(recording, model, [first[0], second[0]])
    assert np.isnan(recording["surprisal"].values).tolist() == [True] + [False] * 5 + [True] + [False] * 3


class CellModel(nn.Module):
    """A stack of Cells, run in a loop over steps."""

    def __init__(self, kind: str = "LSTMCell") -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 6)
        self.cells = nn.ModuleList([getattr(nn, kind)(6, 6) for _ in range(2)])
        self.readout = nn.Linear(6, len(WORDS))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        states: list[Any] = [None, None]
        outputs = []
        for step in range(tokens.shape[1]):
            values = self.embedding(tokens[:, step])
            for layer, cell in enumerate(self.cells):
                states[layer] = cell(values, states[layer])
                values = states[layer][0] if isinstance(states[layer], tuple) else states[layer]
            outputs.append(self.readout(values))
        return torch.stack(outputs, dim=1)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_cells_in_a_loop(tmp_path: Path, kind: str) -> None:
    model, tokens = seeded(CellModel, f"{kind}Cell"), codes(3, 5)
    recording = recorded(model, [tokens], tmp_path, vocabulary=WORDS, top=1, saliency="predicted", gates=kind != "RNN")
    layered = getattr(nn, kind)(6, 6, 2)
    layered.load_state_dict(
        {f"{name}_l{layer}": value for layer, cell in enumerate(model.cells) for name, value in cell.named_parameters()}
    )
    for part, row in zip(documents(recording), tokens, strict=True):
        with torch.no_grad():
            read = stepped(layered, model.embedding(row))
        for layer in (1, 2):
            for role in ("hidden", "cell") if kind == "LSTM" else ("hidden",):
                ours = recording[f"cells.{layer - 1}/{role}1"]
                assert ours.attrs["layer"] == layer
                np.testing.assert_allclose(ours.values[part], read[f"{role}{layer}"], **CLOSE)


def test_cells_carry_their_states(tmp_path: Path) -> None:
    model, text = seeded(CellModel), codes(1, 12)
    whole = recorded(model, [text], tmp_path, vocabulary=WORDS)
    parts = recorded(model, list(text.split(5, dim=1)), tmp_path, vocabulary=WORDS, carry=True)
    for name in sources(whole):
        np.testing.assert_allclose(parts[name].values, whole[name].values, **CLOSE)


def test_both_directions(tmp_path: Path) -> None:
    model, tokens, lengths = seeded(Bidirectional), codes(2, 6), torch.tensor([6, 3])
    batch = Batch((tokens, lengths), tokens)
    recording = recorded(model, [batch], tmp_path, vocabulary=WORDS)
    names = [f"{role}1_{direction}" for direction in ("forward", "backward") for role in ("hidden", "cell")]
    assert sources(recording) == names
    for part, row, length in zip(documents(recording), tokens, lengths, strict=True):
        with torch.no_grad():
            outputs, _ = model.rnn(model.embedding(row[:length])[None])
        both = np.concatenate([recording[name].values[part] for name in names[::2]], axis=1)
        np.testing.assert_allclose(both, outputs[0].numpy(), **CLOSE)


class Bidirectional(Classifier):
    """Reads packed rows in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(5, 4, batch_first=True, bidirectional=True)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> Any:
        pack = nn.utils.rnn.pack_padded_sequence
        return self.rnn(pack(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False))[0]


class Several(nn.Module):
    """Modules of all kinds, steps before rows, one of them twice."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 4)
        self.conv = nn.Conv1d(4, 4, 3, padding=1)
        self.blocks = nn.ModuleDict({"up": nn.GRU(4, 4), "top": nn.RNN(4, 4, nonlinearity="relu")})
        self.same = self.blocks["up"]
        self.norm = nn.LayerNorm(4)

    def forward(self, tokens: torch.Tensor) -> dict[str, Any]:
        values = self.conv(self.embedding(tokens).transpose(1, 2)).permute(2, 0, 1)
        values, _ = self.blocks["up"](values)
        values, _ = self.same(values)
        values, last = self.blocks["top"](values)
        return {"last": last, "values": self.norm(values)}


@pytest.mark.parametrize("shape", [(3, 5), (4, 4)])
def test_several_modules_and_hooks(tmp_path: Path, shape: tuple[int, int]) -> None:
    """Also of a batch with as many rows as steps, once another has shown which are which."""
    model, tokens = seeded(Several), codes(*shape)
    recording = recorded(model, [codes(2, 3), tokens], tmp_path, vocabulary=WORDS, hooks=["conv", "norm"])
    recording = recording.isel(step=slice(6, None))
    assert sources(recording) == [
        "blocks.up (call 1)/hidden1",
        "blocks.up (call 2)/hidden1",
        "blocks.top/hidden1",
        "conv",
        "norm",
    ]
    with torch.no_grad():
        first = model.conv(model.embedding(tokens).transpose(1, 2))
        second, _ = model.same(first.permute(2, 0, 1))
        third, _ = model.same(second)
        last = model(tokens)["values"]
    for name, values in {
        "blocks.up (call 1)/hidden1": second.transpose(0, 1),
        "blocks.up (call 2)/hidden1": third.transpose(0, 1),
        "norm": last.transpose(0, 1),
        "conv": first.transpose(1, 2),
    }.items():
        np.testing.assert_allclose(recording[name].values, values.flatten(0, 1).numpy(), **CLOSE)
    only = recorded(model, [tokens], tmp_path, vocabulary=WORDS, modules="blocks.top")
    assert sources(only) == ["hidden1"]


def test_a_single_row_without_a_batch(tmp_path: Path) -> None:
    model, row = seeded(LanguageModel), codes(6)
    recording = recorded(model, [row], tmp_path, vocabulary=WORDS, top=1, surprisal=True)
    assert_read_alone(recording, model, [row])


def test_a_recurrent_module_is_a_model(tmp_path: Path) -> None:
    model = seeded(nn.LSTM, 3, 4)
    inputs = torch.linspace(-1, 1, 5 * 2 * 3).reshape(5, 2, 3)
    batch = Batch(inputs, tokens=[["a", "b", "c", "d", "e"], ["b", "b", "a"]])
    recording = recorded(model, [batch], tmp_path)
    assert words(recording, 0, 8) == ["a", "b", "c", "d", "e", "b", "b", "a"]
    for part, row in zip(documents(recording), inputs.transpose(0, 1), strict=True):
        expected = stepped(model, row)["cell1"][: part.stop - part.start]
        np.testing.assert_allclose(recording["cell1"].values[part], expected, **CLOSE)


def test_predictions_and_surprisal(tmp_path: Path) -> None:
    model, batches = seeded(LanguageModel), [codes(2, 6, seed=3), codes(3, 4, seed=4)]
    recording = recorded(model, batches, tmp_path, vocabulary=WORDS, top=3, surprisal=True)
    rows = [row for batch in batches for row in batch]
    for part, row in zip(documents(recording), rows, strict=True):
        with torch.no_grad():
            chances = model.eval()(row[None])[0].double().softmax(dim=1).numpy()
        best = np.argsort(-chances, axis=1)[:, :3]
        assert recording["top_predictions"].values[part].tolist() == best.tolist()
        weights = recording["top_predictions_weight"].values[part]
        np.testing.assert_allclose(weights, np.take_along_axis(chances, best, axis=1), **CLOSE)
        surprisal = recording["surprisal"].values[part]
        assert np.isnan(surprisal[0])
        expected = [-np.log(chances[step - 1, row[step]]) for step in range(1, len(row))]
        np.testing.assert_allclose(surprisal[1:], expected, **CLOSE)


@pytest.mark.parametrize("where", ["function", "module", "last axis in the middle", "flat", "among others"])
def test_where_logits_are_found(tmp_path: Path, where: str) -> None:
    class Elsewhere(LanguageModel):
        def forward(self, tokens: torch.Tensor) -> Any:
            scores = super().forward(tokens)
            return {
                "function": {"hidden": [scores]},
                "module": None,
                "last axis in the middle": scores.transpose(1, 2),
                "flat": scores.flatten(0, 1),
                "among others": (torch.zeros(2, 3, 5), {"scores": scores}),
            }[where]

    model, tokens = seeded(Elsewhere), codes(3, 5)
    logits = {"function": lambda output: output["hidden"][0], "module": "readout"}.get(where)
    recording = recorded(model, [tokens], tmp_path, vocabulary=WORDS, top=1, logits=logits)
    with torch.no_grad():
        best = LanguageModel.forward(model.eval(), tokens).argmax(dim=2)
    assert recording["top_predictions"].values[:, 0].tolist() == best.flatten().tolist()


def test_gates_embeddings_and_output_weights(tmp_path: Path) -> None:
    model = seeded(LanguageModel, "GRU", layers=1)
    options = {"gates": True, "embeddings": True, "output_weights": True, "states": ["hidden"]}
    recording = recorded(model, [codes(2, 4)], tmp_path, vocabulary=WORDS, **options)
    assert sources(recording) == ["hidden1", "reset_gate1", "update_gate1", "candidate1"]
    assert [recording[name].attrs["unsigned"] for name in sources(recording)] == [0, 1, 1, 0]
    assert recording["reset_gate1"].attrs["role"] == "reset gate"
    np.testing.assert_array_equal(recording["word_embedding"].values, model.embedding.weight.detach().numpy())
    np.testing.assert_array_equal(recording["output_weight"].values, model.readout.weight.detach().numpy())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_a_model_in_another_precision(tmp_path: Path, dtype: str) -> None:
    model, tokens = seeded(LanguageModel).to(getattr(torch, dtype)), codes(2, 5)
    recording = recorded(model, [tokens], tmp_path, vocabulary=WORDS, top=2, surprisal=True)
    with torch.no_grad():
        outputs, _ = model.rnn(model.embedding(tokens))
    expected = outputs.flatten(0, 1).double().numpy()
    np.testing.assert_array_equal(recording["hidden2"].values.astype(np.float64), expected)
    assert recording["hidden2"].dtype == ("float32" if dtype == "bfloat16" else dtype)
    assert recording["hidden2"].attrs.get("recorded_dtype") == ("bfloat16" if dtype == "bfloat16" else None)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", torch.float64, np.float16])
def test_states_may_be_stored_in_another_precision(tmp_path: Path, dtype: Any) -> None:
    model, tokens = seeded(LanguageModel), codes(2, 5)
    whole = recorded(model, [tokens], tmp_path, vocabulary=WORDS)
    recording = recorded(model, [tokens], tmp_path, vocabulary=WORDS, dtype=dtype, compress=True)
    np.testing.assert_allclose(recording["cell1"].values, whole["cell1"].values, atol=4e-3)
    assert recording["cell1"].values.astype(np.float64).std() > 0


def test_without_a_vocabulary_words_are_codes(tmp_path: Path) -> None:
    recording = recorded(seeded(LanguageModel), [codes(2, 5)], tmp_path, top=1)
    assert list(labels(recording, "token")) == [str(code) for code in range(len(WORDS))]


def test_a_vocabulary_as_a_dict(tmp_path: Path) -> None:
    vocabulary = {word: code for code, word in enumerate(WORDS)}
    recording = recorded(seeded(LanguageModel), [codes(2, 5)], tmp_path, vocabulary=vocabulary)
    assert list(labels(recording, "token")) == WORDS


def test_a_vocabulary_with_words_like_sides(tmp_path: Path) -> None:
    vocabulary = {word: code for code, word in enumerate(["", "encoder", *WORDS[2:]])}
    recording = recorded(seeded(LanguageModel), [codes(2, 5)], tmp_path, vocabulary=vocabulary)
    assert list(labels(recording, "token"))[:3] == ["", "encoder", "w2"]


def test_a_caller_without_gradients_and_a_caller_with(tmp_path: Path) -> None:
    model, tokens = seeded(LanguageModel), codes(2, 5)
    options = {"vocabulary": WORDS, "saliency": "predicted"}
    expected = recorded(model, [tokens], tmp_path, **options)["saliency"].values
    for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad):
        with mode():
            found = recorded(model, [tokens], tmp_path, **options)["saliency"].values
        np.testing.assert_array_equal(found, expected)


def test_annotations(tmp_path: Path) -> None:
    tokens = codes(2, 3)
    annotations = {
        "tag": [["N", "V", None], ["V", "N"]],
        "level": np.array([[0, 1, 2], [2, 1, 0]]),
        "case": [[1, 0, -1], [0, 1]],
        "loss": np.linspace(0, 1, 6).reshape(2, 3),
    }
    batch = Batch(tokens, lengths=[3, 2], annotations=annotations)
    recording = recorded(
        seeded(LanguageModel), [batch], tmp_path, vocabulary=WORDS, annotations={"case": ["lower", "upper"]}
    )
    assert recording["tag"].values.tolist() == [0, 1, -1, 1, 0]
    assert list(labels(recording, "tag")) == ["N", "V"]
    assert list(labels(recording, "level")[recording["level"].values]) == ["0", "1", "2", "2", "1"]
    assert recording["case"].values.tolist() == [1, 0, -1, 0, 1]
    np.testing.assert_allclose(recording["loss"].values, [0, 0.2, 0.4, 0.6, 0.8], atol=1e-6)


def test_batches_of_other_shapes(tmp_path: Path) -> None:
    model, tokens = seeded(LanguageModel), codes(4, 5)
    whole = recorded(model, tokens, tmp_path, vocabulary=WORDS)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(tokens), batch_size=3)
    for batches in (
        loader,
        [tokens.numpy()],
        [{"tokens": tokens}],
        [(tokens,)],
        Batch(tokens.numpy().astype(np.uint8)),
    ):
        again = recorded(model, batches, tmp_path, vocabulary=WORDS)
        assert again["token"].values.tolist() == whole["token"].values.tolist()
        np.testing.assert_allclose(again["cell2"].values, whole["cell2"].values, **CLOSE)


def state_of(model: nn.Module) -> list[Any]:
    """Return what recording must leave alone."""
    hooks = [
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    ]
    gradients = [parameter.grad is None and parameter.requires_grad for parameter in model.parameters()]
    return [hooks, [module.training for module in model.modules()], gradients, "forward" in vars(model)]


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(tmp_path: Path, *, fails: bool) -> None:
    model = seeded(LanguageModel).train()
    model.readout.eval()
    before = state_of(model)
    if fails:
        model.rnn.register_forward_hook(lambda *_: 1 / 0)
        before = state_of(model)
        with pytest.raises(ZeroDivisionError):
            record(model, [codes(2, 3)], tmp_path / "states.h5", saliency="true", hooks="dropout")
        assert list(tmp_path.iterdir()) == []
    else:
        record(model, [codes(2, 3)], tmp_path / "states.h5", saliency="true", hooks="dropout", carry=False)
    assert state_of(model) == before
    assert torch.is_grad_enabled()


def interrupted(batches: list[Any], after: int, error: type[BaseException]) -> Iterator[Any]:
    """Yield some batches, then fail."""
    yield from batches[:after]
    raise error


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_crash_half_way_and_going_on(tmp_path: Path, error: type[BaseException], *, carry: bool) -> None:
    model = seeded(LanguageModel)
    batches = [codes(1 if carry else 2, 4, seed=seed) for seed in range(6)]
    options = {"vocabulary": WORDS, "carry": carry, "surprisal": True, "top": 1}
    whole = recorded(model, batches, tmp_path, **options)
    path = tmp_path / "again.h5"
    with pytest.raises(error):
        record(model, interrupted(batches, 4, error), path, **options)
    assert not path.exists()
    # A copy: HDF5 would take the file for the one that is finished later, as long as this one is open.
    partial = lv.open_recording(shutil.copy(tmp_path / "again.partial.h5", tmp_path / "copy.h5"))
    assert partial.attrs["partial"] == 1
    done = partial.sizes["step"]
    assert done == 4 * batches[0].numel()
    np.testing.assert_array_equal(partial["hidden2"].values, whole["hidden2"].values[:done])
    calls = 0
    forward = model.forward

    def counted(tokens: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return forward(tokens)

    model.forward = counted
    record(model, batches, path, resume=True, **options)
    assert calls == (6 if carry else 3)  # the first, to see that all is well, and those that were not done
    assert not (tmp_path / "again.partial.h5").exists()
    again = lv.open_recording(path)
    assert again.drop_attrs().identical(whole.drop_attrs())


def test_going_on_where_only_one_side_was_written(tmp_path: Path) -> None:
    model, path = seeded(Translator), tmp_path / "pairs.h5"
    options = {"modules": {"encoder": "encoder", "decoder": "decoder"}, "vocabulary": {"encoder": WORDS}}
    options["vocabulary"]["decoder"] = list("abcdefg")
    batches = [
        Batch((source, target), {"encoder": source, "decoder": target})
        for source, target in ((codes(2, 4, seed=seed), codes(2, 3, seed=seed) % 7) for seed in range(3))
    ]
    record(model, batches, tmp_path / "whole.h5", **options)

    class Fails(list):
        def __iter__(self) -> Iterator[Any]:
            return interrupted(batches, 2, RuntimeError)

    with pytest.raises(RuntimeError):
        record(model, Fails(), path, **options)
    # As if the power had failed between the two commits.
    with pytest.raises(RuntimeError):
        record(model, interrupted(batches, 1, RuntimeError), tmp_path / "less.h5", **options)
    (tmp_path / "less.decoder.partial.h5").rename(tmp_path / "pairs.decoder.partial.h5")
    record(model, batches, path, resume=True, **options)
    for side in ("encoder", "decoder"):
        whole, again = (lv.open_recording(tmp_path / f"{name}.{side}.h5") for name in ("whole", "pairs"))
        np.testing.assert_array_equal(again["hidden1"].values, whole["hidden1"].values)
        assert list(labels(again, "document")) == list(labels(whole, "document"))


class ZeroStart(LanguageModel):
    """Gives its recurrent module zeros to start from."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        zeros = torch.zeros(2, len(tokens), 6)
        return self.readout(self.rnn(self.embedding(tokens), (zeros, zeros))[0])


class Softmaxed(LanguageModel):
    """Gives out chances."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return super().forward(tokens).softmax(dim=2)


class NoRecurrence(nn.Sequential):
    """Has nothing recurrent."""

    def __init__(self) -> None:
        super().__init__(nn.Embedding(len(WORDS), 4), nn.Linear(4, 4))


class Swapped(LanguageModel):
    """Takes rows for steps, as happens."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(5, 6, 2)


@pytest.mark.parametrize(
    ("model", "batches", "options", "says"),
    [
        (NoRecurrence, None, {}, "has no recurrent module .*it has 1 Embedding, 1 Linear - name modules .*0, 1"),
        (LanguageModel, None, {"modules": "rn"}, "modules: the model has no module 'rn' - perhaps rnn"),
        (LanguageModel, None, {"modules": ["readout"]}, "'readout' is Linear and holds no recurrent module.*hooks="),
        (LanguageModel, None, {"hooks": "readuot"}, "hooks: the model has no module 'readuot' - perhaps readout"),
        (LanguageModel, None, {"logits": "out"}, "logits: the model has no module 'out'"),
        (LanguageModel, None, {"states": ["cells"]}, "states: has 'cells'; 'hidden', 'cell' were expected"),
        (LanguageModel, None, {"states": "hidden"}, r"say|states=\['hidden'\]"),
        (LanguageModel, None, {"states": []}, "are not to be had"),
        (LanguageModel, None, {"dtype": "int8"}, "dtype: is 'int8'; float16, bfloat16"),
        (LanguageModel, None, {"saliency": "best"}, "saliency: is 'best'; 'true' or 'predicted'"),
        (LanguageModel, None, {"saliency": ("true", 0)}, "saliency: is"),
        (LanguageModel, None, {"vocabulary": WORDS[:9]}, "batch 0: has the code 1[01] .*has codes 0 to 8"),
        (LanguageModel, [[[1, 2]]], {"vocabulary": WORDS[:9]}, "batch 0"),
        (LanguageModel, [codes(1, 3) % 9], {"vocabulary": WORDS[:9]}, "has 9 words; the embedding 'embedding' has 12"),
        (LanguageModel, None, {"vocabulary": {"a": 0, "b": 0}}, "gives the code 0 to both 'a' and 'b'"),
        (LanguageModel, None, {"vocabulary": {0: "a"}}, "turn a dict of codes and words around"),
        (LanguageModel, None, {"vocabulary": 7}, "vocabulary: is int; a list of words"),
        (
            LanguageModel,
            [codes(1, 3) + 5],
            {"vocabulary": None},
            "embedding 'embedding' has codes 0 to 11; it was given",
        ),
        (LanguageModel, [torch.zeros(2, 3)], {}, r"batch 0: holds no codes: of float32 \(2, 3\)"),
        (
            LanguageModel,
            [torch.zeros(2, 3, 4, dtype=torch.int64)],
            {},
            r"batch 0: holds no codes: of int64 \(2, 3, 4\)",
        ),
        (LanguageModel, [(codes(2, 3), codes(2, 3))], {}, "batch 0: can't be passed to the model's forward: too many"),
        (LanguageModel, [Batch(codes(2, 3), lengths=[3, 4])], {}, "batch 0, lengths: says that row 1 has 4 steps"),
        (LanguageModel, [Batch(codes(2, 3), lengths=[3])], {}, r"batch 0, lengths: has the shape \(1,\)"),
        (LanguageModel, [Batch(codes(2, 3), documents=["a"])], {}, "batch 0, documents: has 1 values; 2 were expected"),
        (LanguageModel, [codes(2, 3), Batch(codes(2, 3), labels=[1])], {}, "batch 1, labels: has 1 values"),
        (LanguageModel, [Batch(codes(2, 3), annotations={"a": [1]})], {}, r"annotations\['a'\]"),
        (LanguageModel, [Batch(codes(2, 3), tokens=[["w1", "no"], ["w2"]])], {}, "1 words that are not in .*'no'"),
        (LanguageModel, [Batch(codes(2, 3), tokens=codes(2, 4))], {}, "module 'rnn': read 3 steps of 2 rows"),
        (Swapped, [codes(2, 3)], {}, "rows and steps are the wrong way round: check the module's batch_first"),
        (LanguageModel, [], {}, "has no batches"),
        (LanguageModel, 5, {}, "batches: is int; tensors of codes"),
        (LanguageModel, None, {"top": 13}, "top: is 13; the vocabulary has 12 words"),
        (
            LanguageModel,
            None,
            {"top": 1, "vocabulary": [*WORDS, "more"]},
            r"need logits \(2, 3, 13\).*has \(2, 3, 12\)",
        ),
        (Softmaxed, None, {"top": 1}, "logits: are chances"),
        (
            LanguageModel,
            None,
            {"embeddings": True, "vocabulary": [*WORDS, "x"]},
            "embeddings: wants .*13 words.*12 rows",
        ),
        (LanguageModel, None, {"output_weights": True, "vocabulary": [*WORDS, "x"]}, "output_weights: wants"),
        (LanguageModel, [codes(2, 3)], {"carry": True}, "has 2 rows; one was expected, as carry=True"),
        (ZeroStart, [codes(1, 3)], {"carry": True}, "carry: has nothing to carry"),
        (lambda: LanguageModel(bidirectional=True), [codes(1, 3)], {"carry": True}, "carry: can't be had of rnn"),
        (LanguageModel, [Batch(codes(1, 3), lengths=[2])], {"carry": True}, "has padding, which carry"),
        (
            Translator,
            [Batch((codes(2, 3), codes(2, 3) % 7), {"a": codes(2, 3), "b": codes(2, 3)})],
            {},
            "must say which",
        ),
        (LanguageModel, None, {"modules": {"encoder": "rnn"}}, "has tokens of one side; encoder was expected"),
        (LanguageModel, None, {"tokenizer": str}, "tokenizer: is of use with a model of transformers"),
        (LanguageModel, [Batch(codes(2, 3), labels=[0, 5])], {"annotations": {"label": ["a"]}}, "batch 0, label: has"),
        (lambda: "model", None, {}, "model: is builtins.str; a torch.nn.Module or a Keras model was expected"),
    ],
)
def test_what_users_get_wrong(tmp_path: Path, model: Any, batches: Any, options: dict[str, Any], says: str) -> None:
    batches = [codes(2, 3) * 0 + torch.tensor([1, 11, 10])] if batches is None else batches
    with pytest.raises(RecordingError, match=says):
        record(seeded(model), batches, tmp_path / "states.h5", **{"vocabulary": WORDS} | options)
    assert list(tmp_path.iterdir()) == []


class SortsItsRows(Classifier):
    """Sorts rows by length, as was needed to pack them."""

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> Any:
        lengths, order = lengths.sort(descending=True)
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(tokens)[order], lengths, batch_first=True)
        return self.rnn(packed)[1][-1][order.argsort()]


def test_a_model_that_sorts_its_rows(tmp_path: Path) -> None:
    model, tokens = seeded(SortsItsRows), codes(3, 5)
    batch = Batch((tokens, torch.tensor([2, 5, 3])), tokens, [2, 5, 3])
    with pytest.raises(RecordingError, match=r"module 'rnn': read rows of 5, 3, 2 steps; the batch's have 2, 5, 3 - "):
        record(model, [batch], tmp_path / "states.h5")
    recording = recorded(model, [Batch((tokens, torch.tensor([5, 3, 2])), tokens, [5, 3, 2])], tmp_path)
    assert_read_alone(recording, model, [row[:length] for row, length in zip(tokens, (5, 3, 2), strict=True)])


@pytest.mark.parametrize(
    ("options", "tokens", "said"),
    [
        ({"bidirectional": True}, [[1, 2, 3], [1, 2, 0]], "rnn reads padding before tokens: backward states"),
        ({}, [[1, 2, 3], [0, 1, 2]], "rnn reads padding before tokens: its states"),
        ({}, [[1, 2, 3], [1, 2, 0]], ""),
        ({"bidirectional": True}, [[1, 2, 3], [1, 2, 3]], ""),
    ],
)
def test_padding_that_is_read_before_tokens_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, options: dict[str, Any], tokens: list[Any], said: str
) -> None:
    model, batch = seeded(LanguageModel, **options), torch.tensor(tokens)
    with caplog.at_level("WARNING", "lstmvis_panel"):
        recorded(model, [batch, batch], tmp_path, padding=0)
    assert [message[: len(said)] for message in caplog.messages] == ([said] if said else [])


def test_packed_rows_read_no_padding(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens, lengths = codes(2, 4), torch.tensor([4, 2])
    with caplog.at_level("WARNING", "lstmvis_panel"):
        recorded(seeded(Bidirectional), [Batch((tokens, lengths), tokens, lengths)], tmp_path)
    assert caplog.messages == []


class HalfCarried(LanguageModel):
    """Gives one of its two recurrent modules zeros to start from."""

    def __init__(self) -> None:
        super().__init__()
        self.second = nn.GRU(6, 6, batch_first=True)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.rnn(self.embedding(tokens))
        return self.readout(self.second(outputs, torch.zeros(1, len(tokens), 6))[0])


def test_states_are_carried_in_all_modules_or_in_none(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="carry: goes on in rnn, but second is called with an initial state"):
        record(seeded(HalfCarried), [codes(1, 3)] * 2, tmp_path / "states.h5", carry=True)
    assert list(tmp_path.iterdir()) == []


class TwiceInOne(nn.LSTM):
    """Goes through its inputs twice in one call."""

    def forward(self, inputs: torch.Tensor, state: Any = None) -> Any:
        return super().forward(inputs, super().forward(inputs, state)[1])


def test_a_module_that_computes_twice_in_one_call(tmp_path: Path) -> None:
    model = seeded(LanguageModel)
    model.rnn = seeded(TwiceInOne, 5, 6, batch_first=True)
    with pytest.raises(RecordingError, match=r"module 'rnn': computes several times in one call.*hooks=\['rnn'\]"):
        record(model, [codes(1, 3)], tmp_path / "states.h5")


class ReadsBackward(LanguageModel):
    """Reads its tokens from their end to their start."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return super().forward(tokens.flip(1))


def test_tokens_that_are_turned_round_by_the_model(tmp_path: Path) -> None:
    model, tokens = seeded(ReadsBackward), torch.tensor([[1, 2, 3]])
    with pytest.raises(RecordingError, match="tokens: are read from their end to their start"):
        record(model, [tokens], tmp_path / "states.h5")
    recording = recorded(model, [Batch(tokens, tokens=tokens.flip(1))], tmp_path)
    assert recording["token"].values.tolist() == [3, 2, 1]


def test_values_that_are_too_large_for_what_they_are_stored_as(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = seeded(LanguageModel)
    with torch.no_grad():
        model.readout.bias[3] = 1e5
    with caplog.at_level("WARNING", "lstmvis_panel"):
        record(model, [codes(1, 3)] * 2, tmp_path / "states.h5", hooks="readout", dtype="float16")
    assert caplog.messages == ["readout is infinite from step 0 on: float16 ends at 65504, bfloat16 does not."]


class NamedLikeStates(LanguageModel):
    """Has modules with the names of what is recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden1, self.surprisal, self.saliency, self.step = (nn.Identity() for _ in range(4))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.step(self.saliency(self.surprisal(self.hidden1(super().forward(tokens)))))


@pytest.mark.parametrize(
    ("options", "more", "says"),
    [
        ({"hooks": ["hidden1"]}, {}, r"hooks, 'hidden1': has the name of one of the states"),
        (
            {"hooks": ["saliency"], "saliency": "true"},
            {},
            r"saliency, 'saliency': has the name of one of the states and",
        ),
        (
            {"hooks": ["surprisal"], "surprisal": True},
            {},
            r"predictions, 'surprisal': has the name of one of the states",
        ),
        (
            {},
            {"annotations": {"hidden1": [["N"] * 3] * 2}},
            r"annotations, 'hidden1': has the name of one of the states",
        ),
        ({}, {"annotations": {"token": [["N"] * 3] * 2}}, r"annotations, 'token': has the name of one of the tokens"),
        (
            {},
            {"annotations": {"label": [["N"] * 3] * 2}, "labels": [0, 1]},
            "'label': has the name of what the batches'",
        ),
        ({}, {"annotations": {"word": [["N"] * 3] * 2}}, "word: is the name of a dimension"),
        ({}, {"documents": 7}, "documents: has 1 values; 2 were expected"),
        ({}, {"labels": 1}, "labels: has 1 values; 2 were expected"),
        ({}, {"labels": [0.5, 1]}, "labels: has 0.5; codes or texts were expected"),
        ({}, {"labels": [float("nan"), 1]}, "labels: has nan; codes or texts were expected"),
        ({}, {"annotations": [1]}, "annotations: is list; a dict of names and values was expected"),
        ({"top": 1.5}, {}, "top: is 1.5; a whole number"),
        ({"top": True}, {}, "top: is True; a whole number"),
        ({"modules": 3}, {}, "modules: is 3; paths of modules were expected"),
        ({"hooks": [3]}, {}, r"hooks: is \[3\]; paths of modules were expected"),
        ({"call": 3}, {}, "call: is 3; a function"),
    ],
)
def test_names_that_collide_and_arguments_of_other_kinds(
    tmp_path: Path, options: dict[str, Any], more: dict[str, Any], says: str
) -> None:
    with pytest.raises(RecordingError, match=says) as caught:
        record(
            seeded(NamedLikeStates), [Batch(codes(2, 3), **more)], tmp_path / "states.h5", vocabulary=WORDS, **options
        )
    assert "Traceback" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_module_with_the_name_of_a_dimension(tmp_path: Path) -> None:
    recording = recorded(seeded(NamedLikeStates), [codes(2, 3)], tmp_path, hooks="step")
    assert "module step" in recording


def test_a_path_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="path: is None; the name of a file was expected"):
        record(seeded(LanguageModel), [codes(2, 3)], None)
    assert list(tmp_path.iterdir()) == []


class ScoresFewer(nn.Module):
    """Reads words without an embedding, and scores only some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.readout = nn.GRU(1, 3, batch_first=True), nn.Linear(3, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.readout(self.rnn(tokens[..., None].float())[0])


def test_codes_that_the_model_does_not_score(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="have the code 9; the model's logits score the codes 0 to 3"):
        record(seeded(ScoresFewer), [torch.tensor([[1, 2, 9]])], tmp_path / "states.h5", surprisal=True)


class KeepsItsState(LanguageModel):
    """Goes on from its own last state."""

    kept: Any = None

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, state = self.rnn(self.embedding(tokens), self.kept)
        self.kept = tuple(part.detach() for part in state)
        return self.readout(outputs)


def test_a_model_that_keeps_a_tensor_can_be_trained_afterwards(tmp_path: Path) -> None:
    model = seeded(KeepsItsState)
    record(model, [codes(2, 3)], tmp_path / "states.h5")
    model(codes(2, 3)).sum().backward()
    assert model.embedding.weight.grad is not None


def test_what_is_wrong_with_a_later_batch_shows_before_the_first_is_run(tmp_path: Path) -> None:
    model = seeded(LanguageModel)
    model.forward = lambda tokens: pytest.fail(f"ran {tokens}")
    with pytest.raises(RecordingError, match="batch 1: has the code 99"):
        record(model, [codes(2, 3), codes(2, 3) * 0 + 99], tmp_path / "states.h5", vocabulary=WORDS)


def test_a_text_that_is_carried_by_the_caller(tmp_path: Path) -> None:
    model, text = seeded(LanguageModel), codes(1, 12)
    state = None

    def going_on(model: Any, tokens: torch.Tensor) -> torch.Tensor:
        nonlocal state
        outputs, state = model.rnn(model.embedding(tokens), state)
        return model.readout(outputs)

    windows = list(text.split(5, dim=1))
    recording = recorded(model, windows, tmp_path, vocabulary=WORDS, carry=True, call=going_on, surprisal=True)
    assert_read_alone(recording, model, [text[0]])


def test_progress_shows_on_a_terminal_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(seeded(LanguageModel), [codes(2, 3)], tmp_path / "states.h5")
    assert capsys.readouterr() == ("", "")
