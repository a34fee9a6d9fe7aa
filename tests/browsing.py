"""What a person does on the page, for the browser's tests. Not a test itself."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from serving import PASSWORD

ECHO = "fake/echo"  # a remote model that answers with the question …
SLOW = "fake/slow"  # … and one that takes its time
NewContext = Callable[..., BrowserContext]
# Every control that a screen reader could not name.
NAMELESS = """() => [...document.querySelectorAll('button, a, input, textarea, select, [role=button], [role=combobox]')]
    .filter((e) => e.offsetParent && !e.closest('[aria-hidden=true]'))
    .filter((e) => !(e.getAttribute('aria-label') || e.innerText || e.title || e.labels?.length
                     || e.getAttribute('aria-labelledby')))
    .map((e) => e.outerHTML.slice(0, 200))"""


def sign_in(context: BrowserContext, name: str = "anna") -> Page:
    """A page of a user who signed in by the form."""
    page = context.new_page()
    page.goto("/login")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".y-composer textarea")
    return page


def choose_model(page: Page, name: str) -> None:
    page.click(".y-picker")
    page.click(f".q-item:has-text('{name}')")
    page.wait_for_selector(f".y-picker:has-text('{name}')")


def choose_option(page: Page, field: str, option: str) -> None:
    """Open a select by its label and choose; the menu before it may still be fading, so wait until it has gone."""
    box = page.get_by_role("combobox", name=field)
    expect(page.locator(".q-menu")).to_have_count(0)
    box.click()
    page.locator(".q-menu .q-item", has_text=option).click()
    expect(page.locator(".q-menu")).to_have_count(0)
    expect(page.locator(".q-field", has=box)).to_contain_text(option)


def ask(page: Page, text: str) -> None:
    """Send a question and wait for the whole reply."""
    before = page.locator(".y-assistant").count()
    page.fill(".y-composer textarea", text)
    page.press(".y-composer textarea", "Enter")
    page.wait_for_function(f"document.querySelectorAll('.y-assistant').length > {before}")
    wait_for_end(page)


def wait_for_end(page: Page) -> None:
    page.wait_for_selector(".y-transcript[aria-busy=false]")
    page.wait_for_selector(".y-composer button[type=submit]")
