"""A newcomer's way through the page: every screen once, each shown to whoever looks."""

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from server.personal.persons import Person

PHONE = {"width": 360, "height": 640}
Look = Callable[[str], None]


def photos(folder: Path, count: int = 2, side: int = 1400) -> list[Path]:
    """Photos that a phone might take, each another."""
    made = []
    for number in range(count):
        noise = Image.effect_noise((side, side * 3 // 4), 30 + number).convert("RGB")
        file = folder / f"photo{number}.jpg"
        noise.save(file, quality=85)
        made.append(file)
    return made


def pixel() -> bytes:
    """The smallest photo there is."""
    held = io.BytesIO()
    Image.new("RGB", (1, 1)).save(held, "JPEG")
    return held.getvalue()


class Walk:
    """One phone on its way; `look` is called at each screen with its name."""

    def __init__(self, page: Page, look: Look | None = None, patience: float = 15_000) -> None:
        self.page = page
        self.look = look or (lambda name: None)
        page.set_default_timeout(patience)

    def press(self, name: str, *, within: str = "body") -> None:
        """Press the button or link of this name."""
        self.page.locator(within).get_by_role("button", name=name, exact=True).first.click()

    def see(self, text: str) -> None:
        """Wait until a text is there."""
        self.page.get_by_text(text).last.wait_for()

    def tab(self, name: str) -> None:
        """Go to one of the four places."""
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()

    def open(self, address: str) -> None:
        """Open the page and wait for the app."""
        self.page.goto(address)
        self.page.get_by_role("navigation").wait_for()

    def choose_city(self) -> None:
        self.page.locator("header .city").click()
        self.see("福建省")
        self.look("city")
        self.press("石狮市", within=".sheet")
        self.see("失业保险金谁能领？")
        self.look("ask")

    def ask(self, text: str = "被裁了有钱领吗") -> None:
        self.page.get_by_label("你的问题").fill(text)
        self.press("发送")
        self.page.get_by_role("button", name="查查我够不够").last.wait_for()
        self.look("answer")

    def read_clause(self) -> None:
        self.page.locator(".source").first.click()
        self.page.locator(".sheet mark").first.wait_for()
        self.look("clause")
        self.press("关闭")

    def check(self) -> None:
        """The self-check of the measure that was asked about."""
        self.press("查查我够不够")
        self.answer("你是替谁问的？")
        self.page.get_by_role("button", name="去办理").wait_for()
        self.look("result")

    def answer(self, first: str) -> None:
        """Answer every question so that it fits."""
        self.see(first)
        self.look("question")
        self.page.locator(".question .tick").first.click()
        self.press("选好了")
        self.see("失业保险参加了吗？")
        self.press("是的", within=".question")
        self.see("一共交了几个月？")
        self.page.locator(".question input").fill("14")
        self.look("number")
        self.press("填好了")
        for words in ("不是你自己要走的，对吗？", "你办过失业登记吗？", "你现在想找工作"):
            self.see(words)
            self.press("是的", within=".question")

    def begin(self, name: str, who: Person) -> None:
        """From the result to the photos: sign in, agree, say who one is."""
        self.press("去办理")
        self.see("要准备的材料")
        self.look("measure")
        self.press("开始办")
        self.page.get_by_label("名字").wait_for()
        self.look("sign-in")
        self.sign_in(name)
        for title in ("用你的个人信息来办事", "用你的银行卡号来发钱", "上传证件和材料的照片"):
            self.page.get_by_role("heading", name=title).wait_for()
            self.look("consent")
            self.press("我同意")
        self.page.get_by_label("姓名").wait_for()
        self.look("person")
        self.introduce(who)

    def sign_in(self, name: str) -> None:
        self.press("登录")
        self.see("请先填“名字”。")
        self.page.get_by_label("名字").fill(name)
        self.press("登录")

    def introduce(self, who: Person) -> None:
        for field in ("name", "identity_number", "phone", "bank_card", "native_place"):
            box = self.page.locator(f"#{field}")
            if not box.is_visible():
                # In large letters one thing stands on the screen.
                self.press("下一项")
            box.fill(getattr(who, field) or "")
        self.press("存好，下一步")
        self.page.get_by_role("heading", name="身份证（正反面）").wait_for()

    def choose_photos(self, files: list[Path]) -> None:
        self.page.locator("#file").set_input_files(files)

    def photos_sent(self, number: int) -> None:
        self.see(f"第{number}张　已经传好")
        self.look("photos")

    def to_the_end(self) -> None:
        """Over the materials that are not at hand to the last step."""
        self.press("下一步")
        for title in ("离职证明", "失业登记证明", "社保缴费记录"):
            self.page.get_by_role("heading", name=title).wait_for()
            self.press("下一步")
            self.see("照片还不够")
            self.look("without-photo")
            self.press("先不传", within=".sheet")
        self.see("看一遍，再提交")
        self.look("last")

    def submit(self) -> str:
        """Send it; returns the number of the case."""
        self.press("提交申请")
        self.see("提交好了")
        self.look("done")
        return self.page.locator(".number").inner_text()
