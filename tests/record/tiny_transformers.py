"""Tiny models of the transformers library with random weights, and tokenizers trained on a few sentences."""

# ruff: noqa: S106 - tokens of a tokenizer, no passwords

from __future__ import annotations

from functools import cache

import pytest

torch = pytest.importorskip("torch")
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")
torch.set_num_threads(1)  # threads wait for each other longer than such models run

TEXTS = ("the cat sat on the mat", "a cat", "the mat sat on a cat and on the cats")
CORPUS = [*TEXTS, "a\u2013cat\u2013mat\u2013", "the cats and the mats sat", "caf\u00e9 \u2013 \u732b\n\tna\u00efve"] * 3
WORDS = 300
SPECIAL = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
SMALL = {"vocab_size": WORDS, "hidden_size": 16, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 2, "intermediate_size": 24}
SIDES = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
CONFIGS = {
    "GPT2LMHead": {"vocab_size": WORDS, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32} | SPECIAL,
    "LlamaForCausalLM": SMALL | HEADS | SPECIAL,
    "MambaForCausalLM": SMALL | SPECIAL | {"state_size": 4},
    "FalconMambaForCausalLM": SMALL | SPECIAL | {"state_size": 4},
    "Mamba2ForCausalLM": SMALL
    | SPECIAL
    | {"state_size": 4, "num_heads": 4, "head_dim": 8, "n_groups": 1, "chunk_size": 4},
    "RwkvForCausalLM": SMALL | SPECIAL | {"attention_hidden_size": 16, "context_length": 64},
    # No smaller one can go on from its own cache, whose sizes are rounded up.
    "xLSTMForCausalLM": SMALL
    | SPECIAL
    | {"hidden_size": 64, "num_blocks": 2, "num_heads": 1, "chunk_size": 4, "qk_dim_factor": 1.0, "mode": "inference"},
    "BertForMaskedLM": SMALL | HEADS | {"max_position_embeddings": 16},
    "BertForSequenceClassification": SMALL | HEADS | {"id2label": {0: "dull", 1: "fine", 2: "great"}},
    "BertForTokenClassification": SMALL | HEADS | {"id2label": {0: "O", 1: "N"}},
    "T5ForConditionalGeneration": {
        "vocab_size": WORDS,
        "d_model": 16,
        "d_kv": 8,
        "d_ff": 24,
        "num_layers": 2,
        "num_heads": 2,
    }
    | {"decoder_start_token_id": 0},
    "BartForConditionalGeneration": SIDES
    | {"vocab_size": WORDS, "d_model": 16, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24}
    | {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2, "forced_eos_token_id": 2},
}


@cache
def model_named(name):
    """Return a model of that class; always the same one, so look but don't touch."""
    return new_model(name)


def new_model(name, **options):
    """Return a new model of that class, in training mode."""
    torch.manual_seed(0)
    full = f"{name}Model" if name.endswith("Head") else name
    family = name.partition("For")[0].removesuffix("LMHead")
    config = getattr(transformers, f"{family}Config")(**CONFIGS[name] | options)
    return getattr(transformers, full)(config).train()


def _fast(tokenizer, **special):
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@cache
def byte_level():
    """Return a tokenizer of bytes, as GPT-2's."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=WORDS, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return _fast(tokenizer, eos_token="<|end|>", pad_token="<|end|>")


@cache
def metaspace():
    """Return a tokenizer that writes spaces as SentencePiece does, with bytes for what it does not know, as Llama's."""
    letters = sorted({letter for text in TEXTS for letter in text} - {" "})
    tokens = [
        "<s>",
        "</s>",
        "<unk>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        "\u2581",
        *letters,
        "\u2581t",
        "\u2581th",
    ]
    tokens += ["\u2581the", "\u2581c", "at", "\u2581cat"]
    merges = [("\u2581", "t"), ("\u2581t", "h"), ("\u2581th", "e"), ("\u2581", "c"), ("a", "t"), ("\u2581c", "at")]
    vocabulary = {token: code for code, token in enumerate(tokens)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, merges, byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    steps = [
        tokenizers.decoders.Replace("\u2581", " "),
        tokenizers.decoders.ByteFallback(),
        tokenizers.decoders.Fuse(),
        tokenizers.decoders.Strip(" ", 1, 0),
    ]
    tokenizer.decoder = tokenizers.decoders.Sequence(steps)
    tokenizer.add_special_tokens([tokenizers.AddedToken(token, special=True) for token in tokens[:3]])
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("<s> $A", "<s> $A $B", [("<s>", 0)])
    return _fast(tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


@cache
def word_piece():
    """Return a tokenizer that marks pieces within words, as BERT's."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = tokenizers.decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = tokenizers.trainers.WordPieceTrainer(vocab_size=60, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return _fast(tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")
