"""What a reader sees of an answer, and that streaming shows the same as rendering it whole."""

import random
import re
import time
from pathlib import Path

import pytest

from yoriai.web.markdown import Labels, StreamingMarkdown, code_css, render

LABELS = Labels(copy="コピー", image="画像")
ANSWERS = {path.stem: path.read_bytes().decode() for path in (Path(__file__).parent / "answers").glob("*.md")}


def html_of(text: str) -> str:
    return "".join(render(text, LABELS))


def streamed(pieces: list[str]) -> list[str]:
    """The blocks as a page holds them that follows every update."""
    markdown, page, text = StreamingMarkdown(LABELS), list[str](), ""
    for piece in pieces:
        text += piece
        index, blocks = markdown.update(text)
        assert index <= len(page)
        page[index:] = blocks
    return page


def cut(text: str, chance: random.Random, longest: int) -> list[str]:
    pieces = []
    while text:
        size = chance.randint(1, longest)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_streamed_in_any_pieces_equals_the_answer_rendered_whole(name: str) -> None:
    text, chance = ANSWERS[name], random.Random(7)
    whole = render(text, LABELS)
    for longest in (1, 3, 7, 40, 300):
        assert streamed(cut(text, chance, longest)) == whole


def test_an_answer_of_shuffled_lines_streams_to_the_same_blocks() -> None:
    chance = random.Random(11)
    lines = [line for text in ANSWERS.values() for line in text.split("\n")]
    for _ in range(60):
        text = "\n".join(chance.choices([*lines, "", "", ""], k=25))
        assert streamed(cut(text, chance, 12)) == render(text, LABELS), text


def test_at_every_moment_of_the_stream_the_page_shows_the_text_so_far() -> None:
    markdown, page, text = StreamingMarkdown(LABELS), list[str](), ANSWERS["japanese"]
    for end in range(0, len(text), 5):
        index, blocks = markdown.update(text[:end])
        page[index:] = blocks
        assert page == render(text[:end], LABELS)


def test_finished_blocks_are_not_sent_again() -> None:
    paragraphs = [f"Paragraph {number} with **bold** text." for number in range(200)]
    markdown, text = StreamingMarkdown(LABELS), ""
    for number, paragraph in enumerate(paragraphs):
        text += paragraph + "\n\n"
        index, blocks = markdown.update(text)
        assert (index, len(blocks)) == (number, 1)
    assert markdown.update(text) == (200, [])


def test_an_update_costs_the_same_at_the_end_of_a_long_answer_as_at_its_beginning() -> None:
    paragraph = "A sentence with `code`, **bold** and $x^2$. " * 4 + "\n\n"
    markdown, text, costs = StreamingMarkdown(LABELS), "", []
    for _ in range(400):
        text += paragraph
        begin = time.thread_time()
        markdown.update(text)
        costs.append(time.thread_time() - begin)
    assert min(costs[-100:]) < 3 * min(costs[:100])


def test_a_text_that_was_replaced_is_rendered_anew() -> None:
    markdown = StreamingMarkdown(LABELS)
    markdown.update("one\n\ntwo\n\nthree")
    assert markdown.update("one\n\nfour") == (1, ["<p>four</p>\n"])
    assert markdown.update("") == (0, [])
    assert markdown.update("five") == (0, ["<p>five</p>\n"])


def test_beyond_the_limit_the_rest_is_plain_text_and_streams_to_the_same_blocks() -> None:
    text = "**bold**\n\n" * 9_999 + "**ends here" + "**plain** <b>\n\n" * 2_000
    blocks = render(text, LABELS)
    assert blocks[0] == "<p><strong>bold</strong></p>\n"
    assert blocks[-1].startswith('<div class="y-plain">')
    assert "**plain** &lt;b&gt;" in blocks[-2]
    pieces = [text[start : start + 4_000] for start in range(0, len(text), 4_000)]
    assert streamed(pieces) == blocks


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Title", "<h3>Title</h3>"),
        ("###### Small", "<h6>Small</h6>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("~~gone~~", "<s>gone</s>"),
        ("- [x] done\n- [ ] open", '<li class="y-task">☑ done</li>\n<li class="y-task">☐ open</li>'),
        ("3. three", '<ol start="3">'),
        ("|a|b|\n|:-|-:|\n|1|2|", '<td class="y-left">1</td>\n<td class="y-right">2</td>'),
        ("|a|\n|-|", '<div class="y-scroll"><table>'),
        ("`a<b`", "<code>a&lt;b</code>"),
        ("> quote", "<blockquote>\n<p>quote</p>\n</blockquote>"),
    ],
)
def test_markdown_becomes_its_element(text: str, shown: str) -> None:
    assert shown in html_of(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("これは**「重要」**です", "これは<strong>「重要」</strong>です"),
        ("**「重要」**です", "<strong>「重要」</strong>です"),
        ("湾岸の**46%**を", "湾岸の<strong>46%</strong>を"),
        ("**忘れないこと。**これが", "<strong>忘れないこと。</strong>これが"),
        ("**注意:**必ず", "<strong>注意:</strong>必ず"),
        ("値は**`x`**です", "値は<strong><code>x</code></strong>です"),
        ("**「重要」**API", "<strong>「重要」</strong>API"),
        ("API**（推奨）**", "API<strong>（推奨）</strong>"),
        ("これは*（例）*です", "これは<em>（例）</em>です"),
        ("~~「旧」~~です", "<s>「旧」</s>です"),
        ("**이 용어(This term)**를", "<strong>이 용어(This term)</strong>를"),
        # what CommonMark says of other scripts stays
        ("a ** b ** c", "a ** b ** c"),
        ("2*3*4 snake_case_name", "2<em>3</em>4 snake_case_name"),
        ('a**"b"**c', "a**&quot;b&quot;**c"),
    ],
)
def test_emphasis_works_beside_japanese(text: str, shown: str) -> None:
    assert shown.replace("&quot;", '"') in html_of(text)


@pytest.mark.parametrize(
    ("text", "address", "after"),
    [
        ("https://example.jp/a。次", "https://example.jp/a", "。次"),
        ("「https://example.jp/a」", "https://example.jp/a", "」"),
        ("（https://example.jp）は", "https://example.jp", "）は"),
        ("https://example.jp/です", "https://example.jp/", "です"),
        ("https://example.jpです", "https://example.jp", "です"),
        ("https://ja.wikipedia.org/wiki/東京タワー", "https://ja.wikipedia.org/wiki/東京タワー", "</p>"),
        ("https://example.com/a_b_c*d* end.", "https://example.com/a_b_c*d", "* end"),
        ("See https://example.com/a(b).", "https://example.com/a(b)", "."),
        ("(https://example.com/a)", "https://example.com/a", ")"),
        ("**https://example.com/a**", "https://example.com/a", "</strong>"),
        ("http://localhost:8642/x?y=1&z=2#f, and", "http://localhost:8642/x?y=1&amp;z=2#f", ", and"),
    ],
)
def test_a_plain_address_becomes_a_link_that_ends_where_the_address_does(
    text: str, address: str, after: str
) -> None:
    link = re.search(
        r'<a href="[^"]*" title="[^"]*" target="_blank" rel="[^"]*">([^<]*)</a>(.*)', html_of(text)
    )
    assert link
    assert link[1] == address
    assert link[2].startswith(after)


@pytest.mark.parametrize(
    "text", ["README.md", "example.com", "`https://example.com`", "xhttps://example.com", "https://"]
)
def test_what_is_no_address_stays_text(text: str) -> None:
    assert "<a" not in html_of(text)


def test_a_link_opens_apart_tells_nothing_and_shows_its_host() -> None:
    assert html_of('[here](https://Example.com:8443/a?b#c "my bank")') == (
        '<p><a href="https://Example.com:8443/a?b#c" title="Example.com:8443" target="_blank" '
        'rel="noopener noreferrer nofollow">here</a></p>\n'
    )
    assert 'href="mailto:a@example.com" title="example.com"' in html_of("<a@example.com>")
    assert 'title="xn--' in html_of("[paypal](https://pаypal.com)")  # a Cyrillic letter


@pytest.mark.parametrize(
    "source", [r"$x^2$", r"\(x^2\)", "$$x^2$$", r"\[x^2\]", "$$\nx^2\n$$", "- \\[\n  x^2\n  \\]"]
)
def test_a_formula_becomes_mathml_whatever_its_delimiters(source: str) -> None:
    html = html_of(source)
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert 'alttext="x^2"' in html
    assert ('display="block"' in html) == ("$$" in source or r"\[" in source)


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 and $6",
        "US$5、US$6",
        "$HOME/bin:$PATH",
        "`$x$`",
        "`\\(x\\)`",
        "```\n$$x$$\n```",
        r"\$x\$",
        r"\\(x\\)",
        "$ x $",
        "$$",
        "$$\n\nx\n\n$$",
        r"\(unclosed",
        r"\[unclosed",
    ],
)
def test_what_is_no_formula_stays_text(text: str) -> None:
    assert "<math" not in html_of(text)


def test_a_formula_between_lines_of_text_stands_in_a_block_of_its_own() -> None:
    blocks = render("so\n\\[\nx\n\\]\nand\n$$y$$\nend", LABELS)
    assert [block[:4] for block in blocks] == [
        "<p>s",
        "<div",
        "<p>a",
        "<div",
        "<p>e",
    ]


def test_common_formulas_are_converted() -> None:
    for source in (
        r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        r"\begin{cases} 1 & x > 0 \\ 0 & \text{それ以外} \end{cases}",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}",
        r"\lim_{x \to 0} \frac{\sin x}{x} = 1",
        r"\hat{y} = \mathbf{W}x + \vec{b} \in \mathbb{R}^n",
    ):
        assert "y-formula-source" not in html_of(f"$${source}$$"), source


def test_text_in_a_formula_is_shown_as_the_text_it_is() -> None:
    assert "<mtext>&lt;b&gt;x&lt;/b&gt;</mtext>" in html_of(r"$\text{<b>x</b>}$")


def test_a_formula_that_cannot_be_converted_shows_its_source() -> None:
    assert html_of(r"$\left( a$") == '<p><code class="y-formula-source">\\left( a</code></p>\n'


def test_a_code_block_shows_its_language_a_copy_button_and_colours() -> None:
    html = html_of("```python title=x\ndef f(): return 'a<b'\n```")
    assert html.startswith(
        '<div class="y-code"><div class="y-code-head"><span class="y-code-language">python</span>'
        '<button class="y-copy" type="button" data-copy="">コピー</button></div><pre><code><span class="y-k">def</span>'
    )
    assert "a&lt;b" in html


@pytest.mark.parametrize("info", ["", "no-such-language", "scala"])
def test_code_of_a_language_that_is_not_known_is_shown_without_colours(info: str) -> None:
    assert "<code>def f(): pass\n</code>" in html_of(f"```{info}\ndef f(): pass\n```")


def test_the_text_of_a_code_block_is_exactly_what_was_written() -> None:
    code = "\n\n  def f(x):\n\treturn '<b>&amp;\\n'  # コメント\n\n\n"
    shown = re.sub("<[^>]*>", "", html_of(f"```python\n{code}```").partition("<code>")[2])
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").rstrip("\n") == code.rstrip(
        "\n"
    )


def test_a_long_block_that_is_still_written_waits_for_its_colours() -> None:
    code = "```python\n" + "x = 1  # comment\n" * 1_000
    assert '<span class="y-n"' not in html_of(code)
    assert '<span class="y-n"' in html_of(code + "```\n")


def test_code_colours_have_rules_for_light_and_dark_and_touch_nothing_else() -> None:
    selectors = [line.split(" {")[0] for line in code_css().splitlines()]
    assert len(selectors) > 100
    dark = [selector for selector in selectors if selector.startswith("body.body--dark .y-code .y-")]
    light = [selector for selector in selectors if selector.startswith("body:not(.body--dark) .y-code .y-")]
    assert len(dark) + len(light) == len(selectors)
    assert min(len(dark), len(light)) > 50
