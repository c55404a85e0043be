"""Arrays in files become recordings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from lstmvis_panel.cli import app
from lstmvis_panel.record.convert import convert
from lstmvis_panel.schema import RecordingError, annotations, labels, sources, validate, words
from lstmvis_panel.store import open_recording

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["the", "cat", "sat", ".", "the", "dog", "ran", "."]
STATES = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.txt"
    path.write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    return path


def test_arrays_of_numpy(tmp_path: Path, tokens: Path) -> None:
    np.save(tmp_path / "hidden.npy", STATES)
    np.savez(tmp_path / "more.npz", cell=STATES * 2, codes=np.arange(8))
    out = convert(
        [tmp_path / "hidden.npy", tmp_path / "more.npz"],
        tmp_path / "out.h5",
        tokens=tokens,
        transforms={"cell": "tanh"},
    )
    recording = open_recording(out)
    assert validate(recording) == []
    assert sources(recording) == ["hidden", "cell"]
    assert words(recording, 0, 8) == WORDS
    np.testing.assert_array_equal(recording["hidden"], STATES)
    np.testing.assert_array_equal(recording["cell"], STATES * 2)
    assert recording["cell"].attrs["transform"] == "tanh"
    assert recording["hidden"].attrs["transform"] == "none"
    assert recording.attrs["title"] == "out"


def test_documents_padded_to_one_length(tmp_path: Path) -> None:
    np.save(tmp_path / "hidden.npy", STATES.reshape(2, 4, 3))
    (tmp_path / "tokens.json").write_text(json.dumps([WORDS[:2], WORDS[4:8]]), encoding="utf-8")
    (tmp_path / "lengths.json").write_text("[2, 4]", encoding="utf-8")
    (tmp_path / "names.txt").write_text("first\nsecond\n", encoding="utf-8")
    out = convert(
        [tmp_path / "hidden.npy"],
        tmp_path / "out.nc",
        tokens=tmp_path / "tokens.json",
        lengths=tmp_path / "lengths.json",
        documents=tmp_path / "names.txt",
    )
    recording = open_recording(out)
    np.testing.assert_array_equal(recording["hidden"], STATES[[0, 1, 4, 5, 6, 7]])
    assert labels(recording, "document")[recording["document"]].tolist() == ["first"] * 2 + ["second"] * 4


def test_bfloat16_of_safetensors_loses_nothing(tmp_path: Path, tokens: Path) -> None:
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    exact = torch.randn(8, 3, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    save_file({"hidden": exact, "cell": exact.float() * 2}, tmp_path / "states.safetensors")
    recording = open_recording(convert([tmp_path / "states.safetensors"], tmp_path / "out.h5", tokens=tokens))
    np.testing.assert_array_equal(recording["hidden"], exact.float().numpy())
    np.testing.assert_array_equal(recording["cell"], exact.float().numpy() * 2)


def test_a_table_of_parquet(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"token": WORDS, "document": ["a"] * 4 + ["b"] * 4, "hidden": STATES.tolist(), "pos": list("DNVPDNVP")}
    pq.write_table(pa.table(columns), tmp_path / "states.parquet")
    recording = open_recording(convert([tmp_path / "states.parquet"], tmp_path / "out.h5"))
    assert words(recording, 0, 8) == WORDS
    np.testing.assert_allclose(recording["hidden"], STATES)
    assert labels(recording, "pos")[recording["pos"]].tolist() == list("DNVPDNVP")
    assert recording["document"].to_numpy().tolist() == [0] * 4 + [1] * 4


def test_codes_with_their_vocabulary_and_an_annotation(tmp_path: Path) -> None:
    np.save(tmp_path / "hidden.npy", STATES)
    np.save(tmp_path / "codes.npy", np.array([0, 1, 2, 3, 0, 4, 5, 3]))
    vocabulary = {word: code for code, word in enumerate(["the", "cat", "sat", ".", "dog", "ran"])}
    (tmp_path / "words.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    np.save(tmp_path / "loss.npy", np.arange(8, dtype=np.float32))
    arguments = ["convert", str(tmp_path / "hidden.npy"), "--tokens", str(tmp_path / "codes.npy")]
    arguments += ["--vocabulary", str(tmp_path / "words.json"), "--annotation", f"loss={tmp_path / 'loss.npy'}"]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out.h5"), "--title", "Mine"])
    assert done.exit_code == 0, done.output
    recording = open_recording(tmp_path / "out.h5")
    assert words(recording, 0, 8) == WORDS
    assert annotations(recording) == ["loss"]
    assert recording.attrs["title"] == "Mine"


def test_a_file_that_is_there_stays(tmp_path: Path, tokens: Path) -> None:
    np.save(tmp_path / "hidden.npy", STATES)
    out = tmp_path / "out.h5"
    out.write_bytes(b"mine")
    with pytest.raises(RecordingError, match=r"out\.h5.*there already.*--force"):
        convert([tmp_path / "hidden.npy"], out, tokens=tokens)
    assert out.read_bytes() == b"mine"
    convert([tmp_path / "hidden.npy"], out, tokens=tokens, force=True)
    assert sources(open_recording(out)) == ["hidden"]


@pytest.mark.parametrize("name", ["keep.h5", "keep.zarr"])
def test_a_folder_that_is_no_recording_is_never_replaced(tmp_path: Path, tokens: Path, name: str) -> None:
    np.save(tmp_path / "hidden.npy", STATES)
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.txt").write_text("all of it")
    with pytest.raises(RecordingError, match=rf"{name}: is .* - choose another name, or move it away"):
        convert([tmp_path / "hidden.npy"], tmp_path / name, tokens=tokens, force=True)
    assert (tmp_path / name / "thesis.txt").read_text() == "all of it"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("states.npy", b"no array", r"states\.npy: holds no plain arrays.*numpy\.save"),
        ("states.npz", b"no archive", r"states\.npz: holds no plain arrays.*numpy\.savez"),
        ("states.npz", b"PK\x03\x04", r"states\.npz: can't be read"),
        ("states.mat", b"", r"states\.mat.*\.npy.*expected"),
        ("missing.npy", None, r"missing\.npy.*no such file"),
        ("states.safetensors", b"\x00" * 20, r"states\.safetensors.*can't be read"),
    ],
)
def test_a_file_that_can_not_be_read(tmp_path: Path, tokens: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors")
    with pytest.raises(RecordingError, match=said):
        convert([tmp_path / name], tmp_path / "out.h5", tokens=tokens)
    assert not (tmp_path / "out.h5").exists()


def test_python_objects_are_not_read(tmp_path: Path, tokens: Path) -> None:
    np.savez(tmp_path / "states.npz", hidden=np.array([{}], dtype=object))
    with pytest.raises(RecordingError, match=r"one of Python objects - write it with") as caught:
        convert([tmp_path / "states.npz"], tmp_path / "out.h5", tokens=tokens)
    assert "allow_pickle" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "role"), [("cell", "cell"), ("rnn.cell_state2", "cell"), ("hidden", "hidden"), ("excellent", "hidden")]
)
def test_roles_are_told_by_names(tmp_path: Path, tokens: Path, name: str, role: str) -> None:
    np.save(tmp_path / f"{name}.npy", STATES)
    recording = open_recording(convert([tmp_path / f"{name}.npy"], tmp_path / "out.h5", tokens=tokens))
    assert recording[name].attrs["role"] == role


def test_the_command_says_what_is_wrong_without_a_trace(tmp_path: Path, tokens: Path) -> None:
    np.save(tmp_path / "hidden.npy", STATES[:5])
    arguments = ["convert", str(tmp_path / "hidden.npy"), "--tokens", str(tokens), "--out", str(tmp_path / "out.h5")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert done.output.startswith("lstmvis: tokens: has 8 values; 5 were expected")
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_a_newline_ends_a_line_and_a_mark_at_the_start_is_no_token(tmp_path: Path, end: str) -> None:
    strange = ["the", "a\u2028b", "\x85", "\x0c", "e f", "", "g\u00a0h", "."]
    np.save(tmp_path / "hidden.npy", STATES)
    (tmp_path / "tokens.txt").write_bytes(("\ufeff" + end.join(strange) + end).encode())
    out = convert([tmp_path / "hidden.npy"], tmp_path / "out.h5", tokens=tmp_path / "tokens.txt")
    assert words(open_recording(out), 0, 8) == strange


def test_tokens_on_one_line_are_parted_by_spaces_and_tabs_only(tmp_path: Path) -> None:
    np.save(tmp_path / "hidden.npy", STATES)
    (tmp_path / "tokens.txt").write_text(" a b\tc\u2028  d e f g\u00a0h i\n", encoding="utf-8")
    out = convert([tmp_path / "hidden.npy"], tmp_path / "out.h5", tokens=tmp_path / "tokens.txt")
    assert words(open_recording(out), 0, 8) == ["a", "b", "c\u2028", "d", "e", "f", "g\u00a0h", "i"]


FILES = {
    "num.json": "3",
    "null.json": "null",
    "text.json": '"abcdefgh"',
    "dict.json": '{"a": 0, "b": 1}',
    "codes.json": "[0, 1, 0, 1, 0, 1, 0, 1]",
    "words.json": json.dumps(WORDS),
    "fractions.json": "[3.5, 4.5]",
    "nested.json": "[[3], [5]]",
    "strange.json": '{"a": "x", "b": 1}',
    "mixed.json": '["a", null]',
    "words.txt": "three\nfive\n",
    "labels.txt": "x\ny\n" * 4,
    "latin.txt": "a\nb\ncaf\u00e9\n",
}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--tokens", "num.json"], "num.json: holds 3; a list was expected"),
        (["--tokens", "text.json"], "text.json: holds 'abcdefgh'; a list was expected"),
        (
            ["--tokens", "latin.txt"],
            "latin.txt, line 3: is no text in UTF-8: byte 0xe9 can't be read - convert it to UTF-8",
        ),
        (["--documents", "num.json"], "num.json: holds 3; a list was expected"),
        (["--lengths", "null.json"], "null.json: holds None; a list was expected"),
        (["--lengths", "dict.json"], "dict.json: holds dict; a list was expected"),
        (["--lengths", "fractions.json"], "lengths: says 3.5 for document 0; a whole number of steps, 0 or more,"),
        (["--lengths", "nested.json"], "lengths: is list, which holds rows; one value for each document or step"),
        (["--lengths", "words.txt"], "lengths: says 'three' for document 0; a whole number of steps, 0 or more,"),
        (["--tokens", "codes.json", "--vocabulary", "num.json"], "num.json: holds 3; a list, or a dict, was expected"),
        (["--tokens", "codes.json", "--vocabulary", "null.json"], "null.json: holds None; a list, or a dict, was"),
        (
            ["--tokens", "codes.json", "--vocabulary", "strange.json"],
            "strange.json: codes from 0 to 1, each once, were",
        ),
        (["--tokens", "codes.json", "--vocabulary", "mixed.json"], "mixed.json: holds None; a word for code 1 was"),
        (["--annotation", "a=num.json"], "num.json: holds 3; a list was expected"),
        (
            ["--annotation", "a=hidden.npy"],
            "annotations['a']: has rows of values for each step; a text or a number was",
        ),
        (["--annotation", "word=labels.txt"], "annotations['word']: is a name that the recording itself has already"),
        (
            ["--annotation", "hidden_state=labels.txt"],
            "annotations['hidden_state']: is a name that states['hidden'] has already - choose another",
        ),
        (
            ["--annotation", "a=labels.txt", "--annotation", "a=num.json"],
            "--annotation a=num.json: a is given twice, and as labels.txt before - leave one out",
        ),
    ],
)
def test_what_is_in_the_files_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("hidden.npy", STATES)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content.encode("latin-1"))
    tokens = [] if "--tokens" in options else ["--tokens", "words.json"]
    done = CliRunner().invoke(app, ["convert", "hidden.npy", "--out", "out.h5", *tokens, *options])
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code == 1
    assert done.output.startswith(f"lstmvis: {says}")
    assert not (tmp_path / "out.h5").exists()


def test_a_column_of_a_table_can_not_have_the_name_of_a_dimension(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"token": WORDS, "hidden": STATES.tolist(), "word": list("DNVPDNVP")}
    pq.write_table(pa.table(columns), tmp_path / "states.parquet")
    with pytest.raises(RecordingError, match=r"annotations\['word'\]: is a name that the recording itself has already"):
        convert([tmp_path / "states.parquet"], tmp_path / "out.h5")
    notes = tmp_path / "notes.txt"
    notes.write_text("x\n" * 8)
    with pytest.raises(RecordingError, match="--annotation: names word, which the files of states hold too"):
        convert([tmp_path / "states.parquet"], tmp_path / "out.h5", annotations={"word": notes})
