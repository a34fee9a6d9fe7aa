"""Malformed and odd requests to every route of our own OpenAPI description: no 5xx, no traceback.

The description is held to its word as well: every status and every shape of an answer is one that it names. The
library takes two seconds to import: only where these tests run, not wherever tests are collected.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy
    from requests import Session
    from schemathesis import Case

sys.path.insert(0, str(Path(__file__).parent))
from described import OPENAPI, ROUTES


@pytest.fixture(scope="module")
def schema() -> Any:
    import schemathesis

    return schemathesis.openapi.from_dict(OPENAPI)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    from requests import Session

    with Session() as session:
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # every request is the token's
        yield session


def requests(operation: Any) -> SearchStrategy[Case]:
    """Requests that follow the description, and requests that break it."""
    from hypothesis import strategies as st
    from schemathesis import GenerationMode

    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])


def check(case: Case, response: Any) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    held = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    case.validate_response(response, checks=held)
    assert "Traceback" not in response.text


@pytest.mark.parametrize("examples", [20, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_request_makes_the_server_fail(
    method: str, path: str, examples: int, schema: Any, server: Any, session: Session
) -> None:
    from hypothesis import HealthCheck, Phase, given, settings

    headers = {"Authorization": f"Bearer {server.token}"}

    @given(case=requests(schema[path][method.lower()]))
    @settings(
        max_examples=examples, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip
    def run(case: Case) -> None:
        check(case, case.call(base_url=server.url, session=session, headers=headers, timeout=60))

    run()
