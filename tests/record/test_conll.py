from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel.record.conll import from_conll
from lstmvis_panel.schema import RecordingError
from tests.recordings import recording_of

if TYPE_CHECKING:
    from pathlib import Path

CHUNKS = """He PRP B-NP
reckons VBZ B-VP
the DT B-NP
deficit NN I-NP
. . O

It PRP B-NP
fell VBD B-VP
# # B-NP
1.8 CD I-NP
"""
ENTITIES = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC

-DOCSTART- -X- O O

Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER
"""
UNIVERSAL = """# newdoc id = d
# sent_id = 1
# text = vámonos al mar
1-2	vámonos	_	_	_	_	_	_	_	_
1	vamos	ir	VERB	_	_	0	root	_	_
2	nos	nosotros	PRON	_	_	1	obj	_	_
3-4	al	_	_	_	_	_	_	_	_
3	a	a	ADP	_	_	5	case	_	_
4	el	el	DET	_	_	5	det	_	_
5	mar	mar	NOUN	_	_	1	obl	_	SpaceAfter=No
5.1	vacío	_	VERB	_	_	_	_	_	_
6	.	.	PUNCT	_	_	1	punct	_	_

1-2	don't	_	_	_	_	_	_	_	_
1	do	do	AUX	_	_	0	root	_	_
2	n't	not	PART	_	_	1	advmod	_	_
"""


def recorded(text: str):
    words = text.split()
    return recording_of(np.zeros((len(words), 1), dtype=np.float32), words=words)


def read(tmp_path: Path, tokens: str, content: str, column: str | int, **options) -> dict[str, list[str]]:
    path = tmp_path / options.pop("file", "file.txt")
    path.write_bytes(content.encode())
    variables = from_conll(recorded(tokens), path, column, **{"name": "x", **options})
    found = {}
    for name in variables:
        if not name.endswith("_label"):
            texts = [*variables[f"{name}_label"].values, "-"]
            found[name] = " ".join(texts[code] for code in variables[name].values)
    return found


def test_chunks_of_conll_2000(tmp_path: Path) -> None:
    found = read(tmp_path, "he reckons the <unk> . it fell # 1.8", CHUNKS, 3)
    assert found == {
        "x": "NP VP NP NP - NP VP NP NP",
        "x_part": "begin begin begin inside outside begin begin begin inside",
    }
    assert read(tmp_path, "he reckons the <unk> . it fell # 1.8", CHUNKS, 2)["x"] == "PRP VBZ DT NN . PRP VBD # CD"
    assert read(tmp_path, "he reckons the <unk> . it fell # 1.8", CHUNKS, "-2") == {"x": "PRP VBZ DT NN . PRP VBD # CD"}


def test_entities_of_conll_2003(tmp_path: Path) -> None:
    found = read(tmp_path, "eu rejects ger ##man peter black ##burn", ENTITIES, "4")
    assert found["x"] == "ORG - MISC MISC PER PER PER"
    assert found["x_part"] == "begin outside begin inside begin inside inside"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_conll_u(tmp_path: Path, line_end: str) -> None:
    content = UNIVERSAL.replace("\n", line_end)
    found = read(tmp_path, "vamonos al mar. do n't", content, "upos", name=None)
    # Of words that don't make up theirs by letters the longest counts: vamos, el.
    assert found == {"upos": "VERB DET NOUN AUX PART"}
    assert read(tmp_path, "vámonos al mar . don't", content, 8)["x"] == "root det obl punct advmod"


def test_columns_with_names(tmp_path: Path) -> None:
    content = "\ufeffpos\tword\tweight\nDET\tThe\t1\nNOUN\tice cream\t2\n\n# a comment\nVERB\tmelts\t3\n"
    options = {"token_column": "word"}
    assert read(tmp_path, "the ice cream melts", content, "pos", **options) == {"x": "DET NOUN NOUN VERB"}
    content = "# global.columns = ID FORM UPOS\n1\tThe\tDET\n2\tice\tNOUN\n"
    assert read(tmp_path, "the ice", content, "upos", token_column=2) == {"x": "DET NOUN"}


@pytest.mark.parametrize(
    ("content", "column", "says"),
    [
        (CHUNKS, 4, "file.txt: has no column 4: its first line with a word has 3, counted from 1"),
        (CHUNKS, 0, "file.txt: has no column 0"),
        (CHUNKS, "pos", "file.txt: has no column 'pos'; its columns are called He, PRP, B-NP"),
        ("a X\nb\n", 2, "file.txt, line 2: has 1 columns; 2 or more were expected"),
        ("\n\n", 2, "holds no words"),
        ("He X\nreckons X\nthe X\nwrong X\n", 2, "file.txt, line 4: "),
        (UNIVERSAL.replace("5\tmar", "x\tmar"), "upos", "file.txt, line 10: starts with 'x'; the number of a word was"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: str, column: str | int, says: str) -> None:
    with pytest.raises(RecordingError) as caught:
        read(tmp_path, "he reckons the deficit will narrow to only a little", content, column)
    assert says in str(caught.value)


def test_a_tag_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"file.txt, line 2: 'NN' is no tag of a chunk"):
        read(tmp_path, "a b", "a B-NP\nb NN\n", 2, tags=True)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"a B\n\xff C\n")
    with pytest.raises(RecordingError, match=r"x.txt, line 2: is no text in UTF-8: byte 0xff can't be read"):
        from_conll(recorded("a"), tmp_path / "x.txt", 2, name="x")
    with pytest.raises(RecordingError, match="can't be read"):
        from_conll(recorded("a"), tmp_path / "nowhere.txt", 2, name="x")


def test_a_name_is_needed_where_columns_have_none(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="name: is missing"):
        read(tmp_path, "he", CHUNKS, 2, name=None)
