"""Keras models: states and gates at every step, against the equations in numpy and the layers' own outputs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lstmvis_panel import schema
from lstmvis_panel.record.batch import Batch, array_of
from lstmvis_panel.record.entry import record
from lstmvis_panel.schema import RecordingError, document_edges, validate
from lstmvis_panel.store import open_recording

pytest.importorskip("torch").set_num_threads(1)
keras = pytest.importorskip("keras")
layers, ops = keras.layers, keras.ops

# Keras turns PyTorch's tensors into arrays in a way that numpy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
CLOSE = {"rtol": 0, "atol": 1e-5}
WORDS, WIDTH, UNITS = 12, 3, 4
CODES = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [8, 9, 7, 9, 3]])
PADDED = np.array([[3, 1, 4, 0, 0], [9, 2, 6, 5, 3], [8, 0, 0, 0, 0]])
KINDS = {
    "LSTM": lambda **options: layers.LSTM(UNITS, **options),
    "LSTM without bias": lambda **options: layers.LSTM(UNITS, use_bias=False, **options),
    "GRU": lambda **options: layers.GRU(UNITS, **options),
    "GRU, reset before": lambda **options: layers.GRU(UNITS, reset_after=False, **options),
    "GRU without bias": lambda **options: layers.GRU(UNITS, use_bias=False, **options),
    "SimpleRNN": lambda **options: layers.SimpleRNN(UNITS, **options),
}


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(7)


def model_of(*parts, mask=False):
    """Return a model that embeds codes and gives them to layers; all weights, biases too, are random."""
    model = keras.Sequential([layers.Embedding(WORDS, WIDTH, mask_zero=mask), *parts])
    model(CODES)
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(0, 0.7, weight.shape) for weight in model.get_weights()])
    return model


def recorded(model, batches, path, **options):
    """Record, check that nothing is wrong with it, and return the recording."""
    recording = open_recording(record(model, batches, path, progress=False, **options))
    assert validate(recording) == []
    return recording


def by_row(recording, name):
    """Return a variable's values, document by document."""
    edges = document_edges(recording)
    values = recording[name].to_numpy()
    return [values[start:stop] for start, stop in pairwise(edges)]


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def weights_of(layer):
    """Return kernel, recurrent kernel and bias; zeros for a bias that there is not."""
    kernel, recurrent, *bias = (array_of(weight.value) for weight in layer.cell.weights)
    return kernel, recurrent, bias[0] if bias else np.zeros(kernel.shape[1])


def equations(layer, inputs):
    """Return what a layer computes over inputs (step, input) from zeros on, by role: (step, state) each."""
    kernel, recurrent, bias = weights_of(layer)
    hidden, cell = np.zeros(UNITS), np.zeros(UNITS)
    found = []
    for row in inputs:
        if isinstance(layer, layers.LSTM):
            entry, keep, candidate, release = np.split(row @ kernel + hidden @ recurrent + bias, 4)
            entry, keep, candidate, release = sigmoid(entry), sigmoid(keep), np.tanh(candidate), sigmoid(release)
            cell = keep * cell + entry * candidate
            hidden = release * np.tanh(cell)
            gates = {"input_gate1": entry, "forget_gate1": keep, "candidate1": candidate, "output_gate1": release}
            found.append({"hidden1": hidden, "cell1": cell} | gates)
        elif isinstance(layer, layers.GRU):
            after = layer.cell.reset_after
            of_input, of_hidden = bias if bias.ndim == 2 else (bias, np.zeros(3 * UNITS))
            read, kept = np.split(row @ kernel + of_input, 3), np.split(hidden @ recurrent + of_hidden, 3)
            update, reset = sigmoid(read[0] + kept[0]), sigmoid(read[1] + kept[1])
            inner = reset * kept[2] if after else (reset * hidden) @ recurrent[:, 2 * UNITS :]
            candidate = np.tanh(read[2] + inner)
            hidden = update * hidden + (1 - update) * candidate
            found.append({"hidden1": hidden, "update_gate1": update, "reset_gate1": reset, "candidate1": candidate})
        else:
            hidden = np.tanh(row @ kernel + hidden @ recurrent + bias)
            found.append({"hidden1": hidden})
    return {name: np.array([step[name] for step in found]) for name in found[0]}


def embedded(model, codes):
    return array_of(model.layers[0].embeddings.value)[codes]


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_state_and_gate_follows_the_equations(tmp_path, kind, sequences, backward) -> None:
    layer = KINDS[kind](return_sequences=sequences, go_backwards=backward)
    model = model_of(layer)
    recording = recorded(model, [CODES[:2], CODES[2:]], tmp_path / "out.h5", gates=True)
    outputs = array_of(model(CODES))
    for row, codes in enumerate(CODES):
        assert by_row(recording, "token")[row].tolist() == codes.tolist()
        expected = equations(layer, embedded(model, codes[::-1] if backward else codes))
        assert set(schema.sources(recording)) == set(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(by_row(recording, name)[row], values[::-1] if backward else values, **CLOSE)
        # What the layer itself gave: in the order in which it reads.
        ours = by_row(recording, "hidden1")[row]
        ours = ours[::-1] if backward else ours
        np.testing.assert_allclose(ours if sequences else ours[-1], outputs[row], **CLOSE)


def test_what_sources_say_of_themselves(tmp_path) -> None:
    model = model_of(layers.LSTM(UNITS, recurrent_activation="hard_sigmoid"), layers.Reshape((1, UNITS)))
    recording = recorded(model, [CODES], tmp_path / "out.h5", gates=True)
    told = {name: recording[name].attrs for name in schema.sources(recording)}
    assert {name: attrs["transform"] for name, attrs in told.items() if attrs["transform"] != "none"} == {
        "cell1": "tanh"
    }
    assert {name for name, attrs in told.items() if attrs["unsigned"]} == {
        "input_gate1",
        "forget_gate1",
        "output_gate1",
    }
    assert {attrs["layer"] for attrs in told.values()} == {1}
    other = model_of(layers.LSTM(UNITS, activation="relu", recurrent_activation="tanh"))
    told = recorded(other, [CODES], tmp_path / "other.h5", gates=True)
    assert told["cell1"].attrs["transform"] == "none"
    assert not told["input_gate1"].attrs["unsigned"]


@pytest.mark.parametrize("merge", ["concat", "sum", None])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_both_directions(tmp_path, kind, merge) -> None:
    both = layers.Bidirectional(KINDS[kind](return_sequences=True), merge_mode=merge)
    model = model_of(both)
    recording = recorded(model, [CODES], tmp_path / "out.h5", gates=True)
    outputs = model(CODES)
    for row, codes in enumerate(CODES):
        forward = equations(both.forward_layer, embedded(model, codes))
        backward = equations(both.backward_layer, embedded(model, codes[::-1]))
        for name, values in forward.items():
            np.testing.assert_allclose(by_row(recording, f"{name}_forward")[row], values, **CLOSE)
            ours = by_row(recording, f"{name}_backward")[row]
            np.testing.assert_allclose(ours, backward[name][::-1], **CLOSE)
        pair = [by_row(recording, f"hidden1_{direction}")[row] for direction in ("forward", "backward")]
        theirs = [array_of(each)[row] for each in outputs] if merge is None else [array_of(outputs)[row]]
        ours = {"concat": [np.concatenate(pair, axis=1)], "sum": [pair[0] + pair[1]], None: pair}[merge]
        np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("wrap", [lambda layer: layer, layers.Bidirectional], ids=["one way", "both ways"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_what_is_masked_is_dropped(tmp_path, kind, wrap, side) -> None:
    model = model_of(wrap(KINDS[kind](return_sequences=True)), mask=True)
    given = PADDED if side == "right" else PADDED[:, ::-1]
    recording = recorded(model, [given], tmp_path / "out.h5", gates=True)
    kept = [codes[codes > 0] for codes in given]
    apart = recorded(model, [codes[np.newaxis] for codes in kept], tmp_path / "apart.h5", gates=True)
    for row, codes in enumerate(kept):
        assert by_row(recording, "token")[row].tolist() == codes.tolist()
        for name in schema.sources(recording):
            np.testing.assert_allclose(by_row(recording, name)[row], by_row(apart, name)[row], **CLOSE)
    lengths = [int((row > 0).sum()) for row in PADDED]
    if side == "right":
        told = recorded(model, [Batch(PADDED, lengths=lengths)], tmp_path / "told.h5", gates=True)
        assert told.drop_attrs(deep=False).equals(recording.drop_attrs(deep=False))


def test_layers_one_upon_another(tmp_path) -> None:
    cells = layers.RNN([layers.LSTMCell(UNITS), layers.GRUCell(UNITS)], return_sequences=True)
    model = model_of(layers.GRU(UNITS, return_sequences=True, name="low"), cells, layers.LSTM(UNITS, name="top"))
    recording = recorded(model, [CODES], tmp_path / "out.h5", gates=True)
    names = {name.rsplit("/")[0] for name in schema.sources(recording)}
    assert names == {"low", "rnn", "top"}
    told = {name: recording[name].attrs["layer"] for name in schema.sources(recording) if "hidden" in name}
    assert told == {"low/hidden1": 1, "rnn/hidden1": 2, "rnn/hidden2": 3, "top/hidden1": 4}
    assert "rnn/forget_gate1" in recording
    assert "rnn/reset_gate2" in recording
    for row, codes in enumerate(CODES):
        low = equations(model.layers[1], embedded(model, codes))["hidden1"]
        np.testing.assert_allclose(by_row(recording, "low/hidden1")[row], low, **CLOSE)
        np.testing.assert_allclose(
            by_row(recording, "rnn/hidden2")[row], array_of(cells(ops.convert_to_tensor(low[np.newaxis])))[0], **CLOSE
        )
        top = equations(model.layers[3], by_row(recording, "rnn/hidden2")[row])
        np.testing.assert_allclose(by_row(recording, "top/cell1")[row], top["cell1"], **CLOSE)
    chosen = recorded(model, [CODES], tmp_path / "chosen.h5", modules="top")
    assert set(schema.sources(chosen)) == {"hidden1", "cell1"}


def test_a_layer_that_keeps_its_states_from_batch_to_batch(tmp_path) -> None:
    inputs = keras.Input(batch_shape=(1, None), dtype="int32")
    layer = layers.LSTM(UNITS, stateful=True)
    model = keras.Model(inputs, layer(layers.Embedding(WORDS, WIDTH)(inputs)))
    windows = [Batch(CODES[:1, :2], documents=["whole"]), Batch(CODES[:1, 2:], documents=["whole"])]
    recording = recorded(model, windows, tmp_path / "out.h5", states=["cell"])
    assert len(document_edges(recording)) == 2
    read = array_of(model.layers[1].embeddings.value)[CODES[0]]
    np.testing.assert_allclose(recording["cell1"], equations(layer, read)["cell1"], **CLOSE)


class Tagger(keras.Model):
    """A model of a class of its own: an encoder hands its states to a second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = layers.Embedding(WORDS, WIDTH)
        self.first = layers.LSTM(UNITS, name="first", return_sequences=True, return_state=True, dropout=0.5)
        self.second = layers.LSTM(UNITS, name="second", return_sequences=True)
        self.score = layers.Dense(WORDS)

    def call(self, codes, shift=0.0, *, training=False):
        """Score each word at each step."""
        values, *states = self.first(self.embedding(codes) + shift, training=training)
        return {"logits": self.score(self.second(values, initial_state=states)), "states": states}


def test_a_model_of_its_own_class(tmp_path) -> None:
    model = Tagger()
    model(CODES)
    given = [{"codes": CODES, "shift": 0.25}]
    recording = recorded(model, given, tmp_path / "out.h5", top=2, surprisal=True)
    output = model(CODES, shift=0.25)
    for row, codes in enumerate(CODES):
        read = array_of(model.embedding.embeddings.value)[codes] + 0.25
        np.testing.assert_allclose(
            by_row(recording, "first/cell1")[row], equations(model.first, read)["cell1"], **CLOSE
        )
        # The second starts from where the first ended.
        scores = by_row(recording, "second/hidden1")[row] @ array_of(model.score.kernel.value)
        np.testing.assert_allclose(scores, array_of(output["logits"])[row], **CLOSE)
        best = np.argsort(-array_of(output["logits"])[row], axis=1, kind="stable")[:, :2]
        np.testing.assert_array_equal(by_row(recording, "top_predictions")[row], best)


def test_predictions_out_of_chances(tmp_path) -> None:
    model = model_of(layers.LSTM(UNITS, return_sequences=True), layers.Dense(WORDS, activation="softmax", name="score"))
    words = [f"w{code}" for code in range(WORDS)]
    recording = recorded(model, [CODES], tmp_path / "out.h5", vocabulary=words, top=3, surprisal=True)
    assert schema.words(recording, 0, 3) == ["w3", "w1", "w4"]
    chances = array_of(model(CODES))
    for row, codes in enumerate(CODES):
        best = np.argsort(-chances[row], axis=1, kind="stable")[:, :3]
        np.testing.assert_array_equal(by_row(recording, "top_predictions")[row], best)
        weights = np.take_along_axis(chances[row], best, axis=1)
        np.testing.assert_allclose(by_row(recording, "top_predictions_weight")[row], weights, **CLOSE)
        surprisal = by_row(recording, "surprisal")[row]
        assert np.isnan(surprisal[0])
        np.testing.assert_allclose(surprisal[1:], -np.log(chances[row, range(4), codes[1:]]), **CLOSE)
    named = recorded(model, [CODES], tmp_path / "named.h5", vocabulary=words, top=3, logits="score")
    np.testing.assert_array_equal(named["top_predictions"], recording["top_predictions"])


def test_one_class_for_each_document(tmp_path) -> None:
    model = model_of(layers.GRU(UNITS), layers.Dense(2, activation="softmax"))
    given = Batch(CODES, labels=["good", "bad", "good"])
    recording = recorded(model, [given], tmp_path / "out.h5", annotations={"label": ["bad", "good"]})
    assert [set(codes) for codes in by_row(recording, "label")] == [{1}, {0}, {1}]
    best = array_of(model(CODES)).argmax(axis=1)
    assert [set(codes) for codes in by_row(recording, "predicted_label")] == [{code} for code in best]


def test_hooks_and_matrices(tmp_path) -> None:
    model = model_of(layers.GRU(UNITS, return_sequences=True), layers.Dense(WORDS, name="score"))
    options = {"hooks": ["score"], "embeddings": True, "output_weights": True}
    recording = recorded(model, [CODES], tmp_path / "out.h5", **options)
    np.testing.assert_allclose(recording["score"].to_numpy().reshape(3, 5, WORDS), array_of(model(CODES)), **CLOSE)
    np.testing.assert_array_equal(recording["word_embedding"], array_of(model.layers[0].embeddings.value))
    np.testing.assert_array_equal(recording["output_weight"], array_of(model.layers[2].kernel.value).T)
    assert schema.sources(
        recorded(model_of(layers.Dense(2, name="flat")), [CODES], tmp_path / "b.h5", hooks="flat")
    ) == ["flat"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_numbers(tmp_path, dtype) -> None:
    own = model_of(layers.LSTM(UNITS, return_sequences=True, dtype=f"mixed_{dtype}"))
    recording = recorded(own, [CODES], tmp_path / "own.h5", gates=True)
    theirs = ops.cast(own(CODES), "float32")
    ours = recording["hidden1"].to_numpy().astype(np.float32).reshape(3, 5, UNITS)
    np.testing.assert_array_equal(ours, array_of(theirs))
    assert recording["cell1"].attrs.get("recorded_dtype") == (dtype if dtype == "bfloat16" else None)
    wide = model_of(layers.LSTM(UNITS, return_sequences=True))
    asked = recorded(wide, [CODES], tmp_path / "asked.h5", dtype=dtype)
    rounded = array_of(ops.cast(ops.cast(wide(CODES), dtype), "float32"))
    np.testing.assert_allclose(asked["hidden1"].to_numpy().reshape(3, 5, UNITS), rounded, rtol=1e-2, atol=1e-5)
    assert asked["hidden1"].dtype == (np.float16 if dtype == "float16" else np.float32)


def test_the_model_is_left_as_it_was(tmp_path) -> None:
    model = model_of(layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True, dropout=0.5)), layers.GRU(UNITS))
    before = array_of(model(CODES))
    weights = model.get_weights()
    kept = [dict(layer.__dict__) for layer in model._flatten_layers()]
    record(model, [CODES], tmp_path / "a.h5", gates=True, progress=False)
    with pytest.raises(RecordingError, match="the model failed"):
        record(model, [CODES], tmp_path / "b.h5", progress=False, call=lambda model, _: model("codes"))
    assert [set(layer.__dict__) for layer in model._flatten_layers()] == [set(each) for each in kept]
    assert not any("call" in layer.__dict__ for layer in model._flatten_layers())
    np.testing.assert_array_equal(array_of(model(CODES)), before)
    for ours, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


class BrokenOffError(Exception):
    """Something that goes wrong half-way."""


def test_a_run_that_was_interrupted_goes_on(tmp_path) -> None:
    model = model_of(layers.LSTM(UNITS))
    batches = [CODES[:, :stop] for stop in (5, 2, 3, 4)]

    def broken():
        yield from batches[:3]
        raise BrokenOffError

    with pytest.raises(BrokenOffError):
        record(model, broken(), tmp_path / "out.h5", progress=False)
    assert (tmp_path / "out.partial.h5").exists()
    record(model, batches, tmp_path / "out.h5", progress=False, resume=True)
    record(model, batches, tmp_path / "whole.h5", progress=False)
    ours, whole = (open_recording(tmp_path / f"{name}.h5") for name in ("out", "whole"))
    assert ours.drop_attrs(deep=False).equals(whole.drop_attrs(deep=False))


class Twice(keras.Model):
    """Calls one layer two times."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = layers.Embedding(WORDS, WIDTH)
        self.lstm = layers.LSTM(UNITS)

    def call(self, codes):
        """Read codes from the left, and again."""
        return self.lstm(self.embedding(codes)) + self.lstm(self.embedding(codes))


@pytest.mark.parametrize(
    ("model", "batches", "options", "says"),
    [
        (lambda: model_of(layers.Dense(2)), [CODES], {}, "no recurrent layer.*1 Embedding, 1 Dense"),
        (lambda: model_of(layers.LSTM(2)), [], {}, "no batches"),
        (lambda: model_of(layers.LSTM(2)), [CODES], {"modules": ["gru"]}, "has gru; the model's recurrent layers are"),
        (lambda: model_of(layers.LSTM(2)), [CODES], {"hooks": ["dense"]}, "no layer 'dense'"),
        (lambda: model_of(layers.LSTM(2, name="x")), [CODES], {"hooks": ["x"]}, r"hooks, 'x': gave out \(3, 2\)"),
        (lambda: model_of(layers.LSTM(2)), [CODES], {"top": 2}, "found no logits"),
        (lambda: model_of(layers.LSTM(2)), [CODES], {"vocabulary": ["a"]}, "has 1 words; the embedding 'embedding"),
        (lambda: model_of(layers.LSTM(2)), [CODES + 5], {}, "code"),
        (lambda: model_of(layers.LSTM(2)), [CODES], {"carry": True}, "carry"),
        (lambda: model_of(layers.LSTM(2)), [CODES], {"saliency": "true"}, "saliency"),
        (lambda: model_of(layers.LSTM(2)), [CODES], {"output_weights": True}, "wants a layer Dense"),
        (lambda: model_of(layers.LSTM(2)), [Batch(CODES, tokens=CODES[:, :2])], {}, "reads 5 steps of 3 rows"),
        (lambda: model_of(layers.LSTM(2), mask=True), [np.array([[1, 0, 1]])], {}, "between others in row 0"),
        (Twice, [CODES], {}, "called 2 times"),
    ],
)
def test_what_can_not_be_recorded_is_said(tmp_path, model, batches, options, says) -> None:
    with pytest.raises(RecordingError, match=says) as caught:
        record(model(), batches, tmp_path / "out.h5", progress=False, **options)
    assert all(problem.remedy for problem in caught.value.problems)
    assert not list(tmp_path.iterdir())


def test_states_that_layers_keep_are_given_back(tmp_path) -> None:
    model = keras.Sequential([keras.layers.Embedding(9, 3), keras.layers.LSTM(4, return_sequences=True, stateful=True)])
    codes = np.arange(3)[np.newaxis]
    model(codes)
    before = [keras.ops.convert_to_numpy(state.value.detach()).copy() for state in model.layers[1].states]
    record(model, [codes, codes], tmp_path / "out.h5", progress=False)
    for state, kept in zip(model.layers[1].states, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(state.value.detach()), kept)


def test_more_predictions_than_words(tmp_path) -> None:
    layers = [keras.layers.Embedding(9, 3), keras.layers.LSTM(4, return_sequences=True), keras.layers.Dense(9)]
    with pytest.raises(RecordingError, match="top: is 10; the model scores 9 words"):
        record(keras.Sequential(layers), [np.arange(3)[np.newaxis]], tmp_path / "out.h5", top=10, progress=False)
    assert list(tmp_path.iterdir()) == []
