"""How bodies are read, for every route that takes one: as JSON by the letter, or not at all.

What passes can be written out again: no lone surrogates (`"\\ud800"`, which no UTF-8 can hold), no NaN, no depth
that exhausts the stack. Knows no route; each router is made with `StrictRoute`.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, UploadFile
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

# How browsers and HTTP clients write these in a form. Source: html.spec.whatwg.org, "multipart/form-data encoding".
_ESCAPED = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))


class Body(BaseModel):
    """Of a route of our own: a field that it doesn't know is refused, for what was meant would be lost."""

    model_config = ConfigDict(extra="forbid")


def name_of(file: UploadFile) -> str:
    """What the file is called where it comes from; text only, never a path."""
    name = file.filename or ""
    for escaped, plain in _ESCAPED:
        name = name.replace(escaped, plain)
    return name


class StrictRequest(Request):
    async def json(self) -> Any:
        """Raises: json.JSONDecodeError: FastAPI makes a refusal of it."""
        return orjson.loads((await self.body()).removeprefix(codecs.BOM_UTF8))


class StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly
