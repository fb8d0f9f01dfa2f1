"""Reading knowledge files (YAML): a file is taken whole or refused with file, line and reason."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

Shape = TypeVar("Shape")

_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class KnowledgeFileRefused(ValueError):
    """A damaged knowledge file: `problems` are lines of the form `file:line: reason`."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]
    """YAML without the traps: a key given twice is an error, not a silent overwrite."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice", key_node.start_mark
                )
            keys.add(key)
        return dict(super().construct_mapping(node, deep=deep))


def read_yaml(path: Path, shape: type[Shape]) -> Shape:
    """Read one file into `shape` (a Pydantic model or any type Pydantic can check).

    Raises `KnowledgeFileRefused` with every problem of the file, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeFileRefused([f"{path.name}:1: cannot be read: {error}"]) from error
    try:
        data = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        reason = getattr(error, "problem", None) or str(error)
        raise KnowledgeFileRefused([f"{path.name}:{line}: {reason}"]) from error
    try:
        return TypeAdapter(shape).validate_python(data)
    except ValidationError as error:
        raise KnowledgeFileRefused(_located(path.name, text, error)) from error


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
