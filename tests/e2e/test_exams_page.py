"""Exams on the page: a turn of a chat becomes a question, its set is sat as an exam, every sample can be read."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browsing import ECHO, NAMELESS, NewContext, ask, choose_model, choose_option, sign_in

QUESTION = "What is the capital of Japan?"


def test_a_turn_of_a_chat_becomes_a_question_and_its_set_an_exam(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, QUESTION)
    page.locator(".y-assistant").last.hover()
    page.get_by_role("button", name="Make this a test question").click()
    card = page.locator(".y-question-card")
    expect(card.get_by_label("Question", exact=True)).to_have_value(QUESTION)
    card.get_by_label("What is expected").fill("capital of Japan")
    card.get_by_role("button", name="Save").click()
    expect(page.locator(".q-notification")).to_contain_text("Kept as a test question.")
    page.goto("/exams")
    page.get_by_role("combobox", name="Exam", exact=True).click()
    page.locator(".q-menu .q-item", has_text="own:My questions").click()
    choose_option(page, "Who is examined", ECHO)
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".y-exam-board").first).to_contain_text("100")  # the model repeats the question
    assert page.evaluate(NAMELESS) == []
    page.locator(".y-exam-runs").get_by_role("link", name="own:My questions").click()
    page.wait_for_url("**/exams/runs/*")
    expect(page.locator("main, body").first).to_contain_text(QUESTION)


def test_on_a_phone_in_japanese_the_first_set_has_a_japanese_name(new_context: NewContext) -> None:
    page = sign_in(new_context(viewport={"width": 390, "height": 800}, locale="ja-JP"), "ben")
    choose_model(page, ECHO)
    ask(page, "日本の首都は？")
    page.get_by_role("button", name="テスト問題").last.click()
    expect(page.locator(".y-question-card")).to_contain_text("正解・基準")
    expect(page.locator(".y-question-card").get_by_role("combobox").first).to_have_value("自分の問題")
    page.goto("/exams")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
