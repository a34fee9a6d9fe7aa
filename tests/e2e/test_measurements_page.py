"""The measurements page, filled with what two machines have measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsing import NewContext, choose_option, sign_in
from measuring import measurement
from serving import Served, server_with_model
from yoriai.catalog.measurement import Measurement, Spread
from yoriai.evaluation.exchange import to_json

from .test_keyboard import NAMELESS

LAB = {"machine_id": "b" * 16, "machine_name": "lab <b>1</b>"}
MEASURED = [
    measurement(0, rate=40.0),
    measurement(1, model="gemma-2-9b", digest="e" * 64, rate=30.0),
    measurement(2, rate=80.0, **LAB),
    measurement(3, model="smollm2-135m", digest="f" * 64, rate=400.0, users=2, was_busy=True, **LAB),
]
READING = [
    measurement(
        number, model="multilingual-e5-small", digest="9" * 64, generation_tokens_per_s=None, first_token_s=None,
        foreseen_generation_tokens_per_s=None, prompt_tokens_per_s=Spread(median=rate, least=rate, most=rate),
        **machine,
    )
    for number, rate, machine in ((10, 9000.0, {}), (11, 270_000.0, LAB))
]  # fmt: skip


@pytest.fixture(scope="module")
def house(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with server_with_model(tmp_path_factory.mktemp("measured"), smollm2_path) as served:
        yield served


@pytest.fixture(scope="module")
def filled(house: Served, tmp_path_factory: pytest.TempPathFactory) -> Served:
    file = tmp_path_factory.mktemp("export") / "all.json"
    file.write_bytes(to_json(MEASURED))
    done = house.yoriai("bench", "--import", str(file))
    assert done.returncode == 0, done.stderr
    return house


def opened(new_context: NewContext, house: Served, **options: object) -> Page:
    page = sign_in(new_context(base_url=house.url, **options), "ben")
    page.goto("/measurements")
    return page


def test_where_nothing_was_measured_it_says_how_to(new_context: NewContext, house: Served) -> None:
    page = opened(new_context, house)
    expect(page.locator(".y-nothing")).to_contain_text("yoriai bench")


def test_speeds_predictions_and_two_machines_are_drawn(new_context: NewContext, filled: Served) -> None:
    page = sign_in(new_context(base_url=filled.url), "ben")
    page.goto("/models")
    page.click("a:has-text('Measurements')")
    speeds, predictions, ratios = (page.locator(".y-chart").nth(number) for number in range(3))
    for words in ("desk · llama-3.1-8b", "lab <b>1</b> · smollm2-135m", "400"):
        expect(speeds).to_contain_text(words)
    expect(predictions).to_contain_text("predicted")
    expect(ratios).to_contain_text("0.5")  # 40 over 80
    choose_option(page, "First machine", "lab")
    choose_option(page, "Second machine", "desk")
    expect(ratios).to_contain_text("llama-3.1-8b2048 tokens, 1 user")
    expect(page.locator("text=lab <b>1</b> over desk")).to_be_visible()
    expect(ratios.locator("text:text-is('2')").last).to_be_visible()
    assert ratios.locator("path[stroke='#888']").count() == 1  # the line at 1, and no other chart has one
    assert predictions.locator("path[stroke='#888']").count() == 0
    expect(page.locator(".q-table tbody tr")).to_have_count(4)
    expect(speeds).to_contain_text("2048 tokens, 2 users*")
    expect(page.locator("td:has-text('400')")).to_have_text("400 (400–400) *")
    expect(page.locator("text=Predictions don't learn from them")).to_be_visible()
    assert page.locator(".q-table b, .y-chart b").count() == 0


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_a_phone_shows_it_without_scrolling_sideways(
    new_context: NewContext, filled: Served, locale: str
) -> None:
    phone = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
    page = opened(new_context, filled, **phone, locale=locale, color_scheme="dark")
    page.wait_for_selector(".y-chart svg text")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(NAMELESS) == []


def test_in_the_dark_the_field_in_use_can_be_read(new_context: NewContext, filled: Served) -> None:
    page = opened(new_context, filled, color_scheme="dark")
    page.get_by_label("First machine").focus()
    label = page.locator(".q-field--focused .q-field__label")
    expect(label).to_have_css("color", "rgb(157, 187, 232)")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def take_in(house: Served, folder: Path, measured: list[Measurement]) -> None:
    file = folder / "more.json"
    file.write_bytes(to_json(measured))
    done = house.yoriai("bench", "--import", str(file))
    assert done.returncode == 0, done.stderr


def test_an_administrator_discards_what_is_wrong_and_a_member_cannot(
    new_context: NewContext, filled: Served, tmp_path: Path
) -> None:
    wrong = measurement(20, model="wrong-fox", digest="8" * 64, rate=12_345.0)
    take_in(filled, tmp_path, [wrong])
    member = opened(new_context, filled)
    expect(member.locator(".q-table tr", has_text="wrong-fox")).to_be_visible()
    assert member.locator(".q-table [role=checkbox], button:has-text('Discard')").count() == 0
    page = sign_in(new_context(base_url=filled.url), "anna")
    page.goto("/measurements")
    button = page.get_by_role("button", name="Discard what is selected")
    expect(button).to_be_disabled()
    page.locator(".q-table tr", has_text="wrong-fox").get_by_role("checkbox").click()
    button.click()
    expect(page.locator(".q-dialog")).to_contain_text("Measurements to be discarded: 1.")
    page.locator(".q-dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator(".q-table")).to_contain_text("wrong-fox")
    button.click()
    page.locator(".q-dialog").get_by_role("button", name="Discard").click()
    expect(page.locator(".q-table tr", has_text="wrong-fox")).to_have_count(0)
    expect(page.locator(".q-table tbody tr")).to_have_count(4)
    assert wrong.id not in filled.yoriai("bench", "--json").stdout


def test_what_only_reads_is_drawn_apart(new_context: NewContext, filled: Served, tmp_path: Path) -> None:
    """A graphics card reads embeddings a hundred times as fast: in one chart, the others' bars would be nothing."""
    take_in(filled, tmp_path, READING)
    page = opened(new_context, filled)
    charts = page.locator(".y-chart")
    reading = page.get_by_role("img", name="Prediction against measurement (tokens read per second")
    expect(reading).to_contain_text("multilingual-e5-small")
    expect(page.get_by_role("img", name="Embeddings and reranking")).to_contain_text("0.0333")
    expect(charts).to_have_count(5)
    for number in (0, 1, 3):
        expect(charts.nth(number)).not_to_contain_text("multilingual-e5-small")
