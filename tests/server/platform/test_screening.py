"""Words that others will see wait for the check; a claim for hardship never does."""

import pytest

from server.platform.interface import Platform
from server.platform.screening import NEXT, Scene, Step, Use, Verdict, screen
from tests.wechat_platform.state import APP_ID, Fault, PlatformState

CHECK = "/wxa/msg_sec_check"


@pytest.fixture
def openid(wechat: PlatformState) -> str:
    return wechat.openid(APP_ID, "wang")


def _steps(platform: Platform, openid: str | None, text: str) -> tuple[Step, Step]:
    publication, claim = (
        screen(platform.mini_app, text, openid=openid, use=use, scene=Scene.COMMENT)
        for use in (Use.PUBLICATION, Use.CLAIM)
    )
    return publication, claim


def test_what_the_check_says_decides(platform: Platform, openid: str) -> None:
    assert _steps(platform, openid, "谢谢") == (Step.GO_ON, Step.GO_ON)
    assert _steps(platform, openid, "可疑") == (Step.ASK_STAFF, Step.GO_ON_MARKED)
    assert _steps(platform, openid, "违法") == (Step.TURN_AWAY, Step.GO_ON_MARKED)


@pytest.mark.parametrize(
    "fault", [Fault(code=-1), Fault(status=502), Fault(drop=True), Fault(code=45009)]
)
def test_while_the_check_is_down_publication_waits_and_a_claim_does_not(
    platform: Platform, wechat: PlatformState, openid: str, fault: Fault
) -> None:
    wechat.faults = [Fault(**{**fault.__dict__, "path": CHECK})]
    assert _steps(platform, openid, "家里房子塌了") == (Step.WAIT, Step.GO_ON)


def test_every_part_of_a_long_text_is_checked(
    platform: Platform, wechat: PlatformState, openid: str
) -> None:
    assert _steps(platform, openid, "好" * 6000 + "违法")[0] is Step.TURN_AWAY
    assert wechat.calls[CHECK] == 2 * 3


def test_somebody_the_platform_does_not_know_is_for_staff_or_waits(platform: Platform) -> None:
    assert _steps(platform, "unknown", "谢谢") == (Step.ASK_STAFF, Step.GO_ON_MARKED)
    assert _steps(platform, None, "谢谢") == (Step.WAIT, Step.GO_ON)
    assert screen(None, "谢谢", openid="o", use=Use.CLAIM, scene=Scene.FORUM) is Step.GO_ON


def test_no_verdict_holds_a_claim_back() -> None:
    assert set(NEXT) == {(use, verdict) for use in Use for verdict in Verdict}
    for verdict in Verdict:
        assert NEXT[Use.CLAIM, verdict] in (Step.GO_ON, Step.GO_ON_MARKED)
        if verdict is not Verdict.PASS:
            assert NEXT[Use.PUBLICATION, verdict] is not Step.GO_ON
