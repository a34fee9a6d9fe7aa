"""A credential is looked at again while a stream runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from databases import lay_down
from yoriai.accounts.accounts import Accounts
from yoriai.api.principal import Closed, Principals
from yoriai.settings import AccountSettings
from yoriai.store.database import Database
from yoriai.types import Role


class Endless:
    """An application that streams for ever, and remembers how it ended."""

    def __init__(self) -> None:
        self.ended = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.ended = "cut off"
            raise


@pytest.mark.parametrize("way", ["disabled", "revoked"])
async def test_a_stream_is_cut_off_when_its_reader_may_read_no_more(tmp_path: Path, way: str) -> None:
    database = Database(f"sqlite:///{lay_down(tmp_path)}")
    database.migrate()
    accounts = Accounts(database, AccountSettings())
    user = await accounts.create_user("anna", "correct horse battery", Role.MEMBER)
    token, secret = await accounts.create_token(user, "test")
    application = Endless()
    closed = Closed(application, Principals(accounts, ""), valid_for_s=0.05)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {secret}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/v1/models", "headers": headers}
    stream = asyncio.create_task(closed(scope, asyncio.Event().wait, send))
    await asyncio.sleep(0.3)
    assert not stream.done()  # it goes on while the credential is good
    if way == "disabled":
        await accounts.set_active(user.id, False)
    else:
        await accounts.revoke_token(user, token.id)
    async with asyncio.timeout(5):
        await stream
    assert application.ended == "cut off"
    assert [message["type"] for message in sent] == [
        "http.response.start"
    ]  # no end: it can't pass for a whole one
    database.close()
