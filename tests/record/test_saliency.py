"""Saliency, against differences of scores when one embedding is moved a little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

import lstmvis_panel as lv
from lstmvis_panel.record.batch import Batch
from lstmvis_panel.record.entry import record
from lstmvis_panel.schema import RecordingError
from tests.record.torch_models import WORDS, Classifier, LanguageModel, codes, seeded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOVE = 1e-5


def norms_by_moving(score: Callable[[torch.Tensor], torch.Tensor], embedded: torch.Tensor) -> np.ndarray:
    """Return the norm of a score's gradient at each step, by moving each number of (step, embedding) up and down."""
    gradient = torch.zeros_like(embedded)
    for at in np.ndindex(*embedded.shape):
        up, down = embedded.clone(), embedded.clone()
        up[at] += MOVE
        down[at] -= MOVE
        gradient[at] = (score(up) - score(down)) / (2 * MOVE)
    return gradient.norm(dim=1).numpy()


def model_from_embeddings(model: Any, embedded: torch.Tensor) -> torch.Tensor:
    """Return the logits (step, word) of a language model for vectors (step, embedding) instead of words."""
    return model.readout(model.rnn(embedded[None])[0])[0]


@pytest.mark.parametrize("which", ["true", "predicted"])
@pytest.mark.parametrize("window", [None, 3])
@torch.no_grad()
def test_a_language_model(tmp_path: Path, which: str, window: int | None) -> None:
    model = seeded(LanguageModel).double().eval()
    lengths = [7, 4]
    tokens = codes(2, 7)
    wanted = which if window is None else (which, window)
    batch = Batch(tokens, lengths=lengths)
    path = record(model, [batch], tmp_path / "states.h5", vocabulary=WORDS, saliency=wanted)
    found = lv.open_recording(path)["saliency"].values
    expected = []
    for row, length in zip(tokens, lengths, strict=True):
        embedded = model.embedding(row)
        logits = model_from_embeddings(model, embedded)
        for start in range(0, length, window or length):
            stop = min(start + (window or length), length)
            step, code = stop - 1, int(logits[stop - 1].argmax())
            if which == "true":
                step, code = stop - 2, int(row[stop - 1])
            norms = norms_by_moving(lambda moved, at=(step, code): model_from_embeddings(model, moved)[at], embedded)
            expected += norms[start:stop].tolist()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found > 0).any()


@pytest.mark.parametrize("which", ["true", "predicted"])
@torch.no_grad()
def test_a_classifier(tmp_path: Path, which: str) -> None:
    model = seeded(Classifier).double().eval()
    tokens, lengths, classes = codes(3, 5), torch.tensor([5, 2, 4]), [0, 1, 2]
    batch = Batch((tokens, lengths), tokens, lengths, labels=classes)
    path = record(model, [batch], tmp_path / "states.h5", vocabulary=WORDS, saliency=which)
    found = lv.open_recording(path)["saliency"].values
    expected = []
    for row, length, label in zip(tokens, lengths, classes, strict=True):
        embedded = model.embedding(row[:length])

        def scores(moved: torch.Tensor) -> torch.Tensor:
            return model.readout(model.rnn(moved[None])[1][-1])[0]

        code = label if which == "true" else int(scores(embedded).argmax())
        expected += norms_by_moving(lambda moved, code=code: scores(moved)[code], embedded).tolist()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nothing_is_predicted_of_a_first_token(tmp_path: Path) -> None:
    options = {"vocabulary": WORDS, "saliency": ("true", 2)}
    path = record(seeded(LanguageModel), [codes(1, 1), codes(1, 3)], tmp_path / "states.h5", **options)
    values = lv.open_recording(path)["saliency"].values
    assert np.isnan(values).tolist() == [True, False, False, False]
    # The token at a window's end comes after its own prediction.
    assert (values[1] > 0, values[2], values[3]) == (True, 0, 0)


def test_gradients_are_left_as_they_were(tmp_path: Path) -> None:
    model = seeded(LanguageModel)
    model.requires_grad_(requires_grad=False)
    model.readout.weight.requires_grad_()
    model.readout.weight.grad = torch.ones_like(model.readout.weight)
    record(model, [codes(1, 4)], tmp_path / "states.h5", vocabulary=WORDS, saliency="predicted")
    assert torch.equal(model.readout.weight.grad, torch.ones_like(model.readout.weight))
    assert not model.embedding.weight.requires_grad


class SharedEmbedding(nn.Module):
    """An encoder and a decoder that read their tokens by one embedding; the decoder perhaps step by step."""

    def __init__(self, *, steps: bool) -> None:
        super().__init__()
        self.steps = steps
        self.embedding = nn.Embedding(len(WORDS), 5)
        self.encoder, self.decoder = nn.GRU(5, 6, batch_first=True), nn.GRU(5, 6, batch_first=True)
        self.readout = nn.Linear(6, len(WORDS))

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        state = self.encoder(self.embedding(source))[1]
        parts = target.split(1, dim=1) if self.steps else [target]
        scores = []
        for part in parts:
            outputs, state = self.decoder(self.embedding(part), state)
            scores.append(self.readout(outputs))
        return torch.cat(scores, dim=1)


@pytest.mark.parametrize("steps", [False, True])
@pytest.mark.parametrize("source", [codes(3, 6, seed=5), codes(3, 4, seed=5), codes(3, 4, seed=1)])
@torch.no_grad()
def test_a_decoder_that_shares_its_embedding(tmp_path: Path, source: torch.Tensor, *, steps: bool) -> None:
    """Also where both read as many tokens, or the very same."""
    model, target = seeded(SharedEmbedding, steps=steps).double().eval(), codes(3, 4, seed=1)
    batch = Batch((source, target), {"encoder": source, "decoder": target})
    modules = {"encoder": "encoder", "decoder": "decoder"}
    record(model, [batch], tmp_path / "s.h5", vocabulary=WORDS, modules=modules, saliency="predicted")
    found = lv.open_recording(tmp_path / "s.decoder.h5")["saliency"].values
    expected = []
    for read, given in zip(source, target, strict=True):
        state = model.encoder(model.embedding(read)[None])[1]

        def scores(moved: torch.Tensor, state: torch.Tensor = state) -> torch.Tensor:
            return model.readout(model.decoder(moved[None], state)[0])[0, -1]

        embedded = model.embedding(given)
        best = int(scores(embedded).argmax())
        expected += norms_by_moving(lambda moved, best=best: scores(moved)[best], embedded).tolist()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert "saliency" not in lv.open_recording(tmp_path / "s.encoder.h5")


class ReadsTwice(LanguageModel):
    """Reads the tokens twice by one embedding."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.readout(self.rnn(self.embedding(tokens))[0] + self.embedding(tokens).sum(-1, keepdim=True))


@torch.no_grad()
def test_tokens_that_are_read_twice(tmp_path: Path) -> None:
    model, tokens = seeded(ReadsTwice).double().eval(), codes(1, 4)
    path = record(model, [tokens], tmp_path / "states.h5", vocabulary=WORDS, saliency="predicted")

    def scores(moved: torch.Tensor) -> torch.Tensor:
        return model.readout(model.rnn(moved[None])[0][0] + moved.sum(-1, keepdim=True))[-1]

    embedded = model.embedding(tokens[0])
    best = int(scores(embedded).argmax())
    expected = norms_by_moving(lambda moved: scores(moved)[best], embedded)
    np.testing.assert_allclose(lv.open_recording(path)["saliency"].values, expected, atol=1e-5)


class ChangesInPlace(LanguageModel):
    """Scales its embeddings in place."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.readout(self.rnn(self.embedding(tokens).mul_(2))[0])


@torch.no_grad()
def test_embeddings_that_are_changed_in_place(tmp_path: Path) -> None:
    model, tokens = seeded(ChangesInPlace).double().eval(), codes(1, 4)
    path = record(model, [tokens], tmp_path / "states.h5", vocabulary=WORDS, saliency="predicted")
    embedded = model.embedding(tokens[0])
    best = int(model_from_embeddings(model, 2 * embedded)[-1].argmax())
    expected = norms_by_moving(lambda moved: model_from_embeddings(model, 2 * moved)[-1, best], embedded)
    np.testing.assert_allclose(lv.open_recording(path)["saliency"].values, expected, atol=1e-5)


class WithoutGradient(LanguageModel):
    """Computes its logits out of reach of gradients."""

    @torch.no_grad()
    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return super().forward(tokens)


class OneHot(LanguageModel):
    """Reads codes without an embedding."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.rnn(nn.functional.one_hot(tokens, len(WORDS))[..., :5].float())
        return self.readout(outputs)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (WithoutGradient, "saliency: the model's logits have no gradient - take torch.no_grad out"),
        (OneHot, "saliency: needs an embedding"),
    ],
)
def test_what_has_no_saliency(tmp_path: Path, model: Any, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        record(seeded(model), [codes(2, 3)], tmp_path / "states.h5", vocabulary=WORDS, saliency="true")
    assert list(tmp_path.iterdir()) == []
