"""What pages agree on with the browser that shows them: cookies, whose form it is, what is loaded.

Of the desk and the till, which know by a cookie who is there. The worker's page knows by a token.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, request

from server.web.admitting import FormForged
from server.web.resources import resources

_ENDINGS = {"image/jpeg": "jpg", "application/pdf": "pdf"}
"""What is handed in is one of these, or is made one."""


def own_address() -> str:
    """Where the service is called, no slash behind; the proxy speaks HTTPS, and to us HTTP."""
    scheme = "https" if resources().settings.is_production else request.scheme
    return f"{scheme}://{request.host}"


def kept(name: str) -> str:
    """What the browser keeps under a name, empty for nothing."""
    return request.cookies.get(_named(name), "")


def keep(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Let the browser keep something, out of reach of scripts; without `seconds` until it ends."""
    response.set_cookie(_named(name), value, max_age=seconds, **_flags())


def forget(response: Response, name: str) -> None:
    """Let the browser keep it no longer."""
    response.delete_cookie(_named(name), **_flags())


def refuse_forged() -> None:
    """Check that a call that may change something comes from our own page; raises `FormForged`."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise FormForged
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise FormForged


def is_own_form() -> bool:
    """Whether the browser itself says that a call is sent by a page of ours."""
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc == request.host


def protect(response: Response, **sources: str) -> Response:
    """Let the browser load nothing foreign, frame nothing, keep nothing.

    `sources` say from where it may load what, as in `style="'self'"`.
    """
    allowed = "".join(f" {kind}-src {where};" for kind, where in sources.items())
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none';{allowed} form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    # Not `no-referrer`: forms would then be sent with the origin «null».
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cache-Control", "no-store")
    if resources().settings.is_production:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def handed_in(content: bytes, media_type: str, name: str, *, shown: bool) -> Response:
    """A photo or document of somebody's: no browser runs it or keeps it.

    `shown`: a photo stands on the page; what else there is, is a file to open.
    """
    response = Response(content, content_type=media_type)
    kind = "inline" if shown and media_type.startswith("image/") else "attachment"
    named = f"{name}.{_ENDINGS[media_type]}"
    response.headers["Content-Disposition"] = f'{kind}; filename="{named}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _named(name: str) -> str:
    # Browsers take this prefix only with Secure, the whole path and no domain.
    return f"__Host-{name}" if resources().settings.is_production else name


def _flags() -> dict[str, Any]:
    secure = resources().settings.is_production
    return {"secure": secure, "httponly": True, "samesite": "Lax", "path": "/"}
