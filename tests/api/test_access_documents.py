"""Documents, assistants and councils: every route, as their owner, as each kind of other user, private and shared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from kept_things import CHANGING, PRIVATE, READING, REFUSED, TEXT, Kept, Route, kept

PASSWORD = "correct horse battery"
CASES = [("anna", "ben"), ("ben", "anna"), ("ben", "gus")]  # administrator, member, guest
every_pair = pytest.mark.parametrize(("owner", "other"), CASES)
QUESTION = [{"role": "user", "content": "When is the merger announced?"}]


def named(route: Route) -> str:
    return f"{route[0]} {route[1]}"


@pytest.fixture(scope="module")
def people(server: Any) -> Iterator[dict[str, httpx2.Client]]:
    with ExitStack() as ending:

        def client(token: str) -> httpx2.Client:
            headers = {"Authorization": f"Bearer {token}"}
            return ending.enter_context(httpx2.Client(base_url=server.url, headers=headers, timeout=120))

        clients = {name: client(token) for name, token in server.tokens.items()}
        clients["anna"].post("/api/users", json={"name": "gus", "password": PASSWORD, "role": "guest"})
        with httpx2.Client(base_url=server.url) as gus:
            gus.post("/api/login", json={"name": "gus", "password": PASSWORD})
            clients["gus"] = client(gus.post("/api/tokens", json={"name": "t"}).json()["token"])
        yield clients


@pytest.fixture(scope="module")
def private(people: dict[str, httpx2.Client], server: Any) -> Iterator[dict[str, Kept]]:
    with ExitStack() as ending:
        yield {
            name: ending.enter_context(
                kept(people[name], f"{name}s secrets", Path(server.home), sharing="owner")
            )
            for name in ("anna", "ben")
        }


@pytest.fixture(scope="module")
def shared(people: dict[str, httpx2.Client], server: Any) -> Iterator[Kept]:
    with kept(people["ben"], "bens rules", Path(server.home), sharing="everyone") as things:
        yield things


@every_pair
@pytest.mark.parametrize("route", READING + CHANGING + PRIVATE, ids=named)
def test_what_is_anothers_does_not_exist(
    route: Route, owner: str, other: str, people: dict[str, httpx2.Client], private: dict[str, Kept]
) -> None:
    response = private[owner].send(people[other], route)
    assert response.status_code == 404, response.text
    assert "merger" not in response.text


@every_pair
@pytest.mark.parametrize("route", REFUSED, ids=named)
def test_what_is_refused_for_another_reason_tells_nothing(
    route: Route, owner: str, other: str, people: dict[str, httpx2.Client], private: dict[str, Kept]
) -> None:
    response = private[owner].send(people[other], route)
    assert response.status_code in {403, 404, 502}, response.text
    assert "secrets" not in response.text


@pytest.mark.parametrize("route", READING + PRIVATE[:2] + PRIVATE[3:4], ids=named)
def test_ones_own_is_there(route: Route, people: dict[str, httpx2.Client], private: dict[str, Kept]) -> None:
    """Else every refusal above would prove nothing."""
    assert private["ben"].send(people["ben"], route).status_code in _served(route)


@pytest.mark.parametrize("other", ["anna", "gus"])
@pytest.mark.parametrize("route", READING, ids=named)
def test_what_is_shared_is_read(
    route: Route, other: str, people: dict[str, httpx2.Client], shared: Kept
) -> None:
    assert shared.send(people[other], route).status_code in _served(route)


@pytest.mark.parametrize("other", ["anna", "gus"])
@pytest.mark.parametrize("route", CHANGING + PRIVATE, ids=named)
def test_what_is_shared_is_nobody_elses_to_change(
    route: Route, other: str, people: dict[str, httpx2.Client], shared: Kept
) -> None:
    assert shared.send(people[other], route).status_code == 404
    assert shared.send(people["ben"], READING[0]).json()["documents"] == {"ready": 1}


@every_pair
@pytest.mark.parametrize("kind", ["assistant", "collection", "council"])
def test_another_users_documents_are_not_asked(
    kind: str, owner: str, other: str, people: dict[str, httpx2.Client], private: dict[str, Kept]
) -> None:
    things = private[owner]
    for name in (things.name, things.ids[f"{kind}_id"]):
        wish = {"model": f"{kind}:{name}", "messages": QUESTION}
        refused = people[other].post("/v1/chat/completions", json=wish)
        assert refused.status_code == 404
        assert people[other].post("/api/conversations", json={"model": wish["model"]}).status_code == 404
    listed = [model["id"] for model in people[other].get("/v1/models").json()["data"]]
    own = [model["id"] for model in people[owner].get("/v1/models").json()["data"]]
    for prefix in ("assistant", "council"):
        assert f"{prefix}:{things.name}" not in listed
        assert f"{prefix}:{things.name}" in own


@pytest.mark.parametrize("other", ["anna", "gus"])
def test_a_shared_assistant_shares_no_documents(
    other: str, people: dict[str, httpx2.Client], private: dict[str, Kept]
) -> None:
    """Who may use it gets answers from documents that they may read, and from no others."""
    ben, secret = people["ben"], private["ben"].ids["collection_id"]
    wish = {
        "name": f"for {other}",
        "collection_ids": [secret],
        "sharing": "everyone",
        "model": "smollm2-135m",
    }
    made = ben.post("/api/assistants", json=wish).json()
    try:
        shown = people[other].get(f"/api/assistants/{made['id']}").json()
        assert shown["collection_ids"] == []
        ask = {"model": f"assistant:for {other}", "messages": QUESTION, "max_tokens": 30, "temperature": 0}
        answers = {name: people[name].post("/v1/chat/completions", json=ask) for name in (other, "ben")}
        assert "Friday" not in answers[other].text
        assert answers[other].json()["choices"][0]["message"]["yoriai"]["sources"]["citations"] == []
        (citation,) = answers["ben"].json()["choices"][0]["message"]["yoriai"]["sources"]["citations"]
        assert citation["text"] == TEXT
    finally:
        ben.delete(f"/api/assistants/{made['id']}")


@pytest.mark.parametrize("other", ["anna", "gus"])
def test_a_shared_council_shares_no_members(
    other: str, people: dict[str, httpx2.Client], private: dict[str, Kept]
) -> None:
    """Who may use it gets answers from members that they may ask, and those only."""
    ben, secret = people["ben"], private["ben"]
    wish = {
        "name": f"for {other}", "sharing": "everyone", "mode": "vote", "member_tokens": 16,
        "members": ["smollm2-135m", f"assistant:{secret.name}"],
    }  # fmt: skip
    made = ben.post("/api/councils", json=wish).json()
    try:
        assert made["members"][1] == f"assistant:{secret.name}"
        shown = people[other].get(f"/api/councils/{made['id']}").json()
        assert shown["members"][1] == f"assistant:{secret.ids['assistant_id']}"
        ask = {"model": f"council:for {other}", "messages": QUESTION, "temperature": 0}
        answer = people[other].post("/v1/chat/completions", json=ask).json()["choices"][0]["message"]
        assert "Without [B] assistant:asst_" in answer["content"]
        assert secret.name not in str(answer)
        assert TEXT not in str(answer)
    finally:
        ben.delete(f"/api/councils/{made['id']}")


@pytest.mark.parametrize("other", ["anna", "gus"])
def test_a_council_takes_no_members_of_others(
    other: str, people: dict[str, httpx2.Client], private: dict[str, Kept]
) -> None:
    wish = {"name": "thief", "members": ["smollm2-135m", f"assistant:{private['ben'].ids['assistant_id']}"]}
    assert people[other].post("/api/councils", json=wish).status_code == (403 if other == "gus" else 404)
    if other == "anna":
        own = private["anna"].ids["council_id"]
        assert people["anna"].patch(f"/api/councils/{own}", json=wish).status_code == 404


@pytest.mark.parametrize("other", ["anna", "gus"])
def test_an_assistant_takes_no_collection_of_others(
    other: str, people: dict[str, httpx2.Client], private: dict[str, Kept], shared: Kept
) -> None:
    wish = {"name": "thief", "collection_ids": [private["ben"].ids["collection_id"]]}
    assert people[other].post("/api/assistants", json=wish).status_code == (403 if other == "gus" else 404)
    if other == "anna":
        own = private["anna"].ids["assistant_id"]
        assert people["anna"].patch(f"/api/assistants/{own}", json=wish).status_code == 404
        assert private["anna"].send(people["anna"], ("GET", "/api/assistants/{assistant_id}", None)).json()[
            "collection_ids"
        ] == [private["anna"].ids["collection_id"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/collections", {"name": "g"}), ("/v1/vector_stores", {"name": "g"}), ("/api/assistants", {"name": "g"}),
        ("/v1/files", None), ("/api/councils", {"name": "g", "members": ["smollm2-135m", "smollm2-135m"]}),
    ],
)  # fmt: skip
def test_guests_keep_nothing(path: str, body: Any, people: dict[str, httpx2.Client]) -> None:
    files = None if body else {"file": ("x.txt", b"x")}
    assert people["gus"].post(path, json=body, files=files).status_code == 403


def test_lists_hold_ones_own_and_what_is_shared(
    people: dict[str, httpx2.Client], private: dict[str, Kept], shared: Kept
) -> None:
    for name, others in (("anna", "ben"), ("ben", "anna"), ("gus", "ben")):
        client = people[name]
        assistants = {each["name"] for each in client.get("/api/assistants").json()["assistants"]}
        stores = {each["name"] for each in client.get("/v1/vector_stores?limit=100").json()["data"]}
        councils = {each["name"] for each in client.get("/api/councils").json()["councils"]}
        for seen in (assistants, stores, councils):
            assert shared.name in seen
            assert private[others].name not in seen
        assert private[others].ids["file_id"] not in {f["id"] for f in client.get("/v1/files").json()["data"]}


def _served(route: Route) -> set[int]:
    """A text has no picture: that is said, and not that there is no such document."""
    return {200, 400, 422} if route[1].partition("?")[0].endswith(("/image", "/boxes")) else {200}
