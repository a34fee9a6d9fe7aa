"""What the page says of calls that this server carried out. Pure; used by `transcript`, laid out by `tool_calls.js`.

Arguments and results are text; only what the code interpreter shows is rendered, and cleaned as answers are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from yoriai.i18n import figures
from yoriai.i18n.catalogue import text
from yoriai.tool_use import ToolFile, ToolUse
from yoriai.tools.code import NAME as CODE
from yoriai.types import Language
from yoriai.web.cleaning import clean_text

Render = Callable[[str], list[str]]
_LABELS = ("arguments", "result", "once", "always", "refuse", "never", "files", "download")


def labels(language: Language) -> dict[str, str]:
    """Words that are the same for every call."""
    return {name: text(f"web.tool_{name}", language) for name in _LABELS}


def panel(uses: Sequence[ToolUse], language: Language, render: Render) -> list[dict[str, Any]]:
    """Everything that the page shows of them."""
    return [_call(use, language, render) for use in uses]


def _call(use: ToolUse, language: Language, render: Render) -> dict[str, Any]:
    is_code = use.name == CODE
    state = text(f"web.tool_state_{use.state}", language)
    why = text(f"web.tool_reason_{use.reason}", language) if use.reason else ""
    effects = ", ".join(text(f"web.tool_effect_{each}", language) for each in use.effects)
    return {
        "id": use.id,
        "name": clean_text(use.name),
        "state": use.state,
        "stateText": state if not use.seconds else f"{state} · {use.seconds:.1f} s",
        "why": why,
        "effects": effects,
        "arguments": clean_text(_arguments(use, is_code=is_code)),
        "result": "" if is_code else clean_text(use.result),
        "blocks": render(use.result) if is_code and use.result else [],
        "pictures": [_file(each) for each in use.files if each.media_type == "image/png"],
        "files": [_file(each) for each in use.files],
    }  # fmt: skip


def _arguments(use: ToolUse, *, is_code: bool) -> str:
    """Laid out for reading; of the code interpreter the program itself."""
    try:
        value = json.loads(use.arguments)
    except (ValueError, RecursionError):
        return use.arguments
    if is_code and isinstance(value, dict) and isinstance(value.get("code"), str):
        return str(value["code"])
    return json.dumps(value, ensure_ascii=False, indent=2)


def _file(file: ToolFile) -> dict[str, str]:
    name = clean_text(file.name)
    return {"name": name, "href": f"/api/tool-files/{file.id}", "size": figures.size(file.size_bytes)}
