"""From a question to an answer: an ordered list of small steps, each gives an answer or nothing."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from bot import (
    about_documents,
    about_the_service,
    caring,
    choosing,
    clause_numbers,
    gates,
    going_on,
    left_open,
    replying,
    several,
)
from bot.answers import Answer, Context
from bot.retrieval.indexing import IndexedLibrary
from bot.self_check import dialogue, starting
from bot.turn import Turn

Step = Callable[[Turn], Answer | None]

STEPS: tuple[Step, ...] = (
    caring.too_long,
    caring.distress,
    caring.wish_for_person,
    dialogue.answer_to_question,
    caring.empty,
    going_on.surely_outside,
    going_on.goes_on,
    caring.small_talk,
    caring.helpline,
    about_the_service.service_asked_for,
    choosing.number_out_of_range,
    starting.start,
    caring.sounds_like_distress,
    gates.place_not_covered,
    several.several_places,
    gates.no_words,
    clause_numbers.clause_asked_for,
    about_documents.document_asked_for,
    choosing.something_else,
    choosing.overview,
    choosing.no_subject,
    several.several_questions,
    choosing.help_for_lost_work,
    gates.outside,
    choosing.any_help_after_a_story,
    gates.not_understood,
    choosing.which_place,
    gates.not_in_this_place,
    starting.start_for_subject,
    left_open.aspect_not_stated,
    replying.from_the_documents,
)


def answer(
    question: str,
    indexed: IndexedLibrary,
    context: Context,
    *,
    today: date,
    chosen: str | None = None,
    spoken: bool = False,
) -> Answer:
    """Answer one message; the same arguments always give the same reply.

    `chosen` is the place picked in the app, `today` an Asia/Shanghai day; `spoken` says that a
    machine wrote the message down from speech. Raises
    `knowledge.regions.UnknownRegion` where `chosen` is no region of the library.
    """
    return last_of(steps(turn_of(question, indexed, context, today, chosen, spoken=spoken)))


def turn_of(
    question: str,
    indexed: IndexedLibrary,
    context: Context,
    today: date,
    chosen: str | None,
    *,
    spoken: bool = False,
) -> Turn:
    """The turn that a message is; raises `UnknownRegion` as `answer` does."""
    if chosen is not None:
        indexed.library.regions.get(chosen)
    question = question[: caring.LONGEST_MESSAGE + 1]
    message = clause_numbers.spelled_out(question, indexed.library, context)
    turn = Turn(message, indexed, context, chosen, today, spoken=spoken)
    if len(question) <= caring.LONGEST_MESSAGE:
        turn = choosing.taken_choice(turn)
    return turn


def steps(turn: Turn) -> Iterator[tuple[Step, Answer | None]]:
    """Go down the list to the step that answers; the last one always does."""
    for step in STEPS:
        reply = step(turn)
        if reply is not None:
            reply = dialogue.with_reminder(turn, reply)
        yield step, reply
        if reply is not None:
            return
    yield gates.no_answer, dialogue.with_reminder(turn, gates.no_answer(turn))


def last_of(gone: Iterable[tuple[Step, Answer | None]]) -> Answer:
    """The answer at the end of the steps."""
    *_, (_, reply) = gone
    assert reply is not None
    return reply
