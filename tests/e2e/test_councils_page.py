"""Councils and reasoners are made, chosen and asked on the page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browsing import ECHO, NAMELESS, SLOW, NewContext, ask, choose_model, choose_option, sign_in


def open_form(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # what slides away under the pointer isn't clicked
    page.goto("/councils")
    page.locator(".y-plan").first.click()
    page.wait_for_selector(".y-council-form")


def make(page: Page, name: str, *, mode: str = "vote") -> None:
    open_form(page)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("combobox", name="Members").click()
    for member in ("fake/sure", "fake/slow"):
        page.locator(".q-menu .q-item", has_text=member).click()
    page.keyboard.press("Escape")
    choose_option(page, "How they settle", mode)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".y-card", has_text=name)).to_be_visible()


def test_a_council_is_made_asked_changed_and_removed(page: Page) -> None:
    make(page, "two echoes")
    card = page.locator(".y-card", has_text="two echoes")
    expect(card).to_contain_text("Members: fake/sure, fake/slow")
    page.wait_for_function(f"({NAMELESS})().length === 0")
    card.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/c/*")
    page.wait_for_selector(".y-composer textarea")
    ask(page, "What is it? Answer: 42")
    expect(page.locator(".y-deliberation .y-ballots")).to_contain_text("42")
    page.reload()
    expect(page.locator(".y-deliberation")).to_contain_text("2 of 2 answers came")
    page.goto("/councils")
    card.get_by_role("button", name="Change").click()
    page.get_by_label("Name", exact=True).fill("echoes")
    page.get_by_role("button", name="Save").click()
    card = page.locator(".y-card", has_text="echoes")
    expect(card.locator(".y-card-title")).to_have_text("echoes")
    card.get_by_role("button", name="Delete").click()
    page.click(".q-dialog button:has-text('Delete')")
    expect(page.locator(".y-card")).to_have_count(0)


def test_what_cannot_be_is_said_and_nothing_is_lost(page: Page) -> None:
    open_form(page)
    page.get_by_label("Name", exact=True).fill("of nobody")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".q-notification")).to_contain_text("2 to 8 members")
    expect(page.get_by_label("Name", exact=True)).to_have_value("of nobody")


def test_a_member_thinks_longer_and_the_votes_are_seen(page: Page) -> None:
    choose_model(page, ECHO)
    page.click("[aria-label='Think longer']")
    expect(page.locator(".y-reasoner")).to_contain_text("The answer that comes most often wins.")
    page.get_by_label("Attempts").fill("3")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator(".y-picker")).to_contain_text("Most frequent answer × 3 · fake/echo")
    ask(page, "The answer is 7.")
    expect(page.locator(".y-answer").first).to_contain_text("7")
    expect(page.locator(".y-deliberation .y-ballots")).to_contain_text("7")
    page.reload()
    expect(page.locator(".y-picker")).to_contain_text("Most frequent answer × 3 · fake/echo")


def test_councils_fit_on_a_phone(new_context: NewContext) -> None:
    page = sign_in(new_context(viewport={"width": 390, "height": 800}, locale="ja-JP"))
    open_form(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_who_is_at_work_is_seen_while_they_are_and_after_a_reload(page: Page) -> None:
    choose_model(page, SLOW)
    page.click("[aria-label='Think longer']")
    page.get_by_label("Attempts").fill("2")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator(".y-picker")).to_contain_text("× 2 · fake/slow")
    page.fill(".y-composer textarea", "Once upon a time there was a fox. " * 60)
    page.press(".y-composer textarea", "Enter")
    working = page.locator(".y-members li", has_text="answering")
    expect(working.first).to_be_visible()
    page.reload()
    expect(working.first).to_be_visible()
    page.click("[aria-label=Stop]")
    expect(page.locator(".y-assistant .y-error")).to_contain_text("Stopped")
    expect(page.locator(".y-deliberation")).to_contain_text("0 of 2 answers came")
    expect(working).to_have_count(0)
