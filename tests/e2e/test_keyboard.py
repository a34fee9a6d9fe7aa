"""Keys, input methods, languages, colours, widths, names for screen readers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browsing import ECHO, NAMELESS, NewContext, ask, choose_model, sign_in

BOX = ".y-composer textarea"


def test_enter_sends_and_shift_enter_makes_a_line(page: Page) -> None:
    choose_model(page, ECHO)
    page.click(BOX)
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(page.locator(BOX)).to_have_value("one\ntwo")
    page.keyboard.press("Enter")
    expect(page.locator(".y-question")).to_have_text("one\ntwo")
    expect(page.locator(BOX)).to_have_value("")


@pytest.mark.parametrize("place", ["composer", "edit"])
def test_enter_that_ends_a_composition_does_not_send(page: Page, place: str) -> None:
    choose_model(page, ECHO)
    box = BOX
    if place == "edit":
        ask(page, "x")
        page.click(".y-user [aria-label='Edit and ask again']")
        box = ".y-edit textarea"
    page.click(box)
    questions = page.locator(".y-question").count()
    browser = page.context.new_cdp_session(page)
    browser.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    browser.send("Input.dispatchKeyEvent", {"type": "keyDown", **enter})
    browser.send("Input.insertText", {"text": "日本"})
    browser.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    page.wait_for_timeout(500)
    assert "日本" in page.locator(box).input_value()
    assert page.locator(".y-question").count() == questions
    page.press(box, "Enter")
    expect(page.locator(".y-answer").last).to_contain_text("日本")


def test_the_language_is_the_browsers_until_another_is_chosen(new_context: NewContext) -> None:
    page = sign_in(new_context(locale="ja-JP"), "ben")
    assert page.get_attribute("html", "lang") == "ja"
    expect(page.locator(BOX)).to_have_attribute(
        "placeholder", "何でも聞いてください。内容はこのコンピューターの外に出ません。"
    )
    page.click("button:has-text('English')")
    expect(page.locator(BOX)).to_have_attribute("placeholder", "Ask anything. It stays on this machine.")
    page.reload()
    expect(page.locator(BOX)).to_have_attribute("placeholder", "Ask anything. It stays on this machine.")


@pytest.mark.parametrize(("scheme", "dark"), [("dark", True), ("light", False)])
def test_colours_follow_the_system(new_context: NewContext, scheme: str, dark: bool) -> None:
    page = sign_in(new_context(color_scheme=scheme), "ben")
    page.wait_for_function(f"document.body.classList.contains('body--dark') === {str(dark).lower()}")


def test_chosen_colours_stay(new_context: NewContext) -> None:
    page = sign_in(new_context(color_scheme="light"), "ben")
    page.click("button:has-text('ben')")
    page.click(".q-item:has-text('Dark')")
    page.wait_for_function("document.body.classList.contains('body--dark')")
    page.reload()
    page.wait_for_function("document.body.classList.contains('body--dark')")


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_every_control_has_a_name(new_context: NewContext, locale: str) -> None:
    context = new_context(locale=locale)
    door = context.new_page()
    door.goto("/login")
    door.wait_for_selector(".y-sign-in")
    assert door.evaluate(NAMELESS) == []
    page = sign_in(context)
    choose_model(page, ECHO)
    ask(page, "```python\nprint(1)\n```")
    page.click(".y-header button:last-child")
    page.wait_for_selector(".y-settings .q-field")
    assert page.evaluate(NAMELESS) == []
    page.evaluate("document.querySelector('.y-main').insertAdjacentHTML('beforeend', '<button></button>')")
    assert len(page.evaluate(NAMELESS)) == 1  # the check can fail


def test_the_composer_is_reached_by_keyboard_alone(page: Page) -> None:
    skip = page.locator("a:has-text('To the question box')")
    assert page.evaluate(
        "(a) => a === document.querySelector('a, button, input, textarea')", skip.element_handle()
    )
    skip.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(BOX)).to_be_focused()


def test_a_phone_shows_one_column(new_context: NewContext) -> None:
    page = sign_in(new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True), "ben")
    expect(page.locator(".y-conversations")).not_to_be_in_viewport()
    page.click("[aria-label=Conversations]")
    expect(page.locator(".y-conversations")).to_be_in_viewport()
    page.click("button:has-text('New chat')")
    expect(page.locator(".y-conversations")).not_to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_button_that_the_keyboard_is_on_shows_it(page: Page) -> None:
    page.click(BOX)
    page.keyboard.press("Shift+Tab")
    focused = page.locator("button:focus-visible, a.q-btn:focus-visible")
    expect(focused).to_have_count(1)
    expect(focused).to_have_css("outline-style", "solid")
    expect(focused).to_have_css("outline-width", "2px")
