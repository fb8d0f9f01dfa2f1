"""Health, readiness and figures for those who run the service."""

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from mini_app_api.models import HealthView
from server.admitting import Who, admits
from server.metrics import RELEASE
from server.problems import NotReady
from server.resources import resources

blueprint = APIBlueprint("operations", __name__, tag="operations")


@blueprint.get("/healthz")
@blueprint.output(HealthView)
@blueprint.doc(summary="The process lives", operation_id="healthz")
@admits(Who.EVERYBODY)
def get_health() -> HealthView:
    """Answer without touching anything."""
    return HealthView(status="ok")


@blueprint.get("/readyz")
@blueprint.output(HealthView)
@blueprint.doc(summary="The service can answer", operation_id="readyz")
@admits(Who.EVERYBODY)
def get_readiness() -> HealthView:
    """Reach the database; raises `NotReady`."""
    known = resources()
    try:
        known.database.fetch("SELECT release_id FROM current_release")
    except Exception as error:
        raise NotReady from error
    return HealthView(status="ok", release=known.serving.current().release)


@blueprint.get("/metrics")
@blueprint.doc(hide=True)
@admits(Who.EVERYBODY)
def get_metrics() -> Response:
    """What Prometheus collects from the process that happens to answer."""
    RELEASE.set(resources().serving.current().release)
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
