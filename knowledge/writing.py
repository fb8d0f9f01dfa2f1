"""Writing a library as knowledge files, in the layout that `read_library` takes back."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from knowledge.library import Edition

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


def write_library(editions: Iterable[Edition], folder: Path) -> list[Path]:
    """Write the files of a release into an empty or missing folder; returns their paths.

    Raises `FileExistsError` where something is there already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    files: dict[Path, Any] = {}
    lists: dict[Path, list[Any]] = defaultdict(list)
    texts: dict[Path, str] = {}
    for kind, key, content in editions:
        if kind == "document":
            files[folder / "documents" / f"{key}.yaml"] = content["about"]
            texts[folder / "documents" / f"{key}.txt"] = content["raw"]
        elif kind == "measure":
            lists[folder / "measures" / f"{content['region']}.yaml"].append(content)
        elif kind in _LISTS:
            lists[folder / _LISTS[kind]].append(content)
        elif kind == "places_not_covered":
            texts[folder / "places_not_covered.tsv"] = "\n".join(content["lines"]) + "\n"
        else:
            files[folder / _WHOLES[kind]] = content
    for path, data in {**files, **lists}.items():
        texts[path] = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        # As bytes: the raw documents keep their line ends.
        path.write_bytes(text.encode())
    return sorted(texts)
