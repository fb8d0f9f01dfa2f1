"""Reading knowledge files (YAML): a file is taken whole or refused with file, line and reason."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from knowledge.faults import Code, Fault, Location, Trouble, location_of, of_pydantic, unforeseen

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Shape = TypeVar("Shape")

_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands in a file and can't be taken: its name, the line, counted from 1, and what.

    Of what is no piece yet the trouble has neither kind nor key.
    """

    file: str
    line: int
    trouble: Trouble

    @classmethod
    def of(cls, file: str, fault: Fault, line: int = 1, location: Location = ()) -> "Problem":
        """What is wrong with something that is no piece yet."""
        return cls(file, line, Trouble("", "", location, fault))

    def __str__(self) -> str:
        return " ".join(f"{self.file}:{self.line}: {self._reason}".split())

    @property
    def _reason(self) -> str:
        trouble = self.trouble
        if not trouble.kind:
            steps = ".".join(map(str, trouble.location))
            return f"{steps}: {trouble.fault}" if steps else str(trouble.fault)
        return trouble.reason if trouble.key in ("", "all") else str(trouble)


class KnowledgeFileRefused(ValueError):
    """A damaged knowledge file; its words are lines of the form `file:line: reason`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def of(cls, file: str, fault: Fault, line: int = 1) -> "KnowledgeFileRefused":
        """The refusal of one file for one thing."""
        return cls([Problem.of(file, fault, line)])


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]
    """YAML without the traps: a key given twice is an error, not a silent overwrite."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _Misread(Fault(Code.KEY_NOT_PLAIN), key_node)
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                raise _Misread(Fault(Code.KEY_TWICE, {"key": str(key)}), key_node)
            keys.add(key)
        return dict(super().construct_mapping(node, deep=deep))


_MISREAD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What comes of what looks like a date or a number, or is tagged as one, but isn't: 2021-13-45."""


class _LocatingLoader(_Loader):
    """Knows the line of what cannot be read, and takes longer."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except _MISREAD as error:
            fault = Fault(Code.NOT_READ_AS, {"tag": str(node.tag), "error": str(error)})
            raise _Misread(fault, node) from error


class _Misread(yaml.constructor.ConstructorError):
    """What is YAML, and yet nothing we take."""

    def __init__(self, fault: Fault, node: Any) -> None:
        super().__init__(None, None, str(fault), node.start_mark)
        self.fault = fault


@dataclass(frozen=True)
class ReadFile(Generic[Shape]):
    """A file that was read: its content, and where in it everything stands.

    Without `yaml`, the text of a YAML file, it is one of plain lines.
    """

    name: str
    content: Shape
    yaml: str | None

    @cached_property
    def _root(self) -> Any:
        # Worked out when there is a problem: the lines of all files take long to keep.
        return yaml.compose(self.yaml, _SafeLoader) if self.yaml else None

    def problem(self, location: Location, trouble: Trouble) -> Problem:
        """The problem of what stands at `location` of the file, with its line."""
        plain_line = location[0] + 1 if location and isinstance(location[0], int) else 1
        line = plain_line if self.yaml is None else _line(self._root, location)
        return Problem(self.name, line, trouble)


def read_yaml(path: Path, shape: type[Shape]) -> Shape:
    """Read one file into `shape` (a Pydantic model or any type Pydantic can check).

    Raises `KnowledgeFileRefused` with every problem of the file, each with its line.
    """
    return read_located(path, shape).content


def read_located(path: Path, shape: type[Shape], name: str | None = None) -> ReadFile[Shape]:
    """Read one file as `read_yaml` does, and keep the lines; problems call it `name`."""
    name = name or path.name
    text = read_text(path, name)
    data = _parsed(name, text)
    try:
        content = TypeAdapter(shape).validate_python(data)
    except ValidationError as error:
        raise KnowledgeFileRefused(_located(name, text, error)) from error
    except Exception as error:
        # Validators run what the file holds, regular expressions for one: anything may come.
        raise KnowledgeFileRefused.of(name, unforeseen(error)) from error
    return ReadFile(name, content, text)


def plain_data(name: str, text: str) -> Any:
    """What a YAML text that somebody typed holds, as JSON knows it; raises `KnowledgeFileRefused`.

    Repetition by reference is refused: a few lines of it can stand for more than any memory holds.
    """
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _SafeLoader)):
            raise KnowledgeFileRefused.of(name, Fault(Code.REFERS_ELSEWHERE))
    except yaml.YAMLError as error:
        raise _yaml_refused(name, text, error) from error
    data = _parsed(name, text)
    try:
        return json.loads(json.dumps(data, default=str))
    except (RecursionError, TypeError, ValueError) as error:
        raise KnowledgeFileRefused.of(name, unforeseen(error)) from error


def line_of(text: str, location: Iterable[int | str]) -> int:
    """The line, counted from 1, of what stands at a place of a YAML text."""
    return _line(yaml.compose(text, _SafeLoader), location)


def read_text(path: Path, name: str | None = None) -> str:
    """Read a text with its line ends as they are; raises `KnowledgeFileRefused`."""
    name = name or path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        fault = Fault(Code.FILE_UNREADABLE, {"error": str(error.strerror)})
        raise KnowledgeFileRefused.of(name, fault) from error
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault = Fault(Code.FILE_UNREADABLE, {"error": str(error)})
        raise KnowledgeFileRefused.of(name, fault, line) from error


def _parsed(name: str, text: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except _MISREAD:
        pass
    except yaml.YAMLError as error:
        raise _yaml_refused(name, text, error) from error
    except RecursionError as error:
        raise KnowledgeFileRefused.of(name, Fault(Code.NESTED_TOO_DEEPLY)) from error
    try:
        return yaml.load(text, _LocatingLoader)
    except yaml.YAMLError as error:
        raise _yaml_refused(name, text, error) from error


def _yaml_refused(name: str, text: str, error: yaml.YAMLError) -> KnowledgeFileRefused:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
    if isinstance(error, _Misread):
        return KnowledgeFileRefused.of(name, error.fault, line)
    told = getattr(error, "problem", None) or str(error)
    return KnowledgeFileRefused.of(name, Fault(Code.NOT_YAML, {"error": told}), line)


def _located(name: str, text: str, error: ValidationError) -> list[Problem]:
    root = yaml.compose(text, _SafeLoader)
    return [
        Problem.of(name, of_pydantic(found), _line(root, location), location)
        for found in error.errors(include_url=False)
        for location in (location_of(found),)
    ]


def _line(node: Any, location: Iterable[int | str]) -> int:
    """Return the line of the innermost node on the way to `location`, counted from 1."""
    line = 1
    for step in location:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step] if step < len(node.value) else None
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == str(step)), None)
        else:
            break
    return node.start_mark.line + 1 if node is not None else line


def dump_model(model: BaseModel) -> dict[str, Any]:
    """Return a model as plain data that `model_validate` takes back unchanged."""
    return model.model_dump(mode="json", by_alias=True)


def told_plainly(error: ValueError | RecursionError) -> str:
    """What is wrong with one line of JSON: the field and why, in plain words."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON: {error.msg} at character {error.pos + 1}"
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(map(_field_told, error.errors(include_url=False, include_context=False)))


def _field_told(found: "ErrorDetails") -> str:
    field = ".".join(map(str, found["loc"]))
    if found["type"] == "missing":
        return f"{field} is missing"
    if found["type"] in ("model_type", "dict_type") and not field:
        return "has to be an object: {…}"
    if found["type"] == "json_invalid":
        return f"no JSON: {found['msg'].removeprefix('Invalid JSON: ')}"
    reason = found["msg"].removeprefix("Value error, ").replace("Input should be", "has to be")
    return f"{field}: {reason}" if field else reason
