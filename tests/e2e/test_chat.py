"""What people do on the chat page."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
from playwright.sync_api import Page, expect

from browsing import ECHO, SLOW, NewContext, ask, choose_model, sign_in, wait_for_end
from serving import Served, yoriai
from serving import server as serve

STORY = ("Once upon a time there was a fox. " * 35).strip()  # six seconds of the slow model


def test_the_first_administrator_is_made_by_the_link_of_the_terminal(
    new_context: NewContext, smollm2_path: Path, tmp_path: Path
) -> None:
    yoriai(tmp_path, "model", "add", str(smollm2_path), "--name", "smollm2-135m", "--link")
    with serve(tmp_path, "--yes") as served:
        page = new_context(base_url=served.url).new_page()
        page.goto(served.setup_link())
        page.fill("input[name=username]", "花子")
        for field in page.locator("input[type=password]").all():
            field.fill("correct horse battery")
        page.click("button[type=submit]")
        page.click("[aria-label='Settings of this conversation']")
        page.fill("[aria-label='Longest reply']", "20")
        ask(page, "What is the capital of France?")
        assert len(page.locator(".y-answer").inner_text()) > 5
        page.goto(served.setup_link())
        page.fill("input[name=username]", "mallory")
        for field in page.locator("input[type=password]").all():
            field.fill("correct horse battery")
        page.click("button[type=submit]")
        expect(page.locator(".y-error")).to_be_visible()


def test_a_reply_tells_its_speed_and_its_context(page: Page) -> None:
    ask(page, "Say hello.")
    expect(page.locator(".y-assistant .y-meta")).to_have_text(
        re.compile(r"[\d.]+ tokens/s · [\d,]+ of [\d,]+ tokens in context · first token after [\d.]+ s")
    )


def test_a_conversation_is_there_after_a_reload(page: Page) -> None:
    ask(page, "Say one word.")
    answer = page.locator(".y-answer").inner_text()
    page.reload()
    expect(page.locator(".y-answer")).to_have_text(answer)
    expect(page.locator(".y-question")).to_have_text("Say one word.")


def test_a_reply_goes_on_without_the_page_and_the_page_finds_it_again(page: Page) -> None:
    choose_model(page, SLOW)
    page.fill(".y-composer textarea", STORY)
    page.press(".y-composer textarea", "Enter")
    page.wait_for_selector(".y-assistant .y-block")
    address = page.url
    page.goto("about:blank")
    page.wait_for_timeout(1000)
    page.goto(address)
    page.wait_for_selector(".y-assistant .y-block")
    early = len(page.locator(".y-answer").inner_text())
    wait_for_end(page)
    assert 0 < early < len(STORY)
    expect(page.locator(".y-answer")).to_have_text(STORY)


def test_stop_keeps_what_was_said(page: Page) -> None:
    choose_model(page, SLOW)
    page.fill(".y-composer textarea", STORY)
    page.press(".y-composer textarea", "Enter")
    page.wait_for_selector(".y-assistant .y-block")
    page.click("[aria-label=Stop]")
    expect(page.locator(".y-assistant .y-error")).to_contain_text("Stopped")
    assert 0 < len(page.locator(".y-answer").inner_text()) < len(STORY)


def test_an_edited_question_is_a_branch_beside_the_first(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, "first words")
    page.hover(".y-user")
    page.click(".y-user [aria-label='Edit and ask again']")
    page.fill(".y-edit textarea", "other words")
    page.press(".y-edit textarea", "Enter")
    expect(page.locator(".y-answer")).to_have_text("other words")
    expect(page.locator(".y-branches")).to_contain_text("2 / 2")
    page.click("[aria-label='Previous version']")
    expect(page.locator(".y-answer")).to_have_text("first words")
    page.reload()
    expect(page.locator(".y-answer")).to_have_text("first words")


def test_answering_again_keeps_the_first_answer(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, "again")
    page.click(".y-assistant [aria-label='Answer again']")
    expect(page.locator(".y-assistant .y-branches")).to_contain_text("2 / 2")
    page.click(".y-assistant [aria-label='Previous version']")
    expect(page.locator(".y-assistant .y-branches")).to_contain_text("1 / 2")


def test_conversations_are_found_renamed_and_deleted(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, "the quokka question")
    page.fill(".y-search input", "ＱＵＯＫＫＡ")
    row = page.locator(".y-conversations li")
    expect(row).to_have_count(1)
    row.hover()
    row.locator("button").click()
    page.click(".q-item:has-text('Rename')")
    page.fill(".y-rename", "Marsupials")
    page.press(".y-rename", "Enter")
    expect(row).to_contain_text("Marsupials")
    row.locator("button").click()
    page.click(".q-item:has-text('Delete')")
    page.click(".q-dialog button:has-text('Delete')")
    expect(row).to_have_count(0)
    expect(page.locator(".y-welcome")).to_be_visible()


def test_settings_are_kept_with_the_conversation_and_used(page: Page, server: Served) -> None:
    page.click("[aria-label='Settings of this conversation']")
    page.fill("[aria-label='Longest reply']", "4")
    page.fill("[aria-label='System prompt']", "You answer in one word.")
    ask(page, "Tell me about Japan.")
    expect(page.locator(".y-assistant .y-error")).to_contain_text("limit of tokens")
    conversation = page.url.rsplit("/", 1)[1]
    headers = {"Authorization": f"Bearer {server.token}"}
    tree = httpx2.get(f"{server.url}/api/conversations/{conversation}", headers=headers).json()
    assert tree["conversation"]["system_prompt"] == "You answer in one word."
    assert tree["messages"][1]["sampling"]["max_tokens"] == 4
    assert tree["messages"][1]["usage"]["completion_tokens"] == 4


def test_every_parameter_is_explained(page: Page) -> None:
    page.click("[aria-label='Settings of this conversation']")
    fields = page.locator(".y-settings .q-field:has(.q-field__bottom)")
    assert fields.count() >= 11
    for field in fields.all():
        assert len(field.locator(".q-field__messages").inner_text()) > 20


def test_a_draft_survives_a_reload(page: Page) -> None:
    page.fill(".y-composer textarea", "half a thought")
    page.reload()
    expect(page.locator(".y-composer textarea")).to_have_value("half a thought")


def test_what_was_sent_is_no_draft_any_more(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, "no draft")
    page.click("button:has-text('New chat')")
    expect(page.locator(".y-welcome")).to_be_visible()
    expect(page.locator(".y-composer textarea")).to_have_value("")
    page.reload()
    expect(page.locator(".y-composer textarea")).to_have_value("")


def test_the_browsers_back_button_shows_what_the_address_names(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, "the first")
    asked_at = page.url
    page.click("button:has-text('New chat')")
    expect(page).not_to_have_url(asked_at)
    expect(page.locator(".y-welcome")).to_be_visible()
    page.go_back()
    expect(page.locator(".y-question")).to_have_text("the first")
    page.go_forward()
    expect(page.locator(".y-welcome")).to_be_visible()


def test_a_question_goes_to_the_branch_that_its_tab_shows(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, "one way")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".y-answer")).to_have_text("one way")
    other.click(".y-user [aria-label='Edit and ask again']")
    other.fill(".y-edit textarea", "another way")
    other.press(".y-edit textarea", "Enter")
    expect(other.locator(".y-answer")).to_have_text("another way")
    wait_for_end(other)
    ask(page, "and then")
    expect(page.locator(".y-question")).to_have_text(["one way", "and then"])


def test_a_role_that_was_chosen_is_not_chosen_in_the_next_conversation(page: Page) -> None:
    page.click("[aria-label='Settings of this conversation']")
    role = page.locator(".y-settings .q-select").first
    role.click()
    page.click(".q-menu .q-item >> nth=0")
    expect(page.locator("[aria-label='System prompt']")).not_to_have_value("")
    page.click("button:has-text('New chat')")
    expect(page.locator("[aria-label='System prompt']")).to_have_value("")
    role.click()
    page.click(".q-menu .q-item >> nth=0")
    expect(page.locator("[aria-label='System prompt']")).not_to_have_value("")


def test_the_picker_shows_what_is_loaded(page: Page) -> None:
    expect(page.locator(".y-picker")).to_contain_text(re.compile("smollm2-135m · 0.1 GB · loaded"))


def test_a_disabled_user_is_out_at_once(new_context: NewContext, server: Served) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    made = httpx2.post(
        f"{server.url}/api/users", headers=headers, json={"name": "eve", "password": "correct horse battery"}
    ).json()
    page = sign_in(new_context(), "eve")
    httpx2.patch(f"{server.url}/api/users/{made['id']}", headers=headers, json={"active": False})
    page.fill(".y-composer textarea", "still here?")
    page.press(".y-composer textarea", "Enter")
    page.wait_for_url("**/login")


def test_another_users_conversation_is_not_there(page: Page, new_context: NewContext) -> None:
    choose_model(page, ECHO)
    ask(page, "my secret plan")
    ben = sign_in(new_context(), "ben")
    ben.goto(page.url)
    ben.wait_for_selector(".y-composer textarea")
    expect(ben.locator(".q-notification")).to_be_visible()
    assert "my secret plan" not in ben.content()


def test_the_page_is_closed_to_nobody_in_particular(new_context: NewContext) -> None:
    stranger = new_context().new_page()
    stranger.goto("/")
    assert stranger.url.endswith("/login")
    stranger.goto("/c/0123456789abcdef")
    assert stranger.url.endswith("/login")


def test_reasoning_is_folded_and_apart_from_the_answer(page: Page) -> None:
    choose_model(page, ECHO)
    ask(page, "<think>first this, then that</think>The answer.")
    expect(page.locator(".y-answer")).to_have_text("The answer.")
    expect(page.locator(".y-reasoning-text")).to_be_hidden()
    page.click(".y-reasoning summary")
    expect(page.locator(".y-reasoning-text")).to_have_text("first this, then that")


def test_what_was_left_out_of_the_context_is_said(page: Page) -> None:
    page.click("[aria-label='Settings of this conversation']")
    page.fill("[aria-label='Longest reply']", "8")
    for number in range(4):
        ask(page, f"{number}: " + "the quick brown fox jumps over the lazy dog. " * 35)
    expect(page.locator(".y-note").last).to_contain_text("did not fit into the model's context")


def test_editing_a_question_ends_the_reply_to_the_old_one(page: Page, server: Served) -> None:
    choose_model(page, SLOW)
    page.fill(".y-composer textarea", STORY)
    page.press(".y-composer textarea", "Enter")
    page.wait_for_selector(".y-assistant .y-block")
    page.click(".y-user [aria-label='Edit and ask again']")
    page.fill(".y-edit textarea", "short")
    page.press(".y-edit textarea", "Enter")
    expect(page.locator(".y-answer")).to_have_text("short")
    wait_for_end(page)
    headers = {"Authorization": f"Bearer {server.token}"}
    address = f"{server.url}/api/conversations/{page.url.rsplit('/', 1)[1]}"
    messages = httpx2.get(address, headers=headers).json()["messages"]
    assert {message["status"] for message in messages} == {"done", "stopped"}


def test_a_number_out_of_its_range_is_said_and_not_moved(page: Page) -> None:
    page.click("[aria-label='Settings of this conversation']")
    page.fill("[aria-label='Temperature']", "9")
    page.fill(".y-composer textarea", "hello")
    page.press(".y-composer textarea", "Enter")
    expect(page.locator(".q-notification").first).to_contain_text("from 0")
    expect(page.locator("[aria-label='Temperature']")).to_have_value("9")
    expect(page.locator(".y-composer textarea")).to_have_value("hello")
