from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.record.attach import annotate
from lstmvis_panel.record.bed import Interval, from_bed, read_bed, windows_of
from lstmvis_panel.schema import RecordingError
from tests.recordings import recording_of, texts

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

BED = """browser position chr22:1-100
track name="motifs" description="sites"
# chrom start end name score strand
chr22\t102\t105\tCTCF\t900\t+
chr22\t104\t108\tSPI1\t800\t-

chr22\t108\t112\tCTCF\t0\t.
chr21\t100\t200\tCTCF\t0\t.
"""


def genome(*labels: str, steps: int = 10) -> xr.Dataset:
    """Return a recording with a document of ten bases for each label."""
    documents = np.repeat(np.arange(len(labels)), steps)
    recording = recording_of(np.zeros((documents.size, 1)), words=list("ACGTACGTAC"[:steps]) * len(labels))
    recording = recording.assign_coords(document=("step", documents, {"labels": "document_label"}))
    return recording.assign(document_label=("document_label", texts(*labels), {"kind": "labels"}))


def codes(variables, name: str) -> str:
    return "".join("." if code < 0 else str(code) for code in variables[name].values)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sites.bed"
    path.write_text(BED)
    return path


def test_a_track_for_each_name(file: Path) -> None:
    variables = from_bed(genome("chr22:100-110", "chr22:110-120"), file)
    assert list(variables) == ["CTCF", "CTCF_label", "SPI1", "SPI1_label"]
    assert codes(variables, "CTCF") == "0011100011" + "1100000000"
    assert codes(variables, "SPI1") == "0000111100" + "0000000000"
    assert variables["CTCF_label"].values.tolist() == ["0", "1"]
    annotate(genome("chr22:100-110", "chr22:110-120"), variables)


def test_all_names_in_one_track(file: Path) -> None:
    variables = from_bed(genome("chr22:100-110"), file, "site")
    assert variables["site_label"].values.tolist() == ["CTCF", "SPI1"]
    assert codes(variables, "site") == "..00011100"


def test_windows_are_counted_from_0_or_from_1() -> None:
    for label in ("chr22:100-110", "chr22:101-110", "chr22:100-110(+)"):
        (window,) = windows_of(genome(label))
        assert (window.chrom, window.start, window.stop) == ("chr22", 100, 110)
    (window,) = windows_of(genome("chr22"))
    assert (window.chrom, window.start, window.stop) == ("chr22", 0, 10)
    (window,) = windows_of(genome("x"), ["chrX:1,000,000-1,000,010"])
    assert (window.chrom, window.start) == ("chrX", 1_000_000)


@pytest.mark.parametrize("label", ["chr1:,-,", "chr1:-10", f"chr1:0-{'9' * 5000}"])
def test_a_window_without_its_numbers_is_refused(label: str) -> None:
    with pytest.raises(RecordingError, match=r"window chr1:.*no number; a part of a chromosome, as chr22:2000-3000"):
        windows_of(genome("x"), [label])


def test_names_that_need_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bed"
    path.write_text("chr1\t2\t4\ta\nchr1\t3\t6\ta_label\n")
    with pytest.raises(RecordingError, match=r"a\.bed, name 'a_label': is a name that a\.bed, name 'a' has already"):
        from_bed(genome("chr1"), path)


def test_the_same_bases_in_several_documents(file: Path) -> None:
    variables = from_bed(genome("chr22:98-108", "chr22:100-110", "chr22:100-110"), file)
    assert codes(variables, "CTCF") == "0000111000" + "0011100011" * 2


def test_intervals_without_names(tmp_path: Path) -> None:
    path = tmp_path / "peaks.bed"
    path.write_text("chr1 2 4\nchr1 3 6\nchr1 9 20\n")
    assert codes(from_bed(genome("chr1"), path, "peak"), "peak") == "0011110001"
    with pytest.raises(RecordingError, match=r"peaks\.bed: has intervals without a name"):
        from_bed(genome("chr1"), path)


WINDOW = st.integers(0, 30)
INTERVAL = st.tuples(st.integers(0, 40), st.integers(0, 15), st.sampled_from("AB"))


@given(st.lists(WINDOW, min_size=1, max_size=4), st.lists(INTERVAL, max_size=8))
def test_each_base_is_looked_at(starts: list[int], drawn: list[tuple[int, int, str]]) -> None:
    recording = genome(*(f"chr1:{start}-{start + 10}" for start in starts))
    intervals = [Interval("chr1", start, start + length, name) for start, length, name in drawn]
    bases = [base for start in starts for base in range(start, start + 10)]
    expected = {
        name: [any(each.name == name and each.start <= base < each.stop for each in intervals) for base in bases]
        for name in {each.name for each in intervals}
    }
    if not any(any(covered) for covered in expected.values()):
        with pytest.raises(RecordingError, match="no interval lies in a document"):
            from_bed(recording, intervals)
        return
    variables = from_bed(recording, intervals)
    assert {name: variables[name].values.tolist() for name in expected} == expected


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("chr1\t1\n", "line 1: has 2 columns; chrom, start, end were expected"),
        ("chr1\t1\t2\nchr1\tx\t2\n", "line 2: 'x' and '2' are no positions"),
        ("chr1\t5\t2\n", "line 1: goes from 5 to 2; 0 <= start <= end was expected"),
        ("chr1\t1\t2\tn\t0\tforward\n", "line 1: has the strand 'forward'; +, - or . was expected"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "x.bed"
    path.write_text(content)
    with pytest.raises(RecordingError) as caught:
        read_bed(path)
    assert f"x.bed, {says}" in str(caught.value)


def test_what_does_not_fit_the_recording(file: Path) -> None:
    with pytest.raises(RecordingError) as caught:
        from_bed(genome("22:100-110"), file)
    assert "the file has chr21, chr22, the documents are 22:100-110" in str(caught.value)
    with pytest.raises(RecordingError, match="window chr22:100-120: has 20 bases; the document's 10 steps"):
        from_bed(genome("chr22:100-120"), file)
    with pytest.raises(RecordingError, match="windows: are 2; the recording has 1 documents"):
        from_bed(genome("chr22"), file, windows=["a", "b"])
    many = [Interval("chr22", number, number + 1, f"gene {number}") for number in range(100)]
    with pytest.raises(RecordingError, match="has 100 names; an annotation of its own for each is possible for 64"):
        from_bed(genome("chr22"), many)
