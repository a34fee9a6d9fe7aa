"""Every route: closed to nobody in particular, and what is one user's doesn't exist for another."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from described import ROUTES
from kept_things import ALL

from yoriai.api.principal import is_open

OPEN = {("GET", "/health"), ("POST", "/api/setup"), ("POST", "/api/login")}
ADMINISTRATION = {
    ("GET", "/metrics"),
    ("GET", "/api/users"),
    ("POST", "/api/users"),
    ("PATCH", "/api/users/{user_id}"),
    ("POST", "/api/groups"),
    ("PATCH", "/api/groups/{group_id}"),
    ("DELETE", "/api/groups/{group_id}"),
    ("PUT", "/api/groups/{group_id}/members/{user_id}"),
    ("DELETE", "/api/groups/{group_id}/members/{user_id}"),
    ("POST", "/api/models/{name}/pull"),
    ("DELETE", "/api/models/{name}/pull"),
    ("POST", "/api/models/{name}/unload"),
    ("DELETE", "/api/models/{name}"),
    ("GET", "/api/mcp/servers"),
    ("POST", "/api/mcp/servers"),
    ("GET", "/api/mcp/servers/{name}/tools"),
    ("POST", "/api/mcp/servers/{name}/approve"),
    ("DELETE", "/api/mcp/servers/{name}"),
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
_U = "/api/conversations/{conversation_id}/files"
TOOLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", _U, {}),
    ("POST", _U, {"params": {"name": "x.csv"}, "content": b"x"}),
    ("GET", "/api/tool-files/{file_id}", {}),
    ("DELETE", "/api/tool-files/{file_id}", {}),
    ("POST", "/api/tool-calls/{call_id}", {"json": {"decision": "once"}}),
]
_P = "/api/comparisons/{comparison_id}"
COMPARED: list[tuple[str, str, Any]] = [
    ("GET", _P, None),
    ("POST", _P + "/messages", {"text": "hi"}),
    ("POST", _P + "/stop", None),
    ("POST", _P + "/adopt", {"conversation_id": "{conversation_id}"}),
    ("DELETE", _P, None),
]
_W = "/api/arena/battles/{battle_id}"
BATTLES: list[tuple[str, str, Any]] = [
    ("GET", _W, None),
    ("POST", _W + "/messages", {"text": "hi"}),
    ("POST", _W + "/stop", None),
    ("POST", _W + "/vote", {"winner": "tie"}),
    ("DELETE", _W + "/vote", None),
    ("DELETE", _W, None),
]
_X, _Q = "/api/exams/runs/{run_id}", "/api/questions/{set_id}"
EXAMS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", _X, {}),
    ("GET", _X + "/samples", {}),
    ("GET", _X + "/against/{other_id}", {}),
    ("POST", _X + "/cancel", {}),
    ("POST", _X + "/resume", {}),
    ("DELETE", _X, {}),
    ("GET", _Q, {}),
    ("POST", _Q + "/questions", {"json": {"question": "x", "expected": "x"}}),
    ("PUT", _Q + "/questions/{question_id}", {"json": {"question": "x", "expected": "x"}}),
    ("DELETE", _Q + "/questions/{question_id}", {}),
    ("POST", _Q + "/import", {"files": {"file": ("x.csv", b"question,expected\nx,x")}}),
    ("DELETE", _Q, {}),
]
# Who there is, whoever answers a battle.
NAMING = {"/v1/models", "/v1/models/{name}", "/api/models", "/api/assistants", "/metrics"}
_C, _D = "/api/collections/{collection_id}", "/api/collections/{collection_id}/documents/{document_id}"
_V, _F = "/v1/vector_stores/{vector_store_id}", "/v1/vector_stores/{vector_store_id}/files/{file_id}"
FILE: dict[str, Any] = {"files": {"file": ("x.txt", b"x")}}
# What reading gives to whom it is shared with, and what stays its owner's.
READ_OF_KNOWLEDGE: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", _C, {}),
    ("GET", _C + "/documents", {}),
    ("GET", _D, {}),
    ("GET", _C + "/passages", {}),
    ("GET", _D + "/file", {}),
    ("GET", _D + "/pages/{number}", {}),
    ("POST", _C + "/evaluation", {"json": {"questions": [{"question": "merger?", "text": "merger"}]}}),
    ("GET", _V, {}),
    ("GET", _V + "/files", {}),
    ("GET", _F, {}),
    ("GET", _F + "/content", {}),
    ("POST", _V + "/search", {"json": {"query": "merger"}}),
]
OWNERS_OF_KNOWLEDGE: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", _C, {"json": {"sharing": "everyone"}}),
    ("DELETE", _C, {}),
    ("POST", _C + "/documents", FILE),
    ("POST", _C + "/text", {"json": {"text": "x"}}),
    ("DELETE", _C + "/folders", {"params": {"folder": "/x"}}),
    ("PATCH", _D, {"json": {"tags": ["x"]}}),
    ("POST", _D + "/retry", {}),
    ("DELETE", _D, {}),
    ("POST", _V, {"json": {"name": "mine"}}),
    ("DELETE", _V, {}),
    ("POST", _V + "/files", {"json": {"file_id": "{file_id}"}}),
    ("POST", _F, {"json": {"attributes": {"x": "y"}}}),
    ("DELETE", _F, {}),
    ("GET", "/v1/files/{file_id}", {}),
    ("GET", "/v1/files/{file_id}/content", {}),
    ("DELETE", "/v1/files/{file_id}", {}),
    ("GET", "/api/jobs/{job_id}", {}),
    ("DELETE", "/api/jobs/{job_id}", {}),
]
_B = _V + "/file_batches/{batch_id}"
BATCHES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", _V + "/file_batches", {"json": {"file_ids": ["x"]}}),
    ("GET", _B, {}),
    ("GET", _B + "/files", {}),
    ("POST", _B + "/cancel", {}),
]
# Refused to everybody here: of the server's own terminal, of a host that nobody opened, of a file without pictures.
ELSEWHERE = {
    ("POST", _C + "/paths"),
    ("POST", _C + "/web_pages"),
    ("GET", _D + "/pages/{number}/image"),
    ("GET", _D + "/pages/{number}/boxes"),
}


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
    everybodys = {("GET", "/v1/models/{name}"), ("PUT", "/api/tools/{name}/permission")}
    of_groups = {("GET", "/api/groups/{group_id}")}  # in test_access_groups, with all that is shared
    with_ids = {route for route in ROUTES if "{" in route[1]} - ADMINISTRATION - everybodys - of_groups
    of_knowledge = {(method, path) for method, path, _ in READ_OF_KNOWLEDGE + OWNERS_OF_KNOWLEDGE}
    of_documents = {(method, path.partition("?")[0]) for method, path, _ in ALL}  # as each role there
    assert with_ids == {
        (method, path) for method, path, _ in OWNED + COMPARED + BATTLES
    } | of_knowledge | ELSEWHERE | of_documents | {
        (method, path) for method, path, _ in BATCHES + EXAMS + TOOLS
    }
    assert of_documents >= of_knowledge | ELSEWHERE


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


def test_exams_and_questions_of_anna_do_not_exist_for_ben(anna: httpx2.Client, ben: httpx2.Client) -> None:
    made = anna.post("/api/questions", json={"name": "of anna"}).json()
    question = {"question": "Say a word.", "check": "regex", "expected": "."}
    kept = anna.post(f"/api/questions/{made['id']}/questions", json=question).json()
    wanted = {"task": "own:of anna", "model": "smollm2-135m", "max_tokens": 4}
    run = anna.post("/api/exams/runs", json=wanted).json()
    ids = {"run_id": run["id"], "other_id": run["id"], "set_id": made["id"], "question_id": kept["id"]}
    for method, path, sent in EXAMS:
        assert ben.request(method, path.format(**ids), **sent).status_code == 404, path
    assert ben.get("/api/questions").json()["sets"] == []
    assert ben.get("/api/exams/runs").json()["runs"] == []
    assert ben.post("/api/exams/runs", json=wanted).status_code == 404
    named = ben.post("/api/exams/runs", json={"task": "gsm8k", "model": "smollm2-135m", "data": "/etc"})
    assert named.status_code == 403
    assert [each["id"] for each in anna.get("/api/exams/runs").json()["runs"]] == [run["id"]]
    while (now := anna.get(_X.format(**ids)).json())["state"] in {"queued", "running"}:
        time.sleep(0.2)
    assert (now["state"], now["score"]["value"]) == ("done", 1.0)
    assert anna.get("/api/exams/board").json()["exams"]["own:of anna"][0]["run"]["id"] == run["id"]
    assert anna.delete(_X.format(**ids)).status_code == 204
    assert anna.delete(_Q.format(**ids)).status_code == 204


def test_files_for_tools_of_anna_do_not_exist_for_ben(anna: httpx2.Client, ben: httpx2.Client) -> None:
    conversation = anna.post("/api/conversations", json={"tools": ["python"]}).json()
    ids = {"conversation_id": conversation["id"], "call_id": "call_0"}
    given = {"params": {"name": "../売上.csv"}, "content": b"<script>alert(1)</script>"}
    made = anna.post(_U.format(**ids), **given)
    assert (made.status_code, made.json()["name"]) == (201, "売上.csv")
    ids["file_id"] = made.json()["id"]
    for method, path, sent in TOOLS:
        assert ben.request(method, path.format(**ids), **sent).status_code == 404, path
    shown = anna.get(f"/api/tool-files/{ids['file_id']}")
    assert shown.content == given["content"]
    assert shown.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert len(anna.get(_U.format(**ids)).json()["files"]) == 1
    assert anna.delete(f"/api/conversations/{conversation['id']}").status_code == 204
    assert anna.get(f"/api/tool-files/{ids['file_id']}").status_code == 404


def test_comparisons_of_anna_do_not_exist_for_ben(anna: httpx2.Client, ben: httpx2.Client) -> None:
    assistant = anna.post("/api/assistants", json={"name": "of anna", "model": "smollm2-135m"}).json()
    made = anna.post("/api/comparisons", json={"responders": ["smollm2-135m", "assistant:of anna"]}).json()
    ids = {
        "comparison_id": made["comparison"]["id"],
        "conversation_id": made["columns"][0]["conversation"]["id"],
    }
    for method, path, body in COMPARED:
        filled = {name: value.format(**ids) for name, value in body.items()} if body else None
        assert ben.request(method, path.format(**ids), json=filled).status_code == 404, path
    assert ben.get("/api/comparisons").json()["comparisons"] == []
    assert ids["comparison_id"] in anna.get("/api/comparisons").text
    assert anna.post(_P.format(**ids) + "/stop").status_code == 204
    taken = anna.post(_P.format(**ids) + "/adopt", json={"conversation_id": ids["conversation_id"]})
    assert taken.json()["comparison_id"] is None
    assert anna.delete(_P.format(**ids)).status_code == 204
    anna.delete(f"/api/assistants/{assistant['id']}")


@pytest.fixture
def blind(anna: httpx2.Client) -> Any:
    """A battle of anna's between two of hers, both of which have answered: its ids, and their names."""
    names = ["zorbulon", "quixander"]
    made = [
        anna.post("/api/assistants", json={"name": each, "model": "smollm2-135m"}).json() for each in names
    ]
    wish = {"text": "Say one word.", "among": [f"assistant:{each}" for each in names]}
    battle = anna.post("/api/arena/battles", json=wish).json()
    for column in battle["columns"]:
        anna.get(f"/api/replies/{column['messages'][-1]['id']}/events", timeout=60)
    column = battle["columns"][0]
    ids = {
        "battle_id": battle["comparison"]["id"], "comparison_id": battle["comparison"]["id"],
        "conversation_id": column["conversation"]["id"], "reply_id": column["messages"][-1]["id"],
    }  # fmt: skip
    yield ids, [*names, *(each["id"] for each in made), "smollm2"]
    anna.delete(_W.format(**ids))
    for each in made:
        anna.delete(f"/api/assistants/{each['id']}")


def test_no_route_tells_who_answers_a_battle_before_the_vote(anna: httpx2.Client, blind: Any) -> None:
    ids, telltale = blind
    walked = 0
    for method, path in ROUTES:
        is_its = any(f"{{{name}}}" in path for name in ids)
        if path in NAMING or method == "DELETE" or not (is_its or (method == "GET" and "{" not in path)):
            continue
        if path.endswith("/vote"):
            continue
        body = {"conversation_id": ids["conversation_id"], "text": "alone?", "title": "mine"}
        got = anna.request(method, path.format(**ids), json=None if method == "GET" else body, timeout=60)
        words = telltale if is_its else telltale[:-1]  # others are asked by their model's name
        assert [each for each in words if each in got.text.lower()] == [], (method, path, got.text)
        walked += is_its
    assert walked >= 12
    anna.post(f"/api/arena/battles/{ids['battle_id']}/stop")
    told = anna.post(f"/api/arena/battles/{ids['battle_id']}/vote", json={"winner": "tie"})
    assert told.status_code == 200, told.text
    assert {column["conversation"]["model"] for column in told.json()["columns"]} == {
        "assistant:zorbulon", "assistant:quixander",
    }  # fmt: skip


def test_battles_of_anna_do_not_exist_for_ben(anna: httpx2.Client, ben: httpx2.Client, blind: Any) -> None:
    ids, _ = blind
    for method, path, body in BATTLES:
        assert ben.request(method, path.format(**ids), json=body).status_code == 404, path
    assert ben.get("/api/arena/battles").json()["battles"] == []
    assert anna.get("/api/arena/questions?source=earlier").json()["questions"]
    assert ben.get("/api/arena/questions?source=earlier").json()["questions"] == []


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


@pytest.fixture
def merger(anna: httpx2.Client) -> Any:
    """A collection of anna's with a document that was made of a file of hers; all that a path may want to know."""
    store = anna.post("/v1/vector_stores", json={"name": "secrets"}).json()["id"]
    file = anna.post(
        "/v1/files", files={"file": ("merger.txt", b"The merger is announced on Friday.")}
    ).json()["id"]
    anna.post(f"/v1/vector_stores/{store}/files", json={"file_id": file})
    deadline = time.monotonic() + 30
    while anna.get(f"/v1/vector_stores/{store}").json()["status"] != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    document = anna.get(f"/api/collections/{store}/documents").json()["documents"][0]["document"]["id"]
    yield {
        "vector_store_id": store, "collection_id": store, "file_id": file, "document_id": document, "number": 1,
    }  # fmt: skip
    anna.delete(f"/v1/files/{file}")
    anna.delete(f"/v1/vector_stores/{store}")


def walk(who: httpx2.Client, route: tuple[str, str, dict[str, Any]], ids: dict[str, Any]) -> int:
    method, path, content = route
    filled = {"json": {"file_id": ids["file_id"]}} if content.get("json", {}).get("file_id") else content
    return who.request(method, path.format(**ids), **filled).status_code


def test_knowledge_of_anna_does_not_exist_for_ben(
    anna: httpx2.Client, ben: httpx2.Client, merger: Any
) -> None:
    batch = anna.post(_V.format(**merger) + "/file_batches", json={"file_ids": [merger["file_id"]]}).json()
    merger |= {"batch_id": batch["id"]}
    assert all(walk(anna, route, merger) == 200 for route in BATCHES[1:])
    others = [
        route for route in READ_OF_KNOWLEDGE + OWNERS_OF_KNOWLEDGE + BATCHES if "{job_id}" not in route[1]
    ]
    others += [
        ("GET", path, {"params": {"start": 0, "end": 1}}) for method, path in ELSEWHERE if method == "GET"
    ]
    for route in others:
        assert walk(ben, route, merger) == 404, route
    for route in READ_OF_KNOWLEDGE:
        assert walk(anna, route, merger) == 200, route
    wish = {"collections": [merger["collection_id"]], "query": "merger"}
    assert ben.post("/api/collections/search", json=wish).status_code == 404
    for path in ("/v1/files", "/v1/vector_stores", "/api/collections"):
        assert merger["file_id"] not in ben.get(path).text
        assert merger["collection_id"] not in ben.get(path).text


def test_shared_knowledge_is_read_and_not_changed(
    anna: httpx2.Client, ben: httpx2.Client, merger: Any
) -> None:
    anna.patch(f"/api/collections/{merger['collection_id']}", json={"sharing": "everyone"})
    for route in READ_OF_KNOWLEDGE:
        assert walk(ben, route, merger) == 200, route
    for route in OWNERS_OF_KNOWLEDGE:
        if "{job_id}" not in route[1]:
            assert walk(ben, route, merger) == 404, route


def test_a_job_of_another_does_not_exist(anna: httpx2.Client, ben: httpx2.Client, server: Any) -> None:
    with httpx2.Client(base_url=server.url, headers=_bearer(local_key(server))) as local:
        made = local.post("/api/collections", json={"name": "of the terminal"}).json()
        added = local.post(f"/api/collections/{made['id']}/paths", json={"paths": [__file__], "watch": False})
        job = added.json()["job"]["id"]
        assert [ben.request(method, f"/api/jobs/{job}").status_code for method in ("GET", "DELETE")] == [
            404
        ] * 2
        assert (
            anna.get(f"/api/jobs/{job}").status_code == 200
        )  # an administrator, as whoever sits at the terminal
        assert ben.get(f"/api/collections/{made['id']}").status_code == 404
        local.delete(f"/api/collections/{made['id']}")


def test_folders_of_the_server_are_not_read_for_its_users(anna: httpx2.Client, ben: httpx2.Client) -> None:
    for who in (anna, ben):
        own = who.post("/api/collections", json={"name": "own"}).json()["id"]
        refused = who.post(f"/api/collections/{own}/paths", json={"paths": ["/etc/passwd"]})
        assert refused.status_code == 403
        refused = who.post(f"/api/collections/{own}/web_pages", json={"address": "http://127.0.0.1:1/"})
        assert refused.status_code == 403
        assert who.get(f"/api/collections/{own}/documents").json()["documents"] == []
        who.delete(f"/api/collections/{own}")


def test_a_file_is_sent_to_be_saved_and_never_shown(anna: httpx2.Client) -> None:
    page = b"<script>alert(1)</script>"
    file = anna.post("/v1/files", files={"file": ("../../evil.html", page, "text/html")}).json()
    assert file["filename"] == "evil.html"
    sent = anna.get(f"/v1/files/{file['id']}/content")
    assert sent.content == page
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert sent.headers["content-disposition"].startswith("attachment;")
    anna.delete(f"/v1/files/{file['id']}")


def local_key(server: Any) -> str:
    return str(json.loads((server.home / "run" / "server.json").read_text())["key"])
