"""The one table from error class to HTTP status, and OpenAI's error shape for everything that goes wrong.

Knows no route. `app` installs the handlers; `streaming` and `guard` use the same shape outside of FastAPI.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from yoriai import errors
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import error_text, negotiate, text
from yoriai.types import Language

# A class that isn't named takes its branch's status.
STATUS: Mapping[type[YoriaiError], int] = {
    YoriaiError: 500,
    errors.UsageError: 400,
    errors.NotFoundError: 404,
    errors.AccessError: 403,
    errors.AuthenticationError: 401,
    errors.ForbiddenError: 403,
    errors.ConflictError: 409,
    errors.RateLimitError: 429,
    errors.ResourceError: 507,
    errors.DoesNotFitError: 422,  # no 5xx: clients repeat those, and this machine won't grow
    errors.DiskFullError: 507,
    errors.ModelFileError: 422,
    errors.DocumentError: 422,
    errors.DownloadError: 502,
    errors.EgressError: 502,
    errors.EngineError: 502,
    errors.EngineBusyError: 503,
    errors.PrerequisiteError: 501,
}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_HTTP_KEYS = {
    404: "api.no_such_path",
    405: "api.method_not_allowed",
    413: "api.too_large",
    400: "api.body_broken",
}
_RETRY_AFTER = {429: "30", 503: "2"}


def status_of(error: YoriaiError) -> int:
    """HTTP status for an error: its own class's, else that of the nearest branch above."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def language_of(scope: Scope) -> Language:
    """The language in which to answer this request."""
    for name, value in scope.get("headers", ()):
        if name == b"accept-language":
            return negotiate(value.decode("latin-1"))
    return "en"


def body(status: int, message: str, *, param: str | None, code: str | None) -> dict[str, Any]:
    """An error as OpenAI's clients expect it."""
    kind = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def body_of(error: YoriaiError, language: Language) -> dict[str, Any]:
    return body(status_of(error), error_text(error, language), param=error.param, code=_code(error))


def response_to(error: YoriaiError, language: Language) -> Response:
    return _response(status_of(error), body_of(error, language))


def plain_response(status: int, key: str, language: Language, code: str, **values: object) -> Response:
    """An error that has no class of its own, like a path that doesn't exist."""
    return _response(status, body(status, text(key, language, **values), param=None, code=code))


def install(app: FastAPI) -> None:
    """Let every failure of `app` leave it in this module's shape."""
    app.add_exception_handler(YoriaiError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


def _code(error: YoriaiError) -> str:
    if isinstance(error, errors.NotFoundError) and error.param == "model":
        return "model_not_found"  # the code that OpenAI's clients look for
    return error.code


def _response(status: int, content: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    extra = dict(headers or {})
    if status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if status in _RETRY_AFTER:
        extra["Retry-After"] = _RETRY_AFTER[status]
    data = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    return Response(data, status_code=status, headers=extra, media_type="application/json")


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, YoriaiError)
    return response_to(error, language_of(request.scope))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    language = language_of(request.scope)
    if first["type"] == "json_invalid":
        return plain_response(
            400, "api.json_invalid", language, "invalid_json", position=first["loc"][-1], detail=first["ctx"]["error"],
        )  # fmt: skip
    param = field_name(first["loc"][1:])
    detail = str(first["msg"]).encode("utf-8", "replace").decode()
    message = text("api.field_invalid", language, param=param or "body", detail=detail)
    return _response(400, body(400, message, param=param or None, code="invalid_value"))


def field_name(location: tuple[int | str, ...]) -> str:
    """OpenAI's way to name a place: `messages[0].content`. Union members that pydantic adds are left out."""
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f"[{part}]"
        elif part.isidentifier():
            name += f".{part}" if name else part
    return name.encode("utf-8", "replace").decode()


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    key = _HTTP_KEYS.get(error.status_code, "api.refused")
    message = text(key, language_of(request.scope), path=request.url.path, method=request.method)
    content = body(error.status_code, message, param=None, code=key.removeprefix("api."))
    return _response(error.status_code, content, error.headers)


async def _on_bug(request: Request, error: Exception) -> Response:  # noqa: ARG001 — the log has it
    return plain_response(500, "api.bug", language_of(request.scope), "internal_error")
