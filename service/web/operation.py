"""For those who operate this: is it alive, is it ready, and how is it doing."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import prometheus_client
from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import multiprocess

from service import errors
from service.config import Settings
from service.domain import clock
from service.storage.queries import health
from service.web import access, figures

blueprint = Blueprint("operation", __name__)
log = logging.getLogger(__name__)

SECONDS = prometheus_client.Histogram(
    "tidegate_request_seconds",
    "Time to answer a request",
    ["method", "endpoint", "status"],
    buckets=(0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)


@blueprint.get("/healthz")
@access.public
def healthz() -> Any:
    """The process answers; nothing else is asked."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@access.public
def readyz() -> Any:
    """503 until requests can be served: database reachable and of this version's schema, Redis (if configured) too.

    Pages and API do their work without dispatcher and workers: where one is missing, or what is due waits for longer
    than TIDEGATE_LAG_ALERT_SECONDS, the answer is 200 and says `degraded`.
    """
    settings = current_app.config["SETTINGS"]
    checks, ready = _checks(settings)
    if not ready:
        return {"status": "not ready", "checks": checks}, 503
    late = health.standing(clock.now()).late_s(clock.now())
    if late > settings.lag_alert_seconds:
        checks["lag"] = f"due for {late:.0f} s and not done"
    fine = all(checks.get(name, "ok") == "ok" for name in ("dispatcher", "worker", "lag"))
    return {"status": "ready" if fine else "degraded", "checks": checks}, 200


def _checks(settings: Settings) -> tuple[dict[str, str], bool]:
    checks, ready = {"database": "ok", "schema": "ok", "redis": "not configured"}, True
    try:
        have, need = health.schema()
        if have != need:
            checks["schema"], ready = f"has {have}, needs {need}: run `tidegate db upgrade`", False
    except Exception:  # whatever the driver says belongs in the log, not in a public answer
        log.exception("the database is out of reach")
        checks["database"], checks["schema"], ready = "out of reach", "unknown", False
    if settings.redis_url:
        try:
            alive = health.alive(settings.redis_url)
            checks["redis"] = "ok"
            checks["dispatcher"] = "ok" if alive.get("dispatcher") else "not seen"
            checks["worker"] = "ok" if alive.get("worker") else "not seen"
        except errors.ExternalFailure as problem:
            log.warning("not ready: %s", problem)
            checks["redis"], ready = "out of reach", False
    return checks, ready


@blueprint.get("/metrics")
@access.public
def metrics() -> Response:
    """Prometheus' text format: what is open, late or stuck, how late things are done, and the times of requests."""
    registry = prometheus_client.CollectorRegistry()
    registry.register(figures.Collector(current_app.config["SETTINGS"].redis_url))
    body = prometheus_client.generate_latest(registry)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shared = prometheus_client.CollectorRegistry()
        multiprocess.MultiProcessCollector(shared)
        body += prometheus_client.generate_latest(shared)
    else:
        body += prometheus_client.generate_latest()
    return Response(body, content_type=prometheus_client.CONTENT_TYPE_LATEST)


def _begin() -> None:
    g.began = time.perf_counter()


def _measure(response: Response) -> Response:
    began = g.get("began")
    if began is not None and request.endpoint is not None:
        SECONDS.labels(request.method, request.endpoint, response.status_code).observe(time.perf_counter() - began)
    return response


def init_app(app: Flask) -> None:
    """Before the guard, so that refusals are measured too."""
    app.before_request(_begin)
    app.after_request(_measure)
    app.register_blueprint(blueprint)
