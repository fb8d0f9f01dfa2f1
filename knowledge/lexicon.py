"""Everyday words for policy words: dialect, English, mistypings, and what colloquial words mean."""

import re
from collections.abc import Hashable, Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from knowledge.entries import Entry, Text
from knowledge.faults import Code, Fault, refused

_FOREIGN = "\x01"
"""Stands on both sides of a foreign word while it is being replaced."""
# Spaces that only stood between foreign words; others part one sentence from the next.
_GAP = re.compile(
    f"{_FOREIGN} *{_FOREIGN}|(?<=[\u4e00-\u9fff]) +{_FOREIGN}"
    f"|{_FOREIGN} +(?=[\u4e00-\u9fff])|{_FOREIGN}"
)
_WORD = "[^\\W_]"
_START = 2
"""Characters by which forms of terms are looked up."""


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
            raise refused(Fault(Code.REPLACED_BY_ITSELF, {"form": self.form}))
        return self

    @property
    def after_first(self) -> str:
        """A regular expression for all but the first character, with the conditions.

        English counts only as a whole word, with or without plural s.
        """
        form = _escaped(self.form)
        parts = [_escaped(self.form[1:])]
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
            if twice := tuple(map(str, repeated(forms))):
                raise refused(Fault(Code.STAND_TWICE, {"forms": twice}))
        return self


class Lexicon:
    """The forms made ready to be looked up; texts are normalised (Simplified, lower case)."""

    def __init__(self, entry: LexiconEntry) -> None:
        longest_first = sorted(entry.rewrites, key=lambda r: -len(r.form))
        self._replacements = {_straight(r.form): r.to for r in longest_first}
        by_first: dict[str, list[str]] = {}
        for r in longest_first:
            by_first.setdefault(r.form[0], []).append(r.after_first)
        # Grouped by first character: `re` then tries a few hundred branches, not every form.
        groups = (f"{_escaped(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
        self._any = re.compile("|".join(groups) or "(?!)")
        self.policy_terms = tuple(t.term for t in entry.terms)
        # Some thousand forms: only those are compared that begin with what stands at a place.
        self._forms: dict[str, list[tuple[str, int]]] = {}
        for number, t in enumerate(entry.terms):
            for form in t.forms:
                self._forms.setdefault(form[:_START], []).append((form, number))

    def rewrite(self, text: str) -> str:
        """Return the text in standard words; what was replaced once is not looked at again."""
        rewritten, count = self._any.subn(self._replacement, text)
        return _GAP.sub("", rewritten).strip() if count else text

    def terms(self, text: str) -> tuple[str, ...]:
        """Return the terms that the text means and does not name, in the order of the file."""
        meant: set[int] = set()
        for length in range(1, _START + 1):
            for place in range(len(text) - length + 1):
                forms = self._forms.get(text[place : place + length])
                if forms is not None:
                    meant.update(n for form, n in forms if text.startswith(form, place))
        return tuple(
            self.policy_terms[n] for n in sorted(meant) if self.policy_terms[n] not in text
        )

    def _replacement(self, match: re.Match[str]) -> str:
        form = _straight(match[0])
        # The plural s is no part of the form.
        to = self._replacements[form if form in self._replacements else form.removesuffix("s")]
        return f"{_FOREIGN}{to}{_FOREIGN}" if form[0].isascii() else to


def _escaped(text: str) -> str:
    return re.escape(_straight(text)).replace("'", "['’]")


def _straight(text: str) -> str:
    """A text in which each apostrophe is the one of typewriters."""
    return text.replace("’", "'")


def repeated(items: Iterable[Hashable]) -> list[Hashable]:
    """Return the items that stand more than once, in order of their second place."""
    seen: set[Hashable] = set()
    twice: dict[Hashable, None] = {}
    for item in items:
        if item in seen:
            twice[item] = None
        seen.add(item)
    return list(twice)
