"""What a composite did reaches the official client in a field that it doesn't know, and does it no harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from openai import OpenAI

MODEL = "smollm2-135m"
ASKED: dict[str, Any] = {
    "model": f"reasoner:self-consistency-3({MODEL})", "max_tokens": 12, "seed": 7,
    "messages": [{"role": "user", "content": "How many legs has a dog? Answer with a number."}],
}  # fmt: skip


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0, timeout=120) as client:
        yield client


def assert_told(told: dict[str, Any]) -> None:
    deliberation = told["deliberation"]
    assert deliberation["method"] == "self_consistency"
    assert [each["state"] for each in deliberation["contributions"]] == ["done"] * 3
    assert all(each["text"] for each in deliberation["contributions"])
    assert deliberation["cost"]["calls"] == 3
    assert deliberation["single"]["calls"] == 1


def test_a_whole_answer_carries_what_was_tried_and_what_it_cost(client: OpenAI) -> None:
    assert_told(client.chat.completions.create(**ASKED).choices[0].message.yoriai)  # type: ignore[attr-defined]


def test_a_stream_tells_the_stages_between_and_the_whole_at_its_end(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(**ASKED, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    told = [delta.yoriai for delta in deltas if getattr(delta, "yoriai", None)]  # type: ignore[attr-defined]
    assert {each["stage"]["name"] for each in told if "stage" in each} >= {"sampling"}
    assert_told(told[-1])
    assert not any("deliberation" in each for each in told[:-1])


def test_the_client_s_own_gathering_of_a_stream_is_not_disturbed(client: OpenAI) -> None:
    asked = ASKED | {"stop": ["."], "max_tokens": 60}  # it raises where an answer was cut
    with client.chat.completions.stream(**asked) as stream:
        gathered = stream.get_final_completion().choices[0].message
    whole = client.chat.completions.create(**asked).choices[0].message
    assert gathered.content == whole.content
    assert_told(gathered.yoriai)  # type: ignore[attr-defined]


def test_a_conversation_keeps_it_and_its_followers_see_it_grow(server: Any) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=120) as http:
        sampling = {"max_tokens": 12, "seed": 7}
        made = http.post("/api/conversations", json={"model": ASKED["model"], "sampling": sampling}).json()
        asked = http.post(
            f"/api/conversations/{made['id']}/messages", json={"text": "How many legs has a dog?"}
        ).json()
        said = http.get(f"/api/replies/{asked['reply']['id']}/events").text
        kept = http.get(f"/api/conversations/{made['id']}").json()["messages"][-1]
    assert "event: deliberation\n" in said
    assert kept["status"] == "done"
    assert_told(kept)
