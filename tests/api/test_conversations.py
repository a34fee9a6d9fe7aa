"""The Chat service over HTTP with a real model."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest


@pytest.fixture
def anna(server: Any) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {server.tokens['anna']}"}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=120) as client:
        yield client


def begin(anna: httpx2.Client, **options: Any) -> str:
    sampling = {"temperature": 0, "max_tokens": 12}
    made = anna.post("/api/conversations", json={"model": "smollm2-135m", "sampling": sampling} | options)
    assert made.status_code == 201
    return str(made.json()["id"])


def ask(anna: httpx2.Client, conversation: str, text: str, **options: Any) -> dict[str, Any]:
    asked = anna.post(f"/api/conversations/{conversation}/messages", json={"text": text} | options)
    assert asked.status_code == 202, asked.text
    body: dict[str, Any] = asked.json()
    return body


def follow(anna: httpx2.Client, reply: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = anna.get(f"/api/replies/{reply}/events").text.split("\n\n")
    pairs = [block.split("\n") for block in blocks if block.startswith("event: ")]
    return [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in pairs]


def test_a_followed_reply_is_a_snapshot_then_deltas_then_the_end(anna: httpx2.Client) -> None:
    reply = ask(anna, begin(anna), "What is the capital of France?")["reply"]
    events = follow(anna, reply["id"])
    assert events[0][0] == "snapshot"
    assert events[-1][0] == "end"
    text = events[0][1]["message"]["content"]
    for kind, data in events[1:]:
        if kind == "delta":
            text = text[: data["offset"]] + data["text"]
    message = events[-1][1]["message"]
    assert message["content"] == text
    assert message["status"] == "done"
    assert message["usage"]["completion_tokens"] > 0


def test_a_finished_reply_can_be_followed_again(anna: httpx2.Client) -> None:
    reply = ask(anna, begin(anna), "Say hello.")["reply"]
    first = follow(anna, reply["id"])[-1][1]["message"]
    assert follow(anna, reply["id"])[-1][1]["message"]["content"] == first["content"]


def test_editing_a_question_makes_a_branch(anna: httpx2.Client) -> None:
    conversation = begin(anna)
    first = ask(anna, conversation, "Say one.")
    follow(anna, first["reply"]["id"])
    second = ask(anna, conversation, "Say two.", parent_id="root")
    follow(anna, second["reply"]["id"])
    assert second["question"]["parent_id"] == first["question"]["parent_id"]
    tree = anna.get(f"/api/conversations/{conversation}").json()
    assert len(tree["messages"]) == 4


def test_regenerating_makes_a_sibling(anna: httpx2.Client) -> None:
    asked = ask(anna, begin(anna), "Say one.")
    follow(anna, asked["reply"]["id"])
    again = anna.post(f"/api/replies/{asked['reply']['id']}/regenerate")
    assert again.status_code == 202
    assert again.json()["parent_id"] == asked["question"]["id"]
    assert follow(anna, again.json()["id"])[-1][1]["message"]["status"] == "done"


def test_stop_keeps_what_was_said(anna: httpx2.Client) -> None:
    conversation = begin(anna, sampling={"max_tokens": 3000, "temperature": 1})
    reply = ask(anna, conversation, "Count from one to a thousand.")["reply"]
    with anna.stream("GET", f"/api/replies/{reply['id']}/events") as response:
        for line in response.iter_lines():
            if line == "event: delta":
                anna.post(f"/api/replies/{reply['id']}/stop")
                break
    message = follow(anna, reply["id"])[-1][1]["message"]
    assert message["status"] == "stopped"
    assert message["content"]


def test_a_conversation_is_renamed_found_and_deleted(anna: httpx2.Client) -> None:
    conversation = begin(anna)
    changed = anna.patch(f"/api/conversations/{conversation}", json={"title": "Quokka facts"})
    assert changed.json()["title"] == "Quokka facts"
    found = anna.get("/api/conversations", params={"search": "quokka"}).json()["conversations"]
    assert [each["id"] for each in found] == [conversation]
    assert anna.delete(f"/api/conversations/{conversation}").status_code == 204
    assert anna.get(f"/api/conversations/{conversation}").status_code == 404


def test_models_tell_what_is_loaded_and_what_could_be_pulled(anna: httpx2.Client) -> None:
    models = anna.get("/api/models").json()
    assert models["default"] == "smollm2-135m"
    assert "smollm2-135m" in [responder["name"] for responder in models["responders"]]
    installed = {offer["name"]: offer["installed"] for offer in models["catalogue"]}
    assert installed["smollm2-135m"]
    assert not installed["qwen2.5-coder-1.5b"]


def test_offers_say_how_open_a_model_is_in_the_language_of_whoever_asks(anna: httpx2.Client) -> None:
    answer = anna.get("/api/models", headers={"Accept-Language": "ja"})
    offers = {offer["name"]: offer for offer in answer.json()["catalogue"]}
    gemma = offers["gemma-3-270m"]["openness"]
    assert gemma["verdict"] == "restricted"
    assert gemma["verdict_text"] == "制限付き"
    (share,) = gemma["freedoms"]["share"]["reasons"]
    assert (share["source"], share["clause"]) == ("Gemma Terms of Use", "3.1")
    assert share["link"] == "https://ai.google.dev/gemma/terms"
    assert offers["smollm3-3b"]["openness"]["verdict"] == "open_source_ai"
    assert offers["gemma-3-270m"]["allowed"]  # where nobody has chosen, everything is
    assert len(answer.content) < 300_000


def test_metrics_count_requests_and_tokens(anna: httpx2.Client) -> None:
    body = {"model": "smollm2-135m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
    assert anna.post("/v1/chat/completions", json=body).status_code == 200
    text = anna.get("/metrics").text
    assert 'yoriai_requests_total{method="POST",route="/v1/chat/completions",status="200"}' in text
    assert 'yoriai_generated_tokens_total{model="smollm2-135m"}' in text
    assert 'yoriai_time_to_first_token_seconds_count{model="smollm2-135m"}' in text
    assert "yoriai_process_resident_bytes" in text


def test_a_reply_of_an_assistant_keeps_what_it_rests_on(anna: httpx2.Client) -> None:
    """Sources come before the first word, and both they and the verdicts are there when one comes back later."""
    collection = anna.post("/api/collections", json={"name": "rules"}).json()["id"]
    anna.post(
        f"/api/collections/{collection}/text", json={"title": "rules", "text": "The office opens at nine."}
    )
    deadline = time.monotonic() + 60
    while anna.get(f"/api/collections/{collection}").json()["documents"] != {"ready": 1}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    made = anna.post(
        "/api/assistants", json={"name": "office", "collection_ids": [collection], "only_documents": False}
    ).json()
    conversation = begin(anna, model="assistant:office")
    reply = ask(anna, conversation, "When does the office open?")["reply"]
    events = follow(anna, reply["id"])
    message = events[-1][1]["message"]
    assert message["status"] == "done", message
    assert [citation["text"] for citation in message["sources"]["citations"]] == ["The office opens at nine."]
    assert message["sources"]["budget"] >= message["sources"]["tokens"] > 0
    assert message["support"]["sentences"]
    kinds = [kind for kind, _ in events]
    if "sources" in kinds:  # else they had come before the reply was followed
        assert kinds.index("sources") < kinds.index("delta")
    kept = anna.get(f"/api/conversations/{conversation}").json()["messages"][-1]
    assert (kept["sources"], kept["support"]) == (message["sources"], message["support"])
    asked = ask(anna, conversation, "And when does it open?")["reply"]
    assert follow(anna, asked["id"])[-1][1]["message"]["status"] == "done"  # a second turn goes on from there
    anna.patch(f"/api/assistants/{made['id']}", json={"name": "bureau"}).raise_for_status()
    assert (
        anna.get(f"/api/conversations/{conversation}").json()["conversation"]["model"] == "assistant:bureau"
    )
    asked = ask(anna, conversation, "And under its new name?")["reply"]
    assert follow(anna, asked["id"])[-1][1]["message"]["model"] == "assistant:bureau"
    anna.delete(f"/api/assistants/{made['id']}")
    gone = anna.post(f"/api/conversations/{conversation}/messages", json={"text": "And now?"})
    assert gone.status_code == 404
    anna.delete(f"/api/collections/{collection}")
