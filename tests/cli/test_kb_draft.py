"""kb draft, kb approve, and kb eval of what was approved: a model drafts, a person decides."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_chat import Terminal

from fakes.drafting_model import DraftingModel, drafting_model
from serving import yoriai

LEAVE = (
    "社員は年に二十日の有給休暇を取ることができる。有給休暇の届出は三日前までに総務課へ提出するものとする。"
)
PAY = "Part-timers are paid on the tenth of every month, into an account that they name in writing."


def paper(text: str, question: str, answer: str) -> str:
    said = json.dumps({"question": question, "answer": answer}, ensure_ascii=False)
    return f"{text} ⟦{said}⟧"


@pytest.fixture
def model() -> Iterator[DraftingModel]:
    with drafting_model() as fake:
        yield fake


@pytest.fixture
def home(tmp_path: Path) -> Path:
    papers = {
        "規程.txt": paper(LEAVE, "有給休暇は年に何日取れますか。", "二十日"),
        "pay.txt": paper(PAY, "When are part-timers paid?", "the tenth of every month"),
        "false.txt": paper("The head office stands in Nagoya since 1962.", "Where is it?", "Osaka").replace(
            "Osaka",
            r"\u004fsaka",  # so that the passage itself does not hold the answer
        ),
        "short.txt": "Nothing.",
    }
    for name, text in papers.items():
        (tmp_path / name).write_text(text)
    added = yoriai(
        tmp_path / "home", "kb", "add", "rules", *(str(tmp_path / name) for name in papers), "--wait"
    )
    assert added.returncode == 0, added.stderr
    return tmp_path / "home"


def draft(home: Path, model: DraftingModel, out: Path, count: int) -> Any:
    remotes = json.dumps([{"name": "fake", "url": model.url, "models": ["drafter"]}])
    options = ("--count", str(count), "-m", "fake/drafter", "--out", str(out), "--json")
    done = yoriai(home, "kb", "draft", "rules", *options, YORIAI_REMOTES=remotes)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_model_drafts_a_person_decides_and_only_what_was_approved_counts(
    home: Path, model: DraftingModel, tmp_path: Path
) -> None:
    out = tmp_path / "questions.jsonl"
    assert draft(home, model, out, 1)["questions"] == 1
    with out.open("a") as file:
        file.write('{"question": "cut o')  # a crash
    outcome = draft(home, model, out, 10)
    assert (outcome["questions"], outcome["wanted"]) == (2, 10)
    by_name = {line["document"]: line for line in lines(out)}
    assert set(by_name) == {
        "規程.txt",
        "pay.txt",
    }  # the false answer is dropped, the short text not asked about
    assert by_name["規程.txt"]["answer"] == "二十日"
    assert by_name["規程.txt"]["approved"] is False
    assert len(model.bodies) <= 4  # nothing that is in the file is drafted again
    assert all(body["response_format"]["type"] == "json_schema" for body in model.bodies)

    refused = yoriai(home, "kb", "eval", "rules", "--questions", str(out))
    assert refused.returncode == 2
    assert "approved" in refused.stderr
    assert yoriai(home, "kb", "approve", str(out)).returncode == 2  # nobody was there

    first, second = (line["document"] for line in lines(out))
    terminal = Terminal("kb", "approve", str(out), home=home)
    try:
        assert first in terminal.until("quit:")
        terminal.type("e\n")
        terminal.until("keeps it):")
        terminal.type("別の質問ですか。\n")
        terminal.until("keeps it):")
        terminal.type("nowhere in it\n")
        assert "does not contain" in terminal.until("quit:")
        terminal.type("y\n")
        assert second in terminal.until("quit:")
        assert lines(out)[0]["approved"] is True  # each decision is kept at once
        terminal.type("n\n")
        assert "1 approved, 1 rejected, 0 still" in terminal.until("looked at")
        assert terminal.process.wait(20) == 0
    finally:
        terminal.close()
    kept = lines(out)
    assert (kept[0]["question"], kept[0]["answer"]) == ("別の質問ですか。", by_name[first]["answer"])

    done = yoriai(home, "kb", "eval", "rules", "--questions", str(out), "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["questions"], figures["unapproved"], figures["without_answer"]) == (1, 1, [])


def test_the_same_seed_picks_the_same_passages(home: Path, model: DraftingModel, tmp_path: Path) -> None:
    drafts = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    for out in drafts:
        draft(home, model, out, 2)
    assert drafts[0].read_text() == drafts[1].read_text()
