"""问: a newcomer asks, on a phone whose city came from a scanned code."""

from tests.miniprogram.conftest import Phone


def test_first(make_phone) -> None:
    phone: Phone = make_phone("alice")
    phone.page.screenshot(path="/tmp/mini-1.png")
    phone.fill("你的问题", "失业金怎么领")
    phone.tap("发送")
    phone.page.wait_for_timeout(3000)
    phone.page.screenshot(path="/tmp/mini-2.png")
    print(phone.text())
    print(phone.faults, phone.heard("requests"))
