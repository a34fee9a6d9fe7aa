"""What is shared with a group: every route as owner, as people of the group, of another, of none, as administrator.

And that it ends at once: for who leaves, when the group goes, when an account is disabled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from kept_things import CHANGING, PRIVATE, READING, REFUSED, TEXT, Kept, Route, kept

PASSWORD = "correct horse battery"
ROLES = {"hana": "member", "gil": "guest", "otto": "member", "nora": "member"}
INSIDE = ["hana", "gil"]  # of law, to which ben belongs
OUTSIDE = ["otto", "nora", "anna"]  # of sales, of no group, the administrator
QUESTION = [{"role": "user", "content": "When is the merger announced?"}]


@dataclass(kw_only=True)
class House:
    clients: dict[str, httpx2.Client]
    ids: dict[str, str]
    law: str
    sales: str

    def __getitem__(self, name: str) -> httpx2.Client:
        return self.clients[name]

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Somebody is not in law for a while."""
        path = f"/api/groups/{self.law}/members/{self.ids[name]}"
        self["anna"].delete(path).raise_for_status()
        yield
        self["anna"].put(path).raise_for_status()


def named(route: Route) -> str:
    return f"{route[0]} {route[1]}"


@pytest.fixture(scope="module")
def house(server: Any) -> Iterator[House]:
    with ExitStack() as ending:

        def client(token: str) -> httpx2.Client:
            headers = {"Authorization": f"Bearer {token}"}
            return ending.enter_context(httpx2.Client(base_url=server.url, headers=headers, timeout=120))

        clients = {name: client(token) for name, token in server.tokens.items()}
        anna = clients["anna"]
        for name, role in ROLES.items():
            made = anna.post("/api/users", json={"name": name, "password": PASSWORD, "role": role})
            assert made.is_success, made.text
            with httpx2.Client(base_url=server.url) as session:
                session.post("/api/login", json={"name": name, "password": PASSWORD})
                clients[name] = client(session.post("/api/tokens", json={"name": "t"}).json()["token"])
        ids = {each["name"]: each["id"] for each in anna.get("/api/users").json()["users"]}

        def group(name: str, *members: str) -> str:
            wish = {"name": name, "member_ids": [ids[each] for each in members]}
            made = anna.post("/api/groups", json=wish).json()["id"]
            ending.callback(anna.delete, f"/api/groups/{made}")
            return str(made)

        yield House(
            clients=clients, ids=ids, law=group("law", "ben", *INSIDE), sales=group("sales", "otto", "ben")
        )


@pytest.fixture(scope="module")
def shared(house: House, server: Any) -> Iterator[Kept]:
    group_ids = [house.law]
    with kept(house["ben"], "bens cases", Path(server.home), sharing="groups", group_ids=group_ids) as things:
        yield things


# ---- every route × everybody ------------------------------------------------------------------------------
@pytest.mark.parametrize("reader", ["ben", *INSIDE])
@pytest.mark.parametrize("route", READING, ids=named)
def test_its_owner_and_the_people_of_the_group_read_it(
    route: Route, reader: str, house: House, shared: Kept
) -> None:
    assert shared.send(house[reader], route).status_code in _served(route)


@pytest.mark.parametrize("stranger", OUTSIDE)
@pytest.mark.parametrize("route", READING + CHANGING + PRIVATE, ids=named)
def test_for_everybody_else_it_does_not_exist(
    route: Route, stranger: str, house: House, shared: Kept
) -> None:
    response = shared.send(house[stranger], route)
    assert response.status_code == 404, response.text
    assert "merger" not in response.text
    assert "law" not in response.text


@pytest.mark.parametrize("reader", INSIDE)
@pytest.mark.parametrize("route", CHANGING + PRIVATE, ids=named)
def test_reading_gives_no_right_to_change(route: Route, reader: str, house: House, shared: Kept) -> None:
    assert shared.send(house[reader], route).status_code == 404
    assert shared.send(house["ben"], READING[0]).json()["documents"] == {"ready": 1}


@pytest.mark.parametrize("other", [*INSIDE, *OUTSIDE])
@pytest.mark.parametrize("route", REFUSED, ids=named)
def test_what_is_refused_for_another_reason_tells_nothing(
    route: Route, other: str, house: House, shared: Kept
) -> None:
    response = shared.send(house[other], route)
    assert response.status_code in {403, 404, 502}, response.text
    assert "cases" not in response.text


@pytest.mark.parametrize("other", ["ben", *INSIDE, *OUTSIDE])
def test_lists_and_names_hold_it_for_those_who_may_read_it(other: str, house: House, shared: Kept) -> None:
    client, may = house[other], other not in OUTSIDE
    for path, kind in (
        ("/api/collections", "collections"),
        ("/api/assistants", "assistants"),
        ("/api/councils", "councils"),
    ):
        listed = [each.get("collection", each)["name"] for each in client.get(path).json()[kind]]
        assert (shared.name in listed) is may, path
        assert client.get(path, params={"name": shared.name}).status_code == (200 if may else 404)
    stores = [each["name"] for each in client.get("/v1/vector_stores?limit=100").json()["data"]]
    models = [each["id"] for each in client.get("/v1/models").json()["data"]]
    assert (shared.name in stores) is may
    for prefix in ("assistant", "council"):
        assert (f"{prefix}:{shared.name}" in models) is may
    found = client.post(
        "/api/collections/search", json={"collections": [shared.ids["collection_id"]], "query": "merger"}
    )
    assert found.status_code == (200 if may else 404)


@pytest.mark.parametrize("stranger", OUTSIDE)
@pytest.mark.parametrize("kind", ["assistant", "collection", "council"])
def test_nobody_else_asks_it(kind: str, stranger: str, house: House, shared: Kept) -> None:
    for name in (shared.name, shared.ids[f"{kind}_id"]):
        wish = {"model": f"{kind}:{name}", "messages": QUESTION}
        assert house[stranger].post("/v1/chat/completions", json=wish).status_code == 404
        assert house[stranger].post("/api/conversations", json={"model": wish["model"]}).status_code == 404


# ---- what is told of groups -------------------------------------------------------------------------------
def test_a_group_is_seen_by_those_in_it_and_by_administrators(house: House) -> None:
    path = f"/api/groups/{house.law}"
    for name in ("anna", "ben", *INSIDE):
        assert {each["name"] for each in house[name].get(path).json()["members"]} == {"ben", *INSIDE}
    for name in ("otto", "nora"):
        assert house[name].get(path).status_code == 404
        assert house[name].get("/api/groups", params={"name": "law"}).status_code == 404
    listed = {
        name: [each["name"] for each in house[name].get("/api/groups").json()["groups"]]
        for name in house.clients
    }
    assert listed == {
        "anna": ["law", "sales"], "ben": ["law", "sales"], "hana": ["law"], "gil": ["law"], "otto": ["sales"],
        "nora": [],
    }  # fmt: skip


def test_readers_learn_of_no_group_but_their_own(house: House, shared: Kept) -> None:
    path = f"/api/collections/{shared.ids['collection_id']}"
    both = {"sharing": "groups", "group_ids": [house.law, house.sales]}
    of_ben = house["ben"].patch(path, json=both).json()
    assert [each["name"] for each in of_ben["groups"]] == ["law", "sales"]
    for name, known in (("hana", "law"), ("otto", "sales")):
        seen = house[name].get(path).json()["collection"]
        assert (seen["sharing"], [each["name"] for each in seen["groups"]]) == ("groups", [known])
    assert house["nora"].get(path).status_code == 404
    house["ben"].patch(path, json={"group_ids": [house.law]}).raise_for_status()
    assert house["otto"].get(path).status_code == 404


@pytest.mark.parametrize("path", ["/api/collections", "/api/assistants", "/api/councils"])
def test_nobody_shares_with_a_group_that_they_are_not_in(path: str, house: House, shared: Kept) -> None:
    kind = path.removeprefix("/api/").removesuffix("s")
    own = f"{path}/{shared.ids[f'{kind}_id']}"
    further = {"members": ["smollm2-135m", "smollm2-135m"]} if kind == "council" else {}
    for group_id in (house.law, "grp_guess"):
        wish = {"name": "gift", "sharing": "groups", "group_ids": [group_id], **further}
        assert house["otto"].post(path, json=wish).status_code == 404
        refused = house["ben"].patch(own, json={"sharing": "groups", "group_ids": [group_id, "grp_guess"]})
        assert refused.status_code == 404
        assert refused.json()["error"]["param"] == "group_ids"
    for wrong in ({"group_ids": []}, {"sharing": "everyone", "group_ids": [house.law]}, {"sharing": "law"}):
        assert house["ben"].patch(own, json=wrong).status_code == 400
    assert house["hana"].get(own).status_code == 200


# ---- the end of it ----------------------------------------------------------------------------------------
def test_who_leaves_the_group_reads_nothing_from_the_next_request_on(house: House, shared: Kept) -> None:
    hana = house["hana"]
    for route in READING:  # whatever is remembered of it is remembered now
        assert shared.send(hana, route).status_code in _served(route)
    with house.without("hana"):
        for route in READING:
            assert shared.send(hana, route).status_code == 404, route
        assert shared.name not in hana.get("/v1/models").text + hana.get("/api/collections").text
        for kind in ("assistant", "collection", "council"):
            wish = {"model": f"{kind}:{shared.ids[f'{kind}_id']}", "messages": QUESTION}
            assert hana.post("/v1/chat/completions", json=wish).status_code == 404
    assert shared.send(hana, READING[0]).status_code == 200


def test_a_conversation_that_was_begun_asks_nothing_any_more(house: House, shared: Kept) -> None:
    hana = house["hana"]
    wish = {"model": f"assistant:{shared.name}", "sampling": {"max_tokens": 8}}
    made = hana.post("/api/conversations", json=wish).json()["id"]
    path = f"/api/conversations/{made}/messages"
    before = hana.post(path, json={"text": QUESTION[0]["content"]}).json()
    assert "Friday" in hana.get(f"/api/replies/{before['reply']['id']}/events").text
    with house.without("hana"):
        after = hana.post(path, json={"text": "And when exactly is the merger?"})
        told = after.text
        if after.is_success:
            told += hana.get(f"/api/replies/{after.json()['reply']['id']}/events").text
        assert "Friday" not in told
        assert after.status_code == 404, told
    hana.delete(f"/api/conversations/{made}")


def test_a_disabled_account_and_a_removed_group_end_it_too(house: House, shared: Kept) -> None:
    anna, path = house["anna"], f"/api/collections/{shared.ids['collection_id']}"
    anna.patch(f"/api/users/{house.ids['gil']}", json={"active": False})
    assert house["gil"].get(path).status_code == 401
    assert [each["name"] for each in house["hana"].get("/api/groups").json()["groups"][0]["members"]] == [
        "ben",
        "hana",
    ]
    anna.patch(f"/api/users/{house.ids['gil']}", json={"active": True})
    made = anna.post(
        "/api/groups", json={"name": "for a day", "member_ids": [house.ids["ben"], house.ids["nora"]]}
    )
    wish = {"group_ids": [house.law, made.json()["id"]]}
    house["ben"].patch(path, json=wish).raise_for_status()
    assert house["nora"].get(path).status_code == 200
    anna.delete(f"/api/groups/{made.json()['id']}")
    assert house["nora"].get(path).status_code == 404
    kept_so = house["ben"].get(path).json()["collection"]
    assert [each["name"] for each in kept_so["groups"]] == ["law"]


# ---- no way round -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("sharing", [{"sharing": "everyone"}, {"sharing": "groups", "groups": "sales"}])
def test_an_assistant_that_is_shared_more_widely_shares_no_documents(
    sharing: dict[str, str], house: House, shared: Kept
) -> None:
    """Over a collection of law: whose asker isn't in law gets nothing of it, whoever made the assistant."""
    group_ids = [house.sales] if "groups" in sharing else []
    wish = {
        "name": "wide", "collection_ids": [shared.ids["collection_id"]], "model": "smollm2-135m",
        "sharing": sharing["sharing"], "group_ids": group_ids,
    }  # fmt: skip
    made = house["ben"].post("/api/assistants", json=wish).json()
    try:
        ask = {"model": f"assistant:{made['id']}", "messages": QUESTION, "max_tokens": 8, "temperature": 0}
        seen = house["otto"].get(f"/api/assistants/{made['id']}").json()
        assert seen["collection_ids"] == []
        answer = house["otto"].post("/v1/chat/completions", json=ask)
        assert answer.json()["choices"][0]["message"]["yoriai"]["sources"]["citations"] == []
        assert "Friday" not in answer.text
        insider = "hana" if sharing["sharing"] == "everyone" else "ben"
        told = house[insider].post("/v1/chat/completions", json=ask).json()["choices"][0]["message"]
        assert [each["text"] for each in told["yoriai"]["sources"]["citations"]] == [TEXT]
    finally:
        house["ben"].delete(f"/api/assistants/{made['id']}")


def test_a_council_that_is_shared_more_widely_shares_no_members(house: House, shared: Kept) -> None:
    wish = {
        "name": "wide", "sharing": "groups", "group_ids": [house.sales], "mode": "vote", "member_tokens": 16,
        "members": ["smollm2-135m", f"assistant:{shared.name}"],
    }  # fmt: skip
    made = house["ben"].post("/api/councils", json=wish).json()
    try:
        ask = {"model": f"council:{made['id']}", "messages": QUESTION, "temperature": 0}
        answer = house["otto"].post("/v1/chat/completions", json=ask).json()["choices"][0]["message"]
        assert "Without [B] assistant:asst_" in answer["content"]
        assert shared.name not in str(answer)
        assert TEXT not in str(answer)
    finally:
        house["ben"].delete(f"/api/councils/{made['id']}")


def _served(route: Route) -> set[int]:
    """A text has no picture: that is said, and not that there is no such document."""
    return {200, 400, 422} if route[1].partition("?")[0].endswith(("/image", "/boxes")) else {200}
