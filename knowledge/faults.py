"""What can be wrong with knowledge: each by a code with its values, and where in which piece.

Whoever finds something gives code and values as plain data. The English of the command line and of
logs is made of them here, the Chinese of the desk in `server.console.fault_words`; nobody reads
either of them back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Location = tuple[str | int, ...]
"""The steps that lead to a place inside a piece."""

Value = str | int | tuple[str, ...]

_FIELD = "{field}: "
"""Begins the English of what does not name the field itself that it is about."""


class Code(StrEnum):
    """Everything that we find wrong ourselves, with its English."""

    english: str

    def __new__(cls, code: str, english: str) -> "Code":
        member = str.__new__(cls, code)
        member._value_ = code
        member.english = english
        return member

    UNFORESEEN = "unforeseen", "{error}"

    # Whether the pieces of a library fit together.
    NO_SUCH_KIND = "no_such_kind", "no such kind of edition: {kind}"
    NAMED_OTHERWISE = "named_otherwise", "is called {named}, not {key}"
    NO_PIECE = "no_piece", "there is no {kind}"
    NO_WHOLE = "no_whole", "the {kind} are missing"
    NO_ENTRY = "no_entry", "the entry {entry} is missing"
    NO_DISTRESS = "no_distress", "there is no kind of distress"
    NO_WORDS_OF_DISTRESS = "no_words_of_distress", "no sentences of distress"
    NOT_THERE = "not_there", "no {what} {name}"
    LIES_IN_ITSELF = "lies_in_itself", "lies in itself"
    NO_PLACE = "no_place", "there is no place"
    NOT_THREE_COLUMNS = "not_three_columns", "{count} columns, not 3"
    NOT_A_CITY = "not_a_city", "not a province or city: {place!r}"
    NOT_A_PLACE = "not_a_place", "not a place: {places!r}"
    CORRECTION_MISSES = "correction_misses", "{before!r} stands {count} times, not once"

    # The bot's fixed sentences.
    NO_SENTENCE = "no_sentence", "the sentence {sentence} is missing"
    NO_NAME = "no_name", "the name of {detail} is missing"
    NO_FIRST_TOPICS = "no_first_topics", "no first topics"
    LONE_BRACE = "lone_brace", "{sentence}: {error}"
    NOT_A_PLAIN_NAME = "not_a_plain_name", "{sentence}: only plain names may stand in braces"
    GAP_MISSING = "gap_missing", "{sentence}: {missing} is missing"
    GAP_NOT_FILLED = "gap_not_filled", "{sentence}: {odd} is not filled in"
    GAP_OTHERWISE = "gap_otherwise", "{sentence}: {odd} is not filled in; {missing} is missing"

    # Rules.
    RULE_OF_GOVERNMENT = "rule_of_government", "a measure for the government has no rule"
    NO_RULE = "no_rule", "{field}: there is no rule"
    NO_FACT = "no_fact", "{field}: no fact {fact}"
    NO_OPTION = "no_option", "{field}: {fact} has no option {options}"
    NO_SUCH_BOUNDS = "no_such_bounds", "{field}: {fact} is a {type} and has no such bounds"
    NOT_YES_OR_NO = "not_yes_or_no", "{field}: {fact} is true or false"
    NOT_COMPARED_SO = "not_compared_so", "{field}: {fact} is a {type} and is not compared like this"
    MEETS_NOTHING = "meets_nothing", "{field}: {measure} has no rule"
    RESTS_ON_ITSELF = "rests_on_itself", "{field}: {measure} rests on itself"
    EVERYONE_BESIDE_OTHERS = (
        "everyone_beside_others",
        "{field}: everyone stands beside other conditions, or a list is empty",
    )
    NOBODY = "nobody", "{field}: nobody is meant"
    CONTRADICTS_ITSELF = "contradicts_itself", "{field}: contradicts itself: nobody can meet it"
    SAYS_NOTHING = "says_nothing", "{field}: says nothing: nobody can fail it"
    TOO_BRANCHED = "too_branched", "{field}: too branched to check: {count} alternatives"
    NO_OTHER_MEASURE = "no_other_measure", "{field}: no other measure {measure}"

    # Whether what is written is what the documents say.
    CHARACTER_LOST = "character_lost", "a lost character is left at {at}"
    DATE_WORDS_MISSING = "date_words_missing", "the date's words {words!r} are not in the page"
    NOT_THE_DATE = "not_the_date", "{date} is not the date of {words!r}"
    STATES_UNQUOTED = "states_unquoted", "states {aspect}: not in clause {clause}: {quote}"
    STATES_UNSTATED = "states_unstated", "states {aspect}: {figure} is not in its clause"
    NO_CLAUSE = "no_clause", "{document} has no clause {clause}"
    CLAUSE_TWICE = (
        "clause_twice",
        "two clauses begin with {clause}, which can't be told apart: a heading has to name one",
    )
    MARKED_WITHOUT_CLAUSE = "marked_without_clause", "marked clause {clause} does not exist"
    MARKED_WITH_MEASURE = (
        "marked_with_measure",
        "clause {clause} is marked as no measure but has one",
    )
    NOBODYS_CLAUSE = (
        "nobodys_clause",
        "clause {clause} belongs to no measure and is not marked",
    )
    NOT_IN_CLAUSE = "not_in_clause", "{field}: not in clause {clause}: {quote}"
    FIGURE_NOT_IN_CLAUSE = (
        "figure_not_in_clause",
        "{field}: {figure} is not in the clause: {text}",
    )
    NOT_IN_QUOTE = "not_in_quote", "{field}: {words} is not in {quote}"
    NOT_THE_FIRST_DAY = (
        "not_the_first_day",
        "{field}: nothing gives {day} as the first day: {quote}",
    )
    NOT_THE_LAST_DAY = (
        "not_the_last_day",
        "{field}: nothing gives {day} as the last day: {quote}",
    )
    DAY_FAR_AWAY = (
        "day_far_away",
        "{field}: {day} lies more than {years} years from the document's {dated}",
    )
    ADVICE_ON_NOTHING = "advice_on_nothing", "{field}: the rule asks nothing of {fact}"
    READ_NEITHER_WAY = "read_neither_way", "{clause}: read neither way: {sentence}"
    NO_CONDITION_IN_RULE = (
        "no_condition_in_rule",
        "{clause}: no condition, but a rule rests on it: {sentence}",
    )
    NOT_ONE_SENTENCE = (
        "not_one_sentence",
        "{clause}: not in one sentence but in {count}: {words}",
    )
    NO_CHECKLIST = "no_checklist", "has no list of materials"
    SAME_QUESTION = "same_question", "the same question stands at {others}: {question}"
    NOT_CONFIRMED = "not_confirmed", "changed by cleaning and not confirmed: {words} {context}"
    CATALOGUE_MISSES_IT = "catalogue_misses_it", "not in the catalogue"
    MISSES_OF_CATALOGUE = "misses_of_catalogue", "missing"
    CATALOGUE_SAYS = "catalogue_says", "{name} is {value}, the catalogue says {listed}"

    # What validators refuse in one piece by itself.
    PATTERN_BROKEN = "pattern_broken", "not a regular expression: {error}: {pattern}"
    PATTERN_FITS_ALL = "pattern_fits_all", "is found in every text, also in none: {pattern}"
    PATTERN_ENDLESS = "pattern_endless", "searches for ever in {text}: {pattern}"
    NO_FILE_NAME = "no_file_name", "can't be the name of a file: {id}"
    STAND_TWICE = "stand_twice", "stand twice: {forms}"
    REPLACED_BY_ITSELF = "replaced_by_itself", "{form} is replaced by itself"
    ASK_OR_REPLY = "ask_or_reply", "either ask or reply, and not both"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins", "validity ends before it begins"
    STATED_AND_NOT_STATED = (
        "stated_and_not_stated",
        "both stated and not stated: {aspects}",
    )
    NEITHER_STATED_NOR_NOT = (
        "neither_stated_nor_not",
        "neither stated nor marked not stated: {aspects}",
    )
    NO_KIND_OF_RULE = (
        "rule",
        "a rule has one of: fact, assessed_by, everyone, meets, all, any, not",
    )
    NOT_COMPARED_IN_ONE_WAY = (
        "not_compared_in_one_way",
        "compare in one way: is, in, has, or at_least and at_most",
    )
    BOUNDS_OF_TWO_TYPES = "bounds_of_two_types", "the bounds are of different types"
    BOUNDS_REVERSED = "bounds_reversed", "at_least is more than at_most"
    EVERYONE_DENIED = "everyone_denied", "everyone is true or not written"
    MATERIAL_TWICE = "material_twice", "a kind stands twice"
    COUNTS_REVERSED = "counts_reversed", "at least more than at most"
    OPTIONS_UNFIT = "options_unfit", "a choice has options, and nothing else has"
    OPTION_TWICE = "option_twice", "an option stands twice"
    LIMITS_UNFIT = "limits_unfit", "an integer has least and most, and nothing else has"
    YES_AND_NO_UNFIT = (
        "yes_and_no_unfit",
        "only what is asked with yes or no has words for it",
    )
    NUMBERS_UNFIT = "numbers_unfit", "only an integer has words for numbers"
    NUMBER_IMPOSSIBLE = "number_impossible", "a word stands for a number that can't be"
    NOT_A_FACT = "not_a_fact", "{fact} is the day of the check, not a fact"

    # Files that can't be read.
    NOT_YAML = "not_yaml", "{error}"
    KEY_NOT_PLAIN = "key_not_plain", "a key must be plain text"
    KEY_TWICE = "key_twice", "key {key!r} stands twice"
    NOT_READ_AS = "not_read_as", "cannot be read as {tag}: {error}"
    REFERS_ELSEWHERE = "refers_elsewhere", "refers to another place (*…)"
    NESTED_TOO_DEEPLY = "nested_too_deeply", "nested too deeply"
    FILE_UNREADABLE = "file_unreadable", "cannot be read: {error}"
    FILE_EMPTY = "file_empty", "is empty"
    NO_FILES = "no_files", "no *.yaml here"
    NOTHING_ABOUT_IT = "nothing_about_it", "there is no {file} beside it"
    ID_TWICE = "id_twice", "{id} stands twice"
    NO_KNOWLEDGE_FILE = "no_knowledge_file", "is no knowledge file"
    FILE_CUT = "file_cut", "is not as long as it says"
    FILE_TWICE = "file_twice", "a file stands twice"
    ZIP_BROKEN = "zip_broken", "{error}"
    TOO_MANY_FILES = "too_many_files", "{count} files, {most} at most"
    UNPACKED_TOO_LARGE = "unpacked_too_large", "unpacked more than {most} bytes"
    UPLOAD_TOO_LARGE = "upload_too_large", "more than {most} bytes"
    TOO_HARD_TO_READ = "too_hard_to_read", "takes too much time or memory to read"

    # What a reply or a verdict is, where another would be right.
    OTHER_KIND = "other_kind", "kind {answered}"
    NO_MEASURES = "no_measures", "measures none"
    OTHER_MEASURES = "other_measures", "measures {measures}"
    NOT_SAID = "not_said", "lacks {words}"
    OTHER_VERDICT = "other_verdict", "{part}: {found}, not {wanted}"
    TOLD_EARLIER = "told_earlier", "{words}"


_ENGLISH: Mapping[str, str] = {code.value: code.english for code in Code}
_MESSAGE = "message"
_FORMS = frozenset({"comparison", "assessed", "everyone", "meets", "all", "any", "not"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a `Code` with the values of its words.

    Or a type of Pydantic's own, whose only value is the `message` that it has for it.
    """

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.told()

    def told(self, field: str = "") -> str:
        """It in English, behind the field that it is about."""
        english = _ENGLISH.get(self.code, f"{{{_MESSAGE}}}")
        if not field:
            english = english.removeprefix(_FIELD)
        values = {name: _listed(value) for name, value in self.values.items()}
        return english.format(**values, field=field)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stands against a piece: the place inside it, and what is wrong there.

    An empty `key` stands for all pieces of the kind, an empty `kind` for the whole release.
    """

    kind: str
    key: str
    location: Location
    fault: Fault

    @property
    def reason(self) -> str:
        """What is wrong, in English."""
        return self.fault.told(".".join(s for s in self.location if isinstance(s, str)))

    def __str__(self) -> str:
        return f"{self.key if self.key not in ('', 'all') else self.kind}: {self.reason}"


def refused(fault: Fault) -> PydanticCustomError:
    """The error by which a validator tells of a fault; `of_pydantic` gives it back."""
    return PydanticCustomError(fault.code, str(fault), dict(fault.values))


def of_pydantic(found: "ErrorDetails") -> Fault:
    """The fault of one error of Pydantic's."""
    own = found["type"] in _ENGLISH
    return Fault(found["type"], found.get("ctx", {}) if own else {_MESSAGE: found["msg"]})


def location_of(found: "ErrorDetails") -> Location:
    """Where the error of Pydantic's is, without the steps that name which form of rule was tried.

    Of «rule.all.all.0», the first `all` names the form, the second the field.
    """
    kept: list[int | str] = []
    in_rule = expects_form = False
    for step in found["loc"]:
        if expects_form and step in _FORMS:
            expects_form = False
            continue
        kept.append(step)
        in_rule = in_rule or step in ("rule", "when")
        expects_form = in_rule and (isinstance(step, int) or step in ("rule", "when", "not"))
    return tuple(kept)


def unforeseen(error: Exception) -> Fault:
    """What nobody foresaw: the validators run what a piece holds, regular expressions for one."""
    return Fault(Code.UNFORESEEN, {"error": f"{type(error).__name__}: {error}"})


def _listed(value: Value) -> str | int:
    return ", ".join(value) if isinstance(value, tuple) else value
