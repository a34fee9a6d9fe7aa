"""`yoriai serve`: the server process. Owns lock, socket, signals and the order of start and end.

stdout gets exactly one line, the address, once requests are answered; everything else goes to stderr.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli.terminal import note, result, say
from yoriai.errors import YoriaiError

if TYPE_CHECKING:
    import socket

    from yoriai.bootstrap import Services
    from yoriai.cli.listening import Server
    from yoriai.cli.running import Running
    from yoriai.settings import Settings


def serve(  # noqa: PLR0917 — one parameter per option
    model: Annotated[str, typer.Option(help=say("serve_model"))] = "",
    host: Annotated[str, typer.Option(help=say("serve_host"))] = "",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help=say("serve_port"))] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))] = False,
    open_browser: Annotated[bool, typer.Option("--open", help=say("serve_open"))] = False,
    insecure_lan: Annotated[bool, typer.Option("--insecure-lan", help=say("serve_insecure_lan"))] = False,
    tls_certificate: Annotated[Path | None, typer.Option(help=say("serve_certificate"))] = None,
    tls_key: Annotated[Path | None, typer.Option(help=say("serve_key"))] = None,
) -> None:
    from yoriai.cli.listening import check_exposure
    from yoriai.cli.running import only_server
    from yoriai.settings import load

    given: dict[str, Any] = {
        "host": host or None,
        "port": port,
        "insecure_lan": insecure_lan or None,
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
    }
    overrides: dict[str, Any] = {
        "server": {name: value for name, value in given.items() if value is not None}
    }
    if model:
        overrides["model"] = model
    settings = load(**overrides)
    check_exposure(settings.server)
    from yoriai.bootstrap import make_home

    make_home(settings.home)
    with only_server(settings.home):
        _run(settings, yes=yes, open_browser=open_browser)


def _run(settings: Settings, *, yes: bool, open_browser: bool) -> None:
    import asyncio
    import logging

    from yoriai.cli.listening import listen, loop_factory

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    listener = listen(settings.server)
    with listener, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings, listener, yes=yes, open_browser=open_browser))


async def _serve(settings: Settings, listener: socket.socket, *, yes: bool, open_browser: bool) -> None:
    from yoriai import bootstrap

    async with bootstrap.build(settings) as services:
        await services.chat.recover()
        services.knowledge.start(watch=True)
        await _provide_model(services, yes=yes)
        await _answer(services, listener, open_browser=open_browser)


async def _answer(services: Services, listener: socket.socket, *, open_browser: bool) -> None:
    """Serve until a signal ends the server."""
    import anyio

    from yoriai.cli.listening import describe
    from yoriai.cli.running import announced

    running = describe(services.settings.server, listener)
    server = _server(services, running)
    failure: YoriaiError | None = None
    async with anyio.create_task_group() as tasks:

        async def until_signal() -> None:
            await server.serve([listener])
            tasks.cancel_scope.cancel()

        tasks.start_soon(until_signal)
        await server.ready.wait()
        try:
            with announced(services.settings.home, running):
                link = await _welcome(services, running.url)
                if open_browser:
                    _open(link)
                await _preload(services)
                await anyio.sleep_forever()
        except YoriaiError as error:  # taken out of the group, which would wrap it
            failure = error
            tasks.cancel_scope.cancel()
    if failure:
        raise failure


def _server(services: Services, running: Running) -> Server:
    from yoriai.api.app import create_app
    from yoriai.cli.listening import Server
    from yoriai.web.app import content_security_policy, mount

    policy = content_security_policy()
    app = create_app(services, mount, local_key=running.key, page_policy=policy)
    return Server(app, services.settings.server)


async def _welcome(services: Services, url: str) -> str:
    """Say where the server is, and how its first administrator is made. Returns the address to open."""
    link = url
    secret = await services.accounts.setup_secret()
    if secret:
        link = f"{url}/setup?secret={secret}"
        note(say("setup_link", link=link))
    from yoriai.cli.listening import is_loopback

    if not is_loopback(services.settings.server.host) and not services.settings.server.tls_certificate:
        note(say("insecure_lan_warning", host=services.settings.server.host))
    result(say("ready", url=url))
    return link


async def _provide_model(services: Services, *, yes: bool) -> None:
    """See to it that the model which will answer is here; without consent the server starts without it."""
    from yoriai.cli import provision

    name = services.settings.model
    installed = {model.name for model in services.library.list()}
    if (
        name in installed
        or (not name and installed)
        or any(name.startswith(f"{r.name}/") for r in services.settings.remotes)
    ):
        return
    entry = provision.entry_named(services, name) if name else await provision.starter(services)
    if not provision.may_pull(services, entry, yes):
        note(say("without_model", name=entry.name))
        return
    await provision.pull(services, entry)


async def _preload(services: Services) -> None:
    """Load the model that answers by default, so that the first question doesn't wait for it."""
    from yoriai.bootstrap import LOCAL_OPERATOR

    name = await services.registry.default_name(LOCAL_OPERATOR)
    if not name:
        return
    try:
        async with services.router.lease(name) as lease:
            await lease.ready()
    except YoriaiError as error:
        note(say("preload_failed", name=name, detail=str(error)))


def _open(link: str) -> None:
    """Open the page where there is a display; a browser in the terminal would be in the server's way."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:  # what is left where there is no display: lynx, w3m …
        browser.open(link)
