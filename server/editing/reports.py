"""What the gate found of a proposed release, as it is stored and shown."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from knowledge.faults import Code, Fault, Trouble


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_FAULT = TypeAdapter(Fault)


def _as_told(written: Any) -> Any:
    """A report that was stored earlier says it in words: they are shown as they are."""
    if not isinstance(written, str):
        return written
    if not written:
        return None
    try:
        return _FAULT.validate_json(written)
    except ValidationError:
        return Fault(Code.TOLD_EARLIER, {"words": written})


def _as_stored(wrong: Fault | None) -> str:
    """A text: the version before, which an upgrade may have to go back to, reads nothing else."""
    return "" if wrong is None else _FAULT.dump_json(wrong).decode()


_Wrong = Annotated[Fault | None, BeforeValidator(_as_told), PlainSerializer(_as_stored)]


class QuestionResult(_Part):
    """A stored question that only one of two releases answers right."""

    id: str
    turns: tuple[str, ...]
    before: _Wrong
    """What is wrong with the reply of the release in force, None where it is right."""
    after: _Wrong
    reply: str


class TakenOut(_Part):
    """A stored question that is asked no more since the release in force was published."""

    id: str
    turns: tuple[str, ...]


class SwapResult(_Part):
    """A question about one city that got another city's measure."""

    question: str
    place: str
    """'' for a place without documents."""
    measures: tuple[str, ...]
    reply: str


class PersonaResult(_Part):
    """A stored person for whom only one of two releases comes out right."""

    id: str
    measure: str
    before: _Wrong
    after: _Wrong


class Changed(_Part):
    """One piece that is new, gone or changed."""

    sort: Literal["new", "gone", "changed"]
    kind: str
    key: str


class Report(_Part):
    """All of it; a release with troubles or borrowed money is not stored at all."""

    changed: tuple[Changed, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    asked: int = 0
    """How many stored questions there are; none is told, not passed over."""
    wrong: int = 0
    """How many of them the new release answers wrong."""
    better: tuple[QuestionResult, ...] = ()
    worse: tuple[QuestionResult, ...] = ()
    taken_out: tuple[TakenOut, ...] = ()
    swapped: int = 0
    borrowed: tuple[SwapResult, ...] = ()
    checked: int = 0
    """How many outcomes of stored persons were compared."""
    persons_better: tuple[PersonaResult, ...] = ()
    persons_worse: tuple[PersonaResult, ...] = ()
    persons_unfit: tuple[str, ...] = ()
    """Persons who name what the new release no longer has."""
    seconds: Annotated[float, Field(ge=0)] = 0

    @property
    def stops(self) -> bool:
        """Whether nobody may publish this."""
        return bool(self.troubles or self.borrowed)

    @property
    def worsens(self) -> bool:
        """Whether a publisher has to say why it is published all the same."""
        return bool(self.worse or self.taken_out or self.persons_worse or self.persons_unfit)
