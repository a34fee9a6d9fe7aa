"""The messages of one branch on the page. Owns what the browser is told of them; knows no service.

The browser asks (`ready`, `lost`) and is told: everything (`show`), one message (`put`), or what was said since
(`patch`). Used by `chat_page`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from anyio import to_thread
from nicegui import ui

from yoriai.conversations import ConversationMessage
from yoriai.deliberation import Deliberation
from yoriai.i18n.catalogue import text
from yoriai.tool_use import ToolUse
from yoriai.types import Language, Sources, Stage, Support, Usage
from yoriai.web import deliberations, markdown, notes, sources, tool_calls
from yoriai.web.composer import LONGEST_QUESTION
from yoriai.web.tree import Shown
from yoriai.web.visitor import Visitor

_REMEMBERED = 500  # rendered answers …
_REMEMBERED_CHARS = 20_000  # … up to this length: so many of the longest would fill the memory
_LABELS = (
    "transcript",
    "reasoning",
    "edit",
    "send",
    "cancel",
    "previous",
    "next",
    "copy",
    "regenerate",
    "questions_make",
)


class Transcript(ui.element, component="transcript.js"):
    """Events: ready, lost, regenerate, question {id}, edit {id, text}, branch {id, step}, decide {id, decision}."""

    def __init__(self, visitor: Visitor, *, fixed: bool = False) -> None:
        """`fixed`: one of several on a page: questions stay as they are, and the page scrolls by itself."""
        super().__init__()
        self._visitor = visitor
        self.props["fixed"] = fixed
        self.props["labels"] = {name: visitor.text(name) for name in _LABELS}
        self.props["deliberationLabels"] = deliberations.labels(visitor.language)
        self.props["toolLabels"] = tool_calls.labels(visitor.language)
        self.props["limit"] = LONGEST_QUESTION

    def refused(self) -> None:
        """The edited question was not taken: its text stays in the box."""
        self.run_method("refused")

    async def show(self, branch: Sequence[Shown]) -> None:
        """The whole branch, in place of what is there. Rendered beside the loop: it can take seconds."""
        self.run_method("show", await to_thread.run_sync(lambda: [self._shape(shown) for shown in branch]))

    async def put(self, shown: Shown) -> None:
        """One message: in its place, or at the end."""
        self.run_method("put", await to_thread.run_sync(self._shape, shown))

    def patch(
        self, reply_id: str, first: int, blocks: Sequence[str], *, offset: int, reasoning: str, stage: str,
        found: Sources | None = None, deliberation: dict[str, Any] | None = None,
        tools: list[dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        """What a running reply said since; `offset` in characters of the reasoning; `found`: what it may cite.

        `deliberation`, `tools`: their panels, where they have changed.
        """
        patch = {"id": reply_id, "first": first, "blocks": blocks}
        patch |= {"sources": sources.panel(found, None, self._visitor.language), "deliberation": deliberation}
        patch |= {"tools": tools}
        self.run_method("patch", patch | {"offset": offset, "reasoning": reasoning, "stage": stage})

    def _shape(self, shown: Shown) -> dict[str, Any]:
        message, language = shown.message, self._visitor.language
        is_question = message.role == "user"
        return {
            "id": message.id,
            "role": message.role,
            "who": self._visitor.text("you") if is_question else message.model,
            "text": message.content,
            "blocks": [] if is_question else _blocks(message, language),
            "reasoning": message.reasoning,
            "running": message.status == "running",
            "place": shown.place,
            "count": len(shown.siblings),
            "stage": "",
            "note": self._visitor.text("left_out", count=message.left_out) if message.left_out else "",
            "error": _outcome(message, self._visitor),
            "meta": _meta(message, self._visitor),
            "sources": sources.panel(message.sources, message.support, language),
            "support": sources.verdicts(message.support, language),
            "tools": tools_panel(message.tool_uses, language),
            "deliberation": deliberation_panel(
                message.deliberation, language, running=message.status == "running"
            ),
        }


def stage_text(stage: Stage | None, visitor: Visitor) -> str:
    """What is being done before the words come."""
    if stage is None:
        return ""
    percent = "" if stage.progress is None else f" {stage.progress:.0%}"
    return visitor.text(f"stage_{stage.name}", name=stage.detail).rstrip() + percent


def deliberation_panel(
    found: Deliberation | None, language: Language, *, running: bool
) -> dict[str, Any] | None:
    """What a council or a reasoner did, with its members' texts rendered as answers are."""
    return deliberations.panel(found, language, lambda said: _plain_blocks(said, language), running=running)


def tools_panel(uses: Sequence[ToolUse], language: Language) -> list[dict[str, Any]]:
    """The calls that the server carried out for a reply."""
    return tool_calls.panel(uses, language, lambda said: _plain_blocks(said, language))


def _plain_blocks(said: str, language: Language) -> list[str]:
    if len(said) > _REMEMBERED_CHARS:
        return _rendered(said, language)
    return list(_remembered_blocks(said, language))


def _blocks(message: ConversationMessage, language: Language) -> list[str]:
    members = tuple(deliberations.references(message.deliberation, language).items())
    given = (message.content, language, message.sources, message.support, members)
    if message.status == "running" or len(message.content) > _REMEMBERED_CHARS:
        return _rendered(*given)
    return list(_remembered_blocks(*given))


@lru_cache(maxsize=_REMEMBERED)
def _remembered_blocks(
    content: str, language: Language, found: Sources | None = None, support: Support | None = None,
    members: tuple[tuple[str, str], ...] = (),
) -> tuple[str, ...]:  # fmt: skip
    return tuple(_rendered(content, language, found, support, members))


def _rendered(
    content: str, language: Language, found: Sources | None = None, support: Support | None = None,
    members: tuple[tuple[str, str], ...] = (),
) -> list[str]:  # fmt: skip
    marked = notes.marked(content, support.sentences) if support else content
    beside = replace(sources.notes(found, support, language), members=dict(members))
    return markdown.render(marked, labels_for(language), beside)


def labels_for(language: Language) -> markdown.Labels:
    """The words that the rendered answer itself contains."""
    return markdown.Labels(copy=text("web.copy_code", language), image=text("web.image", language))


def _outcome(message: ConversationMessage, visitor: Visitor) -> str:
    """Why a reply isn't whole, if it isn't."""
    if message.error_key:
        return text(message.error_key, visitor.language, **message.error_values)
    if message.status in {"stopped", "interrupted"}:
        return visitor.text(f"reply_{message.status}")
    if message.finish_reason == "length":
        usage = message.usage
        is_full = (
            usage
            and usage.context_size
            and usage.prompt_tokens + usage.completion_tokens >= usage.context_size
        )
        return visitor.text("reply_context_full" if is_full else "reply_length")
    return ""


def _meta(message: ConversationMessage, visitor: Visitor) -> str:
    """How long it took, how much it is, how fast."""
    if message.deliberation and message.status != "running":
        return deliberations.whole_cost(message.deliberation, visitor.language)
    usage, parts = message.usage, []
    if message.duration_ms is not None:
        parts.append(visitor.text("meta_duration", seconds=f"{message.duration_ms / 1000:.1f}"))
    if usage:
        parts.append(visitor.text("meta_tokens", count=f"{usage.completion_tokens:,}"))
        if usage.tokens_per_s:
            parts.append(visitor.text("meta_speed", speed=f"{usage.tokens_per_s:.1f}"))
        parts.append(_context_text(usage, visitor))
    if usage and message.time_to_first_token_ms is not None:
        parts.append(visitor.text("meta_first_token", seconds=f"{message.time_to_first_token_ms / 1000:.2f}"))
    return " · ".join(parts)


def _context_text(usage: Usage, visitor: Visitor) -> str:
    used = usage.prompt_tokens + usage.completion_tokens
    if usage.context_size:
        return visitor.text("meta_context_of", used=f"{used:,}", size=f"{usage.context_size:,}")
    return visitor.text("meta_context", used=f"{used:,}")
