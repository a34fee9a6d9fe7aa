"""The board and vote files over HTTP, for two users of one server."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest


@pytest.fixture
def anna(server: Any) -> Any:
    with httpx2.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {server.tokens['anna']}"}
    ) as client:
        yield client


@pytest.fixture
def ben(server: Any) -> Any:
    with httpx2.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {server.tokens['ben']}"}
    ) as client:
        yield client


def sent(client: httpx2.Client, *votes: Any) -> httpx2.Response:
    return client.post(
        "/api/arena/votes", files={"file": ("votes.jsonl", "\n".join(map(json.dumps, votes)).encode())}
    )


def vote(number: int, **fields: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": "A secret question?"}, {"role": "assistant", "content": "Yes."}]
    return {
        "question_id": f"ben-{number}", "model_a": "bens-a", "model_b": "bens-b", "winner": "model_a", "judge": "ben",
        "conversation_a": said, "conversation_b": said, "turn": 1, "anony": True, "language": "English",
        "tstamp": 10.0 + number,
    } | fields  # fmt: skip


def test_a_members_votes_are_the_members(anna: httpx2.Client, ben: httpx2.Client) -> None:
    assert sent(ben, vote(1), vote(2, winner="tie (bothbad)")).json() == {"votes": 2, "new": 2}
    assert sent(ben, vote(1)).json() == {"votes": 1, "new": 0}
    board = ben.get("/api/arena/board", params={"voters": "imported"}).json()
    assert {row["model"] for row in board["rows"]} >= {"bens-a", "bens-b"}
    assert board["summary"]
    out = ben.get("/api/arena/votes")
    assert out.headers["content-disposition"].startswith("attachment;")
    assert [json.loads(line)["winner"] for line in out.text.splitlines()].count("tie (bothbad)") == 1
    assert "bens-a" not in anna.get("/api/arena/board").text
    assert "secret" not in anna.get("/api/arena/votes").text


def test_style_and_filters_are_asked_for_by_name(ben: httpx2.Client) -> None:
    sent(ben, *(vote(n, winner="model_b") for n in range(10, 14)))
    board = ben.get("/api/arena/board", params={"style": True, "language": "en", "topic": "other"}).json()
    assert set(board["style"]) == {"length", "headers", "lists", "bold"}
    assert board["languages"]["en"] >= 4
    assert ben.get("/api/arena/board", params={"topic": "cooking"}).status_code == 400
    assert ben.get("/api/arena/board", params={"topics": "code"}).status_code == 400


def test_a_wrong_file_is_refused_in_the_readers_language(ben: httpx2.Client) -> None:
    refused = sent(ben, vote(99), vote(100, winner="draw"))
    assert refused.status_code == 400
    assert "Vote 2" in refused.json()["error"]["message"]
    ben.headers["Accept-Language"] = "ja"
    assert "2 番目の投票" in sent(ben, vote(99), vote(100, winner="draw")).json()["error"]["message"]
    assert "ben-99" not in ben.get("/api/arena/votes").text


def test_a_file_may_be_larger_than_a_request(ben: httpx2.Client) -> None:
    long = [{"role": "user", "content": "x" * 900_000}]
    votes = [vote(n, conversation_a=long, conversation_b=None) for n in range(200, 224)]
    assert sent(ben, *votes).json() == {"votes": 24, "new": 24}
