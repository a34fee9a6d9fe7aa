"""How a council or a reasoner came to its answer, on the page: seen, opened, walked by keyboard; nothing of it acts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
import pytest
from playwright.sync_api import Page, expect

from browsing import NAMELESS, NewContext, sign_in
from deliberating import COUNCIL, TREE, VOTE
from serving import Served
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.deliberation import Deliberation
from yoriai.store import conversations as rows
from yoriai.store.database import Database
from yoriai.types import Sampling

PANEL = ".y-deliberation"
OPEN_ALL = f"document.querySelectorAll('{PANEL} details').forEach((each) => (each.open = true))"


@pytest.fixture
def keep(server: Served) -> Callable[[Deliberation], str]:
    """Keeps a reply with a deliberation in the server's own database; the address of its conversation."""
    headers = {"Authorization": f"Bearer {server.token}"}
    user_id = httpx2.get(f"{server.url}/api/me", headers=headers).json()["id"]

    def kept(deliberation: Deliberation) -> str:
        now, key = datetime.now(UTC), secrets.token_hex(8)
        conversation = Conversation(
            id=key, user_id=user_id, title="Apples", model="council:three", system_prompt="", sampling=Sampling(),
            leaf_id=f"{key}r", created_at=now, updated_at=now,
        )  # fmt: skip
        question = ConversationMessage(
            id=f"{key}q",
            conversation_id=key,
            parent_id=None,
            role="user",
            content="How many?",
            created_at=now,
        )
        reply = ConversationMessage(
            id=f"{key}r", conversation_id=key, parent_id=f"{key}q", role="assistant", content="**Ten** [A].",
            created_at=now, model="council:three", deliberation=deliberation,
        )  # fmt: skip

        database = Database(f"sqlite:///{server.home / 'yoriai.db'}")
        with database.engine.begin() as connection:
            rows.add(connection, conversation)
            rows.add_message(connection, question)
            rows.add_message(connection, reply)
        database.close()
        return f"/c/{key}"

    return kept


def test_a_councils_answer_says_who_agrees_who_was_left_out_and_what_it_cost(
    page: Page, keep: Callable[[Deliberation], str]
) -> None:
    page.goto(keep(COUNCIL))
    panel = page.locator(PANEL)
    expect(panel.locator(".y-left-out")).to_have_count(2)
    expect(panel.locator(".y-left-out").first).to_contain_text("smollm2-135m")
    rows = panel.locator(".y-claims tbody tr")
    expect(rows.nth(0)).to_contain_text("Ten apples are left.")
    assert rows.nth(0).locator("td").all_inner_texts() == ["✓ agrees", "✕ differs"]
    panel.locator("summary", has_text="All answers").click()
    said = panel.locator(".y-said").first
    said.locator("summary").first.click()
    expect(said.locator(".y-answer strong")).to_have_text("Ten")  # rendered as an answer is
    said.locator(".y-reasoning summary").click()
    expect(said.locator(".y-reasoning-text")).to_be_visible()
    panel.locator("summary", has_text="Cost").click()
    cells = panel.locator(".y-cost tbody tr").first.locator("td").all_inner_texts()
    assert cells == ["6", "1,200", "300", "12.5", "1"]
    expect(panel.locator("summary", has_text="Cost")).to_contain_text("23.1× the tokens")
    page.evaluate(OPEN_ALL)
    assert page.evaluate(NAMELESS.replace("document", f"document.querySelector('{PANEL}')")) == []
    expect(panel.locator("img")).to_have_count(0)


def test_a_letter_in_the_answer_leads_to_that_members_own(
    page: Page, keep: Callable[[Deliberation], str]
) -> None:
    page.goto(keep(COUNCIL))
    said = page.locator(f"{PANEL} .y-said").first
    expect(said).to_be_hidden()
    page.get_by_role("link", name="Answer A, by qwen2.5-coder-1.5b").click()
    expect(said.locator(".y-answer")).to_be_visible()
    expect(said.locator("summary").first).to_be_focused()
    expect(page.locator(".y-meta")).to_contain_text(
        "(qwen2.5-coder-1.5b alone: calls: 1 · 52 tokens · 2.5 s)"
    )


def test_votes_are_bars_with_their_numbers(page: Page, keep: Callable[[Deliberation], str]) -> None:
    page.goto(keep(VOTE))
    bars = page.locator(f"{PANEL} .y-ballots dl > div")
    expect(bars).to_have_count(2)
    expect(bars.first).to_contain_text("votes: 2 (67%)")
    widths = [bar.bounding_box()["width"] for bar in page.locator(".y-bar > span").all()]  # type: ignore[index]
    assert widths[0] == pytest.approx(2 * widths[1], rel=0.05)


def test_a_search_tree_is_walked_by_keyboard(page: Page, keep: Callable[[Deliberation], str]) -> None:
    page.goto(keep(TREE))
    page.locator("summary", has_text="Search tree").click()
    told = page.locator(".y-node-told")
    page.locator("[role=treeitem][tabindex='0']").focus()
    for key, words in (
        ("ArrowRight", "value 0.75 · 5 visits"), ("ArrowRight", "So ten."), ("ArrowDown", "So nine."),
        ("ArrowLeft", "count"), ("ArrowDown", "<img src=x"), ("End", "So ten."),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect(told).to_contain_text(words)
    expect(page.locator("[role=treeitem][aria-selected=true]")).to_have_attribute("data-node", "3")
    expect(told.locator("strong, img")).to_have_count(0)


def test_a_panel_keeps_inside_a_phone(new_context: NewContext, keep: Callable[[Deliberation], str]) -> None:
    page = sign_in(new_context(viewport={"width": 390, "height": 800}, locale="ja-JP"))
    for deliberation in (COUNCIL, VOTE, TREE):
        page.goto(keep(deliberation))
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
