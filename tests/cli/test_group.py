"""Groups on the terminal, in this process: made, filled, shared with, and what is said of a wrong wish."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yoriai.cli import sharing
from yoriai.cli.main import build, run
from yoriai.errors import UsageError

Yoriai = Callable[..., tuple[int, str, str]]


@pytest.fixture
def yoriai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Yoriai:
    monkeypatch.setenv("YORIAI_HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yoriai", *arguments])
        code = run(build())
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def people(yoriai: Yoriai, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    for name in ("anna", "花子"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
        assert yoriai("user", "create", name, "--password-stdin")[0] == 0


@pytest.fixture
def said(yoriai: Yoriai) -> Callable[..., Any]:
    def call(*arguments: str) -> Any:
        code, out, err = yoriai(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return call


@pytest.mark.usefixtures("people")
def test_a_group_is_made_filled_renamed_and_removed(yoriai: Yoriai, said: Callable[..., Any]) -> None:
    made = said("group", "create", "法務部", "--member", "花子")
    assert (made["name"], [each["name"] for each in made["members"]]) == ("法務部", ["花子"])
    assert [each["name"] for each in said("group", "add", "法務部", "anna")["members"]] == ["anna", "花子"]
    assert said("group", "rename", "法務部", "Law")["id"] == made["id"]
    assert [each["name"] for each in said("group", "remove", "law", "花子")["members"]] == ["anna"]
    listed = said("group", "list")["groups"]
    assert listed == [said("group", "show", made["id"])]
    assert "anna" in yoriai("group", "list")[1]
    assert "1 people" in yoriai("group", "show", "LAW")[1]
    assert yoriai("group", "add", "law", "nobody")[0] == 3
    assert yoriai("group", "create", "Ｌａｗ")[0] == 1
    code, _, err = yoriai("group", "create", "a\x1b[2Jb")
    assert code == 2
    assert "\x1b" not in err
    assert yoriai("group", "rm", "law")[0] == 2  # nobody to ask
    assert yoriai("group", "rm", "law", "--yes")[0] == 0
    assert yoriai("group", "show", "law")[0] == 3


def test_what_is_kept_is_shared_with_groups(yoriai: Yoriai, said: Callable[..., Any], tmp_path: Path) -> None:
    for name in ("Law", "Sales"):
        said("group", "create", name)
    paper = tmp_path / "rules.txt"
    paper.write_text("Seven days.")
    both = ("--share", "group:law", "--share", "group:sales")
    assert yoriai("kb", "add", "rules", str(paper), "--no-watch", "--share", "group:law")[0] == 0
    assert yoriai("kb", "add", "rules", str(paper), "--no-watch", *both)[0] == 0
    (row,) = said("kb", "ls")["collections"]
    assert (row["sharing"], row["groups"]) == ("groups", ["Law", "Sales"])
    assert "group:Law, group:Sales" in yoriai("kb", "ls")[1]
    made = said("assistant", "add", "clerk", "-c", "rules", "--share", "group:law")
    assert (made["sharing"], [each["name"] for each in made["groups"]]) == ("groups", ["Law"])
    assert said("assistant", "set", "clerk", "--share", "owner")["groups"] == []
    assert yoriai("assistant", "set", "clerk", "--share", "group:nobody")[0] == 3
    assert yoriai("arena", "board", "--group", "law")[0] == 0
    assert yoriai("arena", "board", "--group", "nobody")[0] == 3


@pytest.mark.parametrize(
    "share", [["law"], ["group:"], ["group: "], ["groups"], ["everyone", "group:law"], ["owner", "everyone"]]
)
def test_a_wish_to_share_that_means_nothing_is_refused(share: list[str], yoriai: Yoriai) -> None:
    with pytest.raises(UsageError):
        sharing.check(share)
    options = [part for each in share for part in ("--share", each)]
    assert yoriai("kb", "add", "rules", "nowhere.txt", *options)[0] == 2


def test_what_is_shown_can_be_typed() -> None:
    for share in (None, ["owner"], ["everyone"], ["group:law", "group:law and order"]):
        sharing.check(share)
    groups = [{"id": "1", "name": "law"}, {"id": "2", "name": "sales"}]
    assert sharing.shown({"sharing": "groups", "groups": groups}) == "group:law, group:sales"
    assert sharing.shown({"sharing": "everyone", "groups": []}) == "everyone"
