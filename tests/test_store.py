"""The folder: what is found in it is offered, what is broken is said, and each recording is opened once."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstmvis_panel import native, schema, store
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.store import bundled_examples, open_projects, open_recording, save_recording
from tests.recordings import full_project, small_project, two_sentences

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import xarray as xr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "nothing.h5",
            "there is no such file or folder; a folder with lstm.yml, or .h5, .hdf5, .nc, .zarr was expected",
        ),
        ("text.txt", "is no recording; a folder with lstm.yml, or .h5"),
        ("folder", "is no recording; a folder with lstm.yml, or .h5"),
        ("folder.h5", "is no recording"),
    ],
)
def test_a_path_that_is_no_recording(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "text.txt").write_text("text")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(RecordingError) as caught:
        open_recording(tmp_path / name)
    assert says in str(caught.value)


def test_all_recordings_below_a_folder_are_found(tmp_path: Path) -> None:
    small_project().write(tmp_path / "books" / "small")
    full_project().write(tmp_path / "full")
    full_project().write(tmp_path / "full" / "nested")
    save_recording(two_sentences(), tmp_path / "full" / "part.h5")
    save_recording(two_sentences(), tmp_path / "books" / "two.nc")
    save_recording(two_sentences(), tmp_path / "stored.zarr")
    for skipped in (".hidden", ".venv", "venv", "node_modules"):
        small_project().write(tmp_path / skipped / "inside")
    save_recording(two_sentences(), tmp_path / ".hidden.h5")
    (tmp_path / "notes.txt").write_text("no recording")
    projects = open_projects(tmp_path)
    assert {name: project.path.relative_to(tmp_path).as_posix() for name, project in projects.items()} == {
        "small": "books/small",
        "two": "books/two.nc",
        "full": "full",
        "nested": "full/nested",
        "stored": "stored.zarr",
    }
    assert all(project.error is None for project in projects.values())


def test_files_of_other_tools_are_passed_over_and_damaged_ones_shown(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    (tmp_path / "classic.nc").write_bytes(b"CDF\x01" + bytes(100))
    (tmp_path / "other.zarr").mkdir()
    (tmp_path / "other.zarr" / "zarr.json").write_text('{"attributes": {}}')
    (tmp_path / "damaged.h5").write_bytes(b"half of")
    (tmp_path / "damaged.zarr").mkdir()
    (tmp_path / "damaged.zarr" / "zarr.json").write_text("{")
    projects = open_projects(tmp_path)
    assert sorted(projects) == ["damaged.h5", "damaged.zarr"]
    assert "damaged.h5 is not an HDF5 file, or is damaged" in (projects["damaged.h5"].error or "")
    assert "damaged.zarr/zarr.json: can't be read" in (projects["damaged.zarr"].error or "")


def test_equal_names_are_told_apart_by_their_place(tmp_path: Path) -> None:
    for place in ("a/same", "b/same", "b/other", "same"):
        small_project().write(tmp_path / place)
    for name in ("same.h5", "one.h5", "one.nc"):
        save_recording(two_sentences(), tmp_path / name)
    assert sorted(open_projects(tmp_path)) == ["a/same", "b/same", "one.h5", "one.nc", "other", "same", "same.h5"]


def test_a_broken_project_says_why_and_leaves_the_others(tmp_path: Path) -> None:
    parts = small_project()
    parts.config["states"]["types"] = [{"path": "gone"}, {"path": "lost"}]
    parts.write(tmp_path / "broken")
    small_project().write(tmp_path / "fine")
    (tmp_path / "worse").mkdir()
    (tmp_path / "worse" / "lstm.yml").write_text("[")
    projects = open_projects(tmp_path)
    assert [(project.id, project.title, project.error is None) for project in projects.values()] == [
        ("broken", "small", False),
        ("fine", "small", True),
        ("worse", "worse", False),
    ]
    assert [line.split(":")[0] for line in (projects["broken"].error or "").splitlines()] == [
        "broken/lstm.yml, states.types[0].path",
        "broken/lstm.yml, states.types[1].path",
    ]
    assert projects["broken"].description == ""
    with pytest.raises(RecordingError, match="there is no dataset 'lost'"):
        _ = projects["broken"].recording


def test_what_a_start_page_says(tmp_path: Path) -> None:
    project = open_projects(full_project().write(tmp_path / "full"))["full"]
    assert (project.title, project.description, project.steps) == ("full", "every option", 5)
    assert [str(source) for source in project.sources] == [
        "layer 1 state (5 x 2)",
        "layer 2 output (5 x 3)",
        "layer 2 state (5 x 1), unsigned",
    ]
    assert [source.name for source in project.sources] == ["states.cell", "lstm/output", "gates.cell"]
    assert project.annotations[:3] == ["pos", "pos_of_word", "level"]


def test_a_description_that_only_repeats_the_title_is_left_out(tmp_path: Path) -> None:
    project = open_projects(small_project().write(tmp_path))[tmp_path.name]
    assert (project.title, project.description) == ("small", "")


def test_a_source_without_a_layer(tmp_path: Path) -> None:
    parts = small_project()
    parts.config["states"]["types"] = [{"path": "cell"}]
    (source,) = open_projects(parts.write(tmp_path))[tmp_path.name].sources
    assert str(source) == "state (4 x 2)"


@pytest.mark.parametrize(
    ("name", "identity"), [("full", "full"), ("full/lstm.yml", "full"), ("two.h5", "two"), ("two.zarr", "two")]
)
def test_a_single_recording_may_be_named(tmp_path: Path, name: str, identity: str) -> None:
    full_project().write(tmp_path / "full")
    save_recording(two_sentences(), tmp_path / "two.h5")
    save_recording(two_sentences(), tmp_path / "two.zarr")
    ((found, project),) = open_projects(tmp_path / name).items()
    assert (found, project.error) == (identity, None)


def test_each_recording_has_the_path_that_the_user_would_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_project().write(tmp_path / "books" / "full")
    save_recording(two_sentences(), tmp_path / "books" / "two.h5")
    monkeypatch.chdir(tmp_path)
    given = {name: str(project.given) for name, project in open_projects("books").items()}
    assert given == {"full": "books/full", "two": "books/two.h5"}
    for path, wanted in (("books/full/lstm.yml", "books/full"), ("books/two.h5", "books/two.h5")):
        (project,) = open_projects(path).values()
        assert str(project.given) == wanted
    assert open_recording("books/two.h5").encoding["source"] == "books/two.h5"


def test_a_folder_that_is_empty_and_one_that_is_not_there(tmp_path: Path) -> None:
    assert open_projects(tmp_path) == {}
    with pytest.raises(RecordingError, match=r"nowhere: there is no such folder - name a folder that holds recordings"):
        open_projects(tmp_path / "nowhere")


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    small_project().write(tmp_path / "elsewhere" / "small")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data")
    assert open_projects(tmp_path / "data") == {}


def test_the_examples_open() -> None:
    projects = open_projects(bundled_examples())
    assert projects
    assert [project.error for project in projects.values()] == [None] * len(projects)


# ------------------------------------------------------------------------------------------------------- once a process


def test_a_recording_is_opened_once_for_all_visitors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small_project().write(tmp_path / "small")
    opened: list[Path] = []
    real = native.open_native

    def counted(path: Path) -> xr.Dataset:
        opened.append(path)
        return real(path)

    monkeypatch.setattr("lstmvis_panel.store.open_native", counted)
    save_recording(two_sentences(), tmp_path / "two.h5")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: open_projects(tmp_path)["two"].recording, range(16)))
    assert opened == [tmp_path / "two.h5"]
    assert all(recording is found[0] for recording in found)
    assert open_projects(folder)["small"].recording is open_projects(tmp_path)["small"].recording


def test_adding_to_an_opened_recording_changes_nobody_elses(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    mine = open_recording(folder)
    mine["mine"] = ("step", np.zeros(4), {"kind": "scalar"})
    mine.attrs["title"] = "mine"
    mine["cell"].attrs["layer"] = 7
    yours = open_recording(folder)
    assert "mine" not in yours
    assert (yours.attrs["title"], yours["cell"].attrs["layer"]) == ("small", 1)


@pytest.mark.parametrize("replaced", ["lstm.yml", "words.dict", "states.hdf5"])
def test_a_project_with_a_replaced_file_is_opened_again(tmp_path: Path, replaced: str) -> None:
    folder = small_project().write(tmp_path / "small")
    first = open_recording(folder)["cell"].load()
    parts = small_project()
    parts.config["name"] = "changed"
    parts.texts["words.dict"] = "x 0\ny 1\nz 2\n"
    parts.datasets["states.hdf5"]["cell"] = np.full((4, 3), 9, np.float32)
    shutil.copy(parts.write(tmp_path / "other") / replaced, tmp_path / "new")
    (tmp_path / "new").replace(folder / replaced)
    again = open_recording(folder)
    assert {
        "lstm.yml": again.attrs["title"] == "changed",
        "words.dict": schema.words(again, 0, 1) == ["x"],
        "states.hdf5": again["cell"].values.tolist() == [[9, 9, 9]] * 4,
    }[replaced]
    assert first.shape == (4, 2)


@pytest.mark.parametrize("name", ["recording.h5", "recording.zarr"])
def test_a_native_file_that_was_replaced_is_opened_again(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    save_recording(two_sentences(), target)
    project = open_projects(target)["recording"]
    assert project.title == "two sentences"
    save_recording(two_sentences().assign_attrs(title="other sentences"), target)
    assert project.title == "other sentences"


def test_a_project_that_was_mended_opens(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    (folder / "states.hdf5").rename(tmp_path / "away")
    project = open_projects(tmp_path)["small"]
    assert "there is no file states.hdf5" in (project.error or "")
    (tmp_path / "away").rename(folder / "states.hdf5")
    assert project.error is None
    assert project.steps == 4


def test_errors_are_not_shared_between_visitors(tmp_path: Path) -> None:
    (tmp_path / "lstm.yml").write_text("[")
    errors = []
    for _ in range(2):
        with pytest.raises(RecordingError) as caught:
            open_recording(tmp_path)
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert errors[0].problems == errors[1].problems
    assert os.fspath(tmp_path.name) in str(errors[0])


def test_what_is_known_of_a_path_goes_with_it(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        save_recording(two_sentences(), tmp_path / name)
    assert all(project.error is None for project in open_projects(tmp_path).values())
    (tmp_path / "a.h5").unlink()
    assert list(open_projects(tmp_path)) == ["b"]
    known = [{path.name for path in paths if path.parent == tmp_path} for paths in (store._opened, native._answers)]
    assert known == [{"b.h5"}, {"b.h5"}]


def test_paths_that_never_were_do_not_add_up(tmp_path: Path) -> None:
    for number in range(5):
        with pytest.raises(RecordingError, match="there is no such file or folder"):
            open_recording(tmp_path / f"{number}.h5")
    assert len([path for path in store._opened if path.parent == tmp_path]) <= 1


# ------------------------------------------------------------------------------------------- one bad file among others


def served(folder: Path) -> dict[str, str | None]:
    """Ask all that a start page asks, and return each project's error."""
    errors = {}
    for name, project in open_projects(folder).items():
        errors[name] = project.error
        assert isinstance(project.title, str)
        assert isinstance(project.description, str)
        if project.error is None:
            assert project.steps > 0
            assert [str(source) for source in project.sources]
            assert isinstance(project.annotations, list)
    return errors


KEY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates()
SCALAR = KEY | st.sampled_from(["train", "words", "states", "ids", "cell", "..", "\0", "dict", 10**400])
CONTENT = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3), max_leaves=8
)
SECTIONS = ["name", "description", "files", "word_sequence", "states", "word_embedding", "meta", "etc"]
INNER = ["train", "file", "path", "dict_file", "types", "dict", "index", "vis", "t", "layer", "regex_search"]


@st.composite
def project_files(draw: st.DrawFn) -> dict[Any, Any]:
    """Draw what ``lstm.yml`` may hold: the small project, with anything in place of some of it or beside it."""
    content: dict[Any, Any] = small_project().config
    for name in draw(st.lists(st.sampled_from(SECTIONS) | KEY, max_size=3)):
        section = content.get(name)
        kept = section if isinstance(section, dict) else {}
        odd = st.dictionaries(st.sampled_from(INNER) | KEY, CONTENT, max_size=3)
        content[name] = draw(CONTENT | odd.map(lambda keys, kept=kept: {**kept, **keys}))
    return content


@settings(max_examples=60)
@given(content=project_files())
@example(content={"files": {True: "a.h5"}})
@example(content={"files": {None: "x"}, "meta": {None: {"file": "x"}}})
def test_whatever_a_project_file_holds_the_others_are_served(
    tmp_path_factory: pytest.TempPathFactory, content: dict[Any, Any]
) -> None:
    folder = tmp_path_factory.mktemp("projects")
    small_project().write(folder / "good")
    odd = small_project().write(folder / "odd")
    (odd / "lstm.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with suppress(RecordingError):
        open_recording(odd)
    errors = served(folder)
    assert (list(errors), errors["good"]) == (["good", "odd"], None)


@pytest.mark.parametrize(
    ("attrs", "says"),
    [({"format_version": [1, 2]}, "has version [1, 2] of the format"), ({"notes": 3}, None), ({"notes": "lone"}, None)],
)
def test_odd_attributes_leave_the_other_files(tmp_path: Path, attrs: dict[str, Any], says: str | None) -> None:
    for name in ("good.h5", "odd.h5"):
        save_recording(two_sentences(), tmp_path / name)
    with h5py.File(tmp_path / "odd.h5", "a") as file:
        file.attrs.update(attrs)
    errors = served(tmp_path)
    assert errors["good"] is None
    assert (says in (errors["odd"] or "")) if says else (errors["odd"] is None)


def test_what_nobody_thought_of_is_logged_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save_recording(two_sentences(), tmp_path / "good.h5")
    small_project().write(tmp_path / "odd")

    def failing(_: Path) -> None:
        raise StopIteration

    for name in ("open_project", "files_of", "title_of"):
        monkeypatch.setattr(store, name, failing)
    errors = served(tmp_path)
    assert errors["good"] is None
    assert errors["odd"] == f"{tmp_path / 'odd'}: can't be read (StopIteration: ) - the log says more"
    assert [(entry.levelname, entry.exc_info is not None) for entry in caplog.records] == [("ERROR", True)]


def test_a_file_that_cannot_be_looked_into_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_project().write(tmp_path / "good")
    (tmp_path / "odd.h5").write_bytes(b"")
    (tmp_path / "odd.zarr").mkdir()

    def failing(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(native, "_all_attrs", failing)
    errors = served(tmp_path)
    assert errors.pop("good") is None
    assert {name: "can't be read (PermissionError" in (error or "") for name, error in errors.items()} == {
        "odd.h5": True,
        "odd.zarr": True,
    }


def test_a_link_to_itself_and_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    small_project().write(tmp_path / "good")
    (tmp_path / "loop.h5").symlink_to(tmp_path / "loop.h5")
    latin = small_project().write(tmp_path / os.fsdecode(b"caf\xe9"))
    errors = served(tmp_path)
    assert [*errors] == [r"caf\udce9", "good", "loop.h5"]
    assert [error is None for error in errors.values()] == [True, True, False]
    assert latin.is_dir()


@pytest.mark.parametrize("name", ["a\0b", "a\0b.h5", "x" * 5000])
def test_a_path_that_no_disk_takes(name: str) -> None:
    with pytest.raises(RecordingError):
        open_recording(name)
    with pytest.raises(RecordingError, match="there is no such folder"):
        open_projects(name)


def test_a_title_is_had_with_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = open_projects(small_project().write(tmp_path / "small"))["small"]
    looks: list[Path] = []
    real = store._shared

    def counted(path: Path) -> xr.Dataset:
        looks.append(path)
        return real(path)

    monkeypatch.setattr(store, "_shared", counted)
    assert (project.title, len(looks)) == ("small", 1)
