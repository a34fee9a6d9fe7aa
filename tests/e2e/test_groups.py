"""Groups on the page: administrators manage them, owners share with them, and who is taken out sees no more."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from browsing import NAMELESS, NewContext, sign_in
from serving import PASSWORD, Served

HOSTILE = "<img src=x onerror=alert(1)></bdi>" + "a" * 30
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def api(server: Served) -> Iterator[httpx2.Client]:
    """As the administrator; no group is left behind."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx2.Client(base_url=server.url, headers=headers) as client:
        yield client
        for group in client.get("/api/groups").json()["groups"]:
            client.delete(f"/api/groups/{group['id']}")


@pytest.fixture
def hana(api: httpx2.Client) -> str:
    """Her account's id."""
    api.post("/api/users", json={"name": "hana", "password": PASSWORD})
    return next(each["id"] for each in api.get("/api/users").json()["users"] if each["name"] == "hana")


def id_of(api: httpx2.Client, name: str) -> str:
    return str(next(each["id"] for each in api.get("/api/users").json()["users"] if each["name"] == name))


@pytest.mark.usefixtures("hana")
def test_an_administrator_makes_fills_renames_and_removes_a_group(
    new_context: NewContext, api: httpx2.Client
) -> None:
    page = sign_in(new_context(**PHONE))
    page.goto("/account")
    expect(page.locator("#no-groups")).to_have_text("There is no group yet.")
    page.get_by_label("Name of the group").first.fill(HOSTILE)
    page.click("#create-group button")
    row = page.locator(".y-groups > li")
    expect(row.locator("h3")).to_have_text(HOSTILE)
    row.get_by_label("Account").select_option(label="hana")
    row.get_by_role("button", name="Put in").click()
    expect(row.locator(".y-people li")).to_contain_text(["hana"])
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    row.get_by_role("button", name="Rename").click()
    row.get_by_label("Name of the group").fill("Law")
    row.get_by_role("button", name="Save name").click()
    expect(row.locator("h3")).to_have_text("Law")
    page.get_by_label("Name of the group").first.fill("ＬＡＷ")
    page.click("#create-group button")
    expect(page.locator("#groups > .y-error")).to_contain_text("a group named Law already")
    row.get_by_role("button", name="Take out: hana").click()
    expect(row.locator(".y-people li")).to_have_count(0)
    row.get_by_role("button", name="Remove group").click()
    page.click("dialog button:has-text('Cancel')")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Remove group").click()
    expect(page.locator("dialog bdi")).to_have_text("Law")
    page.click("dialog button:has-text('Remove group')")
    expect(page.locator("#no-groups")).to_be_visible()
    assert api.get("/api/groups").json() == {"groups": []}


def test_a_collection_is_shared_with_a_group_until_its_reader_is_taken_out(
    new_context: NewContext, api: httpx2.Client, hana: str
) -> None:
    law, _ = [
        api.post("/api/groups", json={"name": name, "member_ids": [id_of(api, "ben"), hana]}).json()["id"]
        for name in ("Law", "Sales")
    ]
    ben = sign_in(new_context(), "ben")
    ben.goto("/collections")
    ben.fill(".y-new-collection input", "cases")
    ben.select_option(".y-new-collection select", "groups")
    create = ben.get_by_role("button", name="Create")
    expect(create).to_be_disabled()  # which groups?
    ben.get_by_label("Law").check()
    create.click()
    expect(ben.locator(".y-seen")).to_have_text(
        "You and the people in these groups can see it: Law. Only you can change it."
    )
    reader = sign_in(new_context(locale="ja-JP"), "hana")
    reader.goto("/account")
    expect(reader.locator(".y-groups > li")).to_contain_text(["Law", "Sales"])
    expect(reader.locator(".y-managing").first).to_be_hidden()
    reader.goto(ben.url.removeprefix(ben.url.partition("/collections")[0]))
    expect(reader.locator(".y-seen")).to_contain_text("Law")
    expect(reader.locator(".y-desk .y-sharing")).to_have_count(0)
    expect(reader.locator(".y-drop")).to_have_count(0)
    api.delete(f"/api/groups/{law}/members/{hana}").raise_for_status()
    reader.wait_for_url("**/collections")
    expect(reader.locator(".y-card", has_text="cases")).to_have_count(0)
    share_anew(ben)


def share_anew(page: Page) -> None:
    """With two groups, with everyone after all, with nobody."""
    page.get_by_label("Sales").check()
    expect(page.locator(".y-seen")).to_contain_text("Law, Sales")
    page.get_by_label("Law").uncheck()
    expect(page.locator(".y-seen")).not_to_contain_text("Law")
    page.select_option(".y-desk .y-sharing select", "everyone")
    page.click(".q-dialog button:has-text('Cancel')")
    expect(page.locator(".y-desk .y-sharing select")).to_have_value("groups")
    expect(page.get_by_label("Sales")).to_be_checked()
    page.get_by_label("Sales").uncheck()
    expect(page.locator(".y-seen")).to_have_text("Only you can see it.")
    expect(page.locator(".y-desk .y-sharing select")).to_have_value("owner")


def test_a_council_is_shared_with_a_group(new_context: NewContext, api: httpx2.Client, hana: str) -> None:
    api.post("/api/groups", json={"name": "Law", "member_ids": [id_of(api, "ben"), hana]})
    page = sign_in(new_context(), "ben")
    page.emulate_media(reduced_motion="reduce")
    page.goto("/councils")
    page.locator(".y-plan").first.click()
    page.get_by_label("Name", exact=True).fill("of law")
    page.get_by_role("combobox", name="Members").click()
    for member in ("fake/sure", "fake/slow"):
        page.locator(".q-menu .q-item", has_text=member).click()
    page.keyboard.press("Escape")
    expect(page.locator(".q-menu")).to_have_count(0)
    page.get_by_role("combobox", name="Who may ask it").click()
    page.locator(".q-menu .q-item", has_text="groups").click()
    expect(page.locator(".q-menu")).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".q-notification")).to_contain_text("Name 1 to 100 groups")
    page.get_by_role("combobox", name="Which groups").click()
    page.locator(".q-menu .q-item", has_text="Law").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save").click()
    card = page.locator(".y-card", has_text="of law")
    expect(card.locator(".y-seen")).to_contain_text("the people in these groups can see it: Law")
    reader = sign_in(new_context(), "hana")
    reader.goto("/councils")
    expect(reader.locator(".y-card", has_text="of law")).to_contain_text(
        "shares it with people in these groups"
    )
    card.get_by_role("button", name="Delete").click()
    page.click(".q-dialog button:has-text('Delete')")
    expect(page.locator(".y-card")).to_have_count(0)
