"""The account page, with users of its own: they change passwords."""

from __future__ import annotations

from itertools import count

import httpx2
import pytest
from playwright.sync_api import Page, expect

from browsing import NAMELESS, NewContext, sign_in
from serving import PASSWORD, Served

HOSTILE = "<img src=x onerror=\"document.title='owned'\"></bdi><script>alert(1)</script>\u202e" + "a" * 110
NUMBERS = count()


@pytest.fixture
def user(server: Served) -> str:
    """Somebody new."""
    name = f"account-{next(NUMBERS)}"
    made = httpx2.post(
        f"{server.url}/api/users",
        headers={"Authorization": f"Bearer {server.token}"},
        json={"name": name, "password": PASSWORD},
    )
    assert made.is_success, made.text
    return name


def account_of(new_context: NewContext, user: str, **options: object) -> Page:
    page = sign_in(new_context(**options), user)
    page.goto("/account")
    return page


def create(page: Page, name: str) -> str:
    page.fill("#create input", name)
    page.click("#create button")
    expect(page.locator("#made")).to_be_visible()
    return page.locator("#secret").inner_text()


def change_password(page: Page, old: str, new: str, repeated: str) -> None:
    for name, value in (("old", old), ("fresh", new), ("repeated", repeated)):
        page.fill(f"#password input[name={name}]", value)
    page.click("#password button")


def status_with(server: Served, token: str) -> int:
    return httpx2.get(f"{server.url}/v1/models", headers={"Authorization": f"Bearer {token}"}).status_code


def test_the_account_menu_leads_to_the_page_and_the_page_back(new_context: NewContext, user: str) -> None:
    page = sign_in(new_context(), user)
    page.click(f"button:has-text('{user}')")
    page.click(".q-item:has-text('Account')")
    expect(page.locator("h1")).to_have_text("Account")
    expect(page.locator(".y-card").first).to_contain_text(user)
    expect(page.locator(".y-card").first).to_contain_text("Member")
    page.click("a:has-text('Back to the chat')")
    expect(page.locator(".y-composer textarea")).to_be_visible()


def test_a_token_works_until_it_is_revoked(new_context: NewContext, user: str, server: Served) -> None:
    page = account_of(new_context, user)
    expect(page.locator("#none")).to_be_visible()
    token = create(page, "my script")
    expect(page.locator("#made")).to_contain_text("won't be shown again")
    row = page.locator("#tokens li")
    expect(row).to_contain_text("my script")
    expect(row.locator(".y-used")).to_have_text("never")
    assert status_with(server, token) == 200
    page.reload()
    expect(row.locator(".y-used time")).to_be_visible()
    assert token not in page.content()
    row.get_by_role("button", name="Revoke my script").click()
    page.click("dialog button:has-text('Cancel')")
    assert status_with(server, token) == 200
    row.locator("button").click()
    page.click("dialog button:has-text('Revoke')")
    expect(row).to_have_count(0)
    expect(page.locator("#none")).to_be_visible()
    assert status_with(server, token) == 401


def test_escape_revokes_nothing(new_context: NewContext, user: str) -> None:
    page = account_of(new_context, user)
    create(page, "kept")
    page.click("#tokens li button")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.reload()
    expect(page.locator("#tokens li")).to_contain_text("kept")


def test_a_secret_is_copied_and_gone_with_its_token_or_its_page(new_context: NewContext, user: str) -> None:
    page = account_of(new_context, user)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    token = create(page, "first")
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.click("#tokens li button")
    page.click("dialog button:has-text('Revoke')")
    expect(page.locator("#made")).to_be_hidden()
    token = create(page, "second")
    page.goto("/login")  # which leads to the chat
    page.go_back()
    expect(page.locator("#tokens li")).to_have_count(1)
    assert token not in page.content()


def test_a_tokens_name_is_only_text(new_context: NewContext, user: str) -> None:
    page = account_of(new_context, user, viewport={"width": 390, "height": 844})
    create(page, HOSTILE)
    expect(page.locator("#tokens li bdi")).to_have_text(HOSTILE)
    page.click("#tokens li button")
    expect(page.locator("dialog bdi")).to_have_text(HOSTILE)
    assert page.locator("main img, dialog img, main script, dialog script").count() == 0
    assert page.title() == "Account · Yoriai"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("dialog button:has-text('Revoke')")
    expect(page.locator("#tokens li")).to_have_count(0)


def test_a_new_password_ends_the_other_sessions(new_context: NewContext, user: str, server: Served) -> None:
    page = account_of(new_context, user)
    elsewhere = account_of(new_context, user)
    token = create(page, "stays")
    change_password(page, PASSWORD, "another horse battery", "another horse battery")
    expect(page.locator("#password .y-done")).to_contain_text("other sessions have ended")
    expect(page.locator("input[name=old]")).to_have_value("")
    page.reload()
    expect(page.locator("#tokens li")).to_contain_text("stays")  # this session goes on
    assert status_with(server, token) == 200
    elsewhere.reload()
    assert elsewhere.url.endswith("/login")
    for password, selector in (
        (PASSWORD, ".y-error:has-text('wrong')"),
        ("another horse battery", ".y-composer"),
    ):
        elsewhere.fill("input[name=username]", user)
        elsewhere.fill("input[name=password]", password)
        elsewhere.click("button[type=submit]")
        expect(elsewhere.locator(selector)).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "different", "wrong", "short", "nameless"),
    [
        ("en-US", "two passwords differ", "password is wrong", "8 to 200", "Give the token a name"),
        ("ja-JP", "一致しません", "パスワードが違うか", "8〜200", "名前を付けてください"),
    ],
)
def test_what_goes_wrong_is_said_in_its_place(
    new_context: NewContext, user: str, locale: str, different: str, wrong: str, short: str, nameless: str
) -> None:
    page = account_of(new_context, user, locale=locale)
    error = page.locator("#password .y-error")
    change_password(page, PASSWORD, "another horse battery", "another house battery")
    expect(error).to_contain_text(different)
    change_password(page, "not my password", "another horse battery", "another horse battery")
    expect(error).to_contain_text(wrong)
    change_password(page, PASSWORD, "short", "short")
    expect(error).to_contain_text(short)
    page.fill("#create input", " ")
    page.click("#create button")
    expect(page.locator("#tokens > .y-error")).to_contain_text(nameless)
    expect(error).to_contain_text(short)  # each part has its own


def test_a_session_that_is_over_is_said(new_context: NewContext, user: str) -> None:
    page = account_of(new_context, user)
    page.context.clear_cookies()
    page.fill("#create input", "too late")
    page.click("#create button")
    expect(page.locator("#tokens > .y-error")).not_to_be_empty()
    expect(page.locator("#made")).to_be_hidden()


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_every_control_of_the_account_page_has_a_name(
    new_context: NewContext, user: str, locale: str
) -> None:
    page = account_of(new_context, user, locale=locale)
    create(page, "named")
    expect(page.locator("#tokens li")).to_be_visible()
    assert page.evaluate(NAMELESS) == []
    page.click("#tokens li button")
    assert page.evaluate(NAMELESS) == []


def test_the_account_page_has_the_language_and_colours_that_were_chosen(
    new_context: NewContext, user: str
) -> None:
    page = account_of(new_context, user, color_scheme="dark")
    page.wait_for_function("document.body.classList.contains('body--dark')")
    page.click("button:has-text('日本語')")
    expect(page.locator("h1")).to_have_text("アカウント")
    expect(page.locator(".y-card").first).to_contain_text("メンバー")


def test_the_account_page_fits_a_phone(new_context: NewContext, user: str) -> None:
    page = account_of(
        new_context, user, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    create(page, "on the phone")
    expect(page.locator("#tokens li")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_account_page_is_closed_to_nobody_in_particular(new_context: NewContext) -> None:
    stranger = new_context().new_page()
    for path in ("/account", "/account_page.js"):
        stranger.goto(path)
        assert stranger.url.endswith("/login")
