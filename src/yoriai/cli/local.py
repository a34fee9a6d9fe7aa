"""Runs a command's work on this data folder's services, in this process. Used by `model`, `user`, `token`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from yoriai.bootstrap import Services

Result = TypeVar("Result")


def with_services(work: Callable[[Services], Awaitable[Result]]) -> Result:
    """Build the services, run `work`, take them down again."""
    import asyncio

    from yoriai.settings import load

    settings = load()  # before the rest is imported: a wrong setting is said at once
    from yoriai import bootstrap

    async def run() -> Result:
        async with bootstrap.build(settings) as services:
            return await work(services)

    return asyncio.run(run())
