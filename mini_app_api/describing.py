"""The OpenAPI description: what the code can't say of itself."""

from typing import Any

from apiflask import APIFlask

from mini_app_api.writing import HEADER, KEY_PATTERN, SIGNED_IN
from server.web.problems import MEDIA_TYPE
from server.web.resources import resources

_PROBLEM = "Problem"
_ALWAYS = ("500", "503")
_BY_METHOD = {
    "post": ("400", "413", "429"),
    "put": ("400", "413"),
    "get": ("400",),
    "delete": ("400",),
}
_WITH_BODY = ("415", "422")
_WITH_KEY = ("401", "409", "410", "422")
_WITHOUT_KEY = {
    "renew_session",
    "sign_out",
    "sign_out_everywhere",
    "verify_phone",
    # A piece that comes twice is known by its place.
    "send_piece",
    # The last thumb counts.
    "rate_turn",
    # It only looks.
    "look_up_joint_report",
}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "Made by the phone for one intent; the same again gets the same reply.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}
_EXTRA = {
    "sign_in": ("401",),
    "renew_session": ("401",),
    "sign_out": ("401",),
    "sign_out_everywhere": ("401",),
    "verify_phone": ("401",),
    "chat": ("401",),
    "read_conversation": ("401", "404"),
    "rate_turn": ("401", "404"),
    "list_messages": ("401", "410"),
    "list_suggestions": ("422",),
    "get_me": ("401", "410"),
    "save_me": ("401", "403", "409", "410"),
    "erase_me": ("401", "409", "422"),
    "export_me": ("401", "410", "422", "429"),
    "list_children": ("401", "410"),
    "add_child": ("401", "403", "409", "410"),
    "save_child": ("401", "403", "404", "409", "410"),
    "delete_child": ("401", "404", "409", "410", "422"),
    "list_consents": ("401",),
    "give_consent": ("401", "404", "409"),
    "withdraw_consent": ("401", "404", "409", "410", "422"),
    "get_register": ("401", "410"),
    "correct_register": ("404",),
    "list_pairings": ("401", "410"),
    "answer_pairing": ("403", "404"),
    "get_visit_photo": ("401", "404", "410"),
    "list_opt_outs": ("401",),
    "opt_out": ("401", "404", "409", "410", "422"),
    "opt_in": ("401", "409", "410", "422"),
    "list_letters": ("401",),
    "get_letter": ("404",),
    "count_letter_check": ("404",),
    "list_needed_materials": ("404",),
    "begin_upload": ("401", "403", "404", "409", "410"),
    "get_upload": ("401", "404"),
    "send_piece": ("401", "403", "404", "409", "410", "411"),
    "list_materials": ("401",),
    "get_material": ("401", "404", "410"),
    "delete_material": ("401", "404", "409", "410", "422"),
    "list_case_materials": ("401", "404"),
    "reuse_material": ("401", "404", "409", "410"),
    "detach_material": ("401", "404", "409", "410", "422"),
    "list_drafts": ("401", "410"),
    "get_draft": ("401", "404", "410"),
    "keep_draft": ("403", "404"),
    "discard_draft": ("404",),
    "apply": ("403", "404"),
    "list_applications": ("401",),
    "get_application": ("401", "404", "410"),
    "answer_request": ("404",),
    "withdraw": ("404",),
    "give_up": ("404",),
    "appeal": ("404",),
    "list_offers": ("401", "422"),
    "get_offer": ("401", "404"),
    "propose_vacancy": ("403",),
    "join_offer": ("404",),
    "leave_offer": ("404",),
    "attend_offer": ("404",),
    "list_places": ("401", "410"),
    "list_wishes": ("401",),
    "put_wish": ("404",),
    "delete_wish": ("404",),
    "list_fits": ("401",),
    "list_proposals": ("401",),
    "get_card": ("401",),
    "renew_card": ("401",),
    "start_joint_report": ("403", "404"),
    "list_joint_reports": ("401",),
    "look_up_joint_report": ("401", "404", "409"),
    "join_joint_report": ("403", "404"),
    "get_joint_report": ("401", "404"),
    "change_joint_part": ("403", "404"),
    "withdraw_joint_part": ("404",),
    "hand_in_joint_report": ("403", "404"),
    "change_join_code": ("403", "404"),
    "ask_for_help": ("403", "404"),
    "list_requests": ("401",),
    "get_request": ("401", "404", "410"),
    "write_to_request": ("404",),
    "rate_request": ("404",),
    "list_measures": ("404", "422"),
    "get_measure": ("404",),
    "list_facts": ("422",),
    "list_attended": ("401", "410", "422"),
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
    _name_bytes(spec)
    spec.setdefault("components", {}).setdefault("schemas", {})[_PROBLEM] = _SCHEMA
    for path in spec["paths"].values():
        for method, operation in path.items():
            if method not in _BY_METHOD:
                continue
            body = operation.get("requestBody")
            if body is not None:
                body["required"] = True
            is_keyed = _is_keyed(method, operation)
            if is_keyed:
                operation.setdefault("parameters", []).append(_KEY)
            statuses = (
                *_BY_METHOD[method],
                *(_WITH_BODY if body is not None else ()),
                *(_WITH_KEY if is_keyed else ()),
                *_ALWAYS,
                *_EXTRA.get(operation["operationId"], ()),
            )
            for status in sorted(set(statuses)):
                operation["responses"][status] = {
                    "description": "Problem",
                    "content": {
                        MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{_PROBLEM}"}}
                    },
                }
    return spec


def _is_keyed(method: str, operation: dict[str, Any]) -> bool:
    """Whether it is a worker's write."""
    if method == "get" or operation["operationId"] in _WITHOUT_KEY:
        return False
    return operation.get("security") == SIGNED_IN


def _name_regions(spec: dict[Any, Any]) -> None:
    """Name the regions there are, as they may be written."""
    named = {"type": "string", "enum": sorted(resources().serving.current().region_names)}
    schemas = spec["components"]["schemas"]
    for name in ("Asked", "DraftAsked", "ApplicationAsked"):
        schemas[name]["properties"]["region"] = {"anyOf": [named, {"type": "null"}]}
    for name in ("HelpAsked", "SelfCheckAsked", "StartAsked", "VacancyAsked", "WishAsked"):
        schemas[name]["properties"]["region"] = named
    for listed in ("measures", "facts", "suggestions", "offers", "attended"):
        path = f"/api/v1/{listed}"
        for parameter in spec["paths"][path]["get"]["parameters"]:
            if parameter["name"] == "region":
                parameter["schema"] = named


def _name_bytes(spec: dict[Any, Any]) -> None:
    """Name the bodies that are no JSON: pieces of files, photos, documents."""
    piece = spec["paths"]["/api/v1/uploads/{id}"]["put"]
    piece["requestBody"] = {"content": {"application/octet-stream": {}}}
    shown = spec["paths"]["/api/v1/materials/{id}"]["get"]["responses"]
    shown["200"] = {
        "description": "The photo or document, written anew",
        "content": {"image/jpeg": {}, "application/pdf": {}},
    }
