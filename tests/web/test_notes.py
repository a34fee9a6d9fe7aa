"""Citations become links and doubtful sentences are marked, whatever the model wrote around them."""

from __future__ import annotations

import pytest

from yoriai.types import SentenceSupport
from yoriai.web.markdown import Labels, StreamingMarkdown, render
from yoriai.web.notes import Notes, Source, Words, marked

LABELS = Labels(copy="copy", image="image")
NAMES = ("weak", "unsupported", "uncited", "added")
NOTES = Notes(
    sources={1: Source(href="/documents/doc_1?page=3&start=4&end=9", title='Source 1: "a<b>.pdf", page 3')},
    words={name: Words(short=f"is {name}", long=f"<{name}>") for name in NAMES},
)
LINK = '<a class="y-cite" href="/documents/doc_1?page=3&amp;start=4&amp;end=9"'


def html(answer: str, *doubtful: tuple[str, str], is_added: bool = False) -> str:
    """The answer, each of `doubtful` being (how the sentence ends, its verdict)."""
    sentences = [
        SentenceSupport(start=0, end=answer.index(end) + len(end), verdict=verdict, is_added=is_added)  # type: ignore[arg-type]
        for end, verdict in doubtful
    ]
    return "".join(render(marked(answer, sentences), LABELS, NOTES))


def mark(name: str) -> str:
    return f'<span class="y-verdict y-{name}" title="&lt;{name}&gt;">'


def test_a_members_letter_is_a_link_to_its_answer_where_there_is_such_a_member() -> None:
    members = {"A": 'Answer A, by "<x>"', "B": "Answer B, by y"}
    shown = "".join(render("Ten [A]. Nine [A, B], not [C], [A, C] or `[A]`.", LABELS, Notes(members=members)))
    assert shown.count('data-member="A"') == 2
    assert shown.count('data-member="B"') == 1
    assert 'aria-label="Answer A, by &quot;&lt;x&gt;&quot;">A</a>]. Nine' in shown
    assert "not [C], [A, C]" in shown
    assert "[A]</code>" in shown
    assert "data-member" not in "".join(render("Ten [A].", LABELS))
    aimed = "".join(render("[A](https://example.org)", LABELS, Notes(members=members)))
    assert "data-member" not in aimed


def test_a_citation_is_a_link_to_its_place_with_a_name() -> None:
    shown = html("Ten days [1].")
    assert LINK in shown
    assert 'aria-label="Source 1: &quot;a&lt;b&gt;.pdf&quot;, page 3">[1]</a>.' in shown


@pytest.mark.parametrize(
    "text",
    ["Nine [2].", "`a[1]`", "```\na[1]\n```", "[1 ]", "[01234]", "[ [1](https://example.com/) ]", "$a[1]$"],
)
def test_what_names_no_source_or_is_code_is_no_citation(text: str) -> None:
    assert "y-cite" not in html(text)


@pytest.mark.parametrize(
    "text",
    [
        '<span class="y-cite">1</span>',
        '<a class="y-cite" href="/documents/doc_2">[2]</a>',
        "\u2e0f\u2e10\u2e11\u2e0e",
    ],
)
def test_an_answer_can_write_neither_citation_nor_mark_by_itself(text: str) -> None:
    shown = html(text)
    assert "<a" not in shown
    assert "<span" not in shown


@pytest.mark.parametrize("name", ["weak", "unsupported", "uncited"])
def test_a_doubtful_sentence_ends_with_its_mark_in_words(name: str) -> None:
    shown = html("Ten days [1]. Nobody knows.", ("[1].", name))
    first, rest = shown.split(mark(name))
    assert first.endswith("[1]</a>.")
    assert f"</span> is {name}</span> Nobody knows." in rest


def test_a_supported_sentence_has_no_mark_unless_its_source_was_found_afterwards() -> None:
    assert "y-verdict" not in html("Ten days [1].", ("[1].", "supported"))
    assert mark("added") in html("Ten days [1].", ("[1].", "supported"), is_added=True)


@pytest.mark.parametrize(
    ("text", "end", "element"),
    [
        ("**Note.** Next.", "Note.**", "<strong>Note.</strong>"),
        ("**重要です。**次です。", "です。**", "<strong>重要です。</strong>"),
        ("- one [1]\n- two", "[1]", "<li>one "),
        ("| a | b |\n|--|--|\n| x | y |\n", "| x | y |", "<td>y"),
        ("> said.", "said.", "<blockquote>"),
    ],
)
def test_a_mark_breaks_no_element(text: str, end: str, element: str) -> None:
    shown = html(text, (end, "weak"))
    assert element in shown
    assert shown.count(mark("weak")) == 1


@pytest.mark.parametrize("text", ["```\ncode\n```", "Title\n---", "a\n\n***"])
def test_a_line_that_a_mark_would_change_has_none(text: str) -> None:
    assert html(text, (text, "weak")) == html(text)


def test_an_answer_streams_to_the_same_blocks_with_its_citations() -> None:
    text = "First [1].\n\nSecond [1] and [2].\n\n- third [1]\n"
    markdown, page = StreamingMarkdown(LABELS), list[str]()
    markdown.notes = NOTES
    for end in range(len(text) + 1):
        index, blocks = markdown.update(text[:end])
        page[index:] = blocks
    assert page == render(text, LABELS, NOTES)
    assert "".join(page).count(LINK) == 3
