"""The official `openai` client against a real server with a real model, sync and async."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

MODEL = "smollm2-135m"
QUESTION = [{"role": "user", "content": "What is the capital of France? Answer in one short sentence."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 40}},
            "required": ["city"],
        },
    },
}


@pytest.fixture
def client(server: Any) -> Any:
    with OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0, timeout=120) as client:
        yield client


def chat(client: OpenAI, **options: Any) -> Any:
    options = {"model": MODEL, "messages": QUESTION, "max_tokens": 24, "temperature": 0} | options
    return client.chat.completions.create(**options)


def test_models_are_listed_and_shown(client: OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).id == MODEL


def test_a_whole_answer_has_text_reason_and_usage(client: OpenAI) -> None:
    answer = chat(client)
    assert "Paris" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason in {"stop", "length"}
    assert answer.usage.prompt_tokens > 10
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_says_the_same_in_pieces(client: OpenAI) -> None:
    chunks = list(chat(client, stream=True, stream_options={"include_usage": True}, seed=1))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == chat(client, seed=1).choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] in {"stop", "length"}
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0


async def test_the_async_client_streams(server: Any) -> None:
    async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0) as client:
        stream = await client.chat.completions.create(
            model=MODEL, messages=QUESTION, max_tokens=24, temperature=0, stream=True  # type: ignore[arg-type]
        )  # fmt: skip
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert "Paris" in text


def test_max_tokens_cuts_with_reason_length(client: OpenAI) -> None:
    answer = chat(client, max_tokens=2)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 2


def test_stop_ends_the_answer(client: OpenAI) -> None:
    answer = chat(client, stop=["Paris"])
    assert "Paris" not in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


def test_the_same_seed_gives_the_same_answer(client: OpenAI) -> None:
    texts = {chat(client, temperature=1, seed=7).choices[0].message.content for _ in range(2)}
    assert len(texts) == 1


def test_n_gives_so_many_choices(client: OpenAI) -> None:
    answer = chat(client, n=2, temperature=1, max_tokens=4)
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_logprobs_are_given_per_token(client: OpenAI) -> None:
    answer = chat(client, logprobs=True, top_logprobs=3, max_tokens=4)
    tokens = answer.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == answer.choices[0].message.content
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 3 for token in tokens)


def test_a_json_schema_is_kept_to(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 30},
            "people": {"type": "integer", "maximum": 99},
        },
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    answer = chat(
        client, max_tokens=80,
        response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema}},
    )  # fmt: skip
    assert set(json.loads(answer.choices[0].message.content)) == {"city", "people"}


def test_a_required_tool_is_called_with_valid_arguments(client: OpenAI) -> None:
    answer = chat(client, tools=[WEATHER], tool_choice="required", max_tokens=120)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls[0].function.name == "get_weather"
    assert set(json.loads(choice.message.tool_calls[0].function.arguments)) == {"city"}


def test_a_named_tool_is_called_in_a_stream_too(client: OpenAI) -> None:
    choice = {"type": "function", "function": {"name": "get_weather"}}
    chunks = list(chat(client, tools=[WEATHER], tool_choice=choice, max_tokens=120, stream=True))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert calls[0].id
    assert calls[0].function.name == "get_weather"
    json.loads("".join(call.function.arguments or "" for call in calls))


def test_no_tool_is_called_where_none_may_be(client: OpenAI) -> None:
    assert not chat(client, tools=[WEATHER], tool_choice="none").choices[0].message.tool_calls


def test_completions_continue_a_text(client: OpenAI) -> None:
    answer = client.completions.create(model=MODEL, prompt="One, two, three,", max_tokens=6, temperature=0)
    assert "four" in answer.choices[0].text
    echoed = client.completions.create(
        model=MODEL, prompt="One, two, three,", max_tokens=6, temperature=0, echo=True
    )
    assert echoed.choices[0].text == "One, two, three," + answer.choices[0].text


def test_completions_stream(client: OpenAI) -> None:
    stream = client.completions.create(
        model=MODEL, prompt="One, two, three,", max_tokens=6, temperature=0, stream=True
    )
    assert "four" in "".join(chunk.choices[0].text for chunk in stream)


def test_completions_give_logprobs(client: OpenAI) -> None:
    answer = client.completions.create(
        model=MODEL, prompt="One, two,", max_tokens=3, temperature=0, logprobs=2
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert "".join(logprobs.tokens or []) == answer.choices[0].text
    assert logprobs.text_offset == [0, *_ends(logprobs.tokens or [])[:-1]]
    assert all(math.isfinite(value) for value in logprobs.token_logprobs or [])


def _ends(tokens: list[str]) -> list[int]:
    return [len("".join(tokens[: number + 1])) for number in range(len(tokens))]


def test_a_chat_model_says_whether_it_embeds(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model=MODEL, input="text")
    assert caught.value.param == "model"


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        chat(client, model="no-such-model")
    assert caught.value.code == "model_not_found"
    assert "no-such-model" in caught.value.message


def test_an_unknown_model_is_not_found_in_a_stream_either(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        chat(client, model="no-such-model", stream=True)


def test_a_wrong_token_is_refused(server: Any) -> None:
    stranger = OpenAI(base_url=f"{server.url}/v1", api_key="yor_x_wrong", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()


def test_a_prompt_over_the_context_is_refused_with_the_numbers(client: OpenAI) -> None:
    long = [{"role": "user", "content": "word " * 40_000}]
    with pytest.raises(openai.BadRequestError) as caught:
        chat(client, messages=long)
    assert caught.value.code == "context_length_exceeded"
    assert "4096" in caught.value.message


@pytest.mark.parametrize("options", [{"temperature": 9}, {"messages": []}, {"n": 0}, {"stop": [""]}])
def test_a_value_out_of_range_names_its_field(client: OpenAI, options: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat(client, **options)
    assert caught.value.param.split("[")[0] == next(iter(options))


def test_unknown_fields_go_nowhere(client: OpenAI) -> None:
    answer = chat(
        client, max_tokens=2, extra_body={"n_discard": -1, "id_slot": 99, "cache_prompt": "x", "n_probs": -5}
    )
    assert answer.choices[0].message.content


def test_a_client_that_hangs_up_frees_its_slot(client: OpenAI) -> None:
    """Both slots are taken by endless answers and given up; the next question is answered soon after."""
    endless = [{"role": "user", "content": "Count from one to ten thousand."}]
    for _ in range(2):
        stream = chat(client, messages=endless, max_tokens=4000, temperature=1, stream=True)
        next(iter(stream))
        stream.close()
    begun = time.monotonic()
    chat(client, max_tokens=2)
    assert time.monotonic() - begun < 30  # 4,000 tokens take minutes here
