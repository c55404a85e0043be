"""A recording that is written while a model runs: whole up to the last commit, whatever becomes of the process."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5netcdf
import numpy as np
import pytest
import xarray as xr

from lstmvis_panel import open_projects, open_recording, save_recording, validate
from lstmvis_panel.native_file import JournaledFile
from lstmvis_panel.native_journal import journal_of, recover
from lstmvis_panel.record import Writer
from lstmvis_panel.record.signals import undisturbed
from lstmvis_panel.schema import RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
STATES = {"kind": "states", "layer": 1, "role": "hidden", "transform": "none", "unsigned": 0}


def run_of(
    writer: Writer, start: int, count: int, *, width: int = 3, dtype: Any = np.float32
) -> dict[str, xr.Variable]:
    """Return steps whose words and states follow from their number."""
    steps = np.arange(start, start + count)
    words = [f"w{step % 7}" for step in steps]
    states = (steps[:, None] + np.arange(width) / 8).astype(dtype)
    return {
        "token": xr.Variable("step", writer.encode("vocabulary", words), {"kind": "token", "labels": "vocabulary"}),
        "rnn/hidden1": xr.Variable(("step", "rnn/hidden1_state"), states, STATES),
    }


def names(folder: Path) -> list[str]:
    """Return what lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


class CutOffError(Exception):
    """What ends a recording before its time."""


def cut_off(path: Path, batches: int, **options: Any) -> Path:
    """Record batches of 5 steps, commit each, begin another, break off; return the partial file."""
    with suppress(CutOffError), Writer(path, **options) as writer:
        for batch in range(batches + 1):
            writer.append(run_of(writer, batch * 5, 5))
            if batch == batches:
                raise CutOffError
            writer.commit(batch + 1)
    return path.with_name(f"{path.stem}.partial{path.suffix}")


def check(recording: xr.Dataset, steps: int, *, width: int = 3, dtype: Any = np.float32) -> None:
    """Check that all steps are there and are what `run_of` wrote."""
    assert recording.sizes["step"] == steps
    numbers = np.arange(steps)
    expected = (numbers[:, None] + np.arange(width) / 8).astype(dtype)
    assert recording["rnn/hidden1"].dtype == dtype
    assert np.array_equal(recording["rnn/hidden1"].to_numpy(), expected)
    words = recording["vocabulary"].to_numpy()[recording["token"].to_numpy()]
    assert list(words) == [f"w{step % 7}" for step in numbers]


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".nc"])
@pytest.mark.parametrize("compress", [False, True])
def test_a_streamed_recording_reads_like_a_saved_one(tmp_path: Path, suffix: str, *, compress: bool) -> None:
    path = tmp_path / f"states{suffix}"
    constants = {"word_embedding": xr.Variable(("word", "embedding"), np.eye(7, 4), {"kind": "embedding"})}
    labels = {"vocabulary": [f"w{code}" for code in range(7)]}
    attrs = {"searchable": 1, "view": {"position": 3}}
    with Writer(
        path, title="T", description="D", attrs=attrs, constants=constants, labels=labels, compress=compress
    ) as writer:
        writer.append(run_of(writer, 0, 1500), document="first")
        writer.append(run_of(writer, 1500, 1), document="second")
        writer.append(run_of(writer, 1501, 999))
        assert writer.steps == 2500
        assert not path.exists()
    assert names(tmp_path) == [path.name]
    recording = open_recording(path)
    check(recording, 2500)
    assert validate(recording) == []
    assert recording.attrs == {"title": "T", "description": "D", **attrs}
    assert list(recording.variables) == [
        "token",
        "rnn/hidden1",
        "word_embedding",
        "vocabulary",
        "document_label",
        "document",
    ]
    assert list(recording["document_label"].to_numpy()) == ["first", "second"]
    assert list(np.flatnonzero(np.diff(recording["document"].to_numpy()))) == [1499]
    save_recording(recording, tmp_path / "saved.h5")
    xr.testing.assert_identical(open_recording(tmp_path / "saved.h5").load(), recording.load())


def test_a_reader_of_netcdf_sees_dimensions(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.nc") as writer:
        writer.append(run_of(writer, 0, 10), document="one")
    with h5netcdf.File(tmp_path / "a.nc") as file:
        assert {name: dim.size for name, dim in file.dimensions.items()} == {
            "step": 10,
            "word": 7,
            "document_label": 1,
            "rnn%2Fhidden1_state": 3,
        }
        assert file.variables["rnn%2Fhidden1"].dimensions == ("step", "rnn%2Fhidden1_state")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_stored_as_they_are(tmp_path: Path, dtype: Any) -> None:
    with Writer(tmp_path / "a.h5") as writer:
        writer.append(run_of(writer, 0, 100, dtype=dtype))
    check(open_recording(tmp_path / "a.h5"), 100, dtype=dtype)


def test_bfloat16_is_stored_without_loss_in_less_room(tmp_path: Path) -> None:
    bits = np.random.default_rng(1).integers(0, 1 << 16, (4096, 64), dtype=np.uint32) << 16
    values = bits.view(np.float32)
    values[~np.isfinite(values)] = 0
    for name, encoding in (("wide", {}), ("brain", {"recorded_dtype": "bfloat16"})):
        with Writer(tmp_path / f"{name}.h5") as writer:
            variables = run_of(writer, 0, 4096, width=64)
            variables["rnn/hidden1"] = xr.Variable(("step", "rnn/hidden1_state"), values, STATES, encoding)
            writer.append(variables)
    brain = open_recording(tmp_path / "brain.h5")["rnn/hidden1"]
    assert np.array_equal(brain.to_numpy().view(np.uint32), values.view(np.uint32))
    assert brain.attrs["recorded_dtype"] == "bfloat16"
    sizes = [(tmp_path / f"{name}.h5").stat().st_size for name in ("brain", "wide")]
    assert sizes[0] < 0.6 * sizes[1]


def test_labels_that_hdf5_has_no_place_for_are_spelled_out(tmp_path: Path) -> None:
    words = ["a\0b", "", "\udcff", "\n", "日本", "\\x00", "a\0b"]
    with Writer(tmp_path / "a.h5") as writer:
        variables = run_of(writer, 0, len(words))
        codes = writer.encode("odd_label", words)
        variables["odd"] = xr.Variable("step", codes, {"kind": "categorical", "labels": "odd_label"})
        writer.append(variables)
    recording = open_recording(tmp_path / "a.h5")
    found = recording["odd_label"].to_numpy()[recording["odd"].to_numpy()]
    assert list(found) == ["a\\x00b", "", "\\udcff", "\n", "日本", "\\x00", "a\\x00b"]


def test_a_fixed_vocabulary_takes_strange_words_only_with_unk(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.h5", labels={"vocabulary": ["a", "b"], "pos_label": ["<unk>", "NOUN"]})
    assert list(writer.encode("vocabulary", ["b", "a"])) == [1, 0]
    assert list(writer.encode("pos_label", ["NOUN", "?"])) == [1, 0]
    says = "vocabulary: has no label for 2 of the texts: 'c', 'd' - add them, or '<unk>'"
    with pytest.raises(RecordingError, match=says), writer:
        writer.encode("vocabulary", ["a", "c", "d", "c"])
    assert names(tmp_path) == []


def test_annotations_that_begin_without_a_label(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.h5") as writer:
        for start in (0, 4):
            variables = run_of(writer, start, 4)
            texts = ["x"] * start
            codes = [*writer.encode("late_label", texts), *[-1] * (4 - start)]
            attrs = {"kind": "categorical", "labels": "late_label"}
            writer.append(variables | {"late": xr.Variable("step", np.array(codes, np.int32), attrs)})
            writer.commit(1)
    recording = open_recording(tmp_path / "a.h5")
    assert validate(recording) == []
    assert [list(recording["late_label"].to_numpy())[code] for code in recording["late"].to_numpy()[4:]] == ["x"] * 4


def test_runs_that_disagree_are_refused_and_nothing_of_them_is_written(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.h5") as writer:
        writer.append(run_of(writer, 0, 5))
        good = run_of(writer, 5, 5)
        states = good["rnn/hidden1"]
        missing = {"token": good["token"]}
        with pytest.raises(RecordingError, match="rnn/hidden1: is missing"):
            writer.append(missing)
        with pytest.raises(RecordingError) as caught:
            writer.append(good | {"rnn/hidden1": states[:, :2].astype(np.float64), "more": good["token"]})
        assert [problem.where for problem in caught.value.problems] == [
            "more",
            "rnn/hidden1, dtype",
            "rnn/hidden1, sizes",
        ]
        with pytest.raises(RecordingError, match="different numbers of steps: token 5, rnn/hidden1 4"):
            writer.append(good | {"rnn/hidden1": states[:4]})
        with pytest.raises(RecordingError, match="token: has codes from 0 to 99; vocabulary has labels 0 to 6"):
            writer.append(good | {"token": good["token"].copy(data=np.array([0, 1, 2, 3, 99], np.int32))})
        with pytest.raises(RecordingError, match="document: 'late' begins at step 5, but the steps before"):
            writer.append(good, document="late")
        with pytest.raises(RecordingError, match="new_label: is a label set that nothing recorded so far refers to"):
            writer.encode("new_label", ["x"])
        with pytest.raises(RecordingError, match="append: was given no variables"):
            writer.append({})
        with pytest.raises(RecordingError, match=r"token: has the dimensions .*; the first must be 'step'"):
            writer.append(good | {"token": xr.Variable("word", good["token"].to_numpy())})
        writer.append(good)
    check(open_recording(tmp_path / "a.h5"), 10)


def test_all_that_is_wrong_with_the_first_run_is_said_at_once(tmp_path: Path) -> None:
    token = xr.Variable("step", np.array([0, 1]), {"kind": "token", "labels": "words"})
    states = xr.Variable(("step", "s_state"), np.zeros((2, 2)), STATES | {"transform": "exp"})
    with pytest.raises(RecordingError) as caught, Writer(tmp_path / "a.h5", labels={"vocabulary": ["a"]}) as writer:
        writer.append({"token": token, "s": states})
    assert [problem.where for problem in caught.value.problems] == ["token, attribute labels", "s, attribute transform"]
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.zarr", "has no suffix that tells its format; .h5, .hdf5, .nc was expected"),
        ("nowhere/a.h5", "there is no folder"),
        ("folder.h5", "is a folder; a file was expected"),
    ],
)
def test_a_path_that_will_not_do(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(RecordingError, match=says):
        Writer(tmp_path / name)


def test_nothing_recorded_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no steps were recorded"), Writer(tmp_path / "a.h5"):
        pass
    assert names(tmp_path) == []


def test_a_finished_file_stays_until_another_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with Writer(path) as writer:
        writer.append(run_of(writer, 0, 5))
    before = path.read_bytes()
    cut_off(path, 1)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["a.h5", "a.partial.h5"]
    with Writer(path) as writer:
        writer.append(run_of(writer, 0, 7))
        assert path.read_bytes() == before
    check(open_recording(path), 7)
    assert names(tmp_path) == ["a.h5"]


def test_an_exception_leaves_what_was_committed_and_says_partial(tmp_path: Path) -> None:
    recording = open_recording(cut_off(tmp_path / "a.h5", 2, title="T"))
    assert names(tmp_path) == ["a.partial.h5"]
    check(recording, 10)
    assert recording.attrs["partial"] == 1
    assert recording.attrs["title"] == "T (partial)"
    (problem,) = validate(recording)
    assert not problem.fatal
    assert "cut off after 10 steps" in str(problem)
    assert "record(..., resume=True)" in str(problem)
    (project,) = open_projects(tmp_path).values()
    assert project.title == "T (partial)"


def test_saving_a_partial_recording_does_not_mark_its_title_twice(tmp_path: Path) -> None:
    recording = open_recording(cut_off(tmp_path / "a.h5", 1, title="T"))
    save_recording(recording, tmp_path / "copy.h5")
    again = open_recording(tmp_path / "copy.h5")
    assert (again.attrs["title"], again.attrs["partial"]) == ("T (partial)", 1)
    again.attrs["partial"] = 0
    again.attrs["title"] = "mine"
    save_recording(again, tmp_path / "mine.h5")
    assert open_recording(tmp_path / "mine.h5").attrs["title"] == "mine"


@pytest.mark.parametrize(
    "options",
    [
        {"compress": True},
        {
            "labels": {"vocabulary": [f"w{code}" for code in range(7)]},
            "constants": {"weight": xr.Variable(("word", "x"), np.full((7, 2), np.nan), {"kind": "embedding"})},
        },
    ],
)
def test_a_recording_goes_on_where_it_was_cut_off(tmp_path: Path, options: dict[str, Any]) -> None:
    def go_on(path: Path, stop: int) -> None:
        with Writer(path, resume=True, **options) as writer:
            assert writer.steps == writer.done * 700
            for batch in range(writer.done, 6):
                new = None if batch % 2 else f"document {batch}"
                writer.append(run_of(writer, batch * 700, 700), document=new)
                if batch == stop:
                    raise CutOffError
                writer.commit(batch + 1)

    go_on(tmp_path / "whole.h5", 6)
    for stop in (1, 4, 5, 6):
        with suppress(CutOffError):
            go_on(tmp_path / "cut.h5", stop)
    whole = open_recording(tmp_path / "whole.h5")
    check(whole, 4200)
    xr.testing.assert_identical(open_recording(tmp_path / "cut.h5").load(), whole.load())
    assert names(tmp_path) == ["cut.h5", "whole.h5"]


def test_going_on_with_something_else_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    def constants(value: float) -> dict[str, xr.Variable]:
        return {"word_embedding": xr.Variable(("word", "x"), np.full((7, 1), value, np.float32), {"kind": "embedding"})}

    words = [f"w{code}" for code in range(7)]
    partial = cut_off(tmp_path / "a.h5", 1, labels={"vocabulary": words}, constants=constants(1))
    before = partial.read_bytes()
    with pytest.raises(RecordingError) as caught:
        Writer(tmp_path / "a.h5", labels={"vocabulary": words[::-1]}, constants=constants(2), resume=True)
    assert [problem.where for problem in caught.value.problems] == ["vocabulary", "word_embedding"]
    options = {"labels": {"vocabulary": words}, "constants": constants(1), "resume": True}
    with pytest.raises(RecordingError, match="rnn/hidden1, sizes"), Writer(tmp_path / "a.h5", **options) as writer:
        writer.append(run_of(writer, 5, 5, width=4))
    assert partial.read_bytes() == before
    with Writer(tmp_path / "a.h5", **options) as writer:
        writer.append(run_of(writer, 5, 5))
    check(open_recording(tmp_path / "a.h5"), 10)


def test_resuming_a_file_that_is_no_partial_recording(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.h5") as writer:
        writer.append(run_of(writer, 0, 5))
    (tmp_path / "a.h5").rename(tmp_path / "a.partial.h5")
    with pytest.raises(RecordingError, match=r"rename it to a\.h5"):
        Writer(tmp_path / "a.h5", resume=True)
    (tmp_path / "a.partial.h5").write_bytes(b"text")
    with pytest.raises(RecordingError, match=r"a\.partial\.h5: can't be"):
        Writer(tmp_path / "a.h5", resume=True)
    assert (tmp_path / "a.partial.h5").read_bytes() == b"text"
    with pytest.raises(RecordingError, match=r"is damaged, or no recording: remove it, and begin anew$"):
        Writer(tmp_path / "a.h5", resume=True)


def test_a_whole_recording_with_the_name_of_a_partial_one_is_kept(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.partial.h5") as writer:
        writer.append(run_of(writer, 0, 5))
    with pytest.raises(RecordingError, match=r"a\.partial\.h5: is no partial recording.* - rename it"):
        Writer(tmp_path / "a.h5")
    check(open_recording(tmp_path / "a.partial.h5"), 5)


@pytest.mark.parametrize("name", ["word", "step", "document", "document_label", "rnn/hidden1_state", ""])
def test_a_name_that_the_recording_needs_is_refused(tmp_path: Path, name: str) -> None:
    more = {name: xr.Variable("step", np.zeros(5, np.float32), {"kind": "scalar"})}
    with pytest.raises(RecordingError, match=r"is the name of|is no name"), Writer(tmp_path / "a.h5") as writer:
        writer.append(run_of(writer, 0, 5) | more)
    assert names(tmp_path) == []


def test_a_second_recorder_is_told_to_wait(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.h5") as writer:
        writer.append(run_of(writer, 0, 5))
        for resume in (False, True):
            with pytest.raises(RecordingError, match="is being written already, by another recorder"):
                Writer(tmp_path / "a.h5", resume=resume)
        writer.commit(1)
        code = f"from lstmvis_panel.record import Writer; Writer({str(tmp_path / 'a.h5')!r}, resume=True)"
        done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
        assert "is being written already" in done.stderr
        with Writer(tmp_path / "b.h5") as other:
            other.append(run_of(other, 0, 5))
    check(open_recording(tmp_path / "a.h5"), 5)


@pytest.mark.parametrize("compress", [False, True])
def test_what_is_committed_can_be_read_while_the_recording_goes_on(tmp_path: Path, *, compress: bool) -> None:
    """By someone who keeps what was read before, as the app does for as long as a page is open."""
    kept = []
    with Writer(tmp_path / "a.h5", compress=compress, title="T") as writer:
        for batch in range(4):
            writer.append(run_of(writer, batch * 500, 500))
            writer.commit(batch + 1)
            kept.append(open_recording(tmp_path / "a.partial.h5"))
            check(kept[-1], (batch + 1) * 500)
    finished = open_recording(tmp_path / "a.h5")
    check(finished, 2000)
    assert finished.attrs == {"title": "T"}
    if not compress:
        check(kept[0], 500)


WRITES_FOREVER = """
    import sys
    import numpy as np
    from pathlib import Path
    from lstmvis_panel.record import Writer
    from tests.record.test_writer import run_of
    path, compress, log = Path(sys.argv[1]), sys.argv[2] == "True", open(sys.argv[3], "a", buffering=1)
    with Writer(path, compress=compress, resume=True) as writer:
        batch = writer.done
        while True:
            for part in range(3):
                writer.append(run_of(writer, batch * 120 + part * 40, 40))
            print(batch + 1, file=log)
            writer.commit(batch + 1)
            batch += 1
            print(-batch, file=log)
"""


@pytest.mark.parametrize("compress", [False, True])
def test_whatever_moment_a_process_is_killed_at(tmp_path: Path, *, compress: bool) -> None:
    """Kills it again and again; each run goes on with what the last one left."""
    random = np.random.default_rng(5)
    log, partial = tmp_path / "log", tmp_path / "a.partial.h5"
    program = [sys.executable, "-c", textwrap.dedent(WRITES_FOREVER), str(tmp_path / "a.h5"), str(compress), str(log)]
    steps = 0
    for _ in range(5):
        size = log.stat().st_size if log.exists() else 0
        with subprocess.Popen(program, cwd=PROJECT) as process:
            while not log.exists() or log.stat().st_size == size:
                assert process.poll() is None
                time.sleep(0.001)
            time.sleep(random.uniform(0, 0.15))
            process.kill()
        begun, committed = _told(log)
        if not partial.exists():
            # Killed in the very first commit, before there was anything to keep.
            assert committed == 0
            continue
        recording = open_recording(partial)
        # A process may be killed when it has committed and not said so yet, the next one before it commits.
        assert max(committed * 120, steps) <= recording.sizes["step"] <= begun * 120
        steps = recording.sizes["step"]
        assert recording.attrs["partial"] == 1
        assert recording.attrs["recorded_batches"] * 120 == steps
        check(recording, steps)
    assert steps > 500


def _told(log: Path) -> tuple[int, int]:
    """Return how many batches a process had begun to commit, and how many it had committed."""
    numbers = [int(line) for line in log.read_text().splitlines()]
    return max([number for number in numbers if number > 0], default=0), -min([0, *numbers])


def test_an_interrupt_ends_a_recording_tidily(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = [sys.executable, "-c", textwrap.dedent(WRITES_FOREVER), str(tmp_path / "a.h5"), "False", str(log)]
    with subprocess.Popen(program, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        while not log.exists() or _told(log)[1] < 5:
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert errors.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert "ignored" not in errors
    recording = open_recording(tmp_path / "a.partial.h5")
    # The interrupt may have come after a commit, before the process had said so.
    assert recording.sizes["step"] in {batches * 120 for batches in _told(log)}
    check(recording, recording.sizes["step"])
    assert names(tmp_path) == ["a.partial.h5", "log"]


def test_an_interrupt_waits_until_the_work_is_done() -> None:
    done = []

    def work() -> None:
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            done.append("the work")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the work"]


FILLS_THE_DISK = """
    import resource, signal, sys
    from lstmvis_panel.record import Writer
    from lstmvis_panel.schema import RecordingError
    from tests.record.test_writer import run_of
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
    try:
        with Writer(sys.argv[1]) as writer:
            for batch in range(1000):
                writer.append(run_of(writer, batch * 1000, 1000, width=64))
                writer.commit(batch + 1)
    except RecordingError as error:
        print(batch, error)
"""


def test_a_full_disk_is_said_and_keeps_what_was_committed(tmp_path: Path) -> None:
    program = [sys.executable, "-c", textwrap.dedent(FILLS_THE_DISK), str(tmp_path / "a.h5")]
    done = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    committed, _, message = done.stdout.partition(" ")
    assert message.startswith(f"{tmp_path}/a.partial.h5: can't be written (File too large) - make room")
    assert "resume=True" in message
    check(open_recording(tmp_path / "a.partial.h5"), int(committed) * 1000, width=64)
    assert int(committed) > 3
    with Writer(tmp_path / "a.h5", resume=True) as writer:
        assert writer.done == int(committed)
        writer.append(run_of(writer, writer.steps, 1000, width=64))
    check(open_recording(tmp_path / "a.h5"), int(committed) * 1000 + 1000, width=64)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RecordingError, match="may not be written"):
            Writer(tmp_path / "a.h5")
    finally:
        tmp_path.chmod(0o700)


@pytest.fixture
def committed(tmp_path: Path) -> Iterator[Path]:
    """A file of 10,000 bytes, all 1."""
    path = tmp_path / "file"
    path.write_bytes(b"\1" * 10_000)
    yield path
    assert names(tmp_path) == ["file"]


def test_a_journal_that_is_whole_is_carried_out_by_the_next_reader(committed: Path) -> None:
    file = JournaledFile(committed, is_new=False)
    file.seek(5000)
    file.write(memoryview(b"\2" * 10_000))
    assert file.read() == b""
    file.seek(4999)
    assert file.read(3) == b"\1\2\2"
    file._file.truncate(file._end)
    file._journal.write(file._kept)
    # As the end of the process would: the lock goes, the journal stays.
    file._journal._file.close()
    file._file.close()
    assert committed.read_bytes()[:10_000] == b"\1" * 10_000
    recover(committed)
    assert committed.read_bytes().rstrip(b"\0") == b"\1" * 5000 + b"\2" * 10_000


@pytest.mark.parametrize("size", [1, 20, 21, 4000, -1])
def test_a_journal_that_is_not_whole_changes_nothing(committed: Path, size: int) -> None:
    file = JournaledFile(committed, is_new=False)
    file.write(memoryview(b"\2" * 6000))
    file._journal.write(file._kept)
    file._journal._file.close()
    file._file.close()
    noted = journal_of(committed).read_bytes()
    journal_of(committed).write_bytes(noted[:size])
    recover(committed)
    assert committed.read_bytes() == b"\1" * 10_000


def test_a_reader_leaves_the_journal_of_a_living_writer_alone(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstmvis_panel.native_journal.LONGEST_WAIT", 0.02)
    file = JournaledFile(committed, is_new=False)
    file.write(memoryview(b"\2" * 10))
    file._journal.write(file._kept)
    recover(committed)
    assert committed.read_bytes()[:10] == b"\1" * 10
    file.commit()
    assert committed.read_bytes()[:10] == b"\2" * 10
    file.close()


def test_memory_is_bounded_by_what_is_appended_at_a_time(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.h5") as writer:
        run = run_of(writer, 0, 256, width=512)
        writer.append(run)
        writer.commit(1)
        tracemalloc.start()
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for batch in range(2, 122):
            writer.append(run)
            writer.commit(batch)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident
    assert (tmp_path / "a.h5").stat().st_size > 60 << 20
    assert peak < 20 << 20
    assert grown < 40 << 10
