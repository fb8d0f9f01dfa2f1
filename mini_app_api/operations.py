"""Health, readiness and figures for those who run the service."""

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST

from mini_app_api.models import HealthView
from server.monitoring import gauging, metrics
from server.web.admitting import Who, admits
from server.web.problems.requests import NotReady
from server.web.resources import resources

blueprint = APIBlueprint("operations", __name__, tag="operations")


@blueprint.get("/healthz")
@blueprint.output(HealthView)
@blueprint.doc(summary="The process lives", operation_id="healthz")
@admits(Who.EVERYBODY)
def get_health() -> HealthView:
    """Answer without touching anything."""
    return HealthView(status="ok", release=resources().serving.current().release)


@blueprint.get("/readyz")
@blueprint.output(HealthView)
@blueprint.doc(summary="The service can answer", operation_id="readyz")
@admits(Who.EVERYBODY)
def get_readiness() -> HealthView:
    """Reach the database; raises `NotReady`.

    A full disk and keys that are away are told, and are no reason to turn people away: what is
    granted can be asked as ever.
    """
    known = resources()
    try:
        known.database.fetch("SELECT release_id FROM current_release")
    except Exception as error:
        raise NotReady from error
    room = gauging.free_bytes(known.settings.data_dir)
    return HealthView(
        status="ok",
        release=known.serving.current().release,
        disk="ok" if room >= gauging.ROOM_NEEDED else "full",
        keys="ok" if known.subject_keys.can_be_read() else "away",
    )


@blueprint.get("/metrics")
@blueprint.doc(hide=True)
@admits(Who.EVERYBODY)
def get_metrics() -> Response:
    """What Prometheus collects, of all processes of this server; nginx keeps it inside."""
    known = resources()
    found = gauging.gauges(
        known.database,
        known.settings.data_dir,
        known.serving.current().release,
        now=known.clock(),
    )
    page = metrics.page([*found, gauging.of_keys(known.subject_keys)])
    return Response(page, content_type=CONTENT_TYPE_LATEST)
