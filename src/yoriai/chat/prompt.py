"""What a model is sent of a conversation: the path from the root to the question, as much as its context holds.

Knows the responder only by its protocol. What is left out is counted and told, never silent.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from yoriai.chat.reply import LeftOut
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.errors import ContextOverflowError
from yoriai.knowledge.context import harmless
from yoriai.types import (
    ChatRequest,
    Context,
    Event,
    FunctionCall,
    Message,
    MessageToolCall,
    Responder,
    Sampling,
    Stage,
)

_LONGEST_REPLY_TOKENS = (
    2048  # where the conversation sets no limit: a small model may repeat itself without end
)
_LONGEST_OLD_RESULT = 1000  # characters of what a tool gave in an earlier reply
_REPLY_TOKENS = 1024  # room that a reply needs …
_REPLY_SHARE = 4  # … but never more than this part of the context


def path_to(messages: Mapping[str, ConversationMessage], leaf_id: str | None) -> list[ConversationMessage]:
    """From the root to `leaf_id`, both included."""
    path: list[ConversationMessage] = []
    while leaf_id is not None and (message := messages.get(leaf_id)) is not None:
        path.append(message)
        leaf_id = message.parent_id
    return path[::-1]


async def answer(
    responder: Responder, conversation: Conversation, path: Sequence[ConversationMessage], context: Context
) -> AsyncGenerator[Event | LeftOut, None]:
    """The responder's events for the question at the end of `path`; before them, what had to be left out.

    Raises:
        ContextOverflowError: the question alone is longer than the context. Others as `Responder.respond`.
    """
    left_out = 0
    if _is_nearly_full(path):
        left_out = await _least_left_out(responder, conversation, path)
    for last_try in (False, True):
        if left_out:
            yield LeftOut(messages=left_out)
        begun = False
        request = request_of(conversation, path[left_out:], responder.name)
        try:
            async with aclosing(responder.respond(request, context)) as events:
                async for event in events:
                    begun = begun or not isinstance(event, Stage)
                    yield event
            return
        except ContextOverflowError:
            if begun or last_try or left_out or len(path) == 1:
                raise
            left_out = await _least_left_out(responder, conversation, path)


def request_of(conversation: Conversation, path: Sequence[ConversationMessage], model: str) -> ChatRequest:
    """`path` as a request. Replies that failed without a word are dropped; turns alternate, as templates insist."""
    messages: list[Message] = []
    if conversation.system_prompt.strip():
        messages.append(Message(role="system", content=conversation.system_prompt))
    for each in path:
        if not each.content:
            continue
        if conversation.tools:
            messages += _calls(each)
        last = messages[-1] if messages else None
        if last and last.role == each.role == "user":
            messages[-1] = Message(role="user", content=f"{last.text()}\n\n{each.content}")
        else:
            messages.append(Message(role=each.role, content=each.content))
    sampling = {"max_tokens": _LONGEST_REPLY_TOKENS}
    sampling |= conversation.sampling.model_dump(include=set(Sampling.model_fields), exclude_none=True)
    return ChatRequest(
        model=model,
        messages=messages,
        server_tools=list(conversation.tools) or None,
        answers_approvals=True,
        **sampling,
    )


def _calls(reply: ConversationMessage) -> list[Message]:
    """The calls of an earlier reply, and the beginnings of their results."""
    messages: list[Message] = []
    for use in reply.tool_uses:
        called = MessageToolCall(id=use.id, function=FunctionCall(name=use.name, arguments=use.arguments))
        result = (
            harmless(use.result[:_LONGEST_OLD_RESULT]) if use.is_foreign else use.result[:_LONGEST_OLD_RESULT]
        )
        messages.append(Message(role="assistant", tool_calls=[called]))
        messages.append(Message(role="tool", tool_call_id=use.id, name=use.name, content=result))
    return messages


def holds_foreign(path: Sequence[ConversationMessage]) -> bool:
    """Whether words of strangers stand before the model: passages, or what tools gave."""
    return any(each.sources or any(use.is_foreign for use in each.tool_uses) for each in path)


def _is_nearly_full(path: Sequence[ConversationMessage]) -> bool:
    """By what the engine counted for the last reply: exact for all but the new question."""
    used = next((message.usage for message in reversed(path) if message.usage), None)
    if used is None or not used.context_size:
        return False
    # A token is at least a byte: what is counted too many here costs one more look, never a wrong cut.
    question = len(path[-1].content.encode("utf8", "replace"))
    return used.prompt_tokens + used.completion_tokens + question > used.context_size - _room(
        used.context_size
    )


async def _least_left_out(
    responder: Responder, conversation: Conversation, path: Sequence[ConversationMessage]
) -> int:
    """How many messages must go, oldest first, so that the rest and a reply fit. By halving: few counts."""
    questions = [place for place, message in enumerate(path) if message.role == "user"]
    low, high = 0, len(questions) - 1  # the last question always stays
    while low < high:
        middle = (low + high) // 2
        request = request_of(conversation, path[questions[middle] :], responder.name)
        tokens, size = await responder.count_tokens(request)
        if not size or tokens <= size - _room(size):
            high = middle
        else:
            low = middle + 1
    return questions[low]


def _room(context_size: int) -> int:
    return min(_REPLY_TOKENS, context_size // _REPLY_SHARE)
