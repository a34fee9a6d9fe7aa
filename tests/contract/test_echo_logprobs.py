"""echo with logprobs by the official client, as `lm-eval` asks for it. Source: its models/openai_completions.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from fakes.engine import scripted_engine
from yoriai import bootstrap
from yoriai.api import echo
from yoriai.errors import UnsupportedError, UsageError
from yoriai.settings import RemoteSettings, Settings
from yoriai.types import CompletionRequest

MODEL = "smollm2-135m"
PROMPT = "The capital of France is Paris, and the capital of Japan is"


@pytest.fixture
def client(server: Any) -> Any:
    with OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0, timeout=120) as client:
        yield client


def ask(client: OpenAI, prompt: Any, **options: Any) -> Any:
    options = {"max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True, "seed": 1234} | options
    return client.completions.create(model=MODEL, prompt=prompt, **options)


def test_a_text_comes_back_with_the_log_probabilities_of_its_tokens(client: OpenAI) -> None:
    answer = ask(client, PROMPT, logprobs=3)
    [choice] = answer.choices
    said = choice.logprobs
    assert choice.text.startswith(PROMPT)
    assert "".join(said.tokens) == choice.text
    assert said.token_logprobs[0] is None
    assert said.top_logprobs[0] is None
    assert all(value < 0 for value in said.token_logprobs[1:])
    assert [
        choice.text[at:][: len(token)] for at, token in zip(said.text_offset, said.tokens, strict=True)
    ] == said.tokens
    assert all(3 <= len(top) <= 4 for top in said.top_logprobs[1:])
    assert len(said.tokens) == answer.usage.prompt_tokens + 1
    assert max(said.top_logprobs[-1].values()) == said.token_logprobs[-1]


def test_lists_as_lm_eval_sends_them(client: OpenAI) -> None:
    texts = ask(client, [PROMPT + " Tokyo", PROMPT + " lettuce"]).choices
    sums = [sum(choice.logprobs.token_logprobs[1:-1]) for choice in texts]
    assert [choice.index for choice in texts] == [0, 1]
    assert sums[0] > sums[1] + 3
    greedy = [
        choice.logprobs.token_logprobs[-2] == max(choice.logprobs.top_logprobs[-2].values())
        for choice in texts
    ]
    assert greedy == [True, False]
    [one] = ask(client, [504, 3575, 282]).choices
    two = ask(client, [[504, 3575, 282], [504, 3575]], max_tokens=0).choices
    assert [len(choice.logprobs.tokens) for choice in (one, *two)] == [4, 3, 2]
    assert two[0].logprobs.token_logprobs == one.logprobs.token_logprobs[:3]


def test_a_continuation_is_the_ordinary_one(client: OpenAI) -> None:
    ordinary = ask(client, PROMPT, echo=False, max_tokens=8).choices[0]
    echoed = ask(client, PROMPT, max_tokens=8).choices[0]
    assert echoed.text == PROMPT + ordinary.text
    # one reads token by token, the other in batches: kernels that round differently
    assert sum(echoed.logprobs.token_logprobs[-8:]) == pytest.approx(
        sum(ordinary.logprobs.token_logprobs), abs=0.8
    )


def test_letters_of_several_tokens(client: OpenAI) -> None:
    [choice] = ask(client, "𓀀 は象形文字です", max_tokens=0).choices
    assert choice.text == "𓀀 は象形文字です"
    assert any(token.startswith("bytes:\\x") for token in choice.logprobs.tokens)
    assert choice.logprobs.text_offset == sorted(choice.logprobs.text_offset)


@pytest.mark.parametrize(
    ("prompt", "options", "code"),
    [
        (PROMPT, {"temperature": 1}, "unsupported"),
        (PROMPT, {"stop": ["x"]}, "unsupported"),
        (PROMPT, {"n": 2}, "unsupported"),
        ([PROMPT, PROMPT], {"logprobs": None}, "unsupported"),
        (PROMPT, {"echo": False, "max_tokens": 0}, "unsupported"),
        ("word " * 9000, {}, "context_length_exceeded"),
    ],
)  # fmt: skip
def test_what_is_refused(client: OpenAI, prompt: Any, options: dict[str, Any], code: str) -> None:
    options = {key: value for key, value in options.items() if value is not None} | (
        {"logprobs": openai.omit} if "logprobs" in options else {}
    )
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, prompt, **options)
    assert raised.value.code == code


async def test_an_endpoint_is_asked_with_the_same_words(client: OpenAI, server: Any, tmp_path: Path) -> None:
    prompts = [PROMPT, "One two three"]
    own = ask(client, prompts, logprobs=2).model_dump()["choices"]
    silent = b'{"choices": [{"index": 0, "text": "a", "logprobs": null}]}'
    async with (
        scripted_engine(silent) as mute,
        scripted_engine(b'{"error": "no echo"}', status=400) as refusing,
    ):
        remotes = (
            RemoteSettings(name="far", url=f"{server.url}/v1", key=server.token, models=(MODEL,)),
            RemoteSettings(name="mute", url=mute.url, models=("m",)),
            RemoteSettings(name="refusing", url=refusing.url, models=("m",)),
        )
        request = CompletionRequest(
            model=f"far/{MODEL}", prompt=prompts, echo=True, logprobs=2, max_tokens=1, temperature=0
        )
        async with bootstrap.build(Settings(home=tmp_path / "home", remotes=remotes)) as services:
            said = await echo.answer(request, services)
            for name, failure in (("mute/m", UnsupportedError), ("refusing/m", UsageError)):
                with pytest.raises(failure):
                    await echo.answer(request.model_copy(update={"model": name}), services)
    assert said["model"] == f"far/{MODEL}"
    assert [each["logprobs"] for each in said["choices"]] == [each["logprobs"] for each in own]
