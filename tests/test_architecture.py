"""Holds the package to the design: who may import whom.

The table is the design's "Where things live", a row per part; a new module needs a place in it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "lstmvis_panel"
SUBPACKAGES = ("components", "record", "views")
FOLDER = Path(__file__).parents[1] / PACKAGE

SCREEN = "param panel holoviews bokeh"
FILES = "h5py h5netcdf netCDF4 zarr yaml"


@dataclass(frozen=True)
class Part:
    """A row of the table; modules, parts and libraries are words in a string."""

    name: str
    modules: str  # the part's own, with * for any
    may_import: str  # parts, or single modules of a part
    never: str  # libraries that it must do without
    one_another: bool = True  # whether its modules may import one another


TABLE = (
    Part("schema", "schema validation", "", SCREEN),
    Part(
        "reading",
        "store checking project project_* tracks dictionary native native_* hdf5",
        "schema",
        SCREEN,
    ),
    # States on their way to whoever compares them: out of memory, a copy, or the file.
    Part(
        "values",
        "blocks identity tiles index index_* steps threads shared_source",
        "schema hdf5 native_journal",
        SCREEN,
    ),
    Part(
        "computing",
        "arguments selection matching filters search ranking passes sweep rows packing compiled borders part spread "
        "pools quantiles thresholds alignment wanted tokentext hits expressions running textsearch starts places "
        "documents summary fingerprint",
        "schema values",
        SCREEN,
    ),
    Part(
        "session",
        "session look address history named layers preview questions sources windows",
        "schema computing",
        f"panel holoviews bokeh {FILES}",
    ),
    Part("style", "style", "", SCREEN),
    Part(
        "plots",
        "plots axis heatmaps length_bars matrix track_rows colours flags",
        "schema alignment style values",
        f"param panel {FILES}",
    ),
    Part("captions", "captions", "schema computing session style plots", f"param panel holoviews bokeh {FILES}"),
    Part("components", "components components.*", "style", f"holoviews {FILES}"),
    Part(
        "taken",
        "tables code_cell svg figure figure_* snapshot",
        "schema computing session style plots captions",
        f"param panel holoviews bokeh {FILES}",
    ),
    # What views share, and what one of them is too long for: below the views, so that no view needs another.
    Part(
        "widgets",
        "views views.controls views.background views.following views.measuring views.match_text views.select_text "
        "views.heatmaps views.filters views.indexing views.lines views.words views.tracks views.states "
        "views.keys views.keyboard views.documents views.search views.places views.named views.export",
        "schema computing session style plots captions components taken index index_builds",
        FILES,
    ),
    Part(
        "views",
        "views.*",
        "schema computing session style plots captions components widgets",
        FILES,
        one_another=False,
    ),
    Part(
        "app",
        "app server",
        "schema reading computing session style plots components widgets views index_builds",
        FILES,
    ),
    # Hidden states out of models, and annotations for them: for scripts and the command; the app never needs it.
    Part("record", "record record.*", "schema reading", SCREEN),
    Part("ahead", "indexing", "schema reading values", SCREEN),
    Part("cli", "cli faults", "schema reading values summary pools ahead record app", FILES),
    Part("public names", "__init__", "schema reading computing session app", FILES),
)


def part_of(module: str) -> Part | None:
    """Return the first row whose modules, or whose patterns, take in the module."""
    rows = (part for part in TABLE for pattern in part.modules.split() if fnmatchcase(module, pattern))
    return next(rows, None)


def violations(module: str, code: str) -> list[str]:
    """Return what in a module's code goes against the table, a line each."""
    part = part_of(module)
    if part is None:
        return [f"{module} has no place in the table: give it one in the design, then here"]
    tree = ast.parse(code)
    return [*_forbidden_imports(module, part, tree), *(_opened_files(tree) if part.name == "views" else [])]


def _forbidden_imports(module: str, part: Part, tree: ast.AST) -> Iterator[str]:
    allowed = set(part.may_import.split()) | ({part.name} if part.one_another else set())
    for own, name in imports(module, tree):
        if not own:
            if name in part.never.split():
                yield f"{module} ({part.name}) imports {name}"
        else:
            other = part_of(name)
            if not allowed & {name, other.name if other else ""}:
                yield f"{module} ({part.name}) imports {name} ({other.name if other else 'no such part'})"


def _opened_files(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called == "open" or called.rpartition(".")[2].startswith("open_"):
                yield f"line {node.lineno} opens a file: {ast.unparse(node)}"


def imports(module: str, tree: ast.AST) -> Iterator[tuple[bool, str]]:
    """Yield what the code imports: (True, our own module's name in the package) or (False, a library)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _resolve(alias.name.split("."), ["__init__"])
        elif isinstance(node, ast.ImportFrom):
            # One dot stands for the module's package, each further dot for the one above.
            package = [PACKAGE, *module.split(".")][: -node.level] if node.level else []
            path = package + (node.module.split(".") if node.module else [])
            yield from _resolve(path, [alias.name for alias in node.names])


def _resolve(path: list[str], members: list[str]) -> Iterator[tuple[bool, str]]:
    library, *rest = path
    if library != PACKAGE:
        yield False, library
    elif not rest:
        # A member that is no module is a public name of the package, and those need nearly everything.
        yield from ((True, member if part_of(member) else "__init__") for member in members)
    elif len(rest) == 1 and rest[0] in SUBPACKAGES:
        yield from ((True, f"{rest[0]}.{member}".removesuffix(".__init__")) for member in members)
    else:
        yield True, ".".join(rest)


def module_name(path: Path) -> str:
    """Return a file's module within the package; a subpackage's ``__init__`` bears the subpackage's name."""
    return ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(FOLDER.rglob("*.py"))}


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_design(module: str) -> None:
    assert violations(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "code", "found"),
    [
        ("matching", "import panel as pn", "imports panel"),
        ("schema", "from bokeh.models import Span", "imports bokeh"),
        ("schema", "def f():\n    from lstmvis_panel.store import x", "imports store (reading)"),
        ("selection", "from lstmvis_panel import session", "imports session (session)"),
        ("selection", "from .session import Session", "imports session (session)"),
        ("selection", "if TYPE_CHECKING:\n    import lstmvis_panel.app", "imports app (app)"),
        ("alignment", "from lstmvis_panel import explore", "imports __init__ (public names)"),
        ("alignment", "import lstmvis_panel", "imports __init__ (public names)"),
        ("session", "import panel", "imports panel"),
        ("session", "import lstmvis_panel.views.select", "imports views.select (views)"),
        ("plots", "from lstmvis_panel.session import Session", "imports session (session)"),
        ("plots", "from lstmvis_panel import matching", "imports matching (computing)"),
        ("components.strip", "from ..session import x", "imports session (session)"),
        ("views.match", "from lstmvis_panel.views.select import x", "imports views.select (views)"),
        ("views.match", "from lstmvis_panel.views import select", "imports views.select (views)"),
        ("views.match", "from . import select", "imports views.select (views)"),
        ("views.match", "from lstmvis_panel.store import x", "imports store (reading)"),
        ("views.match", "from lstmvis_panel.nowhere import x", "imports nowhere (no such part)"),
        ("views.match", "import h5py", "imports h5py"),
    ],
)
def test_a_forbidden_import_is_found(module: str, code: str, found: str) -> None:
    part = part_of(module)
    assert part is not None
    assert violations(module, code) == [f"{module} ({part.name}) {found}"]


@pytest.mark.parametrize("code", ["open('x')", "xr.open_dataset('x')"])
def test_a_view_that_opens_a_file_is_found(code: str) -> None:
    assert violations("views.match", code) == [f"line 1 opens a file: {code}"]


def test_a_module_without_a_place_is_found() -> None:
    assert violations("utils", "") == ["utils has no place in the table: give it one in the design, then here"]


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("session", "import param\nfrom lstmvis_panel.matching import find_matches"),
        ("session", "from lstmvis_panel import schema, selection"),
        ("matching", "import numba\nimport xarray as xr\nfrom .steps import steps_of"),
        ("views.match", "from lstmvis_panel.components.words import Words\nfrom . import controls"),
        ("app", "from lstmvis_panel import store\nfrom lstmvis_panel.views import match"),
    ],
)
def test_what_the_design_allows_is_allowed(module: str, code: str) -> None:
    assert violations(module, code) == []


def test_no_module_needs_itself_to_load() -> None:
    """Imports at the modules' top level form no circle; those in functions and for type checkers may."""
    graph = {module: _loaded_with(module) & set(MODULES) for module in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


def _loaded_with(module: str) -> set[str]:
    code = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    code.body = [statement for statement in code.body if isinstance(statement, ast.Import | ast.ImportFrom)]
    return {name for own, name in imports(module, code) if own}
