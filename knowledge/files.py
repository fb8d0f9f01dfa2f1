"""Reading knowledge files (YAML): a file is taken whole or refused with file, line and reason."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Shape = TypeVar("Shape")

_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class KnowledgeFileRefused(ValueError):
    """A damaged knowledge file: `problems` are lines of the form `file:line: reason`."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(" ".join(problem.split()) for problem in problems)
        super().__init__("\n".join(self.problems))


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]
    """YAML without the traps: a key given twice is an error, not a silent overwrite."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refusal("a key must be plain text", key_node)
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                raise _refusal(f"key {key!r} stands twice", key_node)
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
            raise _refusal(f"cannot be read as {node.tag}: {error}", node) from error


def _refusal(reason: str, node: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, reason, node.start_mark)


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

    def problem(self, location: Sequence[int | str], reason: str) -> str:
        """Write a problem of what stands at `location`, with its line."""
        plain_line = location[0] + 1 if location and isinstance(location[0], int) else 1
        line = plain_line if self.yaml is None else _line(self._root, location)
        return f"{self.name}:{line}: {reason}"


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
        raise KnowledgeFileRefused([f"{name}:1: {type(error).__name__}: {error}"]) from error
    return ReadFile(name, content, text)


def plain_data(name: str, text: str) -> Any:
    """What a YAML text that somebody typed holds, as JSON knows it; raises `KnowledgeFileRefused`.

    Repetition by reference is refused: a few lines of it can stand for more than any memory holds.
    """
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _SafeLoader)):
            raise KnowledgeFileRefused([f"{name}:1: refers to another place (*…)"])
    except yaml.YAMLError as error:
        raise _yaml_refused(name, text, error) from error
    data = _parsed(name, text)
    try:
        return json.loads(json.dumps(data, default=str))
    except (RecursionError, TypeError, ValueError) as error:
        raise KnowledgeFileRefused([f"{name}:1: {error}"]) from error


def line_of(text: str, location: Iterable[int | str]) -> int:
    """The line, counted from 1, of what stands at a place of a YAML text."""
    return _line(yaml.compose(text, _SafeLoader), location)


def read_text(path: Path, name: str | None = None) -> str:
    """Read a text with its line ends as they are; raises `KnowledgeFileRefused`."""
    name = name or path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise KnowledgeFileRefused([f"{name}:1: cannot be read: {error.strerror}"]) from error
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise KnowledgeFileRefused([f"{name}:{line}: cannot be read: {error}"]) from error


def _parsed(name: str, text: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except _MISREAD:
        pass
    except yaml.YAMLError as error:
        raise _yaml_refused(name, text, error) from error
    except RecursionError as error:
        raise KnowledgeFileRefused([f"{name}:1: nested too deeply"]) from error
    try:
        return yaml.load(text, _LocatingLoader)
    except yaml.YAMLError as error:
        raise _yaml_refused(name, text, error) from error


def _yaml_refused(name: str, text: str, error: yaml.YAMLError) -> KnowledgeFileRefused:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
    reason = getattr(error, "problem", None) or str(error)
    return KnowledgeFileRefused([f"{name}:{line}: {reason}"])


def _located(name: str, text: str, error: ValidationError) -> list[str]:
    root = yaml.compose(text, _SafeLoader)
    return [
        f"{name}:{_line(root, problem['loc'])}: "
        f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}"
        for problem in error.errors()
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
