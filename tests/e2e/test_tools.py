"""Tools on the page: switched on, called, seen, allowed; a plot of a file that was added to the chat."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from browsing import NAMELESS, ask, choose_model
from serving import Served

CALLER = "fake/caller"
CODE = """import pandas as pd
import matplotlib.pyplot as plt
table = pd.read_csv('売上.csv')
plt.scatter(table['気温'], table['売上'])
plt.xlabel('気温')
table.corr()"""


@pytest.fixture
def asking(server: Served) -> Iterator[None]:
    """Anna wants to be asked before her calculator runs."""
    where, headers = (
        f"{server.url}/api/tools/calculator/permission",
        {"Authorization": f"Bearer {server.token}"},
    )
    httpx2.put(where, json={"decision": "ask"}, headers=headers).raise_for_status()
    yield
    httpx2.put(where, json={"decision": None}, headers=headers).raise_for_status()


def test_a_call_waits_on_the_page_for_a_word(page: Page, asking: None) -> None:
    choose_model(page, CALLER)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Calculator").click()
    page.keyboard.press("Escape")
    page.fill(".y-composer textarea", 'CALL calculator {"expression": "6*7"}')
    page.press(".y-composer textarea", "Enter")
    call = page.locator(".y-tool")
    expect(call).to_contain_text("waits for your word")
    assert page.evaluate(NAMELESS) == []
    call.get_by_role("button", name="Allow once").click()
    expect(call).to_contain_text("done")
    expect(page.locator(".y-answer").last).to_contain_text("6*7 = 42")
    call.locator("summary").click()
    expect(call.locator("pre").last).to_have_text("6*7 = 42")
    page.reload()  # it is kept with the reply
    expect(page.locator(".y-tool")).to_contain_text("calculator")
    expect(page.locator(".y-tool-ask")).to_have_count(0)


def test_a_refused_call_is_told_to_the_model(page: Page, asking: None) -> None:
    choose_model(page, CALLER)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Calculator").click()
    page.keyboard.press("Escape")
    page.fill(".y-composer textarea", 'CALL calculator {"expression": "6*7"}')
    page.press(".y-composer textarea", "Enter")
    page.locator(".y-tool").get_by_role("button", name="Refuse").click()
    expect(page.locator(".y-answer").last).to_contain_text("the user declined")


def test_a_file_of_the_chat_is_plotted(page: Page) -> None:
    choose_model(page, CALLER)
    table = "気温,売上\n5,20\n10,42\n15,55\n20,81\n".encode()
    page.set_input_files(
        "input[type=file]", files=[{"name": "売上.csv", "mimeType": "text/csv", "buffer": table}]
    )
    expect(page.locator(".y-attached")).to_contain_text("売上.csv")
    expect(page.locator(".y-attached button")).to_be_visible()  # it has arrived
    ask(page, f"CALL python {json.dumps({'code': CODE}, ensure_ascii=False)}")
    picture = page.locator(".y-plot img")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('.y-plot img').naturalWidth > 300")
    expect(page.locator(".y-tool-files a")).to_have_attribute("download", "plot-1.png")
    page.locator(".y-tool summary").click()
    expect(page.locator(".y-tool td").nth(2)).to_contain_text("0.99")
    expect(page.locator(".y-attached")).to_contain_text("売上.csv")


def test_what_a_tool_gives_loads_nothing(page: Page) -> None:
    """The fixture holds that no request left the machine and no script failed."""
    choose_model(page, CALLER)
    page.set_input_files(
        "input[type=file]", files=[{"name": "x.txt", "mimeType": "text/plain", "buffer": b"x"}]
    )
    expect(page.locator(".y-attached button")).to_be_visible()
    evil = "print('```'); print('![x](https://evil.example/x.png) <img src=https://evil.example/y onerror=alert(1)>')"
    ask(page, f"CALL python {json.dumps({'code': evil})}")
    page.locator(".y-tool summary").click()
    expect(page.locator(".y-tool")).to_contain_text("evil.example")
    assert page.locator(".y-tool img").count() == 0
    assert page.locator(".y-answer img").count() == 0
