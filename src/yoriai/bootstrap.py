"""build(settings) -> services: the only constructor of everything that runs. Owns order of start and of end.

Called by `cli` (serve, ask, chat and the commands on accounts) and by tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from yoriai.accounts.accounts import Accounts
from yoriai.catalog import catalogue
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.library import Library
from yoriai.chat.chat import Chat
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.responders.registry import Registry
from yoriai.settings import Settings
from yoriai.store.database import Database
from yoriai.types import Role, User

# Whoever runs Yoriai from this machine's terminal, with the rights of the account that owns the data folder.
LOCAL_OPERATOR = User(id="local", name="local", role=Role.ADMINISTRATOR)


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the surfaces (api, web, cli) work with."""

    settings: Settings
    egress: Egress
    catalogue: Mapping[str, Entry]
    library: Library
    database: Database
    accounts: Accounts
    router: Router
    registry: Registry
    chat: Chat
