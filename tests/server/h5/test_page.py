"""The page at `/`: a plain form that works without scripts, and escapes whatever it shows."""

import gzip
import re
from collections.abc import Callable
from html import unescape

import brotli
import pytest
from flask.testing import FlaskClient

from server.h5 import with_calls
from server.h5.files import files, version

FIRST = ("base.js", "chat.js", "app.css")
"""What the first screen needs, beside the page itself."""
FIRST_AT_MOST = 14 * 1000
"""Bytes that fit into ten packets, which is what a server sends before it hears from the phone."""
WHOLE_AT_MOST = 40 * 1000
NEWER = (
    r"\?\.(?!\d)", r"\?\?", r"\bimport\(", r"\bimport\.meta", r"\.matchAll\(", r"\.replaceAll\(",
    r"\.allSettled\(", r"\bglobalThis\b", r"\(\?<[=!]", r"\.at\(", r"\.replaceChildren\(", r"\d_\d",
    r"\bstatic\s*\{", r"\bthis\.#", r"\d+n\b", r"\bstructuredClone\b", r"\.hasOwn\(", r"\|\|=|&&=",
)  # fmt: skip
"""What no browser of 2019 knew."""


def test_the_page_asks_and_answers_without_scripts(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200 and page.mimetype == "text/html"
    assert "<form" in page.text
    answered = client.post(
        "/", data={"text": "石狮被裁了有钱领吗", "region": "", "conversation": ""}
    )
    assert "失业" in answered.text and "狮委办" in answered.text
    held = re.search(r'id="conversation" name="conversation" value="([^"]+)"', answered.text)
    assert held
    more = client.post("/", data={"text": "要啥条件", "conversation": held[1]})
    assert held[1] in more.text and "石狮" in more.text


def test_choices_are_buttons_that_send_their_number(client: FlaskClient) -> None:
    answered = client.post("/", data={"text": "失业金怎么领"}).text
    held = re.search(r'id="conversation" name="conversation" value="([^"]+)"', answered)
    button = re.search(r'<button name="text" value="(\d+)">[^<]*石狮', answered)
    assert held and button
    assert "石狮" in client.post("/", data={"text": button[1], "conversation": held[1]}).text


def test_an_answer_that_is_sent_again_answers_no_second_question(client: FlaskClient) -> None:
    def sent(page: str, text: str) -> str:
        found = {
            name: re.search(rf'name="{name}" value="([^"]+)"', page)
            for name in ("conversation", "message")
        }
        told = {name: at[1] for name, at in found.items() if at}
        return client.post("/", data={**told, "text": text}).text

    def asked(page: str) -> str:
        found = re.search(r"第\d+题", page)
        assert found
        return found[0]

    begun = sent("", "帮我查查石狮")
    second = sent(begun, "1")
    # Loaded again; or the server had ended and the proxy went on to another.
    assert asked(sent(begun, "1")) == asked(second)
    assert asked(sent(second, "1")) != asked(second)
    # Who goes back to a page and says something else has said something else.
    assert "失业" in sent(begun, "失业金怎么领")


def test_the_chosen_region_stays_chosen(client: FlaskClient) -> None:
    page = client.post("/", data={"text": "被裁了有钱领吗", "region": "石狮"}).text
    assert '<option value="石狮" selected>' in page


@pytest.mark.parametrize("region", ["保定", "x" * 9000, "\x00"])
def test_an_unknown_region_counts_as_none(client: FlaskClient, region: str) -> None:
    assert client.post("/", data={"text": "你好", "region": region}).status_code == 200


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\x00", "", "&lt;b&gt;"]
)
def test_whatever_is_asked_is_shown_as_text(client: FlaskClient, text: str) -> None:
    page = client.post("/", data={"text": text, "conversation": text})
    assert page.status_code == 200
    assert "<script>alert" not in page.text and "<img" not in page.text
    assert text in unescape(page.text)


def test_nothing_foreign_may_run_on_the_page(client: FlaskClient) -> None:
    for page in (client.get("/"), client.post("/", data={"text": "你好"})):
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy and "*" not in policy
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=", page.text)
        for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert address.startswith((f"/h5/{version()}/", "data:,", "tel:"))


def test_telephone_numbers_can_be_tapped_and_sums_cannot() -> None:
    numbers = frozenset({"110", "12333", "88712565"})
    shown = with_calls("拨打88712565或者12333。<b>补贴110元，共12333.5元，号码112333</b>", numbers)
    assert shown == (
        '拨打<a href="tel:88712565">88712565</a>或者<a href="tel:12333">12333</a>。'
        "&lt;b&gt;补贴110元，共12333.5元，号码112333&lt;/b&gt;"
    )


@pytest.mark.parametrize("scene", ["place:石狮", "石狮", "qrscene_place:石狮", "place:石狮市"])
def test_the_scene_of_a_qr_code_chooses_its_place(client: FlaskClient, scene: str) -> None:
    page = client.get("/", query_string={"scene": scene}).text
    assert '<option value="石狮" selected>' in page


@pytest.mark.parametrize("scene", ["place:保定", "x" * 9000, "\x00", "<b>"])
def test_a_scene_that_names_no_place_of_ours_chooses_none(client: FlaskClient, scene: str) -> None:
    page = client.get("/", query_string={"scene": scene})
    assert page.status_code == 200 and " selected" not in page.text


def sent(client: FlaskClient, address: str) -> int:
    """Bytes of a reply as a phone gets it over HTTPS; a page is made each time, a file once."""
    with client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"}) as reply:
        wanted = "gzip" if address == "/" else "br"
        assert reply.status_code == 200 and reply.content_encoding == wanted
        return len(reply.data)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_comes_as_the_phone_can_read_it(
    client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    with client.get(f"/h5/{version()}/chat.js", headers={"Accept-Encoding": accepted}) as reply:
        assert reply.content_encoding == encoding and "Accept-Encoding" in reply.vary
        assert unpack(reply.data) == files()["chat.js"].plain


def test_the_first_screen_fits_one_round_trip_and_the_whole_client_is_small(
    client: FlaskClient, tell: Callable[[str, object, object], None]
) -> None:
    sizes = {name: sent(client, f"/h5/{version()}/{name}") for name in files()}
    page = sent(client, "/")
    first = page + sum(sizes[name] for name in FIRST)
    tell("first screen, bytes compressed", first, FIRST_AT_MOST)
    tell("whole client, bytes compressed", page + sum(sizes.values()), WHOLE_AT_MOST)
    assert first <= FIRST_AT_MOST
    assert page + sum(sizes.values()) <= WHOLE_AT_MOST


def test_what_the_page_loads_at_once_is_what_counts_as_the_first_screen(
    client: FlaskClient,
) -> None:
    page = client.get("/").text
    named = set(re.findall(rf'"/h5/{version()}/([^"]+)"', page))
    modules = {name for name in named if name.endswith(".js")}
    for name in modules:
        source = files()[name].plain.decode()
        assert set(re.findall(r'from *"\./([^"]+)"', source)) <= modules
    assert named == set(FIRST)


def test_every_screen_stands_in_a_file_that_there_is() -> None:
    source = files()["base.js"].plain.decode()
    (table,) = re.findall(r"const FILES=\{([^}]+)\}", source)
    screens = dict(re.findall(r'(\w+):"(\w+)"', table))
    for screen, file in screens.items():
        assert f'view("{screen}",' in files()[f"{file}.js"].plain.decode()


def test_files_are_kept_for_good_under_the_name_of_their_content(client: FlaskClient) -> None:
    with client.get(f"/h5/{version()}/base.js") as kept:
        assert "immutable" in kept.headers["Cache-Control"]
        assert kept.headers["Vary"] == "Accept-Encoding"
    with client.get("/h5/0123456789ab/base.js") as other:
        assert other.headers["Cache-Control"] == "no-cache"
    assert client.get(f"/h5/{version()}/other.js").status_code == 404


def test_the_page_is_not_sent_again_where_a_browser_has_it(client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    first = client.get("/", headers=headers)
    again = client.get("/", headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    answered = client.post("/", data={"text": "你好"}, headers=headers)
    assert answered.headers["Cache-Control"] == "no-store"


def test_the_scripts_are_of_2019(client: FlaskClient) -> None:
    for name, file in files().items():
        if name.endswith(".js"):
            source = file.plain.decode()
            code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', source)
            for newer in NEWER:
                assert not re.search(newer, code), (name, newer)


def test_what_is_ticked_goes_out_as_numbers(client: FlaskClient) -> None:
    def held(page: str) -> str:
        found = re.search(r'id="conversation" name="conversation" value="([^"]+)"', page)
        assert found
        return found[1]

    begun = client.post("/", data={"text": "帮我查查", "region": "石狮"}).text
    assert begun.count('type="checkbox"') == 4
    both = client.post("/", data={"text": ["", "1", "2"], "conversation": held(begun)}).text
    assert "第2题" in both
    none = client.post("/", data={"text": [""], "conversation": held(begun)}).text
    assert "没看懂" in none
