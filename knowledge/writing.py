"""Writing a library as knowledge files, in the layout that `read_library` takes back."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from knowledge.library import Edition

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_LISTS = {
    "topic": "topics.yaml",
    "outside": "outside.yaml",
    "fact": "facts.yaml",
    "helpline": "helplines.yaml",
    "care": "care.yaml",
    "small_talk": "small_talk.yaml",
    "region": "regions.yaml",
    "material": "materials.yaml",
    "checklist": "checklists.yaml",
}
_WHOLES = {
    "lexicon": "lexicon.yaml",
    "sentences": "sentences.yaml",
    "aspects": "aspects.yaml",
    "care_sentences": "care_sentences.yaml",
}


def file_texts(editions: Iterable[Edition]) -> dict[str, str]:
    """The files of a release: the text of each by its path, parted by `/`."""
    files: dict[str, Any] = {}
    lists: dict[str, list[Any]] = defaultdict(list)
    texts: dict[str, str] = {}
    for kind, key, content in editions:
        if kind == "document":
            files[f"documents/{key}.yaml"] = content["about"]
            texts[f"documents/{key}.txt"] = content["raw"]
        elif kind == "measure":
            lists[f"measures/{content['region']}.yaml"].append(content)
        elif kind in _LISTS:
            lists[_LISTS[kind]].append(content)
        elif kind == "places_not_covered":
            texts["places_not_covered.tsv"] = "\n".join(content["lines"]) + "\n"
        else:
            files[_WHOLES[kind]] = content
    for path, data in {**files, **lists}.items():
        texts[path] = as_yaml(data)
    return texts


def as_yaml(data: Any) -> str:
    """Plain data as the text of a knowledge file."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def write_library(editions: Iterable[Edition], folder: Path) -> list[Path]:
    """Write the files of a release into an empty or missing folder; returns their paths.

    Raises `FileExistsError` where something is there already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    texts = {folder / path: text for path, text in file_texts(editions).items()}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        # As bytes: the raw documents keep their line ends.
        path.write_bytes(text.encode())
    return sorted(texts)
