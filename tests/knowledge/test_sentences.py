"""The sentences that must be there are exactly those that the bot says."""

import ast
import copy
from collections.abc import Iterable, Iterator

from knowledge.library import DATA, Library
from knowledge.sentences import PLACEHOLDERS, SAID_LATER

# What every release ever stored has a sentence of its own for.
_FROM_THE_FIRST = """
empty too_long who conditions where phone closed not_yet until open_ended open_ended_undated
deadline_closed deadline_open deadline_from deadline_unknown also quote source document
only_here part_covered in_region none_in_region not_covered_too which_place which_one choice
elsewhere number_range number_alone over place_not_covered place_near ask_locally outside
outside_region not_in_region elsewhere_has not_stated known_nearby not_understood
not_understood_help ask_unit helpline helpline_source local_hotline overview check_suggestion
check_start check_start_region check_for_other check_help check_still check_question
check_question_of_many check_yes check_no check_unsure check_none_of_these check_back check_stop
check_go_on check_several check_several_or_none check_number check_month check_day
check_not_read check_number_range check_not_possible check_year_missing check_not_yet check_why
check_why_of_many check_first check_paused check_stopped check_left check_region check_eligible
check_ineligible check_only_worker check_only_child check_only_employer check_failed
check_change check_needed check_undetermined check_assessed check_assessed_note check_verify
check_reviewed check_amount check_up_to check_nothing_open check_not_open check_group_eligible
check_group_near check_group_unknown check_group_failed check_group_over check_missing
check_not_listed check_more check_no_end check_nothing
"""


def _said() -> Iterator[tuple[set[str], set[str]]]:
    """Yield for every call of `say` the names it may have and what it fills in."""
    for path in sorted((DATA.parents[1] / "bot").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                strings = set(_strings(ast.walk(function)))
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and _is(call, "say"):
                        yield _names(call, strings), _filled(call)
                    elif isinstance(call, ast.Call) and _is(call, "say_as_is"):
                        name = _names(call, strings)
                        yield name, {gap for each in name for gap in PLACEHOLDERS[each]}


def _strings(nodes: Iterable[ast.AST | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _is(call: ast.Call, function: str) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == function


def _names(call: ast.Call, strings: set[str]) -> set[str]:
    # Where it is not written here, the name is chosen further up in the function.
    return set(_strings(call.args[:1])) or strings.intersection(PLACEHOLDERS)


def _filled(call: ast.Call) -> set[str]:
    filled = {keyword.arg for keyword in call.keywords if keyword.arg}
    for keyword in call.keywords:
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            filled.update(_strings(keyword.value.keys))
    return filled


def test_the_sentences_are_those_that_the_bot_says() -> None:
    said = list(_said())
    assert set().union(*(names for names, _ in said)) == set(PLACEHOLDERS)
    for names, filled in said:
        if len(names) == 1:
            assert filled >= set(PLACEHOLDERS[next(iter(names))]), names
        else:
            assert any(filled >= set(PLACEHOLDERS[name]) for name in names), names


def test_a_release_of_before_there_were_these_sentences_and_gaps_is_read_and_says_them(
    library: Library,
) -> None:
    """One that officers published stays in force when a new version of the program comes."""
    before = {kind: copy.deepcopy(content) for kind, _, content in library.editions
              if kind in ("sentences", "aspects")}  # fmt: skip
    for name in SAID_LATER:
        del before["sentences"]["text"][name]
    before["aspects"]["rules"][0]["patterns"].append("[^。?!]{0,8}一共几个")
    stored = Library((k, name, before.get(k, content)) for k, name, content in library.editions)
    for name, text in SAID_LATER.items():
        assert stored.sentences.said(name) == library.sentences.text[name] == text


def test_a_sentence_that_the_bot_says_from_now_on_has_words_for_the_releases_of_before() -> None:
    """The one in force may be of before: it would be refused, and nobody answered any more."""
    assert set(PLACEHOLDERS) - set(SAID_LATER) == set(_FROM_THE_FIRST.split())
