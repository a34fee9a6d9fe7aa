"""Every route: closed to nobody in particular, and what is one user's doesn't exist for another."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from yoriai.api.app import create_api
from yoriai.api.principal import is_open

SCHEMA = create_api(None).openapi()
ROUTES = [(method.upper(), path) for path, operations in SCHEMA["paths"].items() for method in operations]
OPEN = {("GET", "/health"), ("POST", "/api/setup"), ("POST", "/api/login")}
ADMINISTRATION = {
    ("GET", "/metrics"),
    ("GET", "/api/users"),
    ("POST", "/api/users"),
    ("PATCH", "/api/users/{user_id}"),
    ("POST", "/api/models/{name}/pull"),
    ("DELETE", "/api/models/{name}/pull"),
    ("POST", "/api/models/{name}/unload"),
    ("DELETE", "/api/models/{name}"),
}
OWNED = [
    ("GET", "/api/conversations/{conversation_id}", None),
    ("PATCH", "/api/conversations/{conversation_id}", {"title": "mine"}),
    ("DELETE", "/api/conversations/{conversation_id}", None),
    ("POST", "/api/conversations/{conversation_id}/messages", {"text": "hi"}),
    ("POST", "/api/replies/{reply_id}/regenerate", None),
    ("POST", "/api/replies/{reply_id}/stop", None),
    ("GET", "/api/replies/{reply_id}/events", None),
    ("DELETE", "/api/tokens/{token_id}", None),
]


CREDENTIALS = {
    "none": {},
    "token": {"Authorization": "Bearer yor_1_guess"},
    "basic": {"Authorization": "Basic YTpi"},
    "cookie": {"Cookie": "yoriai_session=guess"},
}


@pytest.fixture
def anna(server: Any) -> Any:
    with httpx2.Client(base_url=server.url, headers=_bearer(server.tokens["anna"])) as client:
        yield client


@pytest.fixture
def ben(server: Any) -> Any:
    with httpx2.Client(base_url=server.url, headers=_bearer(server.tokens["ben"])) as client:
        yield client


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_open_routes_are_exactly_these() -> None:
    assert {route for route in ROUTES if is_open(route[1])} == OPEN


@pytest.mark.parametrize(("method", "path"), sorted(set(ROUTES) - OPEN))
@pytest.mark.parametrize("credential", CREDENTIALS, ids=CREDENTIALS)
def test_nobody_gets_in(method: str, path: str, credential: str, server: Any) -> None:
    response = httpx2.request(
        method, server.url + path, headers=CREDENTIALS[credential], content=b"{", timeout=20
    )
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"


@pytest.mark.parametrize(("method", "path"), sorted(ADMINISTRATION))
def test_a_member_administers_nothing(method: str, path: str, ben: httpx2.Client) -> None:
    body = {"name": "x", "password": "long enough", "role": "administrator"}
    assert ben.request(method, path, json=body).status_code == 403


def test_every_route_to_an_owned_thing_is_walked_as_another_user() -> None:
    everybodys = {("GET", "/v1/models/{name}")}
    with_ids = {route for route in ROUTES if "{" in route[1]} - ADMINISTRATION - everybodys
    assert with_ids == {(method, path) for method, path, _ in OWNED}


@pytest.mark.parametrize(("method", "path", "body"), OWNED)
def test_what_is_annas_does_not_exist_for_ben(
    method: str, path: str, body: Any, anna: httpx2.Client, ben: httpx2.Client
) -> None:
    conversation = anna.post("/api/conversations", json={"title": "private"}).json()["id"]
    asked = anna.post(f"/api/conversations/{conversation}/messages", json={"text": "Say one word."}).json()
    token = anna.get("/api/tokens").json()["tokens"][0]["id"]
    url = path.format(conversation_id=conversation, reply_id=asked["reply"]["id"], token_id=token)
    assert ben.request(method, url, json=body).status_code == 404
    assert anna.get(f"/api/conversations/{conversation}").json()["conversation"]["title"] == "private"
    anna.post(f"/api/replies/{asked['reply']['id']}/stop")


def test_conversations_of_others_are_not_listed_nor_found(anna: httpx2.Client, ben: httpx2.Client) -> None:
    anna.post("/api/conversations", json={"title": "zebra crossing"})
    assert anna.get("/api/conversations", params={"search": "zebra"}).json()["conversations"]
    assert not ben.get("/api/conversations", params={"search": "zebra"}).json()["conversations"]


def test_a_disabled_user_is_out_at_once(anna: httpx2.Client, server: Any) -> None:
    made = anna.post("/api/users", json={"name": "carl", "password": "correct horse battery"}).json()
    with httpx2.Client(base_url=server.url) as carl:
        carl.post("/api/login", json={"name": "carl", "password": "correct horse battery"})
        token = carl.post("/api/tokens", json={"name": "t"}).json()["token"]
        assert carl.get("/api/me").status_code == 200
        anna.patch(f"/api/users/{made['id']}", json={"active": False})
        assert carl.get("/api/me").status_code == 401
        assert httpx2.get(f"{server.url}/api/me", headers=_bearer(token)).status_code == 401


def test_a_revoked_token_is_out_at_once(anna: httpx2.Client, server: Any) -> None:
    made = anna.post("/api/tokens", json={"name": "short-lived"}).json()
    assert httpx2.get(f"{server.url}/api/me", headers=_bearer(made["token"])).status_code == 200
    assert anna.delete(f"/api/tokens/{made['details']['id']}").status_code == 204
    assert httpx2.get(f"{server.url}/api/me", headers=_bearer(made["token"])).status_code == 401
