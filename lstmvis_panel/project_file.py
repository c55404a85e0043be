"""The shape of ``lstm.yml``: each section and key of the original's project file, what it may hold, its default."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from pathlib import Path

PROJECT_FILE = "lstm.yml"
FILE = "a name from files"
DATASET = "the path of a dataset in the HDF5 file"
MOST_LETTERS = 10_000_000
KEY = "[key]"  # ends pydantic's location of a mapping's key, where others are those of its values


class Section(BaseModel):
    """A section of the file. Keys that are not known are kept; a key with nothing after it is as good as absent."""

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, section: Any) -> Any:
        if isinstance(section, Mapping):
            return {str(key): value for key, value in section.items() if value is not None}
        return section


class WordSequence(Section):
    """The tokens: one word id a step."""

    file: str = Field(description=FILE)
    path: str = Field(description=DATASET)
    dict_file: str = Field(description=FILE)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class SourceEntry(Section):
    """One source of hidden states."""

    type: str = Field("state", description="text")
    layer: int | None = Field(None, description="a whole number")
    path: str = Field(description=DATASET)
    file: str | None = Field(None, description=FILE)
    transform: Annotated[Literal["tanh", "none"], BeforeValidator(_lower)] = Field(
        "tanh", description="tanh (the default) or none"
    )
    unsigned: bool = Field(default=False, description="true or false")


class StatesSection(Section):
    """The sources, and the file of those that name none."""

    file: str | None = Field(None, description=FILE)
    types: list[SourceEntry] = Field(min_length=1, description="a list of {type, layer, path}, at least one")


class EmbeddingSection(Section):
    """The word embedding: a row per word."""

    file: str = Field(description=FILE)
    path: str = Field(description=DATASET)


def _range(value: Any) -> Literal["dict"] | tuple[float, float]:
    """Read ``dict``, ``"0...100"`` or ``[0, 100]``."""
    if value == "dict":
        return "dict"
    try:
        low, high = (float(end) for end in (value.split("...") if isinstance(value, str) else value))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(value) from None
    if not -math.inf < low < high < math.inf:
        raise ValueError(value)
    return low, high


class Vis(Section):
    """How an annotation is shown."""

    type: Literal["discrete", "scalar", "wordvec"] = Field("discrete", description="discrete, scalar or wordvec")
    range: Annotated[Literal["dict"] | tuple[float, float] | None, PlainValidator(_range)] = Field(
        None, description='dict, "min...max" or [min, max] with min < max'
    )


class Track(Section):
    """An annotation: a label, a number or ranked predictions per step, or per word id."""

    type: Literal["general", "wordvec"] = Field("general", description="general or wordvec")
    file: str = Field(description=FILE)
    path: str = Field(description=DATASET)
    dictionary: str | None = Field(None, alias="dict", description=FILE)
    index: str = Field("self", description="self, word_sequence or the name of another entry of meta")
    weights_path: str | None = Field(None, description=DATASET)
    vis: Vis = Field(default_factory=Vis, description="{type, range}")

    @property
    def shown_as(self) -> Literal["discrete", "scalar", "wordvec"]:
        """What the values are, by either of the two keys that say so."""
        return "wordvec" if self.type == "wordvec" else self.vis.type


class Etc(Section):
    """What else the original was told."""

    regex_search: bool = Field(default=False, description="true or false")


class ProjectFile(Section):
    """The whole of ``lstm.yml``."""

    name: str | None = Field(None, description="text")
    description: str | None = Field(None, description="text")
    files: dict[str, str] = Field(min_length=1, description="a mapping of names to files, at least one")
    word_sequence: WordSequence = Field(description="{file, path, dict_file}")
    states: StatesSection = Field(description="{file, types}")
    word_embedding: EmbeddingSection | None = Field(None, description="{file, path}")
    meta: dict[str, Track] = Field({}, description="a mapping of names to {file, path, dict, index, vis}")
    etc: Etc = Field(default_factory=Etc, description="{regex_search}")


def read_project_file(path: Path, where: str) -> ProjectFile:
    """Read ``lstm.yml`` and check its shape.

    Parameters
    ----------
    path
        The file.
    where
        What the errors call it.

    Raises
    ------
    RecordingError
        With every key that is missing or holds something else than was expected.
    """
    content = load_yaml(path, where)
    try:
        return ProjectFile.model_validate(content)
    except ValidationError as error:
        problems = [_problem(where, details["loc"], details) for details in error.errors()]
        raise RecordingError(problems) from None


def unknown_keys(section: Section, where: str) -> Iterator[Problem]:
    """Say which keys of a section and of those below it mean nothing here."""
    for key in section.model_extra or {}:
        yield Problem(f"{where}{key}", "is no key of this format and does nothing", fatal=False)
    for key in type(section).model_fields:
        value = getattr(section, key)
        for place, part in _sections(value):
            yield from unknown_keys(part, f"{where}{key}{place}.")


def _sections(value: Any) -> Iterator[tuple[str, Section]]:
    if isinstance(value, Section):
        yield "", value
    elif isinstance(value, dict):
        yield from ((f".{name}", part) for name, part in value.items() if isinstance(part, Section))
    elif isinstance(value, list):
        yield from ((f"[{number}]", part) for number, part in enumerate(value) if isinstance(part, Section))


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, where YAML would keep the last without a word.

    It refuses as well what is endless once each alias is written out, as an error that shows it would.
    """

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None and _written_out(node, {}) > MOST_LETTERS:
            problem = "with its aliases written out it is too long"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    problem = f"the key {key.value!r} is there twice"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _written_out(node: yaml.Node, known: dict[int, float]) -> float:
    """Return some count of the letters of a node, aliases written out; endless for one that contains itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1 + len(node.value)
    if id(node) not in known:
        known[id(node)] = math.inf
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_written_out(part, known) for part in parts)
    return known[id(node)]


def load_yaml(path: Path, where: str) -> dict[Any, Any]:
    """Read a YAML file that holds a mapping.

    Raises
    ------
    RecordingError
        If it can't be read, is no YAML, or holds something else.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)  # noqa: S506 - derives from SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RecordingError(Problem(where + line, f"is not valid YAML: {error.problem or error}")) from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # PyYAML lets out whatever Python says of `!!int ""`, `!!bool x` and `!!timestamp x`.
        remedy = "save the file as UTF-8" if isinstance(error, UnicodeDecodeError) else ""
        raise RecordingError(Problem(where, f"is not valid YAML: {error}", remedy)) from None
    except OSError as error:
        raise RecordingError(Problem(where, f"can't be read ({error.strerror})")) from None
    if not isinstance(content, dict):
        found = "empty" if content is None else f"a {type(content).__name__}"
        what = f"is {found}; a mapping with files, word_sequence and states was expected"
        raise RecordingError(Problem(where, what))
    return content


def _problem(where: str, location: tuple[int | str, ...], details: Mapping[str, Any]) -> Problem:
    """Turn a finding of pydantic into a sentence about the file."""
    if location[-1:] == (KEY,):
        found, expected = f"has the key {details['input']!r}", "text as a key"
        return Problem(_place(where, location[:-2]), f"{found}; {expected} was expected", "put it in quotes")
    found = "is missing" if details["type"] == "missing" else f"is {str(details['input'])[:60]!r}"
    return Problem(_place(where, location), f"{found}; {_expected(location)} was expected")


def _place(where: str, location: tuple[int | str, ...]) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return f"{where}, {place}" if place else where


def _expected(location: tuple[int | str, ...]) -> str:
    """Return what the innermost key of a location is documented to hold."""
    section: Any = ProjectFile
    expected, is_entry = "a mapping", False
    for part in location:
        if is_entry or not isinstance(part, str):
            is_entry = False
            continue
        field = next((field for name, field in section.model_fields.items() if part in {name, field.alias}), None)
        if field is None:
            break
        expected = field.description or expected
        is_entry = get_origin(field.annotation) is dict
        section = _section_in(field.annotation) or section
    return expected


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)
