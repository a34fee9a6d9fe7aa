"""Writes docs/settings.md from the descriptions in `yoriai.settings`: `make docs`. A test compares the two."""

from __future__ import annotations

import json
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from yoriai.settings import RemoteSettings, Settings

PAGE = Path(__file__).parent / "settings.md"
_INTRODUCTION = """# Settings

<!-- Written by `make docs` from the descriptions in src/yoriai/settings.py: change them there. -->

A setting comes from the first of these that names it: an option of the command line, an environment variable,
`yoriai.toml` in the data folder, the default. A name that doesn't exist is an error at start-up.

In `yoriai.toml`, `server.port` is the line `port = …` under `[server]`. In the environment it is
`YORIAI_SERVER__PORT`; lists are written as JSON there. An empty variable counts as not set.
"""
_REMOTES = """
## Remotes

Each `[[remotes]]` of `yoriai.toml` is one endpoint; in the environment, `YORIAI_REMOTES` is a JSON list of objects.
"""
_KINDS = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "`true`, `false`",
    Path: "path",
    SecretStr: "secret",
}


def render() -> str:
    """The whole page."""
    top = _rows(Settings, "", environment=True)
    remotes = _rows(RemoteSettings, "", environment=False)
    return "\n".join(
        [
            _INTRODUCTION,
            *_table(("Setting", "Environment variable", "Values", "Default", "Meaning"), top),
            _REMOTES,
            *_table(("Entry", "Values", "Default", "Meaning"), remotes),
            "",
        ]
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]


def _rows(section: type[BaseModel], path: str, *, environment: bool) -> list[tuple[str, ...]]:
    rows = []
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            rows += _rows(inner, f"{path}{name}.", environment=environment)
            continue
        variable = f"`YORIAI_{(path + name).upper().replace('.', '__')}`"
        shown = (f"`{path}{name}`", *((variable,) if environment else ()))
        rows.append((*shown, _values(field), _default(name, field), field.description or ""))
    return rows


def _values(field: FieldInfo) -> str:
    limits: dict[str, Any] = {}
    for rule in field.metadata:
        for sign in ("ge", "gt", "le"):
            if getattr(rule, sign, None) is not None:
                limits[sign] = getattr(rule, sign)
    kind = _kind(field.annotation)
    if "ge" in limits and "le" in limits:
        return f"{kind}, {limits['ge']} to {limits['le']}"
    if "ge" in limits:
        return f"{kind}, at least {limits['ge']}"
    return f"{kind}, above {limits['gt']}" if "gt" in limits else kind


def _kind(annotation: Any) -> str:
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if get_origin(annotation) is tuple:
        return _list_of(arguments[0])
    if isinstance(annotation, UnionType):
        return _kind(next(argument for argument in arguments if argument is not type(None)))
    return _KINDS[annotation]


def _list_of(item: Any) -> str:
    if get_origin(item) is Literal:
        return f"list of {_kind(item)}"
    return "list of tables" if item is RemoteSettings else f"list of {_kind(item)}s"


def _default(name: str, field: FieldInfo) -> str:
    if name == "home":
        return "the platform's folder for user data"
    if field.default is PydanticUndefined:
        return "(needed)"
    return "–" if field.default in (None, "", ()) else f"`{json.dumps(field.default)}`"


if __name__ == "__main__":
    PAGE.write_text(render(), "utf8")
