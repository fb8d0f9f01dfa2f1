"""Replies made smaller for phones on slow lines, also where no proxy stands in front."""

import gzip
from enum import StrEnum

from flask import Request, Response

_SMALLEST = 600
"""Bytes below which a reply fits a packet anyhow."""
_TYPES = frozenset({"application/json", "application/problem+json", "text/html", "text/plain"})


class Encoding(StrEnum):
    """How a body can be compressed (RFC 9110, 8.4.1; RFC 7932), the smaller one first."""

    BROTLI = "br"
    GZIP = "gzip"


def gzipped(body: bytes, level: int = 6) -> bytes:
    """The body compressed, the same each time."""
    return gzip.compress(body, level, mtime=0)


def takes_gzip(request: Request) -> bool:
    """Whether whoever asks can read what is compressed."""
    # Most often it is not named at all; to weigh what is named takes longer than to look.
    named = request.headers.get("Accept-Encoding")
    return named is not None and request.accept_encodings.quality("gzip") > 0


def best_encoding(request: Request) -> Encoding | None:
    """The smallest encoding that whoever asks can read; browsers name brotli over HTTPS alone."""
    taken = request.accept_encodings
    return next((each for each in Encoding if taken.quality(each) > 0), None)


def compress(request: Request, response: Response) -> Response:
    """Compress a reply where that is worth it and whoever asks can read it."""
    if response.mimetype not in _TYPES or response.direct_passthrough or response.is_streamed:
        return response
    if response.content_encoding or response.status_code in (204, 304):
        return response
    if "Vary" in response.headers:
        response.vary.add("Accept-Encoding")
    else:
        response.headers.add("Vary", "Accept-Encoding")
    if not takes_gzip(request) or len(response.get_data()) < _SMALLEST:
        return response
    response.set_data(gzipped(response.get_data()))
    response.content_encoding = "gzip"
    etag, is_weak = response.get_etag()
    if etag is not None and not is_weak:
        # The same words in other bytes.
        response.set_etag(etag, weak=True)
    return response
