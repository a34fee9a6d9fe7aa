"""Hundreds of malformed and odd requests to every route of our own OpenAPI description: no 5xx, no traceback.

The description is held to its word as well: every status and every shape of an answer is one that it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests import Session
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from yoriai.api.app import create_api

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(create_api(None).openapi())
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]


def requests(operation: Any) -> st.SearchStrategy[Case]:
    """Requests that follow the description, and requests that break it."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as session:
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # every request is the token's
        yield session


@pytest.mark.parametrize("examples", [20, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_makes_the_server_fail(
    operation: Any, examples: int, server: Any, session: Session
) -> None:
    @given(case=requests(operation))
    @settings(
        max_examples=examples, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip
    def run(case: Case) -> None:
        response = case.call(
            base_url=server.url,
            session=session,
            headers={"Authorization": f"Bearer {server.token}"},
            timeout=60,
        )
        case.validate_response(response, checks=CHECKS)
        assert "Traceback" not in response.text

    run()
