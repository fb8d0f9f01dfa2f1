"""The OpenAPI description: what the code can't say of itself."""

from typing import Any

from apiflask import APIFlask

from server.problems import MEDIA_TYPE
from server.resources import resources

_PROBLEM = "Problem"
_ALWAYS = ("500", "503")
_BY_METHOD = {"post": ("400", "413", "429"), "get": ("400",), "delete": ("400",)}
_WITH_BODY = ("415", "422")
_EXTRA = {
    "sign_in": ("401",),
    "renew_session": ("401",),
    "sign_out": ("401",),
    "sign_out_everywhere": ("401",),
    "verify_phone": ("401",),
    "chat": ("401",),
    "list_measures": ("404", "422"),
    "get_measure": ("404",),
    "list_facts": ("422",),
}
_FIELD = {
    "type": "object",
    "required": ["field", "detail"],
    "properties": {
        "field": {"type": "string"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "description": "Why a fact is refused, for programs."},
        "allowed": {"type": "string", "description": "What the fact may be."},
    },
}
_SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457); `code` is stable, `detail` is for the worker.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "array", "items": _FIELD},
    },
}


def describe(app: APIFlask) -> None:
    """Set up the description of an app."""
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["INFO"] = {
        "description": "务工人员政策问答。Answers about support policies for migrant workers.",
    }
    app.config["SECURITY_SCHEMES"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["AUTO_AUTH_ERROR_RESPONSE"] = False
    app.spec_processor(_completed)


def _completed(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
    """Add the problems that operations may answer with, and what else the code does not say."""
    if isinstance(spec, str):
        return spec
    _name_regions(spec)
    spec.setdefault("components", {}).setdefault("schemas", {})[_PROBLEM] = _SCHEMA
    for path in spec["paths"].values():
        for method, operation in path.items():
            if method not in _BY_METHOD:
                continue
            body = operation.get("requestBody")
            if body is not None:
                body["required"] = True
            statuses = (
                *_BY_METHOD[method],
                *(_WITH_BODY if body is not None else ()),
                *_ALWAYS,
                *_EXTRA.get(operation["operationId"], ()),
            )
            for status in sorted(statuses):
                operation["responses"][status] = {
                    "description": "Problem",
                    "content": {
                        MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{_PROBLEM}"}}
                    },
                }
    return spec


def _name_regions(spec: dict[Any, Any]) -> None:
    """Name the regions there are, as they may be written."""
    named = {"type": "string", "enum": sorted(resources().serving.current().region_names)}
    schemas = spec["components"]["schemas"]
    schemas["Asked"]["properties"]["region"] = {"anyOf": [named, {"type": "null"}]}
    schemas["SelfCheckAsked"]["properties"]["region"] = named
    for path in ("/api/v1/measures", "/api/v1/facts"):
        for parameter in spec["paths"][path]["get"]["parameters"]:
            if parameter["name"] == "region":
                parameter["schema"] = named
