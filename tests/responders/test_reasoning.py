import pytest

from yoriai.responders.reasoning import ReasoningSplitter
from yoriai.types import ReasoningDelta, TextDelta


def split(parts: list[str]) -> tuple[str, str]:
    splitter = ReasoningSplitter(0)
    events = [event for part in parts for event in splitter.feed(TextDelta(text=part))] + splitter.finish()
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    answer = "".join(event.text for event in events if isinstance(event, TextDelta))
    return reasoning, answer


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>\n考える</think>\n\n答え", "考える", "答え"),
        ("\n <think>a < b </thin k></think>x", "a < b </thin k>", "x"),
        ("No thought here.", "", "No thought here."),
        ("The tag <think> opens it.</think>", "", "The tag <think> opens it.</think>"),
        ("<th", "", "<th"),
        ("<think>never ends </thi", "never ends </thi", ""),
        ("<think></think>", "", ""),
        ("  indented answer", "", "  indented answer"),
    ],
)
def test_reasoning_is_told_from_the_answer_however_it_arrives(text: str, reasoning: str, answer: str) -> None:
    assert split([text]) == (reasoning, answer)
    assert split(list(text)) == (reasoning, answer)
    for cut in range(len(text)):
        assert split([text[:cut], text[cut:]]) == (reasoning, answer)


def test_an_answer_passes_token_by_token_once_it_is_known_to_be_one() -> None:
    splitter = ReasoningSplitter(0)
    splitter.feed(TextDelta(text="A"))
    delta = TextDelta(text=" word", logprobs=[{"token": " word"}])
    assert splitter.feed(delta) == [delta]
