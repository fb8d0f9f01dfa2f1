"""GET /client: what an app on the phone has to know before it begins."""

from apiflask import APIBlueprint

from mini_app_api.models import View
from server.notices.templates import NoticeKind, templates
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = APIBlueprint("client", __name__, url_prefix="/api/v1", tag="client")


class TemplateView(View):
    """A subscribe message of the mini-program: what it tells, and its id in WeChat."""

    kind: NoticeKind
    label: str
    id: str


class ClientView(View):
    """The messages to subscribe to, and the telephone numbers that a tap in a reply calls."""

    templates: list[TemplateView]
    phones: list[str]


@blueprint.get("/client")
@blueprint.output(ClientView)
@blueprint.doc(summary="What an app has to know before it begins", operation_id="get_client")
@admits(Who.EVERYBODY)
def get_client() -> ClientView:
    """The templates that are set up here, in the order of their file, and the public numbers."""
    known = resources()
    ids = known.settings.wechat_template_ids
    return ClientView(
        templates=[
            TemplateView(kind=kind, label=template.label, id=ids[kind])
            for kind, template in templates().items()
            if kind in ids
        ],
        phones=sorted(known.serving.current().public_numbers),
    )
