"""One question, answers side by side."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browsing import ECHO, NAMELESS, SLOW, NewContext, sign_in

QUESTION = "Once upon a time there was a fox who asked two houses the same question."


def begin(page: Page, *names: str) -> None:
    """Choose whom to ask."""
    page.goto("/compare")
    page.wait_for_selector(".y-composer textarea")
    expect(page.locator(".y-chosen .q-chip")).to_have_count(2)  # who is chosen to begin with
    box = page.get_by_role("combobox", name="Who is asked")
    chips = page.locator(".y-chosen .q-chip")
    for left in reversed(range(chips.count())):
        box.press("Backspace")
        expect(chips).to_have_count(left)
    for name in names:
        box.fill(name)
        page.locator(".q-menu .q-item", has_text=name).first.click()
        expect(chips.filter(has_text=name)).to_be_visible()
    expect(chips).to_have_count(len(names))
    box.press("Escape")


def ask(page: Page, text: str) -> None:
    page.fill(".y-composer textarea", text)
    page.press(".y-composer textarea", "Enter")


def test_answers_stand_side_by_side_with_their_figures_and_one_is_gone_on_with(page: Page) -> None:
    begin(page, ECHO, SLOW)
    ask(page, QUESTION)
    columns = page.locator(".y-column")
    expect(columns).to_have_count(2)
    for column in columns.all():
        expect(column.locator(".y-answer")).to_have_text(QUESTION)
        expect(column.locator(".y-meta")).to_contain_text(" s")
    tops = [each.bounding_box() for each in page.locator(".y-column .y-assistant").all()]
    assert tops[0] and tops[1]
    assert tops[0]["y"] == tops[1]["y"]
    assert tops[0]["x"] < tops[1]["x"]
    assert page.evaluate(NAMELESS) == []
    ask(page, "And then?")
    expect(columns.nth(1).locator(".y-answer").nth(1)).to_have_text("And then?")
    page.reload()
    expect(columns.nth(0).locator(".y-answer").first).to_have_text(QUESTION)
    columns.nth(1).get_by_role("button", name="Go on with this one").click()
    page.wait_for_url("**/c/*")
    expect(page.locator(".y-picker")).to_contain_text(SLOW)
    expect(page.locator(".y-answer").first).to_have_text(QUESTION)


def test_a_reasoner_is_asked_beside_its_model_without_writing_its_name(page: Page) -> None:
    begin(page, ECHO)
    page.get_by_role("button", name="Think longer").click()
    page.get_by_role("combobox", name="Who thinks").click()
    page.locator(".q-menu .q-item", has_text=ECHO).click()
    page.get_by_role("button", name="Use it").click()
    expect(page.locator(".y-chosen .q-chip")).to_have_count(2)
    ask(page, "Seven?")
    expect(page.locator(".y-column-head").nth(1)).to_contain_text(f"self-consistency-8({ECHO})")
    expect(page.locator(".y-column:nth-child(2) .y-answer").first).to_contain_text("Seven?")


def test_one_that_runs_is_stopped_and_found_again_after_a_reload(page: Page) -> None:
    begin(page, ECHO, SLOW)
    ask(page, QUESTION * 10)
    page.wait_for_selector(".y-column:nth-child(2) .y-block")
    page.wait_for_url("**/compare/*")
    page.reload()
    page.wait_for_selector(".y-column:nth-child(2) .y-block")
    page.click("[aria-label=Stop]")
    expect(page.locator(".y-column:nth-child(2) .y-error")).to_contain_text("Stopped")
    page.goto("/compare")
    expect(page.locator(".y-earlier a").first).to_contain_text("Once upon a time")


def test_on_a_phone_columns_stand_below_each_other_and_nothing_overflows(new_context: NewContext) -> None:
    page = sign_in(new_context(viewport={"width": 390, "height": 800}))
    begin(page, ECHO, SLOW)
    expect(page.locator(".y-composer button")).to_have_count(
        1
    )  # to send; its conversations have no tools, so no files
    ask(page, f"{QUESTION}\n\n```\n{'x' * 300}\n```")
    expect(page.locator(".y-column .y-code")).to_have_count(2)
    heads = [each.bounding_box() for each in page.locator(".y-column-head").all()]
    assert heads[0] and heads[1]
    assert heads[0]["x"] == heads[1]["x"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
