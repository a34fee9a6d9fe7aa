import pytest

from yoriai.responders.citing import CitationStream


def said(answer: str, *, size: int = 1, best: dict[str, int] | None = None) -> str:
    """What is shown of `answer`, when it comes in pieces of `size`."""
    known = best or {}

    def settle(sentence: str, cited: tuple[int, ...]) -> tuple[int, ...]:
        number = known.get(sentence.strip())
        return cited if number is None else (number,) if number else ()

    stream = CitationStream({1, 2, 3}, settle)
    shown = (
        "".join(stream.feed(answer[at : at + size]) for at in range(0, len(answer), size)) + stream.finish()
    )
    assert shown == stream.text
    return shown


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("It is so [1].", "It is so [1]."),
        ("It is so [1, 2]. And so [2-3].", "It is so [1][2]. And so [2][3]."),
        ("そうです【1】。次も［２］。", "そうです[1]。次も[2]。"),
        ("そうです[資料1]。次も[passage 2]。[^3]", "そうです[1]。次も[2]。[3]"),
        ("It is so [7]. And [1, 9].", "It is so. And [1]."),
        ("It is so [1]. [1]", "It is so [1]."),
        ("It is so [1].\n\n[1]\n", "It is so [1]."),
        ("One [1]. Two [1].", "One [1]. Two [1]."),
        (
            "[1](http://a.example) and\n[2]: http://b.example",
            "[1] (http://a.example) and\n[2] : http://b.example",
        ),
        ("A list [of things] and [x] stays.", "A list [of things] and [x] stays."),
        ("Code:\n```\na[9] = b[1]\n```\nDone [2].", "Code:\n```\na[9] = b[1]\n```\nDone [2]."),
        ("Use `a[9]` here [2].", "Use `a[9]` here [2]."),
        ("An open [1", "An open [1"),
        ("年は3.14です。Dr. X [2] said.", "年は3.14です。Dr. X [2] said."),
        ("[12345] and [0]", "[12345] and"),
        ("", ""),
    ],
)
def test_citations_have_one_spelling_and_a_passage(answer: str, shown: str, size: int) -> None:
    assert said(answer, size=size) == shown


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_sentence_that_names_no_passage_gets_the_one_that_bears_it_out(size: int) -> None:
    best = {"Tickets cost 12 euros.": 2, "受付は9時からです。": 1, "- A point": 3}
    answer = "Tickets cost 12 euros. 受付は9時からです。So they say.\n- A point\n- Another"
    shown = "Tickets cost 12 euros. [2] 受付は9時からです。[1]So they say.\n- A point [3]\n- Another"
    assert said(answer, size=size, best=best) == shown


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_wrong_citation_at_the_end_is_put_right_or_taken_away(size: int) -> None:
    best = {"Tickets cost 12 euros [1].": 2, "受付は9時からです。[3]": 1, "Nobody knows [2].\n\n[3]": 0}
    answer = "Tickets cost 12 euros [1]. 受付は9時からです。[3]Nobody knows [2].\n\n[3]\n"
    assert (
        said(answer, size=size, best=best) == "Tickets cost 12 euros. [2] 受付は9時からです。[1]Nobody knows."
    )


def test_text_is_held_back_only_at_the_end_of_a_sentence_and_inside_a_bracket() -> None:
    stream = CitationStream({1}, lambda sentence, cited: cited)
    assert stream.feed("A long word with") == "A long word with"
    assert stream.feed(" more") == " more"
    assert stream.feed(" [1") == ""
    assert stream.feed("]. Next") == " [1]. Next"


def test_places_of_our_own_citations_are_known() -> None:
    stream = CitationStream({1, 2}, lambda sentence, cited: (2,))
    text = stream.feed("One. Two.") + stream.finish()
    assert text == "One. [2] Two. [2]"
    assert [text[place : place + 3] for place in stream.added] == ["[2]", "[2]"]
