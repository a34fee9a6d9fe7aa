"""What the terminal says of a council's answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deliberating import COUNCIL, TREE, VOTE
from yoriai.cli.deliberation import print_deliberation, stage_line
from yoriai.types import Stage


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YORIAI_LANGUAGE", "en")


def test_a_councils_agreement_losses_and_cost_stand_in_a_few_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_deliberation(COUNCIL)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(
        "Council · 2 of 4 answers came · put together by qwen2.5-coder-1.5b · all agree on 1 of 2 claims · stop"
    )
    assert lines[2].startswith("  Left out: C · smollm2-135m. ")
    assert lines[4] == "  ✓A ✕B  Ten apples are left."
    assert lines[6] == "  Why so: A shows its steps."
    assert lines[7:] == [
        "  Cost: calls: 6 · 1,200 tokens · 12.5 s · Models loaded: 1",
        "  qwen2.5-coder-1.5b alone: calls: 1 · 52 tokens · 2.5 s",
    ]


def test_votes_are_bars(capsys: pytest.CaptureFixture[str]) -> None:
    print_deliberation(VOTE)
    assert "  10  █████████████ votes: 2 (67%)\n  9  ███████ votes: 1 (33%)\n" in capsys.readouterr().out


def test_what_a_member_says_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    print_deliberation(replace(COUNCIL, reason="\x1b[2Jgone\n\u202eright", chair="a\x07b"))
    print_deliberation(TREE)
    said = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_only_what_a_composite_does_is_told() -> None:
    assert stage_line(Stage(name="members", detail="A\x1b[1m, B")) == "Asking the members… A[1m, B"
    assert stage_line(Stage(name="loading", detail="a")) == ""


def test_the_part_of_a_long_document_is_told() -> None:
    assert "3/7" in stage_line(Stage(name="parts", detail="3/7", progress=3 / 7))
    assert not stage_line(Stage(name="searching"))
