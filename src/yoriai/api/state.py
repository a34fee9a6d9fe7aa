"""What every route can ask for: the services, and the counters among them. Filled once by `app.create_app`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from yoriai.bootstrap import Services
from yoriai.telemetry import Metrics


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def metrics_of(request: Request) -> Metrics:
    return services_of(request).metrics


TheServices = Annotated[Services, Depends(services_of)]
TheMetrics = Annotated[Metrics, Depends(metrics_of)]
