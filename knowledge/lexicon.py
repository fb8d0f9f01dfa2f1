"""Everyday words for policy words: dialect, English, mistypings, and what colloquial words mean."""

import re
from collections.abc import Callable, Hashable, Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from knowledge.measures import Entry, Text

# Spaces that only stood between foreign words.
_GAP = re.compile(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])")
_WORD = "[^\\W_]"


class Kind(StrEnum):
    """Where a form comes from."""

    CANTONESE = "cantonese"
    MINNAN = "minnan"
    NORTHERN = "northern"
    SOUTHWEST = "southwest"
    WU = "wu"
    ENGLISH = "english"
    SLANG = "slang"
    TYPO = "typo"


class Rewrite(Entry):
    """A form that is replaced by standard words wherever it stands.

    It stays where one of the characters of `not_after` stands before it or one of `not_before`
    behind it, and with `at_end` unless a sentence ends there. An empty `to` takes it away.
    """

    form: Text
    to: str
    kind: Kind
    not_after: Text | None = None
    not_before: Text | None = None
    at_end: bool = False

    @model_validator(mode="after")
    def _changes_something(self) -> "Rewrite":
        if self.form == self.to:
            raise ValueError(f"{self.form} is replaced by itself")
        return self

    @property
    def pattern(self) -> str:
        """A regular expression for it; English only as a whole word, with or without plural s."""
        # It begins with the form itself: so `re` skips by the first characters of all forms.
        form = re.escape(self.form).replace("'", "['’]")
        parts = [form]
        if self.form[0].isascii():
            parts.append(f"(?<![a-z]{form})")
        if self.form[-1].isascii():
            parts.append("s?(?![a-z])")
        if self.not_after:
            parts.append(f"(?<![{re.escape(self.not_after)}]{form})")
        if self.not_before:
            parts.append(f"(?![{re.escape(self.not_before)}])")
        if self.at_end:
            parts.append(f"(?!{_WORD})")
        return "".join(parts)


class Term(Entry):
    """A policy term with the colloquial forms that mean it."""

    term: Text
    forms: Annotated[tuple[Text, ...], Field(min_length=1)]


class LexiconEntry(Entry):
    """The lexicon file."""

    rewrites: tuple[Rewrite, ...]
    terms: tuple[Term, ...]

    @model_validator(mode="after")
    def _every_form_once(self) -> "LexiconEntry":
        for forms in ([r.form for r in self.rewrites], [f for t in self.terms for f in t.forms]):
            twice = repeated(forms)
            if twice:
                raise ValueError(f"stand twice: {', '.join(map(str, twice))}")
        return self


class Lexicon:
    """The forms made ready to be looked up; texts are normalised (Simplified, lower case)."""

    def __init__(self, entry: LexiconEntry) -> None:
        longest_first = sorted(entry.rewrites, key=lambda r: -len(r.form))
        self._replacements = {r.form: r.to for r in longest_first}
        self._any = re.compile("|".join(r.pattern for r in longest_first) or "(?!)")
        self._terms = tuple((t.term, t.forms) for t in entry.terms)

    def rewrite(self, text: str) -> str:
        """Return the text in standard words; what was replaced once is not looked at again."""
        rewritten, count = self._any.subn(self._replacement, text)
        return _GAP.sub("", rewritten).strip() if count else text

    def terms(self, text: str) -> tuple[str, ...]:
        """Return the terms that the text means and does not name, in the order of the file."""
        return tuple(
            term
            for term, forms in self._terms
            if term not in text and any(form in text for form in forms)
        )

    @property
    def _replacement(self) -> Callable[[re.Match[str]], str]:
        replacements = self._replacements

        def replacement(match: re.Match[str]) -> str:
            form = match[0].replace("’", "'")
            to = replacements.get(form)
            return replacements[form.removesuffix("s")] if to is None else to

        return replacement


def repeated(items: Iterable[Hashable]) -> list[Hashable]:
    """Return the items that stand more than once, in order of their second place."""
    seen: set[Hashable] = set()
    twice: dict[Hashable, None] = {}
    for item in items:
        if item in seen:
            twice[item] = None
        seen.add(item)
    return list(twice)
