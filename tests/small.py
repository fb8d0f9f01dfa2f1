"""A small knowledge base for tests that index it often: two towns, few questions."""

from knowledge.library import Edition, Library

_DOCUMENTS = ("shishi", "jinzhou")
_QUESTIONS = 6
_EXAMPLES = 12


def small_editions(library: Library) -> list[Edition]:
    """The program's knowledge of two towns, each piece with a few of its questions."""
    found: list[Edition] = []
    kept = {m.id for m in library.measures.values() if m.document in _DOCUMENTS}
    for kind, key, content in library.editions:
        piece = dict(content)
        if kind == "document" and key not in _DOCUMENTS:
            continue
        if kind in ("measure", "checklist") and key not in kept:
            continue
        if kind == "measure":
            piece["similar"] = piece["similar"][:_QUESTIONS]
            piece["unanswered"] = piece["unanswered"][:_QUESTIONS]
        if kind in ("topic", "outside"):
            piece["questions"] = piece["questions"][:_EXAMPLES]
        if kind == "care_sentences":
            piece["heard"] = {k: v[:_EXAMPLES] for k, v in piece["heard"].items()}
            piece["ordinary"] = piece["ordinary"][:_EXAMPLES]
        found.append((kind, key, piece))
    return found
