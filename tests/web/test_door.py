"""Who isn't signed in reaches nothing of the page, not even its websocket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from databases import lay_down
from yoriai.accounts.accounts import Accounts
from yoriai.settings import AccountSettings
from yoriai.store.database import Database
from yoriai.types import Role
from yoriai.web.door import Door


class Inside:
    """Remembers who got in."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])


@pytest.fixture
def accounts(tmp_path: Path) -> Any:
    database = Database(f"sqlite:///{lay_down(tmp_path)}")
    database.migrate()
    yield Accounts(database, AccountSettings())
    database.close()


async def _knock(door: Door, kind: str, path: str, cookie: str = "") -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"cookie", f"yoriai_session={cookie}".encode())] if cookie else []
    scope = {"type": kind, "method": "GET", "path": path, "headers": headers, "query_string": b""}
    await door(scope, None, send)  # type: ignore[arg-type]
    return sent


@pytest.mark.parametrize("cookie", ["", "guess"])
async def test_nobody_in_particular_gets_in(accounts: Accounts, cookie: str) -> None:
    inside = Inside()
    door = Door(inside, accounts)
    for path in ("/", "/c/1", "/_nicegui/3/static/nicegui.js", "/_nicegui_ws/socket.io/", "/nowhere"):
        sent = await _knock(door, "http", path, cookie)
        assert sent[0]["status"] == 303
        assert dict(sent[0]["headers"])[b"location"] == b"/login"
        assert await _knock(door, "websocket", path, cookie) == [{"type": "websocket.close", "code": 1008}]
    assert inside.paths == []
    await _knock(door, "http", "/login", cookie)
    assert inside.paths == ["/login"]


async def test_a_session_opens_the_door_until_it_ends(accounts: Accounts) -> None:
    user = await accounts.create_user("anna", "correct horse battery", Role.MEMBER)
    secret, _ = await accounts.sign_in("anna", "correct horse battery", "127.0.0.1")
    inside = Inside()
    door = Door(inside, accounts)
    await _knock(door, "http", "/", secret)
    await _knock(door, "websocket", "/_nicegui_ws/socket.io/", secret)
    assert len(inside.paths) == 2
    await accounts.set_active(user.id, False)
    assert (await _knock(door, "http", "/", secret))[0]["status"] == 303
    assert len(inside.paths) == 2
