"""A real Chromium against a real server with the real SmolLM2, and a model that says what the test wants said."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from browsing import NewContext, sign_in
from fakes.echo_model import echo_model
from serving import Served, server_with_model


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps a loop running in which no asynchronous test could start its own."""
    for item in items:
        if _is_ours(item):
            item.add_marker(pytest.mark.browser)
    items.sort(key=_is_ours)


def _is_ours(item: pytest.Item) -> bool:
    return Path(__file__).parent in item.path.parents


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    binary = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
    assert binary, "no Chromium here: apt-get install chromium"
    expect.set_options(timeout=20_000)  # four files at a time on two cores
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with echo_model() as url:
        remotes = json.dumps([{"name": "fake", "url": url, "models": ["echo", "slow", "sure", "caller"]}])
        home = tmp_path_factory.mktemp("home")
        further = {"YORIAI_REMOTES": remotes, "YORIAI_ENGINE__CONTEXT_SIZE": "1024"}
        with server_with_model(home, smollm2_path, **further) as served:
            yield served


@pytest.fixture
def new_context(browser: Browser, server: Served) -> Iterator[NewContext]:
    """Makes a browser profile of its own. Afterwards: no request has left the machine, no script has failed."""
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    failures: list[str] = []

    def make(**options: object) -> BrowserContext:
        options = {"locale": "en-US", "base_url": server.url} | options
        own = str(options["base_url"])
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        context.on("request", lambda request: _note_foreign(request.url, own, foreign))
        context.on("weberror", lambda error: failures.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert foreign == []
    assert failures == []


def _note_foreign(url: str, own: str, foreign: list[str]) -> None:
    if not url.startswith((own, own.replace("http", "ws"), "data:", "blob:")):
        foreign.append(url)


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return sign_in(new_context())
