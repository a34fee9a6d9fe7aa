"""The official `openai` client asks an assistant and a collection: annotations, and what they rest on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

RULES = "The daily allowance for a business trip is 3,000 yen. Hotels are paid up to 12,000 yen a night."
QUESTION = [{"role": "user", "content": "How much is the daily allowance for a business trip?"}]
NAME = "travel rules"


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def file_id(client: OpenAI, server: Any) -> Iterator[str]:
    """A file in a vector store, and an assistant that answers from it."""
    file = client.files.create(file=("rules.txt", RULES.encode()), purpose="assistants")
    store = client.vector_stores.create(name=NAME, file_ids=[file.id])
    deadline = time.monotonic() + 60
    while client.vector_stores.retrieve(store.id).status != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    headers = {"Authorization": f"Bearer {server.token}"}
    wish = {"name": NAME, "collection_ids": [store.id], "only_documents": False, "model": "smollm2-135m"}
    made = httpx2.post(f"{server.url}/api/assistants", json=wish, headers=headers).json()
    yield file.id
    httpx2.delete(f"{server.url}/api/assistants/{made['id']}", headers=headers)
    client.vector_stores.delete(store.id)
    client.files.delete(file.id)


def ask(client: OpenAI, model: str = f"assistant:{NAME}", **options: Any) -> Any:
    wish: dict[str, Any] = {
        "model": model,
        "messages": QUESTION,
        "max_tokens": 40,
        "temperature": 0,
    } | options
    return client.chat.completions.create(**wish)


def test_an_assistant_is_listed_and_shown(client: OpenAI, file_id: str) -> None:
    assert f"assistant:{NAME}" in [model.id for model in client.models.list()]
    assert client.models.retrieve(f"assistant:{NAME}").owned_by == "assistant"


def test_a_whole_answer_says_what_it_rests_on(client: OpenAI, file_id: str) -> None:
    answer = ask(client)
    message = answer.choices[0].message
    assert answer.model == f"assistant:{NAME}"
    (citation,) = message.yoriai["sources"]["citations"]
    assert citation["text"] == RULES
    assert citation["file_id"] == file_id
    assert message.yoriai["sources"]["tokens"] <= message.yoriai["sources"]["budget"]
    assert_annotated(message.content, message.annotations, file_id)
    for sentence in message.yoriai["support"]["sentences"]:
        assert message.content[sentence["start"] : sentence["end"]].strip()


def test_a_stream_says_the_same_with_its_last_words(client: OpenAI, file_id: str) -> None:
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    whole = ask(client).choices[0].message
    assert text == whole.content
    last = [chunk for chunk in chunks if chunk.choices][-1]
    assert last.choices[0].finish_reason in {"stop", "length"}
    assert last.choices[0].delta.annotations == [
        each.model_dump(exclude_none=True) for each in whole.annotations
    ]
    assert last.choices[0].delta.yoriai == whole.yoriai
    assert chunks[-1].usage.prompt_tokens > 50


def test_a_collection_is_asked_by_its_name_and_has_no_answer_to_what_it_does_not_say(
    client: OpenAI, file_id: str
) -> None:
    question = [{"role": "user", "content": "Zebras graze?"}]
    answer = ask(client, model=f"collection:{NAME}", messages=question)
    assert answer.choices[0].message.content == "The documents do not contain an answer to this."
    assert answer.choices[0].message.annotations == []


def test_a_plain_model_has_neither(client: OpenAI) -> None:
    message = ask(client, model="smollm2-135m", max_tokens=2).choices[0].message
    assert message.annotations is None
    assert not hasattr(message, "yoriai")


@pytest.mark.parametrize("name", ["assistant:no such", "collection:no such", "assistant:", "collection:"])
def test_an_unknown_one_is_not_found(client: OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model=name)
    assert caught.value.param == "model"


def assert_annotated(content: str, annotations: list[Any], file_id: str) -> None:
    """Every [number] in the text, and nothing else."""
    assert len(annotations) == content.count("[1]")
    for each in annotations:
        said = json.loads(each.model_dump_json())
        assert said["type"] == "file_citation"
        assert said["file_id"] == file_id
        assert said["filename"] == "rules.txt"
        assert content[said["index"] :].startswith("[1]")
