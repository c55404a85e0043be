from __future__ import annotations

import json
import runpy
import subprocess
import sys
from functools import partial
from pathlib import Path

import panel as pn
import pytest

import lstmvis_panel as lv
from lstmvis_panel.app import TAKEN, Explorer, create_app
from lstmvis_panel.style import THEMES
from lstmvis_panel.sweep import sweep
from tests.drawn import recording_of

WORDS = "abcdeFGhijabcdeFGhij"
ROWS = (".....##........##...", ".....##.............")
ROOT = Path(__file__).parents[1]
VISIT = """
import gc, weakref
import panel as pn
from bokeh.document import Document
import lstmvis_panel as lv
from tests.drawn import recording_of

app = lv.explore(recording_of("abFGab", "..##..", "..##.."), selection=(2, 4))
document = Document()
root = app.__panel__().get_root(document)
app.session.threshold = 0.5
session = weakref.ref(app.session)
# What Panel does when the session of a visitor ends.
app.__panel__()._cleanup(root)
pn.state._views.clear()
del app, document, root
gc.collect()
print("forgotten" if session() is None else "kept")
"""


def test_explore_takes_a_recording_and_answers_in_code() -> None:
    app = lv.explore(recording_of(WORDS, *ROWS), selection=(5, 7), threshold=0.5)
    assert app.selected.tolist() == [0, 1]
    assert app.matches is not None
    assert app.matches.start.values.tolist() == [5, 15]
    app.session.selection = (15, 17)
    assert app.selected.tolist() == [0]


def test_explore_takes_a_path(tmp_path: Path) -> None:
    lv.save_recording(recording_of(WORDS, *ROWS), tmp_path / "drawn.h5")
    assert lv.explore(tmp_path / "drawn.h5").session.source == "cell"


def test_explore_says_what_it_takes() -> None:
    with pytest.raises(ValueError, match=r"explore\(\) takes source, .*position.*; not treshold\."):
        lv.explore(recording_of(WORDS, *ROWS), treshold=0.5)


def test_explore_takes_all_that_it_says_and_shows_the_same_again() -> None:
    recording = recording_of(WORDS, *ROWS)
    half = (recording.cell * 0.5).rename(cell_state="output_state").assign_attrs(recording.cell.attrs)
    recording = recording.assign(output=half)
    app = lv.explore(recording, stack=["output"], thresholds={"output": 0.46}, selection=(5, 7))
    assert app.session.thresholds == {"output": 0.46}
    assert repr(eval(repr(app), {"Explorer": partial(lv.explore, recording)})) == repr(app)  # noqa: S307 - our own text
    assert [name for name in TAKEN if f"``{name}``" not in str(lv.explore.__doc__)] == []


def test_explore_refuses_a_source_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="cell9"):
        lv.explore(recording_of(WORDS, *ROWS), source="cell9")


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ({"output9": 0.4, "cell": 0.2}, "thresholds names output9; the sources here are cell."),
        ({"cell": "high"}, "thresholds of cell is 'high'; a finite number was expected."),
        ({"cell": float("nan")}, "thresholds of cell is nan"),
    ],
)
def test_wrong_thresholds_are_refused(thresholds: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        lv.explore(recording_of(WORDS, *ROWS), thresholds=thresholds)


def test_a_recording_says_where_it_wants_to_be_opened() -> None:
    view = json.dumps({"position": 12, "threshold": 0.6, "left": 0})
    session = lv.explore(recording_of(WORDS, *ROWS, view=view), left=2).session
    assert (session.position, session.threshold, session.left) == (12, 0.6, 2)


@pytest.mark.parametrize("view", ["{", "[]", '{"position": "soon", "source": "cell9"}', '{"threshold": null}'])
def test_a_bad_wish_is_passed_over(view: str) -> None:
    session = lv.explore(recording_of(WORDS, *ROWS, view=view)).session
    assert (session.position, session.source, session.threshold) == (0, "cell", 0.3)


def test_the_theme_dresses_the_whole_page() -> None:
    app = lv.explore(recording_of(WORDS, *ROWS))
    assert app.__panel__().styles["--lv-page"] == THEMES["light"].page
    app.session.theme = "dark"
    assert app.__panel__().styles["--lv-page"] == THEMES["dark"].page


def test_an_app_of_a_folder_is_its_start_page(tmp_path: Path) -> None:
    lv.save_recording(recording_of(WORDS, *ROWS), tmp_path / "drawn.h5")
    page = "".join(str(pane.object) for pane in create_app(tmp_path).select(pn.pane.HTML))
    assert "Drawn" in page
    assert "project=drawn" in page


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_recordings_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    page = "".join(str(pane.object) for pane in create_app(tmp_path / name).select(pn.pane.HTML))
    assert "No recording here" in page
    assert name in page


def test_titles_are_text_and_never_markup(tmp_path: Path) -> None:
    recording = recording_of("<&>", "##.").assign_attrs(title="<b>bold</b>", description="<script>x</script>")
    lv.save_recording(recording, tmp_path / "marked.h5")
    page = "".join(str(pane.object) for pane in create_app(tmp_path).select(pn.pane.HTML))
    assert "<b>bold" not in page
    assert "<script>" not in page
    app = lv.explore(recording, selection=(0, 2))
    said = "".join(str(pane.object) for pane in app.__panel__().select(pn.pane.HTML))
    assert "&lt; &amp;" in said
    assert "<b>bold" not in said


def test_a_visitor_who_leaves_is_forgotten() -> None:
    #  In a process of its own: pytest holds on to much.
    done = subprocess.run([sys.executable, "-c", VISIT], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == "forgotten\n", done.stderr


def test_panel_serve_compiles_what_a_search_runs() -> None:
    script = ROOT / "apps" / "lstmvis.py"
    pn.state.cache.clear()
    runpy.run_path(str(script))
    assert sweep.signatures


def test_an_unknown_theme_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("lstmvis_panel.app._query", lambda: {"theme": "pink"})
    page = "".join(str(pane.object) for pane in create_app(tmp_path).select(pn.pane.HTML))
    assert "Theme “pink” in the address is none of light, dark" in page


@pytest.mark.parametrize("name", ["on_count", "aligned_step", "none", "match count", "annotation place"])
def test_an_annotation_may_bear_any_name(name: str) -> None:
    recording = recording_of(WORDS, *ROWS)
    recording[name] = recording["place"] + 100
    app = lv.explore(recording, selection=(5, 7), threshold=0.5)
    assert app.session.matches is not None
    assert app.session.matches.aligned.on_count.sel(offset=0).values.tolist() == [2, 1]


def test_an_explorer_is_a_viewer_that_can_be_served() -> None:
    app = lv.explore(recording_of(WORDS, *ROWS))
    assert isinstance(app, Explorer)
    assert isinstance(app, pn.viewable.Viewer)
    assert callable(app.servable)
