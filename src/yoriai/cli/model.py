"""`yoriai model list|show|fit|pull|add|rm|quantize`: weights on this machine, and what the catalogue offers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli import fit, quantize
from yoriai.cli.local import with_services
from yoriai.cli.terminal import confirm, note, print_json, print_table, result, say, show, size
from yoriai.errors import UsageError
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.catalog.catalogue import Entry
    from yoriai.catalog.openness import Openness
    from yoriai.models import InstalledModel

Name = Annotated[str, typer.Argument(help=say("model_name"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))]


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("list", help=say("model_list"))(list_models)
    app.command("show", help=say("model_show"))(show_model)
    app.command("fit", help=say("model_fit"))(fit.fit)
    app.command("pull", help=say("model_pull"))(pull)
    app.command("add", help=say("model_add"))(add)
    app.command("rm", help=say("model_rm"))(remove)
    app.command("quantize", help=say("model_quantize"))(quantize.quantize)
    return app


def list_models(as_json: AsJson = False) -> None:
    rows = with_services(_rows)
    columns = ("name", "size", "quantization", "context", "languages", "licence", "openness", "state")
    show(
        as_json,
        {"models": rows},
        columns,
        lambda: [
            (
                row["name"],
                size(row["size_bytes"]),
                row["quantization"],
                row["context"] or "",
                " ".join(row["languages"]),
                row["licence"],
                row["openness_text"],
                say(f"state_{row['state']}"),
            )
            for row in rows
        ],
    )


def show_model(name: Name, as_json: AsJson = False) -> None:
    from yoriai.errors import NotFoundError

    async def find(services: Services) -> dict[str, Any]:
        entry = services.catalogue.get(name)
        installed = next((model for model in services.library.list() if model.name == name), None)
        if entry is None and installed is None:
            raise NotFoundError("cli.model_unknown", param="model", name=name)
        return _details(name, entry, installed, services)

    details = with_services(find)
    if as_json:
        print_json(details)
        return
    from yoriai.cli.openness import print_openness

    shown = details.pop("openness")
    print_table(
        ("field", "value"),
        [(key, _readable(value)) for key, value in details.items() if value not in (None, "", [], ())],
    )
    print_openness(shown)


def pull(name: Name, yes: Yes = False) -> None:
    from yoriai.catalog.library import is_incomplete
    from yoriai.cli import provision
    from yoriai.errors import ModelFileError

    async def run(services: Services) -> str:
        installed = next((model for model in services.library.list() if model.name == name), None)
        if installed and not is_incomplete(installed):
            return say("model_there", name=name)
        if installed and name not in services.catalogue:
            raise ModelFileError("cli.model_gone", name=name, path=installed.paths[0])
        entry = provision.entry_named(services, name)
        if not provision.may_pull(services, entry, yes):
            raise typer.Exit(1)
        model = await provision.pull(services, entry)
        return say("model_pulled", name=model.name, size=size(model.size_bytes))

    result(with_services(run))


def add(
    path: Annotated[Path, typer.Argument(help=say("model_path"))],
    name: Annotated[str, typer.Option(help=say("model_as"))] = "",
    link: Annotated[bool, typer.Option("--link", help=say("model_link"))] = False,
) -> None:
    import asyncio

    from yoriai.errors import NotFoundError

    if not path.is_file():
        raise NotFoundError("cli.no_file", path=path)

    async def run(services: Services) -> tuple[InstalledModel, Openness]:
        def check(model: InstalledModel) -> None:
            services.policy.check_installed(model, services.catalogue)

        model = await asyncio.to_thread(services.library.add, path, name or None, link, None, check)
        return model, services.policy.of_installed(model, services.catalogue)

    model, openness = with_services(run)
    from yoriai.catalog.report import report
    from yoriai.cli.openness import conditions

    result(say("model_added", name=model.name, size=size(model.size_bytes)))
    for line in conditions(report(openness, terminal_language()))[:1]:
        note(line)


def remove(name: Name, yes: Yes = False) -> None:
    async def run(services: Services) -> None:
        model = services.library.get(name)
        if not yes and not confirm(say("model_rm_question", name=name, size=size(model.size_bytes))):
            raise UsageError("cli.model_rm_needs_yes", name=name)
        services.library.remove(name)

    with_services(run)
    result(say("model_removed", name=name))


async def _rows(services: Services) -> list[dict[str, Any]]:
    """Installed models first, then what the catalogue has besides."""
    from yoriai.bootstrap import LOCAL_OPERATOR

    states: dict[str, str] = {info.name: info.state for info in await services.registry.list(LOCAL_OPERATOR)}
    installed = {model.name: model for model in services.library.list()}
    policy = services.policy
    rows = [
        _facts(model, policy.of_installed(model, services.catalogue))
        | {"context": model.context_train, "state": _state(model, states.get(name, "stopped"))}
        for name, model in sorted(installed.items())
    ]
    available = [entry for name, entry in services.catalogue.items() if name not in installed]
    return rows + [
        _facts(entry, policy.of_entry(entry)) | {"context": entry.context, "state": _offered(entry, services)}
        for entry in available
    ]


def _facts(model: InstalledModel | Entry, openness: Openness) -> dict[str, Any]:
    from yoriai.catalog.report import report

    shown = report(openness, terminal_language())
    return {
        "name": model.name,
        "kind": model.kind,
        "size_bytes": model.size_bytes,
        "quantization": model.quantization,
        "languages": list(model.languages),
        "licence": model.licence,
        "verdict": shown.verdict,
        "openness_text": shown.verdict_text,
    }


def _readable(value: object) -> str:
    """Lists and what has parts, without the signs of a programming language."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_readable(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, list | tuple):
        return ", ".join(_readable(each) for each in value)
    return str(value)


def _state(model: InstalledModel, state: str = "stopped") -> str:
    """`state`: of its engine."""
    from yoriai.catalog.library import is_incomplete

    if is_incomplete(model):
        return "missing"
    return "installed" if state == "stopped" else state


def _offered(entry: Entry, services: Services) -> str:
    if not entry.sources:
        return "plan_only"
    return "available" if services.policy.allows(entry) else "not_allowed"


def _details(
    name: str, entry: Entry | None, installed: InstalledModel | None, services: Services
) -> dict[str, Any]:
    from dataclasses import asdict

    from yoriai.catalog.memory import memory_needed
    from yoriai.catalog.report import report

    details: dict[str, Any] = {"name": name}
    if entry:
        details["state"] = _offered(entry, services)
        described = entry.model_dump(mode="json", exclude={"sources", "description", "name"})
        details |= described | {"description": getattr(entry.description, terminal_language(), "")}
        details["sources"] = [source.kind for source in entry.sources]
    if installed:
        engine = services.settings.engine
        details["state"] = _state(installed)
        details |= asdict(installed) | {"sampling": installed.sampling.model_dump(exclude_none=True)}
        details["memory_bytes"] = memory_needed(installed, engine.context_size, engine.parallel)
        openness = services.policy.of_installed(installed, services.catalogue)
    elif entry:
        openness = services.policy.of_entry(entry)
    details["openness"] = report(openness, terminal_language())
    return details
