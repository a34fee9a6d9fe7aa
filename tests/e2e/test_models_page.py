"""What people do on the models page: find a model, see whether it fits and what its licence says, bring it here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browsing import NewContext, ask, choose_model, sign_in
from catalog.sources import Hub
from offering import HELD_BYTES, TINY, hold, offer
from serving import MODEL, Served, server_with_model

from .test_keyboard import NAMELESS

RESTRICTED = "restricted-fox"
BROKEN = "broken-fox"


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def house(smollm2_path: Path, hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose catalogue has models that this machine's own hub gives."""
    home = tmp_path_factory.mktemp("models")
    content = smollm2_path.read_bytes()
    offer(home, hub, content)
    offer(home, hub, content, RESTRICTED, family="Gemma 3", licence="Gemma")
    offer(home, hub, content, BROKEN, sha256="0" * 64)
    with server_with_model(home, smollm2_path, YORIAI_DOWNLOAD__HUB_URL=hub.url) as served:
        yield served


@pytest.fixture
def page(new_context: NewContext, house: Served) -> Page:
    return opened(new_context, house)


def opened(new_context: NewContext, house: Served, name: str = "anna", **options: object) -> Page:
    page = sign_in(new_context(base_url=house.url, **options), name)
    page.goto("/models")
    page.wait_for_selector(".y-fit[data-machine='0']")
    return page


def card(page: Page, name: str) -> Locator:
    return page.locator(f".y-card[data-name='{name}']")


def search(page: Page, words: str) -> None:
    page.fill(".y-filters input[type=search]", words)


def names(page: Page) -> list[str]:
    return [str(each.get_attribute("data-name")) for each in page.locator(".y-card").all()]


def agree_to_pull(page: Page, name: str) -> None:
    card(page, name).get_by_role("button", name="Download").click()
    page.locator(".y-consent").get_by_role("button", name="Download").click()


def test_the_page_is_reached_from_the_chat_and_leads_back(new_context: NewContext, house: Served) -> None:
    page = sign_in(new_context(base_url=house.url))
    page.click(".y-drawer a:has-text('Models')")
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.click("[aria-label='Back to the chat']")
    page.wait_for_selector(".y-composer textarea")


def test_nobody_sees_it_who_is_not_signed_in(new_context: NewContext, house: Served) -> None:
    page = new_context(base_url=house.url).new_page()
    page.goto("/models")
    page.wait_for_url("**/login")


def test_a_model_is_pulled_cancelled_resumed_asked_and_removed(page: Page, hub: Hub) -> None:
    store = next(path for path in hub.files if path.startswith("/store/"))
    hold(hub, store)
    search(page, TINY)
    agree_to_pull(page, TINY)
    bar = card(page, TINY).get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"0\.3\d*"))
    expect(card(page, TINY)).to_contain_text(re.compile(r"3\d%, [\d.]+ MB of 98\.\d MB"))
    card(page, TINY).get_by_role("button", name="Cancel").click()
    expect(card(page, TINY)).to_contain_text("so much is kept: 30")
    page.reload()
    hub.go_on.set()
    card(page, TINY).get_by_role("button", name="Resume").click()
    expect(card(page, TINY)).to_contain_text("installed")
    assert (hub.starts(store)[-1] or 0) >= HELD_BYTES // 2
    page.goto("/")
    choose_model(page, TINY)
    ask(page, "Say one word.")
    page.goto("/models")
    loaded = page.locator(f".y-loaded li:has-text('{TINY}')")
    expect(loaded).to_contain_text("MB · loaded")
    loaded.get_by_role("button", name="Unload").click()
    expect(loaded).to_have_count(0)
    card(page, TINY).get_by_role("button", name="Delete").click()
    page.click(".q-dialog button:has-text('Delete')")
    expect(card(page, TINY).get_by_role("button", name="Download")).to_be_visible()


def test_a_pull_goes_on_without_the_page_and_every_page_shows_it(
    new_context: NewContext, house: Served, hub: Hub
) -> None:
    hold(hub, next(path for path in hub.files if path.startswith("/store/")))
    page, other = (opened(new_context, house) for _ in range(2))
    agree_to_pull(page, TINY)
    expect(card(other, TINY).get_by_role("progressbar")).to_be_visible()
    page.close()
    card(other, TINY).get_by_role("button", name="Cancel").click()
    card(other, TINY).get_by_role("button", name="Delete what came").click()
    expect(card(other, TINY).get_by_role("button", name="Download")).to_be_visible()
    expect(other.locator(".y-strip")).not_to_contain_text("unfinished")
    hub.go_on.set()


def test_consent_names_size_and_conditions_and_may_be_refused(page: Page, hub: Hub) -> None:
    asked = len(hub.asked)
    card(page, RESTRICTED).get_by_role("button", name="Download").click()
    consent = page.locator(".y-consent")
    expect(consent).to_contain_text("98.4 MB")
    expect(consent).to_contain_text("Gemma Terms of Use")
    expect(consent).to_contain_text("Restricted")
    assert consent.locator("li a").count() >= 3
    consent.get_by_role("button", name="Cancel").click()
    expect(consent).to_have_count(0)
    page.wait_for_timeout(500)
    assert len(hub.asked) == asked


def test_a_failed_pull_says_why(page: Page) -> None:
    agree_to_pull(page, BROKEN)
    expect(card(page, BROKEN).get_by_role("alert")).to_contain_text("not the right file")
    expect(card(page, BROKEN).get_by_role("button", name="Download")).to_be_visible()


def test_filters_narrow_the_catalogue(page: Page) -> None:
    everything = len(names(page))
    search(page, "ＱＷＥＮ２.5 coder")
    assert sorted(names(page)) == ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
    page.get_by_label("Largest download").fill("0.6")
    assert names(page) == ["qwen2.5-coder-0.5b"]
    page.click("button:has-text('Clear the filters')")
    assert len(names(page)) == everything
    page.get_by_label("Kind", exact=True).select_option("embedding")
    assert names(page) == ["multilingual-e5-small"]
    page.get_by_label("Language", exact=True).select_option("hi")
    expect(page.locator(".y-nothing")).to_be_visible()
    page.click("button:has-text('Clear the filters')")
    page.get_by_label("Openness", exact=True).select_option("restricted")
    assert RESTRICTED in names(page)
    assert TINY not in names(page)


def test_another_machine_is_planned_with_beside_this_one(page: Page) -> None:
    def described(name: str) -> Locator:
        return card(page, name).locator(".y-fit[data-machine='1']")

    page.click("text=Plan for another machine")
    page.get_by_label("Graphics cards").fill("GTX 1080 Ti 11GB x2")
    page.get_by_label("RAM (GB)").fill("48")
    page.get_by_role("button", name="Calculate").click()
    expect(described("llama-3.1-8b")).to_contain_text("◯")
    expect(described("llama-3.1-8b")).to_contain_text(re.compile(r"memory [\d.]+ GB · \d+–\d+ tokens/s"))
    expect(described("gemma-2-27b")).to_contain_text("△")
    expect(described("llama-3.1-70b")).to_contain_text("✕")
    expect(page.locator(".y-strip")).to_contain_text("2 × GeForce GTX 1080 Ti")
    page.click("text=How many times faster the described machine is")
    writing, reading = (page.locator(".y-plan .y-chart").nth(number) for number in range(2))
    expect(writing).to_contain_text("gemma-2-9b Q8_0")
    expect(writing).not_to_contain_text("multilingual-e5-small")
    expect(reading).to_contain_text("multilingual-e5-small")
    expect(writing.locator("path[stroke='#888']")).to_have_count(1)  # the line at 1
    expect(writing).to_have_attribute(
        "aria-label", re.compile("^How many times faster the described .*gemma-2-9b Q8_0 ")
    )
    page.get_by_label("Fits", exact=True).select_option(label="Fits the described machine (◯)")
    assert "llama-3.1-8b" in names(page)
    assert "gemma-2-27b" not in names(page)
    page.get_by_label("Context (tokens").fill("100000")
    page.get_by_label("Context (tokens").press("Enter")
    expect(card(page, "llama-3.1-8b")).to_have_count(0)  # so long a context doesn't fit
    page.get_by_label("Graphics cards").fill("RTX 9999")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator(".q-notification")).to_contain_text("Did you mean")


def test_openness_is_told_with_clauses_and_links(page: Page) -> None:
    found = card(page, MODEL).locator(".y-openness")
    found.locator("summary").click()
    expect(found.locator("tr")).to_have_count(3 + 4 + 3 + 5)
    expect(found.locator("a").first).to_have_attribute("href", re.compile("^https://"))
    expect(found.locator("a").first).to_have_attribute("rel", "noopener noreferrer")


def test_a_member_sees_everything_and_changes_nothing(
    new_context: NewContext, house: Served, hub: Hub
) -> None:
    page = opened(new_context, house, "ben")
    assert page.locator(".y-card footer button, .y-strip button").count() == 0
    asked = len(hub.asked)
    shelf = page.locator(".y-models").get_attribute("id")
    for event, name in (("pull", TINY), ("remove", MODEL), ("unload", MODEL), ("discard", TINY)):
        page.evaluate(f"getElement({str(shelf).removeprefix('c')}).$emit('{event}', {{ name: '{name}' }})")
        expect(page.locator(".q-notification").last).to_contain_text("administrator")
    assert len(hub.asked) == asked
    expect(card(page, MODEL)).to_contain_text("installed")


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "This machine: fits"), ("ja-JP", "このマシン: 動きます")]
)
def test_it_speaks_the_visitors_language_and_names_every_control(
    new_context: NewContext, house: Served, locale: str, words: str
) -> None:
    page = opened(new_context, house, locale=locale)
    page.locator(".y-plan .q-item").first.click()
    page.wait_for_timeout(500)
    expect(card(page, MODEL)).to_contain_text(words)
    assert page.evaluate(NAMELESS) == []


def test_a_phone_shows_it_without_scrolling_sideways(new_context: NewContext, house: Served) -> None:
    phone = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
    page = opened(new_context, house, **phone, color_scheme="dark")
    page.wait_for_function("document.body.classList.contains('body--dark')")
    found = card(page, MODEL).locator(".y-openness")
    expect(found).to_be_hidden()
    expect(card(page, MODEL)).to_contain_text("This machine: fits")
    expect(page.get_by_label("Kind", exact=True)).to_be_hidden()
    folded = page.evaluate("document.documentElement.scrollHeight")
    card(page, MODEL).get_by_role("button", name="Details").click()
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_label("Kind", exact=True)).to_be_visible()
    found.locator("summary").click()
    found.locator("table").wait_for()
    page.locator(".y-plan .q-item").first.click()
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    scroller = found.locator(".y-scroll")
    assert scroller.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    assert folded < 200 * page.locator(".y-card").count()
