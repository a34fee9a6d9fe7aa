"""`kb approve`: a person looks at each drafted question with its passage and decides. Each decision is kept at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from yoriai.cli import kb_questions
from yoriai.cli.terminal import harmless, is_interactive, note, say
from yoriai.errors import UsageError

_YES, _NO, _EDIT, _QUIT = (
    {"y", "yes", "はい"},
    {"n", "no", "いいえ"},
    {"e", "edit", "編集"},
    {"q", "quit", "終了", ""},
)


def run(path: Path) -> dict[str, Any]:
    """How many were approved and rejected, and how many are still to be looked at.

    Raises: NotFoundError, UsageError: the file can't be read, or nobody is there.
    """
    if not is_interactive():
        raise UsageError("cli.kb_approve_terminal")
    lines = [line for _, line in kb_questions.lines(path)]
    waiting = [line for line in lines if _waits(line)]
    for number, line in enumerate(waiting, 1):
        _show(line, number, len(waiting))
        if not _decided(line):
            break
        kb_questions.write(path, lines)
    approved = sum(line.get("approved", True) is True for line in lines)
    rejected = sum(bool(line.get("rejected")) for line in lines)
    return {"approved": approved, "rejected": rejected, "waiting": sum(map(_waits, lines))}


def _waits(line: dict[str, Any]) -> bool:
    return line.get("approved") is False and not line.get("rejected")


def _show(line: dict[str, Any], number: int, count: int) -> None:
    place = " ".join([str(line.get("document", "")), say("kb_page", page=line.get("page", "?"))])
    note(f"\n[{number}/{count}] {harmless(place)}")
    note(harmless(str(line.get("text", ""))))
    _show_draft(line)


def _show_draft(line: dict[str, Any]) -> None:
    note(say("kb_approve_question", question=harmless(line["question"])))
    note(say("kb_approve_answer", answer=harmless(str(line.get("answer", "")))))


def _decided(line: dict[str, Any]) -> bool:
    """Until there is a decision; false: the person leaves."""
    while True:
        said = _asked(say("kb_approve_prompt"))
        choice = "" if said is None else said.casefold() or "?"
        if choice in _YES:
            line["approved"] = True
            return True
        if choice in _NO:
            line["rejected"] = True
            return True
        if choice in _QUIT:
            return False
        if choice in _EDIT:
            _edit(line)


def _edit(line: dict[str, Any]) -> None:
    """An empty line keeps what is there; an answer that isn't in the passage is not taken."""
    from yoriai.evaluation.drafting import stands_in

    line["question"] = _asked(say("kb_approve_new_question")) or line["question"]
    if answer := _asked(say("kb_approve_new_answer")):
        if stands_in(answer, str(line.get("text", ""))):
            line |= {"answer": answer, "answers": [answer]}
        else:
            note(say("kb_approve_not_there"))
    _show_draft(line)


def _asked(prompt: str) -> str | None:
    """What was typed; None: the end of input."""
    sys.stderr.write(f"{prompt} ")
    sys.stderr.flush()
    said = sys.stdin.readline()
    return said.strip() if said else None
