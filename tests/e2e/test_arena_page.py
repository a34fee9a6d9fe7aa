"""A newcomer votes blind, sees who it was and the board move, and why it claims no winner yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsing import ECHO, NAMELESS, SLOW, NewContext, sign_in
from fakes.echo_model import echo_model
from serving import Served, server_with_model


@pytest.fixture(scope="module")
def house(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Of its own: a board that nobody else has voted on."""
    with echo_model() as url:
        remotes = json.dumps([{"name": "fake", "url": url, "models": ["echo", "slow"]}])
        with server_with_model(
            tmp_path_factory.mktemp("arena"), smollm2_path, YORIAI_REMOTES=remotes
        ) as served:
            yield served


def opened(new_context: NewContext, house: Served, address: str, **options: object) -> Page:
    page = sign_in(new_context(base_url=house.url, **options))
    page.goto(address)
    return page


def draw_only(page: Page, *names: str) -> None:
    page.click("text=Who takes part")
    box = page.get_by_role("combobox", name="Draw from these only")
    for name in names:
        box.fill(name)
        page.locator(".q-menu .q-item", has_text=name).first.click()
    box.press("Escape")


def test_a_newcomer_votes_by_key_and_sees_the_board_move(new_context: NewContext, house: Served) -> None:
    page = opened(new_context, house, "/arena/board")
    expect(page.locator(".y-verdict-line")).to_contain_text("No votes yet")
    page.goto("/arena")
    draw_only(page, ECHO, SLOW)
    page.click("text=Everyday questions")
    page.locator(".y-questions button").first.click()
    expect(page.locator(".y-votes")).to_be_visible()
    heads = page.locator(".y-column-head [role=heading]")
    assert heads.all_inner_texts() == ["A", "B"]
    assert "fake/" not in page.locator("body").inner_text()
    assert page.locator(".y-column .y-meta").count() == 0
    assert page.evaluate(NAMELESS) == []
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".y-outcome")).to_contain_text("You voted: A is better")
    assert sorted(name[3:] for name in heads.all_inner_texts()) == [ECHO, SLOW]
    expect(page.locator(".y-outcome")).to_contain_text("rank 1 to 2 of 2")
    expect(page.locator(".y-outcome")).to_contain_text("Too few votes to tell who is best")
    page.keyboard.press("Enter")  # the next question of the set
    page.wait_for_selector(".y-column-head :text-is('A')")
    expect(page.locator(".y-votes")).to_be_visible()
    page.keyboard.press("4")
    expect(page.locator(".y-outcome")).to_contain_text("both are bad")
    page.goto("/arena")
    earlier = page.locator(".y-earlier li")
    expect(earlier.nth(0)).to_contain_text("both are bad")
    expect(earlier.nth(1)).to_contain_text("A is better")
    page.goto("/arena/board")
    expect(page.locator(".y-board tbody tr").first).to_contain_text("1–2")
    expect(page.locator(".y-verdict-line")).to_contain_text("more on")
    expect(page.locator(".y-heat td:has-text('%')")).to_have_count(2)


def test_two_tabs_have_one_vote_and_one_side_by_its_own_address_is_the_battle(
    new_context: NewContext, house: Served
) -> None:
    page = opened(new_context, house, "/arena")
    draw_only(page, ECHO, SLOW)
    page.fill(".y-composer textarea", "Who votes?")
    page.press(".y-composer textarea", "Enter")
    page.wait_for_url("**/arena/battles/*")
    other = page.context.new_page()
    battle = page.evaluate(
        "fetch(`/api/arena/battles/${location.pathname.split('/').pop()}`).then((r) => r.json())"
    )
    other.goto(f"/c/{battle['columns'][0]['conversation']['id']}")
    other.wait_for_url(page.url)
    for tab in (page, other):
        expect(tab.locator(".y-votes")).to_be_visible()
    page.click(".y-votes >> text=A is better")
    expect(page.locator(".y-outcome")).to_contain_text("You voted: A is better")
    other.click(".y-votes >> text=B is better")
    expect(other.locator(".y-outcome")).to_contain_text("You voted: A is better")
    other.goto("/arena")
    first = other.locator(".y-earlier li").first
    first.get_by_role("button", name="Take the vote back").click()
    other.get_by_role("button", name="Take the vote back", exact=True).click()
    expect(first).to_contain_text("Vote taken back")
    expect(first.get_by_role("button", name="Take the vote back")).to_have_count(0)
    page.reload()
    expect(page.locator(".y-outcome")).to_contain_text("Vote taken back")


def test_keys_are_letters_while_one_writes(new_context: NewContext, house: Served) -> None:
    page = opened(new_context, house, "/arena")
    draw_only(page, ECHO, SLOW)
    page.fill(".y-composer textarea", "Why?")
    page.press(".y-composer textarea", "Enter")
    page.wait_for_selector(".y-votes")
    page.locator(".y-composer textarea").press_sequentially("And 1 or 2?")
    expect(page.locator(".y-composer textarea")).to_have_value("And 1 or 2?")
    page.press(".y-composer textarea", "Enter")
    expect(page.locator(".y-column:first-child .y-answer").nth(1)).to_have_text("And 1 or 2?")
    expect(page.locator(".y-votes")).to_be_visible()
    page.click("text=Skip without a vote")
    page.wait_for_url("**/arena")


def test_votes_of_a_file_are_ranked_and_a_wrong_one_is_told_by_its_place(
    new_context: NewContext, house: Served, tmp_path: Path
) -> None:
    turns = [{"role": "user", "content": "空はなぜ青いですか"}, {"role": "assistant", "content": "散乱です"}]
    vote = {
        "question_id": "q", "model_a": "<b>strong</b>", "model_b": "weak", "judge": "j", "conversation_a": turns,
        "conversation_b": turns, "turn": 1, "anony": True, "language": "Japanese",
    }  # fmt: skip
    lines = [json.dumps(vote | {"winner": "model_a", "tstamp": 1.7e9 + n}) for n in range(60)]
    lines += [json.dumps(vote | {"winner": "model_b", "tstamp": 1.8e9 + n}) for n in range(5)]
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text("\n".join(lines))
    bad.write_text("\n".join([*lines, json.dumps(vote | {"winner": "draw"})]))
    page = opened(new_context, house, "/arena/board", viewport={"width": 390, "height": 800})
    page.locator("input[type=file]").set_input_files(bad)
    expect(page.locator(".y-board ~ .y-row [role=status]")).to_contain_text("66")
    page.locator("input[type=file]").set_input_files(good)
    expect(page.locator(".y-board ~ .y-row [role=status]")).to_contain_text("65 votes read, 65 of them new")
    page.get_by_role("combobox", name="Language of the question").click()
    page.locator(".q-menu .q-item", has_text="Japanese").click()
    expect(page.locator(".y-board tbody th").first).to_have_text("<b>strong</b>")
    expect(page.locator(".y-verdict-line")).to_contain_text("ahead of all others")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate(NAMELESS) == []
