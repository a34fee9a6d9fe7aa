"""A model's answer can do nothing to the page that shows it. (The model here says what it is told to say.)"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browsing import ECHO, NewContext, ask, choose_model, sign_in

MARKUP = {
    "script": "<script>window.owned = 1</script>",
    "handler": "<img src=x onerror='window.owned = 1'>",
    "svg": "<svg onload='window.owned = 1'><script>window.owned = 1</script></svg>",
    "javascript link": "[click](javascript:window.owned=1) <a href='javascript:window.owned=1'>x</a>",
    "data link": "[click](data:text/html,<script>window.owned=1</script>)",
    "remote image": "![x](https://evil.example/pixel.png) ![y][z]\n\n[z]: https://evil.example/p2.png",
    "style": "<style>body{display:none}</style><div style='position:fixed;inset:0;background:red'>x</div>",
    "form": "<form action='https://evil.example'><input name=p type=password><button>Sign in</button></form>",
    "frame": "<iframe src='https://evil.example'></iframe><object data='https://evil.example'></object>",
    "formula": r"$$\href{javascript:window.owned=1}{x} \text{<img src=x onerror=window.owned=1>}$$",
    "meta": "<meta http-equiv=refresh content='0;url=https://evil.example'><base href='https://evil.example'>",
    "template": "{{ window.owned = 1 }} ${window.owned = 1} `${window.owned = 1}`",
}
EVIL = """() => ({ owned: window.owned, tags: document.querySelectorAll(
    '.y-answer :is(script, style, iframe, object, embed, form, input, img, svg, link, meta, base)').length,
    links: [...document.querySelectorAll('.y-answer a')].filter((a) => !/^(https?|mailto):/.test(a.href)).length,
    styled: document.querySelectorAll('.y-answer [style]').length,
    handlers: [...document.querySelectorAll('.y-answer *')].filter((e) =>
        [...e.attributes].some((a) => a.name.startsWith('on'))).length })"""
NOTHING = {"owned": None, "tags": 0, "links": 0, "styled": 0, "handlers": 0}


@pytest.mark.parametrize("name", MARKUP)
def test_markup_of_an_answer_is_harmless(page: Page, name: str) -> None:
    choose_model(page, ECHO)
    ask(page, f"before\n\n{MARKUP[name]}\n\nafter")
    expect(page.locator(".y-answer")).to_contain_text("after")
    for link in page.locator(".y-answer a").all():
        assert "javascript" not in (link.get_attribute("href") or "")
    page.wait_for_timeout(200)
    assert page.evaluate(EVIL) == NOTHING
    assert page.url.startswith("http://127.0.0.1")


def test_the_policy_stops_a_script_even_if_cleaning_failed(page: Page) -> None:
    """The second wall alone: markup put into the page as if nothing had cleaned it."""
    page.evaluate("""() => {
        const box = document.querySelector('.y-main');
        box.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.owned = 1">');
        const script = document.createElement('script');
        script.textContent = 'window.owned = 2';
        box.append(script);
    }""")
    page.wait_for_timeout(300)
    assert page.evaluate("window.owned") is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 290_000, id="no space"),
        pytest.param(
            "|" + "a|" * 200 + "\n|" + "-|" * 200 + "\n" + ("|" + "b|" * 200 + "\n") * 100, id="table"
        ),
        pytest.param("```\n" + "y" * 100_000 + "\n```", id="code"),
        pytest.param("> " * 5000 + "deep", id="quotes"),
        pytest.param("長" * 90_000, id="japanese"),
    ],
)
def test_a_huge_answer_keeps_the_page_narrow_and_alive(new_context: NewContext, text: str) -> None:
    page = sign_in(new_context(viewport={"width": 390, "height": 844}))
    choose_model(page, ECHO)
    ask(page, text)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ask(page, "still alive")
    expect(page.locator(".y-answer").last).to_have_text("still alive")


def test_what_no_context_could_hold_is_refused_before_it_is_sent(page: Page) -> None:
    page.fill(".y-composer textarea", "z" * 300_001)
    expect(page.locator(".y-composer .y-error")).to_contain_text("300,000")
    expect(page.locator(".y-composer button[type=submit]")).to_be_disabled()


def test_markdown_is_shown_as_meant(page: Page) -> None:
    choose_model(page, ECHO)
    ask(
        page,
        "# Title\n\n**「重要」**です\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint('hi')\n```\n\n$x^2$",
    )
    answer = page.locator(".y-answer")
    expect(answer.locator("strong")).to_have_text("「重要」")
    expect(answer.locator("td")).to_have_text(["1", "2"])
    expect(answer.locator("math")).to_have_count(1)
    expect(answer.locator("pre span").first).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer.locator(".y-copy").click()
    assert page.evaluate("navigator.clipboard.readText()").strip() == "print('hi')"
