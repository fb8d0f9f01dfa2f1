"""Reading requests strictly: what a program can read in two ways is refused, never guessed."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn

from flask import Request, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import RequestEntityTooLarge

from server.web.problems.requests import MalformedJson, NotJson, RepeatedName

_JSON = "application/json"


def refuse_repeated_names() -> None:
    """A parameter of the API given twice could mean either; raises `RepeatedName`."""
    if not request.query_string or not request.path.startswith("/api/"):
        return
    for name, values in request.args.lists():
        if len(values) > 1:
            raise RepeatedName(name)


class StrictRequest(Request):
    """A request whose body is JSON, and says so, or is refused."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body; raises `NotJson`, `MalformedJson` or `RepeatedName`."""
        # Taken apart only where it says more than that.
        if self.content_type != _JSON and self.mimetype != _JSON:
            raise NotJson
        if self.content_length is None and self._is_cut_off():
            raise RequestEntityTooLarge
        return super().get_json(force=True, silent=silent, cache=cache)

    def _is_cut_off(self) -> bool:
        # A body without a length is read up to the limit, and Werkzeug doesn't say that it goes on.
        limit = self.max_content_length
        return limit is not None and len(self.get_data()) >= limit

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Tell what is wrong with the body."""
        raise MalformedJson from e


class StrictJson(DefaultJSONProvider):
    """JSON without the traps: no repeated keys, no NaN, no nesting without end."""

    ensure_ascii = False
    sort_keys = False
    compact = True

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON; raises ValueError, or `RepeatedName`."""
        try:
            return _DECODER.decode(s if isinstance(s, str) else _text(s))
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise RepeatedName(next(name for name in names if names.count(name) > 1))
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)


def _text(body: bytes) -> str:
    return body.decode(json.detect_encoding(body), "surrogatepass")
