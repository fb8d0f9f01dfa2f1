"""Every error is a problem document with a stable code and a sentence for a worker."""

import re
from io import BytesIO, RawIOBase
from typing import Any

import pytest
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize
from werkzeug.test import TestResponse

from server.database.db import DatabaseBusy
from server.web.resources import Resources

JSON = "application/json"


def told(reply: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")
    body: dict[str, Any] = reply.get_json()
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:nuangang:problem:{code}"
    assert re.search("[\u4e00-\u9fff]{4}.*。", body["detail"])
    return body


def chat(client: FlaskClient, body: str | bytes, content_type: str = JSON) -> TestResponse:
    return client.post("/api/v1/chat", data=body, content_type=content_type)


class Torn(RawIOBase):
    """What gunicorn gives where the pieces of a body don't fit together."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: Any) -> int:
        raise InvalidChunkSize(b"zz")


def test_a_body_whose_pieces_do_not_fit_is_not_understood(client: FlaskClient) -> None:
    torn = {"wsgi.input": Torn(), "wsgi.input_terminated": True}
    reply = client.post("/api/v1/chat", content_type=JSON, environ_overrides=torn)
    told(reply, 400, "bad_request")


@pytest.mark.parametrize(
    "body",
    [
        "", "{", '{"text":', "nonsense", b"\xff\xfe\x00", '{"text":"a"}x', "NaN", '{"text":NaN}',
        '{"text":Infinity}', "[" * 60000, '{"a":' * 9000, "9" * 5000, b'{"text":"\xff"}',
        '{"text":"\x00"}',
    ],
)  # fmt: skip
def test_broken_json(client: FlaskClient, body: str | bytes) -> None:
    told(chat(client, body), 400, "malformed_json")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{}", "text"), ("null", "text"), ('{"text":null}', "text"), ('{"text":5}', "text"),
        ('{"text":["a"]}', "text"), ('{"text":{"a":1}}', "text"), ('{"text":true}', "text"),
        ('{"text":"a","foo":1}', "foo"), ('{"text":"a","region":5}', "region"),
        ('{"text":"a","conversation":[]}', "conversation"), ('{"text":"a","\\ud800":1}', "*"),
        ("[]", "*"), ('"text"', "*"), ("5", "*"), ("true", "*"),
    ],
)  # fmt: skip
def test_fields_that_do_not_fit(client: FlaskClient, body: str, field: str) -> None:
    problem = told(chat(client, body), 422, "invalid_fields")
    assert problem["errors"][0]["field"] == field
    assert problem["errors"][0]["detail"].endswith("。")


@pytest.mark.parametrize(("code", "words"), [("", "太短"), ("x" * 257, "太长")])
def test_a_text_that_is_too_short_or_long_is_told_so(
    client: FlaskClient, code: str, words: str
) -> None:
    reply = client.post("/api/v1/session", json={"code": code})
    assert words in told(reply, 422, "invalid_fields")["errors"][0]["detail"]


def test_a_repeated_key(client: FlaskClient) -> None:
    problem = told(chat(client, '{"text":"a","text":"b"}'), 400, "repeated_name")
    assert problem["errors"] == [{"field": "text", "detail": "这一项写了两次。"}]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "x"])
def test_another_content_type(client: FlaskClient, kind: str) -> None:
    told(chat(client, '{"text":"a"}', kind), 415, "not_json")


def test_too_much(client: FlaskClient) -> None:
    told(chat(client, '{"text":"%s"}' % ("长" * 400_000)), 413, "too_large")
    told(client.post("/", data={"text": "长" * 400_000}), 413, "too_large")


def test_too_much_without_a_length(client: FlaskClient) -> None:
    def send(body: bytes) -> TestResponse:
        return client.post(
            "/api/v1/chat",
            input_stream=BytesIO(body),
            content_type=JSON,
            environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
        )

    told(send(b'{"text":"%s"}' % (b"a" * 400_000)), 413, "too_large")
    told(send(b'{"text":"a"}' + b" " * 400_000), 413, "too_large")
    assert send(b'{"text":"a"}').status_code == 200


@pytest.mark.parametrize(
    "region", ["保定", "", " ", "石狮\x00", "x" * 9000, "晋江", "null", "*", "%"]
)
def test_an_unknown_region(client: FlaskClient, region: str) -> None:
    told(client.post("/api/v1/chat", json={"text": "a", "region": region}), 422, "unknown_region")
    told(client.get("/api/v1/measures", query_string={"region": region}), 422, "unknown_region")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 422, "invalid_fields"),
        ("limit=101", 422, "invalid_fields"),
        ("limit=x", 422, "invalid_fields"),
        ("limit=", 422, "invalid_fields"),
        ("limit=9999999999999999999999", 422, "invalid_fields"),
        ("foo=1", 422, "invalid_fields"),
        ("cursor=x", 404, "unknown_cursor"),
        ("cursor=", 404, "unknown_cursor"),
        ("region=%FF", 422, "unknown_region"),
        ("region=石狮&region=锦州", 400, "repeated_name"),
        ("limit=1&limit=1", 400, "repeated_name"),
    ],
)
def test_queries_that_do_not_fit(client: FlaskClient, query: str, status: int, code: str) -> None:
    told(client.get(f"/api/v1/measures?{query}"), status, code)


def test_whatever_takes_a_parameter_refuses_it_twice(client: FlaskClient) -> None:
    described: dict[str, Any] = client.get("/openapi.json").get_json()["paths"]
    taking = [
        (method, path, parameter["name"])
        for path, methods in described.items()
        for method, operation in methods.items()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    ]
    assert {"/api/v1/offers", "/api/v1/me/export"} < {path for _, path, _ in taking}
    for method, path, name in taking:
        address = re.sub("{.*?}", "x", path)
        told(client.open(f"{address}?{name}=1&{name}=2", method=method), 400, "repeated_name")


@pytest.mark.parametrize("id", ["shishi-99", "x", "石狮", "%FF", "..", "x" * 3000])
def test_an_unknown_measure(client: FlaskClient, id: str) -> None:
    told(client.get(f"/api/v1/measures/{id}"), 404, "unknown_measure")


def test_an_unknown_address(client: FlaskClient) -> None:
    for path in ("/nope", "/api/v1", "/api/v1/chat/", "/api/v2/chat", "/%00", "/h5/../app.py"):
        told(client.get(path), 404, "not_found")


def test_a_method_that_does_not_fit(client: FlaskClient) -> None:
    reply = client.get("/api/v1/chat")
    told(reply, 405, "method_not_allowed")
    assert "POST" in reply.headers["Allow"]
    told(client.delete("/api/v1/regions"), 405, "method_not_allowed")


def test_a_fault_of_the_service_tells_nothing_of_itself(
    client: FlaskClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(resources.serving, "current", broken)
    reply = client.get("/api/v1/regions")
    told(reply, 500, "internal_error")
    assert "secret" not in reply.text


def test_a_busy_database_asks_for_patience(
    client: FlaskClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise DatabaseBusy

    monkeypatch.setattr(resources.database, "begin", busy)
    reply = client.post("/api/v1/session", json={"code": "dev:wang"})
    told(reply, 503, "busy")
    assert reply.headers["Retry-After"]
