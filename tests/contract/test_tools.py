"""Tools that the server runs, and Yoriai as an MCP server, with the official clients and a real model."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from serving import MODEL, Served

# SmolLM2 would not think of it: the schema leaves it no choice.
ASKED: dict[str, Any] = {
    "model": MODEL, "messages": [{"role": "user", "content": "What is 6*7?"}], "seed": 1, "temperature": 0,
    "max_tokens": 400, "server_tools": ["calculator"],
    "tool_choice": {"type": "function", "function": {"name": "calculator"}},
}  # fmt: skip


@pytest.fixture
def anna(server: Served) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {server.tokens['anna']}"}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=120) as client:
        yield client


@pytest.fixture
def asking(anna: httpx2.Client) -> Iterator[None]:
    """Anna wants to be asked before her calculator runs."""
    where = "/api/tools/calculator/permission"
    assert anna.put(where, json={"decision": "ask"}).status_code == 204
    yield
    assert anna.put(where, json={"decision": None}).status_code == 204


def test_the_server_calls_its_own_tools_and_tells_of_it(server: Served) -> None:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.token) as client:
        extra = {"server_tools": ASKED["server_tools"]}
        given = {name: value for name, value in ASKED.items() if name != "server_tools"}
        answer = client.chat.completions.create(**given, extra_body=extra)
    message = answer.choices[0].message
    use = message.model_extra["yoriai"]["tool_uses"][0]  # type: ignore[index]
    assert use["name"] == "calculator"
    assert use["state"] in {"done", "failed"}
    assert message.tool_calls is None  # nothing for the client to do
    assert answer.choices[0].finish_reason in {"stop", "length"}


def test_a_call_waits_for_its_users_word_and_for_nobody_elses(
    server: Served, anna: httpx2.Client, asking: None
) -> None:
    ben = {"Authorization": f"Bearer {server.tokens['ben']}"}
    states = []
    with anna.stream(
        "POST", "/v1/chat/completions", json=ASKED | {"stream": True, "answers_approvals": True}
    ) as response:
        for line in response.iter_lines():
            if '"tool_use"' not in line:
                continue
            use = json.loads(line[6:])["choices"][0]["delta"]["yoriai"]["tool_use"]
            states.append(use["state"])
            if use["state"] == "asking":
                where = f"{server.url}/api/tool-calls/{use['id']}"
                said = {"decision": "once"}
                assert httpx2.post(where, json=said, headers=ben).status_code == 404
                assert httpx2.post(where, json=said, headers=dict(anna.headers)).status_code == 204
    assert states[:2] == ["asking", "running"]
    assert states[2] in {"done", "failed"}


def test_where_nobody_can_be_asked_the_call_is_refused(anna: httpx2.Client, asking: None) -> None:
    answer = anna.post("/v1/chat/completions", json=ASKED).json()
    use = answer["choices"][0]["message"]["yoriai"]["tool_uses"][0]
    assert (use["state"], use["reason"]) == ("refused", "nobody")


async def test_yoriai_is_an_mcp_server_over_http(server: Served) -> None:
    headers = {"Authorization": f"Bearer {server.tokens['ben']}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
    ):
        tools = await client.list_tools()
        assert {each.name for each in tools.tools} == {
            "search_collections",
            "ask_responder",
            "list_responders",
        }
        listed = await client.call_tool("list_responders", {})
        assert MODEL in listed.content[0].text  # type: ignore[union-attr]
        said = await client.call_tool("ask_responder", {"question": "Say hi.", "responder": MODEL})
        assert said.content[0].text  # type: ignore[union-attr]
        assert not said.is_error
        nobody = await client.call_tool("ask_responder", {"question": "Hi.", "responder": "nobody"})
        assert nobody.is_error


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer yor_1_guess"}, 401),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_the_mcp_server_lets_in_whom_the_api_lets_in(
    server: Served, headers: dict[str, str], status: int
) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    given = ({} if status == 401 else {"Authorization": f"Bearer {server.token}"}) | headers
    assert httpx2.post(f"{server.url}/mcp", json=body, headers=given).status_code == status


async def test_yoriai_is_an_mcp_server_over_stdio(server: Served) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YORIAI_")}
    started = StdioServerParameters(
        command=sys.executable, args=["-m", "yoriai", "mcp", "serve"],
        env=environment | {"YORIAI_HOME": str(server.home)},
    )  # fmt: skip
    async with asyncio.timeout(60), Client(started) as client:
        listed = await client.call_tool("list_responders", {})
        assert MODEL in listed.content[0].text  # type: ignore[union-attr]
