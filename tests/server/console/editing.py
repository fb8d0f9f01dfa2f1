"""What the pages of the knowledge are about: a draft, a proposal, a question without an answer."""

from typing import TYPE_CHECKING

from server.casework.officers import Role
from server.chat.chatting import Channel
from server.chat.conversations import RecordedTurn, masked_json, new_conversation_id, record_within
from server.editing import drafts, publishing, unanswered
from server.editing.reports import Changed, Report
from server.editing.trials import Trial
from server.published import releases

if TYPE_CHECKING:
    from tests.server.console.conftest import Staff

MEASURE = "shishi-4a"
UNANSWERED = "石狮的厂车几点发车"


def ask_in_vain(staff: "Staff", text: str = UNANSWERED, region: str | None = "石狮") -> str:
    """Let somebody ask what the bot has no answer to; what tells the question from others."""
    turn = RecordedTurn(
        conversation_id=new_conversation_id(),
        at=staff.now,
        channel=Channel.H5,
        text=text,
        kind="decline",
        reply="没有写。",
        region=region,
    )
    with staff.resources.database.begin() as session:
        record_within(session, turn, masked_json({}))
    return unanswered.fingerprint(text, region)


def edited(staff: "Staff") -> dict[str, str]:
    """A draft, its proposal, an older release to go back to, an unanswered question."""
    editor = staff.officer(Role.EDITOR, name="林写")
    now = staff.now
    with staff.resources.database.begin() as session:
        base, editions = releases.current(session) or (0, [])
        content = drafts.in_force(session, "measure", MEASURE)
        assert content is not None
        changed = {**content, "advice": ["先打电话问一问。"]}
        draft = drafts.save(
            session,
            kind="measure",
            key=MEASURE,
            content=changed,
            version=0,
            officer_id=editor.id,
            now=now,
        )
        after = [
            (kind, key, changed if (kind, key) == ("measure", MEASURE) else known)
            for kind, key, known in editions
        ]
        report = Report(changed=(Changed(sort="changed", kind="measure", key=MEASURE),))
        trial = Trial(base, (("measure", MEASURE, draft.version),), after, report)
        proposal = publishing.propose(
            session, trial, note="加一句提醒", officer_id=editor.id, now=now
        )
        other = [
            (
                kind,
                key,
                {**known, "summary": "别的话"} if (kind, key) == ("measure", MEASURE) else known,
            )
            for kind, key, known in editions
        ]
        another = releases.publish(session, other, note="另一个", now=now)
        releases.put_in_force(session, base, now)
    return {
        "edited": MEASURE,
        "draft_version": str(draft.version),
        "proposal": str(proposal),
        "another_release": str(another),
        "unanswered": ask_in_vain(staff),
    }
