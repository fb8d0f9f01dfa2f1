"""What the desk and the till ask of a browser: the same, in the one place."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from server.app import create_app
from server.settings import Environment
from server.web.resources import Resources

HTTPS = "https://desk.example.gov.cn"


@pytest.mark.parametrize("path", ["/staff/sign-in", "/counter/", "/counter/nothing"])
def test_pages_load_and_frame_nothing_foreign_and_are_not_kept(
    resources: Resources, path: str
) -> None:
    settings = resources.settings.model_copy(
        update={"env": Environment.PRODUCTION, "secret_key": SecretStr("x")}
    )
    known = replace(resources, settings=settings)
    headers = create_app(settings, known).test_client().get(path, base_url=HTTPS).headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert {"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED


EXPECTED = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
