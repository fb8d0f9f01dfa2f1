"""POST /script: texts in Traditional characters, for those who read these more easily."""

from functools import cache
from typing import Annotated

from apiflask import APIBlueprint
from opencc import OpenCC
from pydantic import Field

from mini_app_api.models import Request, View, Words
from server.web.admitting import Who, admits

blueprint = APIBlueprint("script", __name__, url_prefix="/api/v1", tag="script")


class ScriptAsked(Request):
    """Texts as they are shown."""

    texts: Annotated[list[Words], Field(max_length=500)]


class ScriptView(View):
    """The same texts in the same order, in Traditional characters."""

    texts: list[str]


@blueprint.post("/script")
@blueprint.input(ScriptAsked, arg_name="asked")
@blueprint.output(ScriptView)
@blueprint.doc(summary="Texts in Traditional characters", operation_id="convert_script")
@admits(Who.EVERYBODY)
def post_script(asked: ScriptAsked) -> ScriptView:
    """Convert texts; nothing of them is kept."""
    return ScriptView(texts=[_to_traditional().convert(text) for text in asked.texts])


@cache
def _to_traditional() -> OpenCC:
    return OpenCC("s2t")
