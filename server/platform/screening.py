"""Free words of workers, shown to WeChat's content check before others see them.

What is to be published waits where the check is out of order. A claim for hardship never waits and
is never turned away by a machine: staff see what the check says.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from server.platform.faults import OutcomeUnknown, PlatformBusy, PlatformRefused

if TYPE_CHECKING:
    from server.platform.interface import App

_LONGEST = 2500
"""Characters that one check takes."""


class Use(StrEnum):
    """What the words are for."""

    PUBLICATION = "publication"
    CLAIM = "claim"
    NOTICE = "notice"
    """What officers send to many: a second officer reads it in any case."""


class Verdict(StrEnum):
    """What the check says of the words."""

    PASS = "pass"
    REVIEW = "review"
    RISKY = "risky"
    UNKNOWN = "unknown"


class Step(StrEnum):
    """What happens to the words now."""

    GO_ON = "go_on"
    GO_ON_MARKED = "go_on_marked"
    """They go on, and staff see that the check minded."""
    ASK_STAFF = "ask_staff"
    WAIT = "wait"
    """They are to be checked again later."""
    TURN_AWAY = "turn_away"


NEXT: Mapping[tuple[Use, Verdict], Step] = {
    (Use.PUBLICATION, Verdict.PASS): Step.GO_ON,
    (Use.PUBLICATION, Verdict.REVIEW): Step.ASK_STAFF,
    (Use.PUBLICATION, Verdict.RISKY): Step.TURN_AWAY,
    (Use.PUBLICATION, Verdict.UNKNOWN): Step.WAIT,
    (Use.NOTICE, Verdict.PASS): Step.GO_ON,
    (Use.NOTICE, Verdict.REVIEW): Step.ASK_STAFF,
    (Use.NOTICE, Verdict.RISKY): Step.TURN_AWAY,
    (Use.NOTICE, Verdict.UNKNOWN): Step.ASK_STAFF,
    (Use.CLAIM, Verdict.PASS): Step.GO_ON,
    (Use.CLAIM, Verdict.REVIEW): Step.GO_ON_MARKED,
    (Use.CLAIM, Verdict.RISKY): Step.GO_ON_MARKED,
    (Use.CLAIM, Verdict.UNKNOWN): Step.GO_ON,
}
_WORST_FIRST = (Verdict.RISKY, Verdict.UNKNOWN, Verdict.REVIEW, Verdict.PASS)


class Scene(StrEnum):
    """Where the words stand, as the platform counts it."""

    PROFILE = "1"
    COMMENT = "2"
    FORUM = "3"
    SOCIAL = "4"


def screen(app: "App | None", text: str, *, openid: str | None, use: Use, scene: Scene) -> Step:
    """What to do with a worker's words; never raises for the platform's sake."""
    return NEXT[use, _verdict(app, text, openid, scene)]


def _verdict(app: "App | None", text: str, openid: str | None, scene: Scene) -> Verdict:
    if not text.strip():
        return Verdict.PASS
    if app is None or openid is None:
        return Verdict.UNKNOWN
    parts = [text[start : start + _LONGEST] for start in range(0, len(text), _LONGEST)]
    verdicts = {_checked(app, openid, part, scene) for part in parts}
    return next(verdict for verdict in _WORST_FIRST if verdict in verdicts)


def _checked(app: "App", openid: str, text: str, scene: Scene) -> Verdict:
    try:
        return Verdict(app.check_text(openid, text, int(scene)))
    except PlatformRefused:
        # Mostly a person who has not opened the mini-program for two hours.
        return Verdict.REVIEW
    except (PlatformBusy, OutcomeUnknown, ValueError):
        return Verdict.UNKNOWN
