"""The rules of the library: complete, quoted, on the facts they should rest on, and right."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.clauses import PREAMBLE
from knowledge.eligibility.personas import Persona, evaluate, read_personas
from knowledge.eligibility.rules import Assessed, Comparison, Leaf, statements
from knowledge.eligibility.sentences import rule_leaves
from knowledge.eligibility.verdicts import Outcome
from knowledge.files import dump_model
from knowledge.library import Library
from knowledge.measures import Audience, Measure

ROOT = Path(__file__).parents[3]
PERSONAS = sorted((ROOT / "evaluation" / "personas").glob("*.jsonl"))
USED_BY = Path(__file__).with_name("used_by.tsv")


def _leaves(library: Library) -> Iterator[tuple[Measure, Leaf]]:
    for measure in library.measures.values():
        for leaf in rule_leaves(measure):
            yield measure, leaf


def test_every_measure_has_a_rule_unless_it_is_for_the_government(library: Library) -> None:
    for measure in library.measures.values():
        assert (measure.rule is None) is (measure.audience is Audience.GOVERNMENT), measure.id
    assert sum(m.rule is None for m in library.measures.values()) == 6
    assert len(library.rules.criteria) == 112
    assert not [c.measure.id for c in library.rules.criteria.values() if c.broken]


def _stands(library: Library, measure: Measure, leaf: Leaf, quote: str) -> bool:
    document = library.documents[measure.document]
    if quote in document.source_text(leaf.locator or measure.locator):
        return True
    return leaf.locator is None and quote in document.source_text(PREAMBLE)


def test_every_condition_quotes_its_clause(library: Library) -> None:
    wrong = [
        f"{measure.id}: {leaf.quote}"
        for measure, leaf in _leaves(library)
        if not _stands(library, measure, leaf, leaf.quote)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_quote_with_one_character_changed_would_be_noticed(library: Library) -> None:
    for measure, leaf in _leaves(library):
        middle = len(leaf.quote) // 2
        changed = f"{leaf.quote[:middle]}※{leaf.quote[middle + 1 :]}"
        assert not _stands(library, measure, leaf, changed)


_PLAIN = re.compile(r"[A-Za-z_]{2,}")


def test_every_condition_is_said_in_plain_chinese(library: Library) -> None:
    for measure, leaf in _leaves(library):
        assert not _PLAIN.search(leaf.say), f"{measure.id}: {leaf.say}"
        assert len(leaf.say) <= 80, f"{measure.id}: {leaf.say}"


def test_what_a_person_may_only_declare_is_marked(library: Library) -> None:
    judged = {
        leaf.fact
        for _, leaf in _leaves(library)
        if isinstance(leaf, Comparison) and leaf.judged
    }  # fmt: skip
    assert "living_hardship" in judged
    by_authority = {m.id for m, leaf in _leaves(library) if isinstance(leaf, Assessed)}
    assert "shishi-1c" in by_authority


def test_every_rule_comes_back_from_its_edition_unchanged(library: Library) -> None:
    for measure in library.measures.values():
        again = Measure.model_validate(dump_model(measure))
        assert again.rule == measure.rule and again.grants == measure.grants, measure.id
        assert measure.rule is None or again.conditions == statements(measure.rule)


# -- what each rule rests on ----------------------------------------------------------------------


def _used(library: Library) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The facts of each rule and those that only change what is given, as drawn up."""
    of_rule: dict[str, set[str]] = defaultdict(set)
    of_grants: dict[str, set[str]] = defaultdict(set)
    for line in USED_BY.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        fact, used_by = line.split("\t")
        for named in used_by.split(","):
            if named == "*":
                for id in library.rules.criteria:
                    of_rule[id].add(fact)
            elif named.endswith("(amount)"):
                of_grants[named.removesuffix("(amount)")].add(fact)
            else:
                of_rule[named].add(fact)
    return of_rule, of_grants


def test_every_rule_rests_on_the_facts_that_were_drawn_up_for_it(library: Library) -> None:
    of_rule, of_grants = _used(library)
    assert set(of_rule) == set(library.rules.criteria)
    for id, criteria in library.rules.criteria.items():
        assert set(criteria.facts) == of_rule[id], id
        assert set(criteria.facts_of_grants) == of_grants.get(id, set()), id


def test_every_fact_of_the_vocabulary_is_used(library: Library) -> None:
    of_rule, of_grants = _used(library)
    drawn_up = set().union(*of_rule.values(), *of_grants.values())
    assert set(library.facts) == drawn_up
    assert set(library.rules.facts_of(library.rules.criteria.values())) == drawn_up


# -- expected outcomes ----------------------------------------------------------------------------


def _personas(library: Library, path: Path) -> list[Persona]:
    with path.open(encoding="utf-8") as file:
        return list(read_personas(path.name, file, library))


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
def test_every_persona_comes_out_as_expected(library: Library, path: Path) -> None:
    score = evaluate(_personas(library, path), library)
    assert not [
        f"{miss.persona.id} {miss.measure} {miss.what}: wants {miss.wanted}, is {miss.found}"
        for miss in score.misses
    ]
    assert score.share() == 1 and score.total["all"] > 100


def test_a_persona_that_is_expected_to_come_out_otherwise_would_be_noticed(
    library: Library,
) -> None:
    for path in PERSONAS:
        for persona in _personas(library, path)[::10]:
            for id, outcome in persona.expect.items():
                for other in set(Outcome) - {outcome}:
                    wrong = persona.model_copy(update={"expect": {id: other}, "missing": {}})
                    (miss,) = evaluate([wrong], library).misses
                    assert (miss.measure, miss.found) == (id, outcome)


def test_the_personas_reach_every_rule(library: Library) -> None:
    reached: dict[str, set[str]] = defaultdict(set)
    for path in PERSONAS:
        for persona in _personas(library, path):
            for id, outcome in persona.expect.items():
                reached[id].add(outcome)
    paying = [
        m.id
        for m in library.measures.values()
        if m.id in library.rules.criteria
        and any(g.amount and g.amount.unit == "元" for g in m.grants)
    ]
    assert len(paying) >= 15
    for id in paying:
        assert reached[id] == {"eligible", "ineligible", "undetermined"}, id
